//! The real records of one school, through the real binary: every row accounted for, nothing counted twice, and the figures
//! those of an independent computation.
//!
//! The records are not part of this repository. Where they are absent the tests say so and pass; where the gate has them, it runs them.

mod support;

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use support::{District, root, same};

/// The folder with the records: `XUEQING_NINGBO`, or `shared/data/ningbo` beside the checkout.
fn records() -> Option<PathBuf> {
    let folder = variable("XUEQING_NINGBO").map_or_else(|| root().join("../shared/data/ningbo"), PathBuf::from);
    if folder.join("3_kaoqin.csv").is_file() {
        return Some(folder);
    }
    eprintln!("\n!!! NOT TESTED: the Ningbo records are not at {}; set XUEQING_NINGBO to their folder !!!\n", folder.display());
    None
}

#[expect(clippy::disallowed_methods, reason = "where the records and Python are is the desk's matter, and only these tests ask")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[test]
fn every_row_is_taken_or_told_and_twice_is_once() {
    let Some(folder) = records() else { return };
    for (vendor, file, rows, figure) in [
        ("ningbo_kaoqin", "3_kaoqin.csv", 23_630, ["attendance/incidents", "class,month"]),
        ("ningbo_exam_scores", "exam_scores_gbk.csv", 56_344, ["exam/summary", "class,subject"]),
        ("ningbo_chengji", "5_chengji_part.csv", 13_161, ["exam/summary", "class,subject"]),
    ] {
        let district = District::new();
        let path = folder.join(file).to_string_lossy().into_owned();
        let told = district.json(&["ingest", "--vendor", vendor, "--json", &path]);
        let number = |name: &str| told[name].as_u64().expect("a number");
        assert_eq!((number("read"), number("accepted") + number("rejected")), (rows, rows), "{file}");
        let rejects = district.json(&["quarantine", "list", "--source", file, "--json"]);
        let rejects = rejects.as_array().expect("a list");
        let lines: std::collections::BTreeSet<i64> = rejects.iter().filter_map(|row| row["line"].as_i64()).collect();
        assert_eq!(lines.len() as u64, number("rejected"), "{file}: each reject is listed");
        assert!(rejects.iter().all(|row| row["raw"].as_str().is_some_and(|raw| !raw.is_empty())), "{file}");
        let ask = || district.json(&["metric", figure[0], "--by", figure[1], "--json"])["rows"].take();
        let once: Value = ask();
        assert!(once.as_array().is_some_and(|rows| !rows.is_empty()), "{file}");
        district.json(&["ingest", "--vendor", vendor, "--json", &path]);
        assert!(same(&ask(), &once), "{file}: taking it in twice changed a figure");
    }
}

