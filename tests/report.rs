//! The report on homework load over the sample data: every number is the figure's, nothing comes from outside, the workbook opens.

mod support;

use calamine::{Data, Reader, Xlsx, open_workbook};
use serde_json::Value;
use support::District;

/// What stands between two texts, each time.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

/// All numbers of a figure's answer.
fn numbers(answer: &Value) -> Vec<f64> {
    let rows = answer["rows"].as_array().expect("rows");
    let cells = rows.iter().flat_map(|row| row.as_object().expect("a row").values());
    cells.filter_map(Value::as_f64).collect()
}

#[test]
fn every_number_is_that_of_the_call_beside_it() {
    let district = District::of_sample_data();
    let folder = district.path("reports");
    let folder = folder.to_string_lossy();
    for (lang, more, scope) in
        [("zh", vec![], "district"), ("en", vec!["--school", "2132990001", "--from", "2026-11-16"], "2132990001")]
    {
        district.json(&[&["report", "workload", "--lang", lang, "--output", &folder, "--json"], &more[..]].concat());
        let page = std::fs::read_to_string(format!("{folder}/workload-{scope}-{lang}.html")).expect("a page");
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"), "nothing from outside");
        let mut checked = 0;
        for section in between(&page, "<section id=\"", "</section>") {
            let shown = between(section, " data-value=\"", "\"");
            let Some(call) = between(section, "<code>GET /v1/metrics/", "</code>").first().map(|call| call.replace("&amp;", "&"))
            else {
                assert!(shown.is_empty(), "numbers without a call: {section}");
                continue;
            };
            let (name, query) = call.split_once("?by=").expect("a call");
            let (by, params) = query.split_once('&').unwrap_or((query, ""));
            let mut ask = vec!["metric", name, "--by", by, "--json"];
            for param in params.split('&').filter(|param| !param.is_empty()) {
                ask.extend(["--param", param]);
            }
            let known = numbers(&district.json(&ask));
            for number in &shown {
                // Averages of floats may differ in their last digit from one run to the next.
                let number: f64 = number.parse().expect("a number");
                let same = |other: &f64| (number - other).abs() <= 1e-12 * number.abs().max(1.0);
                assert!(known.iter().any(same), "{call}: {number} is not the figure's");
            }
            checked += shown.len();
        }
        assert!(checked > 100, "{checked} numbers");

        let mut book: Xlsx<_> = open_workbook(format!("{folder}/workload-{scope}-{lang}.xlsx")).expect("a workbook");
        let sheets = book.sheet_names();
        assert_eq!(sheets.len(), between(&page, "<section id=\"", "\"").len(), "{sheets:?}: contents and limits, each table");
        let grades = book.worksheet_range(&sheets[3]).expect("a sheet");
        let first = grades.get_value((1, 0)).map(ToString::to_string).unwrap_or_default();
        assert!(first.contains("GET /v1/metrics/workload/daily_minutes?by=grade"), "{first}");
        assert!(grades.rows().skip(4).any(|row| row.iter().any(|cell| matches!(cell, Data::Float(_)))));
    }
}

#[test]
fn a_scope_without_data_finds_nothing_and_an_unknown_one_is_refused() {
    let district = District::of_sample_data();
    let folder = district.path("reports");
    let folder = folder.to_string_lossy();
    assert!(
        district
            .refused(&["report", "workload", "--school", "nosuch", "--output", &folder])
            .starts_with("error[unknown_scope]: ")
    );
    assert!(!std::path::Path::new(&*folder).exists(), "nothing was written");
    district.json(&["report", "workload", "--from", "1999-01-01", "--to", "1999-12-31", "--output", &folder, "--json"]);
    let page = std::fs::read_to_string(format!("{folder}/workload-district-zh.html")).expect("a page");
    let findings = between(&page, "<ul class=\"findings\">", "</ul>")[0];
    assert_eq!(findings.matches("<li").count(), 1, "only what has no data: {findings}");
}
