//! Old days go.
//!
//! Invariants: days before a day are taken out in one commit that followers of the log see as no change of rows, so that what
//! was computed from them stays; the same commit carries how far the table has been emptied, as a position, so that nobody
//! computes those days anew from what is left.

use std::collections::BTreeSet;

use deltalake::kernel::Action;
use deltalake::protocol::SaveMode;
use serde::Serialize;

use crate::error::Result;
use crate::state::State;
use crate::table::{Change, Position, Table};

/// The position that says before which day (since 1970-01-01) a table has been emptied.
pub const RETAINED: &str = "retained";

/// What went, or would go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Retired {
    /// Days since 1970-01-01.
    pub days: BTreeSet<i32>,
    pub files: usize,
    pub rows: u64,
    pub bytes: u64,
}

impl Table {
    /// What [`Table::drop_before`] would take out.
    pub fn before(&self, day: i32) -> Retired {
        let mut found = Retired::default();
        for file in self.state().files.values() {
            if let Some(of) = file.day.filter(|of| *of < day) {
                found.days.insert(of);
                found.files += 1;
                found.rows += file.rows.unwrap_or_default();
                found.bytes += file.size;
            }
        }
        found
    }

    /// Takes all days before `day` out of the table; vacuum deletes their files later.
    ///
    /// # Errors
    /// Storage errors; the table is as before.
    pub async fn drop_before(&self, day: i32) -> Result<Retired> {
        let _writer = self.site().gate.enter().await?;
        self.refresh().await?;
        let found = self.before(day);
        if found.files == 0 {
            return Ok(found);
        }
        let now = self.now();
        let old = |of: Option<i32>| of.is_some_and(|of| of < day);
        let plan = |state: &State| {
            let gone = state.files.values().filter(|file| old(file.day));
            Ok(gone.map(|file| file.remove(now, false)).collect::<Vec<Action>>())
        };
        let reached = self.position(RETAINED).unwrap_or(i64::MIN).max(i64::from(day));
        let positions = [Position { source: RETAINED.to_owned(), value: reached }];
        self.commit(Change { positions: &positions, mode: SaveMode::Overwrite, plan: &plan, days: None }).await?;
        Ok(found)
    }
}
