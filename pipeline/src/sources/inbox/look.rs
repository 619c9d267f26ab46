//! What lies in the drop folder now.
//!
//! Promises: only plain files are seen; links are never followed, so that who may write to the folder reads nothing else through
//! it. Files on their way (`.part`, `.tmp`, `.crdownload` and the like), hidden ones, and reports are left alone.

use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The end of a report's name.
pub(super) const REPORT: &str = ".report.txt";

/// Ends of names that programs give to files that they are still writing.
const ON_THE_WAY: [&str; 7] = [".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart"];
/// Names that file managers leave behind.
const CLUTTER: [&str; 2] = ["thumbs.db", "desktop.ini"];
/// How deep folders may lie in each other.
const DEEPEST: usize = 8;

/// A file as it lay there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sighting {
    /// The first folder's name: a mapping, if the standard knows it. Empty for a file that lies in none.
    pub(super) folder: String,
    /// The path below that folder.
    pub(super) below: PathBuf,
    pub(super) path: PathBuf,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

/// Every file of the drop folder that may be taken once it is complete.
pub(super) fn look(inbox: &Path) -> std::io::Result<Vec<Sighting>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(inbox)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && !name.starts_with('.') {
            collect(&entry.path(), &name, Path::new(""), 1, &mut files);
        } else if kind.is_file() {
            files.extend(sighting(&entry, "", Path::new("")));
        }
    }
    Ok(files)
}

/// A folder that cannot be read is left for the next look.
fn collect(place: &Path, folder: &str, below: &Path, depth: usize, files: &mut Vec<Sighting>) {
    let Ok(entries) = std::fs::read_dir(place) else {
        tracing::warn!(folder = %place.display(), "the folder cannot be read: give the server the right to read and change it");
        return;
    };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_file() {
            files.extend(sighting(&entry, folder, below));
        } else if kind.is_dir() && depth < DEEPEST && !entry.file_name().to_string_lossy().starts_with('.') {
            collect(&entry.path(), folder, &below.join(entry.file_name()), depth + 1, files);
        }
    }
}

fn sighting(entry: &DirEntry, folder: &str, below: &Path) -> Option<Sighting> {
    let name = entry.file_name();
    if is_left_alone(&name.to_string_lossy()) {
        return None;
    }
    let (size, modified) = stamp(&entry.path())?;
    Some(Sighting { folder: folder.to_owned(), below: below.join(name), path: entry.path(), size, modified })
}

/// Size and time of change of a plain file.
pub(super) fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    let metadata = std::fs::symlink_metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    Some((metadata.len(), metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH)))
}

fn is_left_alone(name: &str) -> bool {
    let name = name.to_lowercase();
    name.starts_with('.')
        || name.starts_with("~$")
        || ON_THE_WAY.iter().any(|end| name.ends_with(end))
        || CLUTTER.contains(&name.as_str())
        || name.ends_with(REPORT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("考勤.csv", false)]
    #[case::part("考勤.csv.part", true)]
    #[case::browser("a.csv.CRDOWNLOAD", true)]
    #[case::office("~$成绩.xlsx", true)]
    #[case::hidden(".a.csv.Xy12", true)]
    #[case::report("a.csv.report.txt", true)]
    #[case::part_inside("part.csv", false)]
    fn names_on_the_way_are_left_alone(#[case] name: &str, #[case] left: bool) {
        assert_eq!(is_left_alone(name), left);
    }

    #[test]
    fn files_are_seen_with_their_folder_and_links_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = folder.path();
        std::fs::create_dir_all(inbox.join("homework/周一")).unwrap();
        std::fs::write(inbox.join("homework/周一/a.csv"), "x").unwrap();
        std::fs::write(inbox.join("loose.csv"), "xy").unwrap();
        std::fs::create_dir_all(inbox.join(".hidden")).unwrap();
        std::fs::write(inbox.join(".hidden/b.csv"), "x").unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/etc/hostname", inbox.join("homework/link.csv")).unwrap();
            std::os::unix::fs::symlink("/etc", inbox.join("homework/etc")).unwrap();
        }
        let mut seen = look(inbox).unwrap();
        seen.sort_by(|a, b| a.folder.cmp(&b.folder));
        let seen: Vec<_> = seen.iter().map(|file| (file.folder.as_str(), file.below.as_path(), file.size)).collect();
        assert_eq!(seen, [("", Path::new("loose.csv"), 2), ("homework", Path::new("周一/a.csv"), 1)]);
    }
}
