//! The committed sample data is what the generator makes, byte for byte; of compressed files, what is inside.

mod support;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use support::{District, files_below, sample_data};

const MOST_BYTES: u64 = 1_500_000;

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let relative = |path: &Path| path.strip_prefix(folder).expect("below").to_owned();
    files_below(folder).iter().map(|path| (relative(path), content(path))).collect()
}

fn content(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("readable");
    if path.extension().is_none_or(|extension| extension != "gz") {
        return bytes;
    }
    let mut inside = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut inside).expect("gzip");
    inside
}

#[test]
fn is_what_the_generator_makes() {
    let district = District::new();
    district.text(&["generate", "--small", "--out", "again"]);
    let (here, again) = (contents(&sample_data()), contents(&district.path("again")));
    assert_eq!(here.keys().collect::<Vec<_>>(), again.keys().collect::<Vec<_>>());
    for (path, bytes) in &here {
        assert!(*bytes == again[path], "{} differs: run `xueqing generate --small --out sample-data`", path.display());
    }
}

#[test]
fn is_small_and_comes_in_many_shapes() {
    let files = files_below(&sample_data());
    let bytes: u64 = files.iter().map(|path| std::fs::metadata(path).expect("there").len()).sum();
    assert!(bytes < MOST_BYTES, "{bytes} bytes");
    let all: Vec<Vec<u8>> = files.iter().map(|path| std::fs::read(path).expect("readable")).collect();
    let any = |test: &dyn Fn(&[u8]) -> bool| all.iter().any(|bytes| test(bytes));
    assert!(any(&|bytes| bytes.starts_with(b"\xff\xfe")), "UTF-16");
    assert!(any(&|bytes| bytes.starts_with(b"\xef\xbb\xbf")), "UTF-8 with a mark");
    assert!(any(&|bytes| bytes.starts_with(b"\xd7\xf7\xd2\xb5")), "GBK, begins with 作业");
    assert!(any(&|bytes| bytes.starts_with(b"\x1f\x8b")), "gzip");
    assert!(any(&|bytes| bytes.starts_with(b"{")), "NDJSON");
}

#[test]
fn other_sizes_are_made_as_asked() {
    let district = District::new();
    let size = ["--seed", "9", "--schools", "3", "--students", "300", "--days", "2", "--today", "2026-11-22"];
    let told = district.json(&[&["generate", "--json", "--out", "d"], &size[..]].concat());
    assert!(told["rows"].as_u64().is_some_and(|rows| rows > 2_000), "{told}");
    assert!(district.path("d/demo_banpai/kaoqin-2026-11-20.csv").is_file(), "Sunday's last school day is Friday");
    let roster = std::fs::read(district.path("d/demo_xueji/学籍.csv")).expect("a roster");
    assert_eq!(roster.chunks(2).filter(|unit| unit == b"\n\0").count(), 301);
}
