//! Which files are ready: a file that keeps its size and its time of change for a while is complete.
//!
//! Invariants: nothing is ready before it has been seen unchanged for `settle`, by this process's own steady clock, so that
//! clocks of other machines do not matter; what is put off is not ready before its time; of one folder the oldest comes first.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::look::Sighting;

/// The files seen so far.
pub(super) struct Watchlist {
    settle: Duration,
    seen: BTreeMap<PathBuf, Seen>,
}

struct Seen {
    size: u64,
    modified: SystemTime,
    /// Since when it has been as it is.
    since: Instant,
    not_before: Instant,
    /// Attempts that failed for a passing reason.
    attempts: u32,
}

/// A file that may be taken.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub(super) file: Sighting,
    /// For how long it has not changed.
    pub(super) still: Duration,
}

impl Watchlist {
    pub(super) fn new(settle: Duration) -> Self {
        Self { settle, seen: BTreeMap::new() }
    }

    /// Takes note of what is there now, and gives what is ready, by folder, oldest first.
    pub(super) fn look(&mut self, files: Vec<Sighting>, now: Instant) -> BTreeMap<String, Vec<Ready>> {
        let present: HashSet<&PathBuf> = files.iter().map(|file| &file.path).collect();
        self.seen.retain(|path, _| present.contains(path));
        let mut ready: BTreeMap<String, Vec<Ready>> = BTreeMap::new();
        for file in files {
            let Sighting { size, modified, .. } = file;
            let first = Seen { size, modified, since: now, not_before: now, attempts: 0 };
            let seen = self.seen.entry(file.path.clone()).or_insert(first);
            if (seen.size, seen.modified) != (size, modified) {
                *seen = Seen { size, modified, since: now, not_before: now, attempts: 0 };
            }
            let still = now - seen.since;
            if still >= self.settle && now >= seen.not_before {
                ready.entry(file.folder.clone()).or_default().push(Ready { file, still });
            }
        }
        for files in ready.values_mut() {
            files.sort_by(|a, b| (a.file.modified, &a.file.path).cmp(&(b.file.modified, &b.file.path)));
        }
        ready
    }

    /// Not before `wait`, a function of how often it has been put off, is over.
    pub(super) fn put_off(&mut self, path: &Path, now: Instant, wait: impl FnOnce(u32) -> Duration) -> Duration {
        let Some(seen) = self.seen.get_mut(path) else { return Duration::ZERO };
        let wait = wait(seen.attempts);
        (seen.not_before, seen.attempts) = (now + wait, seen.attempts + 1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, size: u64, modified: u64) -> Sighting {
        Sighting {
            folder: "homework".to_owned(),
            below: name.into(),
            path: name.into(),
            size,
            modified: SystemTime::UNIX_EPOCH + Duration::from_secs(modified),
        }
    }

    fn names(ready: &BTreeMap<String, Vec<Ready>>) -> Vec<String> {
        ready.values().flatten().map(|ready| ready.file.path.display().to_string()).collect()
    }

    #[test]
    fn a_file_is_ready_when_it_has_stopped_changing() {
        let mut list = Watchlist::new(Duration::from_secs(5));
        let start = Instant::now();
        let mut look = |second: u64, size| names(&list.look(vec![file("a", size, 0)], start + Duration::from_secs(second)));
        assert!(look(0, 10).is_empty());
        assert!(look(4, 10).is_empty());
        assert!(look(5, 11).is_empty(), "it grew");
        assert!(look(9, 11).is_empty());
        assert_eq!(look(10, 11), ["a"]);
    }

    #[test]
    fn the_oldest_comes_first_and_what_is_put_off_waits() {
        let mut list = Watchlist::new(Duration::ZERO);
        let now = Instant::now();
        let files = || vec![file("a", 1, 3), file("b", 1, 1), file("c", 1, 1)];
        assert_eq!(names(&list.look(files(), now)), ["b", "c", "a"]);
        list.put_off(Path::new("b"), now, |attempts| Duration::from_secs(9 + u64::from(attempts)));
        assert_eq!(names(&list.look(files(), now)), ["c", "a"]);
        assert_eq!(names(&list.look(files(), now + Duration::from_secs(9))), ["b", "c", "a"]);
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let mut list = Watchlist::new(Duration::from_secs(5));
        let now = Instant::now();
        list.look(vec![file("a", 1, 1)], now);
        list.look(Vec::new(), now + Duration::from_secs(1));
        assert!(names(&list.look(vec![file("a", 1, 1)], now + Duration::from_secs(6))).is_empty());
    }
}
