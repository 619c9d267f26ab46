//! The report on homework load over the sample data: every number stands in the cell that its call gives it, those of the findings included;
//! nothing comes from outside, and the workbook has the same cells, with charts of its own.

mod support;

use std::collections::BTreeMap;
use std::io::Read;

use calamine::{Data, Range, Reader, Xlsx, open_workbook};
use serde_json::Value;
use support::District;

/// What stands between two texts, each time.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    between(tag, &format!(" {name}=\""), "\"").first().copied()
}

/// The answer of an address that the report prints, as the command line gives it.
fn ask(district: &District, call: &str) -> Value {
    let call = call.replace("&amp;", "&");
    let (path, query) = call.split_once('?').expect("a call");
    let mut params: BTreeMap<&str, &str> = query.split('&').filter_map(|param| param.split_once('=')).collect();
    let mut arguments = match path.strip_prefix("/v1/policy/") {
        Some(door) => {
            vec!["policy", door, params.remove("metric").expect("a figure"), "--since", params.remove("since").expect("a day")]
        }
        None => {
            vec!["metric", path.strip_prefix("/v1/metrics/").expect("a figure"), "--by", params.remove("by").expect("a grouping")]
        }
    };
    let params: Vec<String> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    arguments.push("--json");
    arguments.extend(params.iter().flat_map(|param| ["--param", param.as_str()]));
    district.json(&arguments)
}

/// Averages of floats may differ in their last digit from one run to the next.
fn same(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-12 * other.abs().max(1.0)
}

fn hidden(row: &Value) -> bool {
    row["suppressed"] == Value::Bool(true)
}

/// Cells of a table row: head and value, each with its tag.
fn cells(row: &str) -> (Vec<&str>, Vec<&str>) {
    (between(row, "<th scope=\"row\"", "</th>"), between(row, "<td", "</td>"))
}

/// A table: the answer's rows in its order, the columns under their heads.
fn table(html: &str, answer: &Value, place: &str) -> usize {
    let (head, body) = html.split_once("</thead>").expect("a head");
    let dimensions: Vec<&str> = between(head, "data-dimension=\"", "\"");
    let columns: Vec<&str> = between(head, "data-column=\"", "\"");
    let (rows, known) = (between(body, "<tr>", "</tr>"), answer["rows"].as_array().expect("rows"));
    assert_eq!(rows.len(), known.len(), "{place}: rows");
    let mut checked = 0;
    for (row, known) in rows.iter().zip(known) {
        let (heads, values) = cells(row);
        let codes: Vec<&str> = heads.iter().filter_map(|head| attribute(head, "data-code")).collect();
        let wanted: Vec<&str> = dimensions.iter().map(|name| known[*name].as_str().unwrap_or_default()).collect();
        assert_eq!(codes, wanted, "{place}: the row's names");
        if hidden(known) {
            assert!(!row.contains("data-value"), "{place}: what is withheld shows");
            continue;
        }
        assert_eq!(values.len(), columns.len(), "{place}: cells");
        for (column, cell) in columns.iter().zip(&values) {
            checked += holds(cell, &known[*column], &format!("{place} {codes:?} {column}"));
        }
    }
    checked
}

/// Whether a cell has exactly the number of the answer, or none where the answer has none.
fn holds(cell: &str, known: &Value, place: &str) -> usize {
    let shown = attribute(cell, "data-value").map(|number| number.parse::<f64>().expect("a number"));
    match (shown, known.as_f64()) {
        (Some(shown), Some(known)) => assert!(same(shown, known), "{place}: {shown} is not {known}"),
        (shown, known) => assert_eq!(shown, known, "{place}"),
    }
    usize::from(shown.is_some())
}

/// Two dimensions as a table.
fn heat(html: &str, answer: &Value, by: &[&str], place: &str) -> usize {
    let column = between(html, "data-heat=\"", "\"")[0];
    let (head, body) = html.split_once("</thead>").expect("a head");
    let across = between(head, "data-code=\"", "\"");
    let known = answer["rows"].as_array().expect("rows");
    let mut checked = 0;
    for row in between(body, "<tr>", "</tr>") {
        let (heads, values) = cells(row);
        let down = attribute(heads[0], "data-code").expect("a code");
        for (across, cell) in across.iter().zip(&values) {
            let found = known.iter().find(|row| row[by[0]] == down && row[by[1]] == *across);
            let value = found.filter(|row| !hidden(row)).map_or(Value::Null, |row| row[column].clone());
            checked += holds(cell, &value, &format!("{place} {down} {across}"));
        }
    }
    assert_eq!(checked, known.iter().filter(|row| row[column].is_number()).count(), "{place}: each number has a cell");
    checked
}

