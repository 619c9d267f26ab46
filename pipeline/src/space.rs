//! Whether ingest takes anything: the state that a full disk puts it into, and the way out of it.
//!
//! Promises: after a commit that found no room, everything is refused at once with `lake_full`, so that nobody decodes for
//! nothing; once a second it is tried whether there is room again for what could not be committed, and ingest goes on by
//! itself. Nothing that was acknowledged is touched by any of this.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use xueqing_lake::Lake;

use crate::{Clock, Error, Result};

const PROBE_EVERY: Duration = Duration::from_secs(1);
/// The least and the most room that is asked for before going on.
const ROOM: std::ops::RangeInclusive<u64> = (1 << 20)..=(64 << 20);

/// Whether ingest takes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intake {
    Accepting,
    /// There has been no room on disk since then, in microseconds since 1970 (UTC).
    Full {
        since: i64,
    },
}

#[derive(Clone)]
pub(crate) struct Space {
    inner: Arc<Inner>,
}

struct Inner {
    lake: Lake,
    clock: Clock,
    /// `None` while accepting.
    full: watch::Sender<Option<(i64, Error)>>,
}

impl Space {
    pub(crate) fn new(lake: Lake, clock: Clock) -> Self {
        Self { inner: Arc::new(Inner { lake, clock, full: watch::Sender::new(None) }) }
    }

    /// # Errors
    /// `lake_full` while there is no room.
    pub(crate) fn check(&self) -> Result<()> {
        self.inner.full.borrow().as_ref().map_or(Ok(()), |(_, error)| Err(error.clone()))
    }

    pub(crate) fn intake(&self) -> Intake {
        self.inner.full.borrow().as_ref().map_or(Intake::Accepting, |&(since, _)| Intake::Full { since })
    }

    /// Takes note of a failure. When there was no room for `bytes`, ingest stops until there is.
    pub(crate) fn note(&self, error: &Error, bytes: usize) {
        let since = (self.inner.clock)();
        let stopped = error.code() == "lake_full"
            && self.inner.full.send_if_modified(|full| {
                let accepting = full.is_none();
                full.get_or_insert_with(|| (since, error.clone()));
                accepting
            });
        if stopped {
            tracing::error!(%error, "ingest stops: nothing is lost, and it goes on by itself when there is room");
            tokio::spawn(wait_for_room(Arc::downgrade(&self.inner), bytes as u64));
        }
    }
}

/// Ends when there is room or when ingest has ended.
async fn wait_for_room(space: Weak<Inner>, bytes: u64) {
    let bytes = bytes.clamp(*ROOM.start(), *ROOM.end());
    loop {
        tokio::time::sleep(PROBE_EVERY).await;
        let Some(space) = space.upgrade() else { return };
        match space.lake.probe(bytes).await {
            Ok(()) => {
                space.full.send_replace(None);
                tracing::info!("there is room again: ingest goes on");
                return;
            }
            Err(error) => tracing::debug!(code = error.code(), "still no room"),
        }
    }
}