#[test]
fn the_figures_are_those_of_an_independent_computation() {
    let Some(folder) = records() else { return };
    let given = variable("XUEQING_PYTHON");
    let python = given.clone().unwrap_or_else(|| "python3".to_owned());
    let able = Command::new(&python).args(["-c", "import pandas, numpy"]).output().is_ok_and(|done| done.status.success());
    if !able {
        assert!(given.is_none(), "{python} has no pandas: pip install -r tests/independent/requirements.txt");
        eprintln!(
            "\n!!! NOT TESTED: {python} has no pandas; set XUEQING_PYTHON to one that has tests/independent/requirements.txt !!!\n"
        );
        return;
    }
    let done = Command::new(&python)
        .arg("-B")
        .arg(root().join("tests/independent/check_ningbo.py"))
        .args(["--binary", env!("CARGO_BIN_EXE_xueqing"), "--data"])
        .arg(folder)
        .output()
        .expect("Python starts");
    assert!(done.status.success(), "{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
}

/// Ten classes of one cohort over three exams; an exam's code is shared by cohorts with papers of their own.
#[test]
fn classes_have_growth_and_gains_with_what_one_school_demands() {
    let Some(folder) = records() else { return };
    let district = District::new();
    let path = folder.join("exam_scores_gbk.csv").to_string_lossy().into_owned();
    district.json(&["ingest", "--vendor", "ningbo_exam_scores", "--json", &path]);
    let series = ["--subject", "math", "--exams", "279,298,304", "--json"];
    let cohort = ["--classes", "916,917,918,919,920,921,922,923,924,925"];
    for method in ["sgp", "gain"] {
        let ask = |more: &[&str]| district.run(&[&["value-added", method], &series[..], more].concat());
        let refused = ask(&[]);
        assert!(!refused.status.success());
        // Growth takes the exam before, which more pupils sat; a gain starts from the first.
        let told = format!("error[too_few_linked]: only {} of 1224", if method == "sgp" { 813 } else { 402 });
        assert!(String::from_utf8_lossy(&refused.stderr).contains(&told), "{refused:?}");
        let document: Value = serde_json::from_slice(&ask(&cohort).stdout).expect("a document");
        let report = &document["result"];
        assert_eq!((&report["tested"], &report["linked"]), (&402.into(), &402.into()));
        let groups = report["groups"].as_array().expect("groups");
        assert_eq!(groups.len(), 10);
        assert!(groups.windows(2).all(|pair| pair[0]["group"].as_str() < pair[1]["group"].as_str()), "by code, not by figure");
        let codes: Vec<_> = report["caveats"].as_array().expect("caveats").iter().filter_map(|it| it["code"].as_str()).collect();
        assert_eq!(codes, ["not_causal", "no_ranking", "one_school", "small_norm_group", "one_year", "no_common_scale"]);
        let figures = groups.iter().map(|group| &group["figure"]);
        let number = |value: &Value| value.as_f64().expect("a number");
        if method == "sgp" {
            for figure in figures {
                let (low, median, high) =
                    (number(&figure["interval"][0]), number(&figure["median"]), number(&figure["interval"][1]));
                assert!(1.0 <= low && low <= median && median <= high && high <= 99.0, "{figure}");
                assert!(number(&figure["confidence"]) >= 0.95);
            }
        } else {
            for measure in ["t", "percentile_rank", "residual"] {
                let all: f64 = figures.clone().map(|it| number(&it[measure]["mean"]) * number(&it[measure]["n"])).sum();
                assert!(all.abs() < 1e-6, "{measure}: the classes of one school even out, not {all}");
            }
        }
    }
}

/// Classes of one school by a multilevel model: published, listed, and made again after more data came.
#[test]
fn a_model_of_classes_is_published_and_made_again() {
    let Some(folder) = records() else { return };
    let district = District::new();
    let path = folder.join("exam_scores_gbk.csv").to_string_lossy().into_owned();
    district.json(&["ingest", "--vendor", "ningbo_exam_scores", "--json", &path]);
    let model = district.path("model.toml");
    let text = r#"
title = { zh = "数学增值", en = "Value added in mathematics" }
sql = """
SELECT now.class, now.score, before.score AS prior FROM assessment AS now
LEFT JOIN assessment AS before ON before.student = now.student AND before.subject = now.subject AND before.exam = '298' AND before.status = 'scored'
WHERE now.exam = '304' AND now.subject = 'math' AND now.status = 'scored'
  AND now.class IN ('916', '917', '918', '919', '920', '921', '922', '923', '924', '925')
"""
[model]
response = "score"
covariates = [{ column = "prior" }]
groupings = [{ column = "class", grain = "class" }]
"#;
    std::fs::write(&model, text).expect("written");
    let model = model.to_string_lossy().into_owned();
    let fitted = district.json(&["value-added", "fit", &model, "--publish", "--json"]);
    let classes = fitted["result"]["groupings"][0]["effects"].as_array().expect("classes");
    assert_eq!(classes.len(), 10);
    assert!(classes.windows(2).all(|pair| pair[0]["group"].as_str() < pair[1]["group"].as_str()), "by code, not by figure");
    for class in classes {
        let effect = &class["shown"]["effects"][0];
        let [low, value, high] = ["low", "estimate", "high"].map(|name| effect[name].as_f64().expect("a number"));
        assert!(low < value && value < high, "{class}");
    }
    let notes = fitted["result"]["notes"].to_string();
    for note in ["not_causal", "mobility_unknown", "few_groups"] {
        assert!(notes.contains(note), "{notes}");
    }
    let name = fitted["release"].as_str().expect("a name").to_owned();
    let listed = district.json(&["value-added", "list", "--json"]);
    assert_eq!(listed[0]["release"], name.as_str());
    district.json(&["ingest", "--vendor", "ningbo_chengji", "--json", &folder.join("5_chengji_part.csv").to_string_lossy()]);
    let again = district.json(&["value-added", "reproduce", &name, "--json"]);
    assert_eq!(again["same"], true, "{again}");
    assert!(district.refused(&["value-added", "show", "2020-01-01-1"]).starts_with("error[unknown_release]: "));
}
