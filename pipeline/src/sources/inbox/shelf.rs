//! Putting a file away: to `done/` or `failed/`, beside its report.
//!
//! Promises: the report is on disk before the file is moved, and the move is one rename, so a file is either still in the inbox or
//! away with its report; nothing that lies there is overwritten, a number is added instead. Only a report without its file, left
//! by a process that was killed between the two, is replaced.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::look::REPORT;

/// Longest name of a file whose report can be named after it, in bytes; most file systems end at 255.
const LONGEST: usize = 220;
/// Numbers that are tried for one name.
const NUMBERS: u32 = 100_000;

/// Writes the report and moves the file into `folder`, below it as it lay before. Returns where it is now.
pub(super) fn put_away(from: &Path, folder: &Path, below: &Path, report: &str) -> std::io::Result<PathBuf> {
    let place = folder.join(below);
    let parent = place.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent)?;
    let to = free(&place)?;
    write(&report_of(&to), report)?;
    std::fs::rename(from, &to)?;
    Ok(to)
}

/// Moves a file back to where it came from, and takes its report away.
pub(super) fn take_back(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::rename(from, free(to)?)?;
    std::fs::remove_file(report_of(from))
}

/// The name itself, or with the first number that is free.
fn free(place: &Path) -> std::io::Result<PathBuf> {
    let numbered = (2..NUMBERS).map(|number| with_number(place, number));
    let mut names = std::iter::once(place.to_owned()).chain(numbered);
    let taken = |name: &PathBuf| std::fs::symlink_metadata(name).is_ok();
    names.find(|name| !taken(name)).ok_or_else(|| std::io::ErrorKind::AlreadyExists.into())
}

/// `a.csv` → `a-2.csv`.
fn with_number(place: &Path, number: u32) -> PathBuf {
    let mut name = place.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = place.extension() {
        name.push(".");
        name.push(extension);
    }
    place.with_file_name(name)
}

/// Where the report of a file lies.
pub(super) fn report_of(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default();
    let mut report = match name.len() {
        0..=LONGEST => name.to_owned(),
        _ => OsStr::new(&shortened(&name.to_string_lossy())).to_owned(),
    };
    report.push(REPORT);
    file.with_file_name(report)
}

fn shortened(name: &str) -> String {
    let end = (0..=LONGEST).rev().find(|&at| name.is_char_boundary(at)).unwrap_or(0);
    name[..end].to_owned()
}

/// All of the text, or what was there before.
pub(super) fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let unfinished = path.with_file_name(".report.tmp");
    let mut file = File::create(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_moved_beside_its_report_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let done = folder.path().join("done/homework");
        let from = folder.path().join("a.csv");
        for (content, expected) in [("one", "a.csv"), ("two", "a-2.csv"), ("three", "a-3.csv")] {
            std::fs::write(&from, content).unwrap();
            let to = put_away(&from, &done, Path::new("周一/a.csv"), &format!("about {content}")).unwrap();
            assert_eq!(to, done.join("周一").join(expected));
            assert!(!from.exists());
            assert_eq!(std::fs::read_to_string(&to).unwrap(), content);
            assert_eq!(std::fs::read_to_string(report_of(&to)).unwrap(), format!("about {content}"));
        }
        assert_eq!(std::fs::read_dir(done.join("周一")).unwrap().count(), 6, "nothing else is left behind");
    }

    #[test]
    fn a_report_that_lost_its_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("a.csv");
        std::fs::write(&from, "x").unwrap();
        std::fs::write(folder.path().join("a.csv.report.txt"), "killed here").unwrap();
        let done = folder.path().join("done");
        std::fs::create_dir(&done).unwrap();
        std::fs::write(done.join("a.csv.report.txt"), "killed here").unwrap();
        let to = put_away(&from, &done, Path::new("a.csv"), "whole").unwrap();
        assert_eq!(
            (to, std::fs::read_to_string(done.join("a.csv.report.txt")).unwrap()),
            (done.join("a.csv"), "whole".to_owned())
        );
    }

    #[test]
    fn a_long_name_has_a_report_too() {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("{}.csv", "课".repeat(80));
        std::fs::write(folder.path().join("x"), "x").unwrap();
        let to = put_away(&folder.path().join("x"), &folder.path().join("done"), Path::new(&name), "about").unwrap();
        assert_eq!(std::fs::read_to_string(report_of(&to)).unwrap(), "about");
    }
}
