//! One writer at a time over a whole lake.
//!
//! Invariants: at most one [`WriteLock`] of a local lake exists over all processes of the machine; it ends
//! when dropped and with its process. On remote storage it covers this process only, and the conditional
//! write of Delta's log decides between processes.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::error::{Error, Result};

const FILE: &str = ".lock";
const RETRY: Duration = Duration::from_millis(3);

/// Proof of being the lake's only writer.
#[derive(Debug)]
pub struct WriteLock {
    _file: Option<File>,
    _turn: OwnedMutexGuard<()>,
}

/// The place where writers queue.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    file: Option<PathBuf>,
    turn: Arc<Mutex<()>>,
}

impl Gate {
    pub(crate) fn new(folder: Option<&Path>) -> Gate {
        Gate { file: folder.map(|f| f.join(FILE)), turn: Arc::default() }
    }

    /// Waits for the turn: fairly within the process, by asking again between processes.
    pub(crate) async fn enter(&self) -> Result<WriteLock> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let Some(path) = &self.file else {
            return Ok(WriteLock { _file: None, _turn: turn });
        };
        let file = open(path).map_err(Error::Lock)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(WriteLock { _file: Some(file), _turn: turn }),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(RETRY).await,
                Err(TryLockError::Error(e)) => return Err(Error::Lock(e)),
            }
        }
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_second_gate_waits_until_the_first_lock_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let held = Gate::new(Some(folder.path())).enter().await.unwrap();
        let other = Gate::new(Some(folder.path()));
        let early = tokio::time::timeout(Duration::from_millis(30), other.enter()).await;
        assert!(early.is_err(), "the lock is held by another handle");
        drop(held);
        other.enter().await.unwrap();
    }
}
