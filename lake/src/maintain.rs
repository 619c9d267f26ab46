//! Keeping a table's log short and its folder free of files that no reader needs.
//!
//! Invariants: a file is deleted only when no live version names it and it has been out of the table, or never in it,
//! for [`KEEP_REMOVED`]; log entries are deleted only behind a checkpoint and after the table's retention.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use deltalake::DeltaTable;
use deltalake::checkpoints::{cleanup_metadata, create_checkpoint};
use deltalake::operations::vacuum::VacuumMode;

use crate::error::{Error, Result};
use crate::table::Table;

/// Readers that pinned an older version have this long to finish.
const KEEP_REMOVED: Duration = Duration::from_secs(30 * 60);
const CHECKPOINT_EVERY: i64 = 100;

/// How thorough maintenance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaintainOptions {
    /// Do nothing until this many commits follow the newest checkpoint.
    pub checkpoint_every: i64,
    /// Delete files that have been out of the table for this long.
    pub keep_removed: Duration,
}

impl Default for MaintainOptions {
    fn default() -> MaintainOptions {
        MaintainOptions { checkpoint_every: CHECKPOINT_EVERY, keep_removed: KEEP_REMOVED }
    }
}

/// What maintenance did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Maintenance {
    pub checkpointed: bool,
    pub log_entries_deleted: usize,
    pub files_deleted: usize,
}

impl Table {
    /// Writes a checkpoint and cleans up, when enough commits have passed since the last time.
    ///
    /// # Errors
    /// Storage errors; the table stays as it is.
    pub async fn maintain(&self) -> Result<Maintenance> {
        self.maintain_with(MaintainOptions::default()).await
    }

    /// [`Table::maintain`] with other limits.
    ///
    /// # Errors
    /// As [`Table::maintain`].
    pub async fn maintain_with(&self, options: MaintainOptions) -> Result<Maintenance> {
        let version = self.refresh().await?;
        let behind = version - self.log().checkpoint_hint().await?.unwrap_or(-1);
        if behind < options.checkpoint_every.max(1) {
            return Ok(Maintenance::default());
        }
        let failed = Error::log(self.name(), "cleaning up");
        let mut table = DeltaTable::new(Arc::clone(&self.log().store));
        table.load().await.map_err(&failed)?;
        create_checkpoint(&table, None).await.map_err(&failed)?;
        let log_entries_deleted = cleanup_metadata(&table, None).await.map_err(&failed)?;
        let keep = TimeDelta::from_std(options.keep_removed).unwrap_or(TimeDelta::MAX);
        let vacuum =
            table.vacuum().with_mode(VacuumMode::Full).with_retention_period(keep).with_enforce_retention_duration(false);
        let (_, cleaned) = vacuum.await.map_err(&failed)?;
        self.refresh().await?;
        Ok(Maintenance { checkpointed: true, log_entries_deleted, files_deleted: cleaned.files_deleted.len() })
    }
}
