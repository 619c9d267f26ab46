//! Keeping a table's log short and its folder free of files that no reader needs.
//!
//! Invariants: a file is deleted only when no live version names it and it has been out of the table, or never in it,
//! for the keep time (see [`crate::vacuum`]); log entries are deleted only behind a checkpoint and after the table's retention.

use std::sync::Arc;
use std::time::Duration;

use deltalake::DeltaTable;
use deltalake::checkpoints::{cleanup_metadata, create_checkpoint};
use object_store::ObjectStoreExt;

use crate::error::{Error, Result};
use crate::table::Table;
use crate::vacuum::{KEEP, VacuumOptions};

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
        MaintainOptions { checkpoint_every: CHECKPOINT_EVERY, keep_removed: KEEP }
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
        let table = self.checkpoint().await?;
        let log_entries_deleted = cleanup_metadata(&table, None).await.map_err(Error::log(self.name(), "cleaning up"))?;
        let cleaned = self.vacuum(VacuumOptions { keep: options.keep_removed, dry_run: false }).await?;
        Ok(Maintenance { checkpointed: true, log_entries_deleted, files_deleted: cleaned.deleted.len() })
    }

    /// Makes the newest version the first one that the log knows of: its statistics may quote values of rows that must
    /// not be found any more. Followers that stood before it read the table as a whole. The number of log files deleted.
    ///
    /// # Errors
    /// Storage errors; the table stays as it is.
    pub async fn forget_history(&self) -> Result<usize> {
        let _writer = self.site().gate.enter().await?;
        let version = self.refresh().await?;
        self.checkpoint().await?;
        let store = self.log().store.object_store(None);
        let mut deleted = 0;
        for object in self.log().list().await? {
            let number = object.location.filename().and_then(|name| name.split('.').next()?.parse::<i64>().ok());
            if number.is_some_and(|number| number < version) {
                store.delete(&object.location).await.map_err(|source| self.failed("deleting a log entry", source))?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    async fn checkpoint(&self) -> Result<DeltaTable> {
        let failed = |error| Error::log(self.name(), "writing a checkpoint")(error).or_full();
        let mut table = DeltaTable::new(Arc::clone(&self.log().store));
        table.load().await.map_err(failed)?;
        create_checkpoint(&table, None).await.map_err(failed)?;
        Ok(table)
    }
}
