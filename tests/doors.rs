//! The drop folder through the real binary: a first day with it, and a machine that dies again and again.

mod support;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;
use support::{District, files_below, sample_data};

/// A district that watches `exchange/`.
fn watching(settings: &str) -> District {
    let district = District::new();
    let text = format!("[inbox]\nfolder = 'exchange'\nsettle_seconds = 0\npatience_seconds = 1\npoll_ms = 20\n{settings}");
    std::fs::write(district.path("xueqing.toml"), text).expect("written");
    district
}

/// Puts a file into the inbox as a careful sender does: under another name first.
fn put(district: &District, place: &str, content: &[u8]) {
    let path = district.path("exchange/inbox").join(place);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    let unfinished = PathBuf::from(format!("{}.part", path.display()));
    std::fs::write(&unfinished, content).expect("written");
    std::fs::rename(&unfinished, &path).expect("renamed");
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "not within 60 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn report(district: &District, place: &str) -> String {
    let file = district.path("exchange").join(place);
    eventually(place, || file.exists());
    let report = std::fs::read_to_string(format!("{}.report.txt", file.display()));
    report.expect("a report beside the file").trim_start_matches('\u{feff}').to_owned()
}

fn is_empty(folder: &Path) -> bool {
    files_below(folder).is_empty()
}

#[test]
fn a_first_day_with_the_drop_folder() {
    let district = watching("");
    let server = district.serve();
    let good = std::fs::read(sample_data().join("demo_banpai/kaoqin-2026-11-13.csv")).expect("sample data");
    let gbk = std::fs::read(sample_data().join("demo_zuoye_gbk/作业-2026-11-13.csv")).expect("sample data");
    eventually("the folder is explained", || district.path("exchange/README.txt").exists());
    put(&district, "demo_banpai/考勤.csv", &good);
    put(&district, "demo_zuoye_gbk/作业.csv", &gbk);
    put(&district, "demo_menjin/放错.csv", &good);
    assert!(report(&district, "done/demo_banpai/考勤.csv").starts_with("学情 · 导入报告"));
    assert!(report(&district, "done/demo_zuoye_gbk/作业.csv").contains("收下"));
    assert!(report(&district, "failed/demo_menjin/放错.csv").contains("inbox/demo_banpai/"));
    assert!(server.stop().success(), "a termination signal is a clean end");
    assert!(is_empty(&district.path("exchange/inbox")));
    let figure = district.json(&["metric", "attendance/incidents", "--by", "incident", "--json"]);
    assert!(figure["rows"].as_array().is_some_and(|rows| !rows.is_empty()), "{figure}");
}

#[test]
fn reports_speak_the_language_of_the_configuration() {
    let district = watching("");
    let text = std::fs::read_to_string(district.path("xueqing.toml")).expect("there");
    std::fs::write(district.path("xueqing.toml"), format!("language = 'en'\n{text}")).expect("written");
    let _server = district.serve();
    put(&district, "homework/x.ndjson", b"{\"assignment\": \"a\"}\n");
    let told = report(&district, "failed/homework/x.ndjson");
    assert!(told.contains("not one row fits the data standard") && told.contains("What to do: "), "{told}");
}

#[test]
fn a_machine_that_dies_again_and_again_loses_and_doubles_nothing() {
    let district = watching("");
    let (files, rows) = (30, 400);
    let line = |file: usize, row: usize| {
        let event = json!({
            "assignment": format!("a{file}"), "school": "S1", "class": "C1", "grade": "13", "subject": "math",
            "student": row.to_string(), "assigned_at": "2026-11-20T16:00:00+08:00", "status": "submitted",
        });
        format!("{event}\n")
    };
    for file in 0..files {
        let text: String = (0..rows).map(|row| line(file, row)).collect();
        put(&district, &format!("homework/{file}.ndjson"), text.as_bytes());
    }
    let inbox = district.path("exchange/inbox");
    let mut deaths = 0;
    while !is_empty(&inbox) {
        assert!(deaths < 200, "it does not come to an end");
        let server = district.serve();
        // Each life is a little longer than the one before, so that death comes at every place.
        std::thread::sleep(Duration::from_millis(10 + 37 * deaths));
        drop(server);
        deaths += 1;
    }
    assert!(deaths > 1, "it never died in the middle");
    for file in 0..files {
        assert!(district.path(&format!("exchange/done/homework/{file}.ndjson.report.txt")).exists(), "{file}");
    }
    assert!(is_empty(&district.path("exchange/failed")));
    let counted = district.json(&["query", "SELECT count(*) AS n, count(DISTINCT assignment) AS files FROM homework", "--json"]);
    assert_eq!(counted["rows"], json!([{ "n": files * rows, "files": files }]));
}
