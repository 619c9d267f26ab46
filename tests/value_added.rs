//! Value added on the command line: every method is published, shown, compared, and made again over the data as they were.

mod support;

use std::fmt::Write;

use serde_json::Value;
use support::District;

/// Ten schools of forty pupils; s09 has twelve. A school adds half a point more than the one before it; every tenth pupil came from elsewhere.
fn scores(exam: &str, subject: &str, shift: i64) -> String {
    let mut lines = String::new();
    for school in 0..10i64 {
        for pupil in 0..(if school == 9 { 12 } else { 40 }) {
            let ability = (pupil * 7919 + school * 31) % 41;
            let noise = (pupil * 104_729 + school * 17 + shift) % 11;
            let (score, at) = match exam {
                "2023" => (40 + ability, if pupil % 10 == 0 { (school + 1) % 9 } else { school }),
                _ => (30 + ability + noise + school / 2 + shift, school),
            };
            let number = school * 1000 + pupil;
            writeln!(lines, r#"{{"exam":"{exam}","subject":"{subject}","school":"s{at:02}","class":"c{at}","grade":"14","student":"{number}","held_on":"2026-06-20","score":{score},"full_score":100,"status":"scored"}}"#).expect("written");
        }
    }
    lines
}

fn district() -> District {
    let district = District::new();
    for (place, (exam, subject, shift)) in
        [("2023", "math", 0), ("2025", "math", 2), ("2026", "math", 7), ("2023", "english", 0), ("2026", "english", 4)]
            .into_iter()
            .enumerate()
    {
        let file = format!("{place}.ndjson");
        std::fs::write(district.path(&file), scores(exam, subject, shift)).expect("written");
        let taken = district.json(&["ingest", "--kind", "assessment", "--json", &file]);
        assert_eq!(taken["rejected"], 0, "{taken}");
    }
    district
}

fn model(district: &District, name: &str, exam: &str) -> String {
    let text = format!(
        r#"
title = {{ zh = "数学增值 {exam}", en = "Value added in mathematics {exam}" }}
subject = "math"
year = {exam}
sql = """
SELECT now.school, now.score, before.score AS prior, before.school <> now.school AS moved FROM assessment AS now
LEFT JOIN assessment AS before ON before.student = now.student AND before.subject = now.subject AND before.exam = '2023'
WHERE now.exam = '{exam}' AND now.subject = 'math'
"""
[model]
response = "score"
covariates = [{{ column = "prior" }}]
groupings = [{{ column = "school", grain = "school" }}]
moved = "moved"
"#
    );
    std::fs::write(district.path(name), text).expect("written");
    name.to_owned()
}

#[test]
fn every_method_is_published_compared_and_made_again() {
    let district = district();
    let publish =
        |arguments: &[&str]| -> Value { district.json(&[&["value-added"], arguments, &["--publish", "--json"]].concat()) };
    let (early, late) = (model(&district, "early.toml", "2025"), model(&district, "late.toml", "2026"));
    let series =
        |subject: &'static str, exams: &'static str| ["--subject", subject, "--exams", exams, "--by", "school", "--year", "2026"];
    let made = [
        publish(&["fit", &early]),
        publish(&["fit", &late]),
        publish(&[&["sgp"], &series("math", "2023,2026")[..]].concat()),
        publish(&[&["sgp"], &series("english", "2023,2026")[..]].concat()),
        publish(&[&["gain"], &series("math", "2023,2026")[..]].concat()),
    ];
    let names: Vec<&str> = made.iter().map(|it| it["release"].as_str().expect("a name")).collect();
    for name in &names {
        let again = district.json(&["value-added", "reproduce", name, "--json"]);
        assert_eq!(again["same"], true, "{again}");
    }
    // A release of growth is a model file: the same by `fit`.
    let shown = district.json(&["value-added", "show", names[2]]);
    std::fs::write(district.path("growth.toml"), shown["model"].as_str().expect("a file")).expect("written");
    let fitted = district.json(&["value-added", "fit", "growth.toml", "--json"]);
    assert_eq!(fitted["result"], made[2]["result"]);
    assert_eq!(
        (&shown["stability"]["refused"]["code"], &shown["subjects"][0]["release"]),
        (&"no_earlier_release".into(), &names[3].into())
    );
    // What the figures rest on: every tenth pupil moved, and nobody lacks a prior.
    let sensitivity = &made[1]["result"]["sensitivity"];
    assert_eq!(
        (&sensitivity["stayed"]["pupils"], &sensitivity["missing_priors"]["refused"]["code"]),
        (&334.into(), &"none_missing".into())
    );
    assert_eq!(made[4]["result"]["changed"]["school"], 38);

    let years = district.json(&["value-added", "compare", names[0], names[1], "--json"]);
    assert_eq!((&years["relation"], &years["levels"][0]["both"]), (&"years".into(), &9.into()));
    let intercept = years["drift"]["intercept"]["change"].as_f64().expect("a change");
    assert!((intercept - 5.0).abs() < 1.5, "the paper of 2026 gave five points more: {intercept}");
    let methods = district.json(&["value-added", "compare", &late, names[2], "--json"]);
    assert!(
        methods["relation"] == "methods" && methods["levels"][0]["agreement"]["correlation"].as_f64() > Some(0.8),
        "{methods}"
    );
    let told = district.text(&["value-added", "compare", names[2], names[3]]);
    for words in ["学科一致性", "consistency", "Spearman", "κ", "不排名"] {
        assert!(told.contains(words), "{told}");
    }
    let told = district.text(&[
        "value-added",
        "gain",
        "--subject",
        "math",
        "--exams",
        "2023,2025",
        "--by",
        "school",
        "--year",
        "2025",
        "--publish",
    ]);
    for words in ["没有更早的发布", "no earlier release", "敏感性", "RMS", "已发布"] {
        assert!(told.contains(words), "{told}");
    }
    let list = district.json(&["value-added", "list", "--json"]);
    assert_eq!(list.as_array().map(Vec::len), Some(6));
}

#[test]
fn what_cannot_be_computed_or_compared_says_why_in_both_languages() {
    let district = district();
    let refused = |arguments: &[&str]| district.refused(&[&["value-added"], arguments].concat());
    let told = refused(&["sgp", "--subject", "math", "--exams", "2023,2026", "--matrix-sampled"]);
    assert!(told.starts_with("error[matrix_sampled]: ") && told.contains("随机"), "{told}");
    std::fs::write(district.path("both.toml"), "title = { zh = \"a\", en = \"b\" }\n[growth]\nexams = [\"a\"]\nby = \"class\"\n")
        .expect("written");
    let told = refused(&["fit", "both.toml"]);
    assert!(told.contains("two exams") && told.contains("模型文件无法读取"), "{told}");
    let school = model(&district, "school.toml", "2026");
    district.json(&["value-added", "sgp", "--subject", "math", "--exams", "2023,2026", "--publish", "--json"]);
    let list = district.json(&["value-added", "list", "--json"]);
    let classes = list[0]["release"].as_str().expect("a name");
    let told = refused(&["compare", &school, classes]);
    assert!(told.starts_with("error[nothing_shared]: ") && told.contains("没有相同层级"), "{told}");
    assert!(refused(&["compare", "2020-01-01-1", classes]).starts_with("error[unknown_release]: "));
}

#[test]
fn who_looks_at_one_pupil_leaves_a_line_in_the_log() {
    let district = district();
    let log = district.path("log.txt");
    let mut command = district.command(&["serve", "--address", "127.0.0.1:0", "--json"]);
    command.stderr(std::fs::File::create(&log).expect("a file"));
    let server = District::serve_by(command);
    let path = "/v1/value-added/growth/pupil?subject=math&exams=2023,2026&school=s01&class=c1&student=0123";
    let answer = reqwest::blocking::get(format!("{}{path}", server.url)).expect("an answer");
    assert_eq!(answer.status().as_u16(), 422, "nobody has this pseudonym");
    drop(server);
    let told = std::fs::read_to_string(log).expect("a log");
    for words in ["audit", "pupil_growth", "s01", "c1", "0123", "request"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}
