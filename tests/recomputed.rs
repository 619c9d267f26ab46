//! The committed expected results are what the independent computation makes of the raw files today: numbers to 1e-9, everything else alike.
//!
//! Where Python lacks pandas and Polars the test says so and passes; the gate names a Python that has them, and there it must run.

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::{files_below, root, same, sample_data};

#[expect(clippy::disallowed_methods, reason = "where Python is is the desk's matter, and only this test asks")]
fn python() -> Option<String> {
    let given = std::env::var("XUEQING_PYTHON").ok();
    let python = given.clone().unwrap_or_else(|| "python3".to_owned());
    let able =
        Command::new(&python).args(["-c", "import pandas, numpy, polars"]).output().is_ok_and(|done| done.status.success());
    assert!(able || given.is_none(), "{python} lacks pandas or polars: pip install -r tests/independent/requirements.txt");
    if !able {
        eprintln!(
            "\n!!! NOT TESTED: {python} lacks pandas or polars; set XUEQING_PYTHON to one that has tests/independent/requirements.txt !!!\n"
        );
    }
    able.then_some(python)
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn expected_results_are_computed_again() {
    let Some(python) = python() else { return };
    let (again, committed) = (tempfile::tempdir().expect("a folder"), root().join("query/metrics"));
    let script = root().join("tests/independent/sample.py");
    let done = Command::new(python).arg("-B").arg(script).arg(sample_data()).arg(again.path()).output().expect("Python starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let made = files_below(again.path());
    assert!(made.len() >= 29, "only {} figures", made.len());
    for path in made {
        let name = path.strip_prefix(again.path()).expect("below");
        assert!(
            same(&read(&committed.join(name)), &read(&path)),
            "{} is not what sample.py makes of the raw files",
            name.display()
        );
    }
}
