//! Keeps the tables quick to open and read: small files become few, past days are closed, old days go, logs get checkpoints
//! and files that nobody needs are deleted.
//!
//! Promises: no commit and no query waits for it, the rollups neither; no figure changes; a failure is only told in the log,
//! for nothing rests on it and the next round tries again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use xueqing_lake::{CompactOptions, Error, Lake, Table, VacuumOptions};

use crate::closing::{self, Calendar};
use crate::retention::{self, Terms};

/// A day with this many small files is merged. Each commit adds one, so a busy day is rewritten every few dozen commits.
const SMALL_FILES: usize = 32;
/// Between two rounds of what is not urgent: closing days, emptying old ones, deleting files.
const SLOW_ROUND: Duration = Duration::from_secs(60 * 60);

pub(crate) struct Upkeep {
    pub(crate) lake: Lake,
    /// Those of the kinds, the quarantine and the rollups.
    pub(crate) tables: Vec<Table>,
    /// Those whose days are closed and retained.
    pub(crate) kinds: Vec<(Arc<xueqing_schema::Kind>, Table)>,
    pub(crate) calendar: Calendar,
    pub(crate) terms: Terms,
}

impl Upkeep {
    /// Works in the background: after each nudge, and in slow rounds. It may be aborted at any time.
    pub(crate) fn start(self, nudge: Arc<Notify>) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut slow = Instant::now();
            loop {
                // Time that has run out is a reason to work, too.
                let _ = timeout(SLOW_ROUND, nudge.notified()).await;
                self.tidy().await;
                if slow.elapsed() >= SLOW_ROUND {
                    self.slow_round().await;
                    slow = Instant::now();
                }
            }
        })
    }

    async fn tidy(&self) {
        for table in &self.tables {
            told(table.name(), tidy(table).await);
        }
    }

    async fn slow_round(&self) {
        for (kind, table) in &self.kinds {
            told(table.name(), retention::retire(kind, table, &self.terms, &self.calendar).await);
            told(table.name(), closing::close_past(kind, table, &self.calendar).await);
        }
        for table in &self.tables {
            told(table.name(), table.vacuum(VacuumOptions::default()).await.map(drop));
        }
        told("", self.lake.sweep().await);
    }
}

fn told(table: &str, done: Result<(), Error>) {
    if let Err(error) = done {
        tracing::warn!(table, code = error.code(), %error, "upkeep failed: it is tried again later");
    }
}

async fn tidy(table: &Table) -> Result<(), Error> {
    table.compact(CompactOptions { min_files: SMALL_FILES }).await?;
    table.maintain().await?;
    Ok(())
}