/// The numbers in the findings' sentences, each where it says that it stands in its call's answer.
fn findings(district: &District, page: &str) -> usize {
    let mut checked = 0;
    for sentence in between(between(page, "<ul class=\"findings\">", "</ul>")[0], "<li", "</li>") {
        let numbers = between(sentence, "<data ", "</data>");
        let Some(call) = between(sentence, "<code>GET ", "</code>").first().copied() else {
            assert!(numbers.is_empty(), "numbers without a call: {sentence}");
            continue;
        };
        // A refusal has no numbers.
        if numbers.is_empty() {
            continue;
        }
        let answer = ask(district, call);
        for number in numbers {
            let tag = format!(" {number}");
            let (at, shown) = (attribute(&tag, "data-at").expect("a place"), attribute(&tag, "value").expect("a number"));
            let known = answer.pointer(at).and_then(Value::as_f64).unwrap_or_else(|| panic!("{call} has nothing at {at}"));
            assert!(same(shown.parse().expect("a number"), known), "{call} {at}: {shown} is not {known}");
            checked += 1;
        }
    }
    checked
}

/// A sheet: the same rows and columns as the page's table, from the fifth line on.
fn sheet(range: &Range<Data>, answer: &Value, columns: &[&str], by: usize, place: &str) -> usize {
    let mut checked = 0;
    for (line, known) in (4u32..).zip(answer["rows"].as_array().expect("rows")) {
        if hidden(known) {
            continue;
        }
        for (at, column) in columns.iter().enumerate() {
            let cell = range.get_value((line, u32::try_from(by + at).expect("few")));
            let shown = match cell {
                Some(Data::Float(number)) => Some(*number),
                Some(Data::Int(number)) => Some(*number as f64),
                _ => None,
            };
            match (shown, known[*column].as_f64()) {
                (Some(shown), Some(known)) => assert!(same(shown, known), "{place} line {line} {column}: {shown} is not {known}"),
                (shown, known) => assert_eq!(shown, known, "{place} line {line} {column}"),
            }
            checked += usize::from(shown.is_some());
        }
    }
    checked
}

fn part(book: &str, name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(book).expect("a file")).expect("an archive");
    let mut text = String::new();
    archive.by_name(name).expect("a part").read_to_string(&mut text).expect("text");
    text
}

#[test]
fn every_number_stands_where_its_call_has_it() {
    let district = District::of_sample_data();
    let folder = district.path("reports");
    let folder = folder.to_string_lossy();
    let term = ["--region", "320900", "--term", "2026-2027-1"];
    for (lang, more, scope) in [
        ("zh", vec![], "district"),
        ("zh", term.to_vec(), "320900-2026-2027-1"),
        ("en", vec!["--school", "2132990001", "--from", "2026-11-16"], "2132990001"),
    ] {
        district.json(&[&["report", "workload", "--lang", lang, "--output", &folder, "--json"], &more[..]].concat());
        let page = std::fs::read_to_string(format!("{folder}/workload-{scope}-{lang}.html")).expect("a page");
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"), "nothing from outside");
        assert!(findings(&district, &page) >= 8, "{scope}: too few numbers in the findings");
        let file = format!("{folder}/workload-{scope}-{lang}.xlsx");
        let mut book: Xlsx<_> = open_workbook(&file).expect("a workbook");
        let sheets = book.sheet_names();
        let sections = between(&page, "<section id=\"", "</section>");
        assert_eq!(sheets.len(), sections.len(), "{sheets:?}: contents and limits, each table");
        let (mut checked, mut told) = (0, 0);
        for (section, name) in sections.iter().zip(&sheets[1..]) {
            let Some(call) =
                between(section, "<p class=\"call\">", "</p>").first().map(|line| between(line, "<code>GET ", "</code>")[0])
            else {
                assert!(!section.contains("data-value"), "numbers without a call: {section}");
                continue;
            };
            let answer = ask(&district, call);
            let by: Vec<&str> =
                call.split_once("?by=").expect("a grouping").1.split("&amp;").next().expect("by").split(',').collect();
            let range = book.worksheet_range(name).expect("a sheet");
            let first = range.get_value((1, 0)).map(ToString::to_string).unwrap_or_default();
            assert!(first.contains(&format!("GET {}", call.replace("&amp;", "&"))), "{name}: {first}");
            if !section.contains("<table") {
                continue;
            }
            let place = format!("{lang} {name}");
            let (columns, width) = if section.contains("data-heat") {
                checked += heat(section, &answer, &by, &place);
                (between(section, "data-heat=\"", "\""), by.len())
            } else {
                checked += table(section, &answer, &place);
                (between(section, "data-column=\"", "\""), if by == ["all"] { 0 } else { by.len() })
            };
            told += sheet(&range, &answer, &columns, width, &place);
        }
        assert!(checked > 100 && checked == told, "{checked} numbers on the page, {told} in the workbook");
        assert!(part(&file, "xl/charts/chart1.xml").contains("<c:lineChart>"), "the days have a chart of the workbook's own");
        assert_eq!(
            page.matches("<circle class=\"dot\"").count() > 0,
            page.contains("id=\"quadrant\"") && lang == "zh",
            "{scope}: quadrant"
        );
    }
}

