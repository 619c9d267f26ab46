//! End to end with the real binary: files in, figures out, on the command line and over HTTP.

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{District, Server, files_below, same, sample_data};

const FIGURE: [&str; 5] = ["metric", "workload/daily_minutes", "--by", "day,class", "--json"];

#[test]
fn every_row_of_the_sample_data_is_accounted_for_and_told_why() {
    let district = District::new();
    let told = district.json(&["ingest", &sample_data().to_string_lossy(), "--json"]);
    let number = |name: &str| told[name].as_u64().expect("a number");
    assert_eq!(number("read"), number("accepted") + number("rejected"));
    assert!(number("read") > 6_000 && number("rejected") >= 20, "{told}");
    assert_eq!(told["files"].as_array().map(Vec::len), Some(files_below(&sample_data()).len()));
    let rejects = district.json(&["quarantine", "list", "--json"]);
    let rejects = rejects.as_array().expect("a list");
    let lines: std::collections::BTreeSet<String> =
        rejects.iter().map(|row| format!("{} {} {}", row["source"], row["line"], row["raw"])).collect();
    assert!(!lines.is_empty() && lines.len() as u64 <= number("rejected"));
    for rule in ["code", "encoding", "required", "type"] {
        assert!(rejects.iter().any(|row| row["rule"] == rule), "no reject by the rule {rule}");
    }
    for row in rejects {
        assert!(row["reason"]["zh"].as_str().is_some_and(|text| !text.is_empty()), "{row}");
    }
}

#[test]
fn a_district_changes_one_limit_from_its_day_on() {
    let district = District::of_sample_data();
    let limits = |by: &str, grade: &str| {
        let grade = format!("grade={grade}");
        let told = district.json(&["metric", "workload/daily_minutes", "--by", by, "--param", &grade, "--json"]);
        let rows = told["rows"].as_array().expect("rows").clone();
        rows.iter().map(|row| row["limit_minutes"].as_i64()).collect::<Vec<_>>()
    };
    let before = limits("day", "16");
    assert!(before.len() == 6 && before.iter().all(|limit| *limit == Some(60)), "{before:?}");
    let codes = district.path("own/codes");
    std::fs::create_dir_all(&codes).expect("a folder");
    std::fs::write(
        codes.join("homework_limits.toml"),
        "extends = true\n[[code]]\ncode = '16'\ntitle = { zh = '小学六年级上限', en = 'Limit of grade 6' }\nvalid_from = '2026-11-18'\n\
         attributes = { minutes = '45', document = '本区作业管理办法', certainty = 'stated' }\n",
    )
    .expect("written");
    std::fs::write(district.path("xueqing.toml"), "standard = 'own'\n").expect("written");
    // 13, 16 and 17 November as before, 18 to 20 by the district's own; other grades keep theirs.
    assert_eq!(limits("day", "16"), [60, 60, 60, 45, 45, 45].map(Some));
    assert!(limits("day", "15").iter().all(|limit| *limit == Some(60)));
    std::fs::write(codes.join("nosuch.toml"), "extends = true\ncode = []\n").expect("written");
    let refused = district.refused(&["metric", "workload/daily_minutes"]);
    assert!(refused.contains("codes/nosuch.toml: it extends a set of its name, and there is none"), "{refused}");
}

#[test]
fn taking_it_in_twice_changes_no_figure() {
    let district = District::of_sample_data();
    let once = district.json(&FIGURE)["rows"].take();
    let rejects = district.json(&["quarantine", "list", "--json"]);
    assert!(once.as_array().is_some_and(|rows| rows.len() > 20));
    district.json(&["ingest", &sample_data().to_string_lossy(), "--json"]);
    assert!(same(&district.json(&FIGURE)["rows"], &once));
    let again = district.json(&["quarantine", "list", "--json"]);
    assert_eq!(again.as_array().map(Vec::len), rejects.as_array().map(Vec::len));
    district.json(&["lake", "compact", "--min-files", "2", "--json"]);
    assert!(same(&district.json(&FIGURE)["rows"], &once));
}

#[test]
fn the_command_line_and_the_server_give_the_same_figures() {
    let district = District::of_sample_data();
    let server = district.serve();
    for (name, by) in
        [("workload/daily_minutes", "day,class"), ("exam/summary", "exam,subject"), ("attendance/incidents", "incident")]
    {
        let here = district.json(&["metric", name, "--by", by, "--json"]);
        let there = server.json(&format!("/v1/metrics/{name}?by={by}"));
        assert!(same(&here["rows"], &there["rows"]), "{name}");
        assert_eq!(here["columns"], there["columns"], "{name}");
    }
    let names = |list: &Value| -> Vec<Value> {
        list["metrics"].as_array().expect("a list").iter().map(|metric| metric["name"].clone()).collect()
    };
    assert_eq!(names(&server.json("/v1/metrics")), names(&district.json(&["metric", "--json"])));
}

#[test]
fn an_event_over_http_is_in_the_figure_and_on_disk() {
    let district = District::of_sample_data();
    let missing = |rows: &Value| rows[0]["missing"].as_i64().expect("a count");
    let path = "/v1/metrics/homework/submission_rate?by=class&class=2132990001-202301&from=2026-11-20";
    let server = district.serve();
    let before = missing(&server.json(path)["rows"]);
    let event = json!({
        "assignment": "new-1", "school": "2132990001", "class": "2132990001-202301", "grade": "14", "subject": "math",
        "student": "G1", "assigned_at": "2026-11-20T16:00:00+08:00", "status": "missing",
    });
    let answer = server.post("/v1/events/homework", event.to_string());
    assert!(answer.status().is_success(), "{}", answer.status());
    let receipt: Value = answer.json().expect("a receipt");
    assert_eq!((&receipt["read"], &receipt["accepted"], &receipt["rejected"]), (&json!(1), &json!(1), &json!(0)));
    eventually(|| missing(&server.json(path)["rows"]) == before + 1);
    stopped(server);
    let rows = district.json(&["query", "SELECT count(*) AS n FROM homework WHERE assignment = 'new-1'", "--json"]);
    assert_eq!(rows["rows"], json!([{ "n": 1 }]));
}

#[cfg(unix)]
fn stopped(server: Server) {
    assert!(server.stop().success(), "a termination signal is a clean end");
}

#[cfg(not(unix))]
fn stopped(server: Server) {
    drop(server);
}

fn eventually(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it did not happen within 20 s");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_demo_is_made_once_a_day_and_touches_no_other_folder() {
    let district = District::new();
    let size = ["demo", "--no-serve", "--schools", "1", "--students", "60", "--days", "2"];
    let first = district.run(&size);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert!(String::from_utf8_lossy(&first.stderr).contains("accepted"));
    let again = district.run(&size);
    assert!(String::from_utf8_lossy(&again.stderr).contains("using the district of today"));
    let lake = district.path("xueqing-demo/lake");
    let rows = district.json(&["metric", "directory/classes", "--json", "--lake", &lake.to_string_lossy()]);
    assert_eq!(rows["rows"].as_array().map(Vec::len), Some(6));
    std::fs::create_dir(district.path("mine")).expect("made");
    std::fs::write(district.path("mine/thesis.doc"), "x").expect("written");
    assert!(district.refused(&["demo", "--no-serve", "--dir", "mine"]).starts_with("error[demo_folder]"));
}
