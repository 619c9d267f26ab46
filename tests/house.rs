//! The house keeps its shape: arrows go one way, files stay small, every module opens with its promise, every dependency is built once.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Target};
use support::{files_below, root};

/// Which rooms a room may use; every room may use `features`, which holds no code, and nobody uses `benches` and `fuzz`.
const ARROWS: [(&str, &[&str]); 11] = [
    ("xueqing-features", &[]),
    ("xueqing-schema", &[]),
    ("xueqing-lake", &["xueqing-features"]),
    ("xueqing-pipeline", &["xueqing-lake", "xueqing-schema"]),
    ("xueqing-query", &["xueqing-lake", "xueqing-schema"]),
    ("xueqing-alerts", &["xueqing-lake", "xueqing-pipeline", "xueqing-query", "xueqing-schema"]),
    ("xueqing-report", &["xueqing-query", "xueqing-schema"]),
    ("xueqing-api", &["xueqing-alerts", "xueqing-lake", "xueqing-pipeline", "xueqing-query", "xueqing-schema"]),
    (
        "xueqing",
        &[
            "xueqing-alerts",
            "xueqing-api",
            "xueqing-lake",
            "xueqing-pipeline",
            "xueqing-query",
            "xueqing-report",
            "xueqing-schema",
        ],
    ),
    ("xueqing-benches", &["xueqing-lake", "xueqing-pipeline", "xueqing-query", "xueqing-schema"]),
    ("xueqing-fuzz", &["xueqing-pipeline", "xueqing-schema"]),
];
const LONGEST: usize = 400;

fn workspace() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().expect("cargo metadata runs")
}

#[test]
fn arrows_go_one_way() {
    let workspace = workspace();
    let rooms: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    for package in &workspace.packages {
        let name = package.name.as_str();
        let allowed = rooms.get(name).unwrap_or_else(|| panic!("{name} has no place in the picture"));
        for dependency in package.dependencies.iter().filter(|dependency| rooms.contains_key(dependency.name.as_str())) {
            let used = dependency.name.as_str();
            let tests = if dependency.kind == DependencyKind::Development { " in its tests" } else { "" };
            assert!(used == "xueqing-features" || allowed.contains(&used), "{name} uses {used}{tests}: no such arrow");
        }
    }
    assert_eq!(workspace.packages.len(), rooms.len());
}

#[test]
fn every_crate_root_opens_with_its_promise_and_a_picture() {
    for package in &workspace().packages {
        // The targets of the fuzzer are a few lines each.
        let is_root = |target: &&Target| target.is_lib() || (target.is_bin() && package.name != "xueqing-fuzz");
        for target in package.targets.iter().filter(is_root) {
            let text = std::fs::read_to_string(&target.src_path).expect("readable");
            assert!(text.starts_with("//! "), "{} does not open with `//!`", target.src_path);
            let has_code = text.lines().any(|line| !line.starts_with("//!") && !line.trim().is_empty());
            assert!(!has_code || text.contains("//! ```text"), "{} has no picture", target.src_path);
        }
    }
}

/// The Rust files that are ours, as (path, text).
fn sources() -> Vec<(PathBuf, String)> {
    let rooms = ["src", "tests", "schema", "lake", "pipeline", "query", "alerts", "report", "api", "benches", "fuzz"];
    let files = rooms.iter().flat_map(|room| files_below(&root().join(room)));
    let ours = |path: &Path| {
        path.extension().is_some_and(|extension| extension == "rs")
            && !path.components().any(|part| matches!(part.as_os_str().to_str(), Some("target" | "node_modules")))
    };
    files.filter(|path| ours(path)).map(|path| (path.clone(), std::fs::read_to_string(&path).expect("UTF-8"))).collect()
}

#[test]
fn every_module_opens_with_its_promise_and_stays_small() {
    for (path, text) in sources() {
        let name = path.strip_prefix(root()).expect("below").display();
        assert!(text.starts_with("//! "), "{name} does not open with `//!`");
        assert!(text.lines().count() <= LONGEST, "{name} is longer than {LONGEST} lines");
    }
}

#[test]
fn no_lint_is_allowed_without_a_reason() {
    let outer = ["#", "[allow("].concat();
    let inner = ["#", "![allow("].concat();
    for (path, text) in sources() {
        let allowed = |line: &str| (line.contains(&outer) || line.contains(&inner)) && !line.contains("reason = ");
        let bare = text.lines().position(allowed);
        assert!(bare.is_none(), "{}:{}: use #[expect(…, reason = \"…\")]", path.display(), bare.unwrap_or_default() + 1);
    }
}

/// What cargo builds for a choice of packages: `name version` → sets of features.
fn built(packages: &[&str]) -> BTreeSet<String> {
    let done = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal,dev,build", "--prefix", "none", "--format", "{p} [{f}]"])
        .args(packages)
        .current_dir(root())
        .output()
        .expect("cargo tree runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).expect("UTF-8");
    text.lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .filter(|line| !line.is_empty() && !line.starts_with("xueqing"))
        .collect()
}

#[test]
fn each_dependency_is_built_once_whatever_is_tested() {
    let whole = built(&["--workspace"]);
    let mut missing = BTreeSet::new();
    for room in [
        "xueqing-schema",
        "xueqing-lake",
        "xueqing-pipeline",
        "xueqing-query",
        "xueqing-alerts",
        "xueqing-report",
        "xueqing-api",
        "xueqing",
    ] {
        missing.extend(built(&["--package", room]).difference(&whole).map(|line| format!("{room}: {line}")));
    }
    assert!(
        missing.is_empty(),
        "built with other features than in the whole; add what is missing to features/Cargo.toml:\n{}",
        missing.into_iter().collect::<Vec<_>>().join("\n")
    );
}