#[test]
fn the_last_weeks_are_held_against_those_before() {
    let district = District::new();
    let generate = ["generate", "--out", "d", "--schools", "2", "--students", "240", "--days", "30", "--today", "2026-11-20"];
    district.text(&generate);
    district.json(&["ingest", "d", "--json"]);
    // The report begins with November; the weeks before lie in October all the same.
    district.json(&["report", "workload", "--from", "2026-11-02", "--output", "r", "--json"]);
    let page = std::fs::read_to_string(district.path("r/workload-district-zh.html")).expect("a page");
    let found = between(&page, "<ul class=\"findings\">", "</ul>")[0];
    for at in ["/result/change/value", "/result/change/low", "/result/change/high", "/result/before"] {
        assert!(found.contains(&format!("data-at=\"{at}\"")), "{at}: {found}");
    }
    assert!(found.contains("since=2026-11-09&amp;from=2026-09-14&amp;to=2026-11-20"), "{found}");
    assert!(findings(&district, &page) >= 12);
}

#[test]
fn a_page_is_in_one_language() {
    let district = District::of_sample_data();
    let folder = district.path("reports");
    let folder = folder.to_string_lossy();
    for (lang, words) in [("zh", ["见公开转载", "可靠程度", "依据"]), ("en", ["found in a public copy", "How sure", "Document"])]
    {
        district.json(&["report", "workload", "--lang", lang, "--output", &folder, "--json"]);
        let page = std::fs::read_to_string(format!("{folder}/workload-district-{lang}.html")).expect("a page");
        let limits = between(&page, "<section id=\"limits\">", "</section>")[0];
        for word in words {
            assert!(limits.contains(&format!(">{word}</t")), "{lang}: {word}");
        }
        assert!(
            !limits.contains(">found<") && !limits.contains(">minutes<") && !limits.contains(">certainty<"),
            "{lang}: {limits}"
        );
        // Six days have no weeks before them, which is said in the page's language.
        let findings = between(&page, "<ul class=\"findings\">", "</ul>")[0];
        let reason = findings.split("</li>").find(|one| one.contains("/v1/policy/recent")).expect("the change is spoken of");
        let words = reason.split("<a ").next().expect("words");
        assert_eq!(words.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), lang == "zh", "{words}");
        assert!(!words.contains("few_days"), "{words}");
    }
}

#[test]
fn a_scope_without_data_finds_nothing_and_an_unknown_one_is_refused() {
    let district = District::of_sample_data();
    let folder = district.path("reports");
    let folder = folder.to_string_lossy();
    for (option, code, error) in [
        ("--school", "nosuch", "error[unknown_scope]: "),
        ("--region", "999900", "error[unknown_scope]: "),
        ("--term", "1999-2000-1", "error[unknown_term]: "),
    ] {
        let refused = district.refused(&["report", "workload", option, code, "--output", &folder]);
        assert!(refused.starts_with(error), "{refused}");
    }
    assert!(!std::path::Path::new(&*folder).exists(), "nothing was written");
    district.json(&["report", "workload", "--from", "1999-01-01", "--to", "1999-12-31", "--output", &folder, "--json"]);
    let page = std::fs::read_to_string(format!("{folder}/workload-district-zh.html")).expect("a page");
    let findings = between(&page, "<ul class=\"findings\">", "</ul>")[0];
    assert_eq!(findings.matches("<li").count(), 1, "only what has no data: {findings}");
}
