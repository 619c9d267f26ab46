//! Half-written files that crashes and failed writes leave: they never had their final name, and no listing shows them. And
//! what a killed process was sorting.
//!
//! Invariants: a file that a living process may be writing is left alone until it is an hour old; nothing but files with
//! the suffix of [`crate::store`] is ever touched here.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::lake::Lake;

/// No write takes this long.
const STALE: Duration = Duration::from_secs(60 * 60);
/// Where sorting spills, beside the tables; and no sorting takes this long.
pub(crate) const SPILL: &str = ".spill";
const LONGEST_SORT: Duration = Duration::from_secs(24 * 60 * 60);

/// A half-written file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Staged {
    pub path: PathBuf,
    pub bytes: u64,
}

/// The half-written files below `folder` that nobody writes any more and that are older than `keep`.
pub(crate) fn below(folder: &Path, now: i64, keep: Duration) -> io::Result<Vec<Staged>> {
    let mut found = Vec::new();
    collect(folder, &mut |path, metadata| {
        let Some(writer) = path.file_name().and_then(writer_of) else { return };
        let age = age(&metadata, now);
        if age >= keep && (age >= STALE || !is_alive(writer)) {
            found.push(Staged { path, bytes: metadata.len() });
        }
    })?;
    Ok(found)
}

fn collect(folder: &Path, see: &mut dyn FnMut(PathBuf, Metadata)) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => collect(&entry.path(), see)?,
            Ok(metadata) => see(entry.path(), metadata),
            // It has got its final name or is gone.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn age(metadata: &Metadata, now: i64) -> Duration {
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
    Duration::from_millis(u64::try_from(now).unwrap_or_default()).saturating_sub(modified)
}

/// The process in `name#<process><number of 12 digits>`; `None` within it when another library staged the file.
fn writer_of(name: &OsStr) -> Option<Option<u32>> {
    let (_, digits) = name.to_str()?.rsplit_once('#')?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let process = digits.len().checked_sub(crate::store::STAGED_DIGITS).map(|end| &digits[..end]);
    Some(process.and_then(|process| process.parse().ok()))
}

/// Where it cannot be told, a process is taken to be alive.
fn is_alive(process: Option<u32>) -> bool {
    let processes = Path::new("/proc");
    process.is_none_or(|process| !processes.join("self").exists() || processes.join(process.to_string()).exists())
}

impl Lake {
    /// Removes what the sorting of a process that was killed has left beside the tables.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn sweep(&self) -> Result<()> {
        let (Some(folder), now) = (self.folder().map(|lake| lake.join(SPILL)), self.now()) else { return Ok(()) };
        let swept = tokio::task::spawn_blocking(move || remove_old(&folder, now)).await;
        let cancelled = |_| Error::Cancelled { table: "of the lake".into(), doing: "sweeping" };
        let failed = |source| object_store::Error::Generic { store: "disk", source: Box::new(source) };
        swept.map_err(cancelled)?.map_err(|error| Error::Storage { doing: "sweeping".into(), source: failed(error) })
    }
}

fn remove_old(folder: &Path, now: i64) -> io::Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        if entry.metadata().is_ok_and(|metadata| age(&metadata, now) >= LONGEST_SORT) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_dead_process_left_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("day=2026-11-20");
        std::fs::create_dir(&inner).unwrap();
        let dead = format!("part.parquet#{}{:012}", u32::MAX, 7);
        let ours = format!("part.parquet#{}{:012}", std::process::id(), 8);
        for name in [dead.as_str(), &ours, "part.parquet", "note#a", "other#3"] {
            std::fs::write(inner.join(name), "x").unwrap();
        }
        let hour = 3_600_000;
        let now = |later: i64| {
            let at = inner.metadata().unwrap().modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
            i64::try_from(at.as_millis()).unwrap() + later
        };
        let names = |now, keep| {
            let found = below(folder.path(), now, keep).unwrap();
            let mut names: Vec<String> =
                found.iter().map(|staged| staged.path.file_name().unwrap().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(names(now(1_000), Duration::ZERO), std::slice::from_ref(&dead));
        assert!(names(now(1_000), Duration::from_secs(60)).is_empty());
        assert_eq!(names(now(2 * hour), Duration::ZERO).len(), 3);
    }
}
