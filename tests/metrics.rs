//! Every published figure over `sample-data/` equals its expected results, which another program computed from the raw files.
//!
//! A figure without expected results, and expected results without a figure, fail.

mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{District, files_below, root, same};

/// The figures' names and the files with their expected results.
fn figures() -> Vec<(String, PathBuf)> {
    let folder = root().join("query/metrics");
    let files = files_below(&folder).into_iter().filter(|path| path.extension().is_some_and(|e| e == "sql"));
    let named = files.map(|path| {
        let name = path.strip_prefix(&folder).expect("below").with_extension("");
        let name = name.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        (name, path.with_extension("expected.json"))
    });
    named.collect()
}

#[test]
fn each_figure_has_expected_results_and_the_other_way_round() {
    let figures = figures();
    assert!(figures.len() >= 9, "only {} figures", figures.len());
    for (name, expected) in &figures {
        assert!(expected.is_file(), "{name} has no expected results: see CONTRIBUTING.md");
    }
    for path in files_below(&root().join("query/metrics")) {
        if path.to_string_lossy().ends_with(".expected.json") {
            assert!(figures.iter().any(|(_, expected)| *expected == path), "{} has no figure", path.display());
        }
    }
}

#[test]
fn the_sample_data_gives_the_expected_results() {
    let district = District::of_sample_data();
    let mut wrong = Vec::new();
    for (name, expected) in figures() {
        for case in cases(&expected) {
            wrong.extend(differences(&district, &name, &case));
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

fn cases(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).expect("readable");
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert!(!cases.is_empty(), "{} has no case", file.display());
    cases
}

fn differences(district: &District, name: &str, case: &Value) -> Vec<String> {
    let by = case["by"].as_array().expect("a list").iter().map(text).collect::<Vec<_>>().join(",");
    let params = case["params"].as_object().expect("an object");
    let params: Vec<String> = params.iter().map(|(key, value)| format!("{key}={}", text(value))).collect();
    let mut arguments = vec!["metric", name, "--json"];
    if !by.is_empty() {
        arguments.extend(["--by", &by]);
    }
    arguments.extend(params.iter().flat_map(|param| ["--param", param.as_str()]));
    let told = district.json(&arguments);
    let (ours, theirs) = (sorted(&told["rows"]), sorted(&case["rows"]));
    let place = format!("{name} by {by} {}", params.join(" "));
    if ours.len() != theirs.len() {
        return vec![format!("{place}: {} rows, expected {}", ours.len(), theirs.len())];
    }
    ours.iter().zip(&theirs).flat_map(|(ours, theirs)| columns(&place, ours, theirs)).collect()
}

/// Rows in the order of their texts: the dimensions.
fn sorted(rows: &Value) -> Vec<Value> {
    let mut rows = rows.as_array().expect("rows").clone();
    rows.sort_by_cached_key(|row| {
        let texts = row.as_object().expect("a row").iter().filter(|(_, value)| value.is_string());
        let mut texts: Vec<String> = texts.map(|(name, value)| format!("{name}={}", text(value))).collect();
        texts.sort();
        texts.join(" ")
    });
    rows
}

fn columns(place: &str, ours: &Value, theirs: &Value) -> Vec<String> {
    let (ours, theirs) = (ours.as_object().expect("a row"), theirs.as_object().expect("a row"));
    let absent = ours.keys().filter(|name| !theirs.contains_key(*name)).map(|name| format!("{place}: {name} is not expected"));
    let unequal = theirs.iter().filter(|(name, expected)| !ours.get(*name).is_some_and(|ours| same(ours, expected)));
    let unequal =
        unequal.map(|(name, expected)| format!("{place}: {name} is {:?}, expected {expected}, in {ours:?}", ours.get(name)));
    absent.chain(unequal).collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
