//! Where a table stands among its neighbours: the lake's lock, its readers, its folder on disk.
//!
//! Invariants: files that a running query of this process reads are pinned for as long as its plan lives; a process that
//! reads holds a shared lock on the lake's readers file, so that whoever must be alone can wait for all readers of the
//! machine. A reader that cannot open that file (no permission) is protected by the keep time of vacuum only.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::kept::Kept;
use crate::lock::Gate;
use crate::state::State;

const READERS: &str = ".readers";
const RETRY: Duration = Duration::from_millis(3);

/// What a table shares with its lake.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub gate: Gate,
    pub readers: Arc<Readers>,
    pub pins: Arc<Pins>,
    pub kept: Arc<Kept>,
    /// The lake's folder, when it is a local one.
    pub lake: Option<PathBuf>,
}

/// Who reads the lake.
#[derive(Debug)]
pub(crate) struct Readers {
    file: Option<PathBuf>,
    held: tokio::sync::Mutex<Weak<Lease>>,
}

/// Proof of reading, or of being alone; ends when dropped and with its process.
#[derive(Debug)]
pub(crate) struct Lease {
    _file: Option<File>,
}

/// The versions that running queries of this process read.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    held: std::sync::Mutex<Vec<Weak<Pin>>>,
}

/// A version that is being read.
#[derive(Debug)]
pub(crate) struct Pin {
    state: Arc<State>,
    _lease: Arc<Lease>,
}

impl Site {
    /// Keeps the files of `state` for as long as the pin lives.
    pub(crate) async fn pin(&self, state: &Arc<State>) -> Arc<Pin> {
        let pin = Arc::new(Pin { state: Arc::clone(state), _lease: self.readers.enter().await });
        let mut held = self.pins.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|pin| pin.strong_count() > 0);
        held.push(Arc::downgrade(&pin));
        pin
    }
}

impl Pins {
    /// The files that some running query may still open.
    pub(crate) fn files(&self) -> BTreeSet<Arc<str>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().filter_map(Weak::upgrade).flat_map(|pin| pin.state.files.keys().cloned().collect::<Vec<_>>()).collect()
    }
}

impl Readers {
    pub(crate) fn new(folder: Option<&Path>) -> Readers {
        let file = folder.map(|folder| folder.join(READERS));
        // Made early: on a full disk it could not be made any more, and queries must go on.
        file.as_deref().map(open);
        Readers { file, held: tokio::sync::Mutex::default() }
    }

    /// Says that this process reads; waits while another one must be alone.
    async fn enter(&self) -> Arc<Lease> {
        let mut held = self.held.lock().await;
        if let Some(lease) = held.upgrade() {
            return lease;
        }
        let file = self.file.as_deref().and_then(|file| open(file).ok());
        while let Some(file) = &file {
            match file.try_lock_shared() {
                Err(TryLockError::WouldBlock) => tokio::time::sleep(RETRY).await,
                Err(TryLockError::Error(_)) | Ok(()) => break,
            }
        }
        let lease = Arc::new(Lease { _file: file });
        *held = Arc::downgrade(&lease);
        lease
    }

    /// Waits until nobody on this machine reads and keeps it so; `None` when somebody still reads after `patience`.
    pub(crate) async fn alone(&self, patience: Duration) -> io::Result<Option<Lease>> {
        let Some(path) = &self.file else { return Ok(Some(Lease { _file: None })) };
        let (file, begun) = (open(path)?, Instant::now());
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Lease { _file: Some(file) })),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if begun.elapsed() > patience => return Ok(None),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(RETRY).await,
            }
        }
    }
}

/// Read access is enough for a lock.
fn open(path: &Path) -> io::Result<File> {
    File::open(path).or_else(|_| OpenOptions::new().create(true).truncate(false).write(true).open(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_must_be_alone_waits_for_readers_and_readers_wait_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (Readers::new(Some(folder.path())), Readers::new(Some(folder.path())));
        let lease = here.enter().await;
        assert!(there.alone(Duration::ZERO).await.unwrap().is_none(), "somebody reads");
        drop(lease);
        let alone = there.alone(Duration::ZERO).await.unwrap().unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(30), here.enter()).await.is_err());
        drop(alone);
        here.enter().await;
    }
}
