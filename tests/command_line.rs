//! The command line as people meet it: help, errors, formats, keys, settings.

mod support;

use support::{District, root};

#[test]
fn mistakes_are_told_with_a_code_and_what_to_do() {
    let district = District::new();
    for (arguments, code, hint) in [
        (vec!["metric", "workload/daily_minutes"], "lake_missing", "xueqing ingest"),
        (vec!["ingest", "x.csv"], "mapping_missing", "--vendor"),
        (vec!["ingest", "--vendor", "nobody", "x.csv"], "unknown_mapping", "demo_banpai"),
        (vec!["schema", "json", "homewrok"], "unknown_kind", "homework"),
        (vec!["serve", "--address", "0.0.0.0:8080"], "not_loopback", "127.0.0.1"),
        (vec!["--config", "none.toml", "schema", "list"], "config", "none.toml"),
        (vec!["demo", "--lake", "x"], "demo_lake", "--dir"),
    ] {
        let told = district.refused(&arguments);
        assert!(told.starts_with(&format!("error[{code}]: ")), "{arguments:?}: {told}");
        assert!(told.contains(hint), "{arguments:?}: {told}");
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for arguments in [vec![], vec!["fly"], vec!["ingest"], vec!["lake", "log"]] {
        assert_eq!(District::new().run(&arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_does_not_keep_the_others_out() {
    let district = District::new();
    std::fs::write(district.path("a.csv"), "学号,日期\n1,2026-11-20\n").expect("written");
    std::fs::write(district.path("b.ndjson"), "{\"assignment\": \"a\"}\n").expect("written");
    let done = district.run(&["ingest", "--kind", "homework", "--json", "a.csv", "b.ndjson", "none.csv"]);
    assert_eq!(done.status.code(), Some(1));
    let told: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!((told["read"].as_u64(), told["files"][0]["source"].as_str()), (Some(1), Some("b.ndjson")));
    assert_eq!((told["failed"][0]["code"].as_str(), told["failed"][1]["code"].as_str()), (Some("columns"), Some("io")));
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_and_rejected_rows_are_not() {
    let district = District::new();
    std::fs::write(district.path("a.csv"), "学号,日期\n1,2026-11-20\n").expect("written");
    let told = district.refused(&["ingest", "--kind", "homework", "a.csv"]);
    assert!(told.starts_with("error[columns]: a.csv was not taken in whole"), "{told}");
    std::fs::write(district.path("b.ndjson"), "{\"assignment\": \"a\"}\n{broken\n").expect("written");
    let told = district.json(&["ingest", "--kind", "homework", "--json", "b.ndjson"]);
    assert_eq!((told["read"].as_u64(), told["rejected"].as_u64()), (Some(2), Some(2)));
    let rows = district.json(&["quarantine", "list", "--source", "b.ndjson", "--limit", "1", "--json"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(1));
}

#[test]
fn every_verb_teaches_with_examples() {
    let district = District::new();
    assert!(district.text(&["--help"]).contains("Examples · 例子"));
    for verb in ["demo", "serve", "ingest", "generate", "query", "metric", "policy", "schema", "lake", "completions"] {
        assert!(district.text(&[verb, "--help"]).contains("Examples · 例子"), "{verb}");
    }
    assert!(district.text(&["completions", "bash"]).contains("_xueqing"));
}

#[test]
fn the_standard_is_shown_for_people_and_machines() {
    let district = District::new();
    assert!(district.text(&["schema", "docs"]).contains("作业完成"));
    let kinds = district.json(&["schema", "list", "--json"]);
    assert!(kinds["kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["name"] == "homework")));
    assert!(district.json(&["schema", "json", "homework"])["properties"]["minutes"].is_object());
    assert!(district.json(&["metric", "list", "--json"])["metrics"].as_array().is_some_and(|figures| figures.len() >= 9));
}

#[test]
fn answers_come_as_table_json_and_csv() {
    let district = District::of_sample_data();
    let ask = |format: &str| {
        district
            .run(&["query", "SELECT class, count(*) AS students FROM student GROUP BY class ORDER BY class", "--format", format])
            .stdout
    };
    let csv = ask("csv");
    assert!(csv.starts_with("\u{feff}class,students".as_bytes()), "{}", String::from_utf8_lossy(&csv));
    assert!(String::from_utf8_lossy(&ask("table")).contains("| class"));
    let rows: serde_json::Value = serde_json::from_slice(&ask("json")).expect("JSON");
    assert_eq!(rows["rows"].as_array().map(Vec::len), Some(6));
    assert!(district.refused(&["query", "DROP TABLE student"]).starts_with("error[not_read_only]"));
}

#[cfg(unix)]
#[test]
fn the_key_is_made_once_for_its_owner_only() {
    use std::os::unix::fs::MetadataExt;
    let district = District::new();
    let ingest = |district: &District| {
        let mut command = district.command(&["ingest", "--kind", "school", "s.csv"]);
        command.env_remove("XUEQING_KEY").output().expect("the binary starts")
    };
    std::fs::write(district.path("s.csv"), "school,name\n2132990001,x\n").expect("written");
    let first = ingest(&district);
    assert!(String::from_utf8_lossy(&first.stderr).contains("lake.key"), "{}", String::from_utf8_lossy(&first.stderr));
    let key = std::fs::metadata(district.path("lake.key")).expect("a key file");
    assert_eq!(key.mode() & 0o777, 0o600);
    assert!(ingest(&district).stderr.is_empty(), "the key is there");
    std::fs::remove_file(district.path("lake.key")).expect("removed");
    assert!(String::from_utf8_lossy(&ingest(&district).stderr).starts_with("error[key_missing]"));
}

#[test]
fn a_districts_own_mapping_is_used_without_compiling() {
    let district = District::new();
    std::fs::create_dir_all(district.path("own/vendors")).expect("made");
    let mapping =
        "kind = 'school'\ntitle = { zh = '甲', en = 'A' }\n[columns]\nschool = { from = ['dm'] }\nname = { from = ['mc'] }\n";
    std::fs::write(district.path("own/vendors/jia.toml"), mapping).expect("written");
    std::fs::write(district.path("xueqing.toml"), "standard = 'own'\n").expect("written");
    std::fs::write(district.path("s.csv"), "dm,mc\n2132990001,学校\n").expect("written");
    let told = district.json(&["ingest", "--vendor", "jia", "--json", "s.csv"]);
    assert_eq!(told["accepted"].as_u64(), Some(1));
}

#[test]
fn the_example_configuration_works_as_it_is() {
    let district = District::new();
    std::fs::copy(root().join("xueqing.toml.example"), district.path("xueqing.toml")).expect("copied");
    district.text(&["schema", "list"]);
}

#[test]
fn the_lake_is_looked_after_from_the_command_line() {
    let district = District::new();
    let line = |student: &str, status: &str| {
        format!(
            r#"{{"assignment":"a","school":"S1","class":"C1","grade":"13","subject":"math","student":"{student}","assigned_at":"2026-09-01T16:00:00+08:00","status":"{status}"}}"#
        )
    };
    let lines = [line("13893", "submitted"), line("2", "late"), line("13893", "nonsense")].join("\n");
    std::fs::write(district.path("h.ndjson"), lines).expect("written");
    for _ in 0..2 {
        district.json(&["ingest", "--kind", "homework", "--json", "h.ndjson"]);
    }
    let closed = district.json(&["lake", "close", "--json", "--day", "2026-09-01"]);
    assert_eq!((closed[0]["table"].as_str(), closed[0]["rows"].as_u64()), (Some("events/homework"), Some(2)), "{closed}");
    let counts = district.json(&["quarantine", "counts", "--by", "rule", "--json"]);
    assert_eq!(counts["rows"][0]["rejects"].as_u64(), Some(1), "{counts}");
    let again = district.json(&["quarantine", "replay", "--json", "--dry-run"]);
    assert_eq!((again["records"].as_u64(), again["rejected"].as_u64()), (Some(1), Some(1)), "{again}");
    let kept = district.json(&["lake", "retain", "--dry-run", "--json"]);
    assert_eq!(kept.as_array().map(Vec::len), Some(0), "every kind is kept for ever");
    let erase = ["lake", "erase", "--json", "--now", "--person", "student", "--number", "13893", "--reason", "letter"];
    let erased = district.json(&erase);
    assert_eq!((erased["left"].as_u64(), erased["search"]["found"].as_array().map(Vec::len)), (Some(0), Some(0)), "{erased}");
    assert_eq!(district.json(&["query", "--json", "SELECT count(*) AS n FROM homework"])["rows"][0]["n"].as_u64(), Some(1));
    district.json(&["lake", "vacuum", "--json", "--now"]);
    assert!(district.text(&["lake", "verify"]).contains("all is as it was written"));
    let folder = district.path("lake/events/homework/day=2026-09-01");
    let file = std::fs::read_dir(folder).expect("there").next().expect("one file").expect("readable").path();
    let mut bytes = std::fs::read(&file).expect("readable");
    bytes[30] ^= 4;
    std::fs::write(&file, bytes).expect("written");
    let told = district.run(&["lake", "verify"]);
    assert_eq!(told.status.code(), Some(1));
    let (out, err) = (String::from_utf8_lossy(&told.stdout).into_owned(), String::from_utf8_lossy(&told.stderr).into_owned());
    assert!(
        out.contains(&*file.file_name().expect("a name").to_string_lossy()) && err.contains("error[lake_damaged]"),
        "{out}{err}"
    );
}
