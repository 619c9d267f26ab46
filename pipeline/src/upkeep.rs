//! Keeps the tables quick to open: small files become few, logs get checkpoints and lose what nobody needs.
//!
//! Promises: no row changes, no commit waits, and a failure is only told in the log, for nothing rests on it.

use xueqing_lake::{CompactOptions, Error, Table};

/// A day with this many small files is merged. Each commit adds one, so a busy day is rewritten every few dozen commits.
const SMALL_FILES: usize = 32;

pub(crate) struct Upkeep {
    tables: Vec<Table>,
}

impl Upkeep {
    pub(crate) fn new(tables: Vec<Table>) -> Self {
        Self { tables }
    }

    pub(crate) async fn run(&self) {
        for table in &self.tables {
            if let Err(error) = tidy(table).await {
                tracing::warn!(table = table.name(), code = error.code(), %error, "upkeep failed: it is tried again later");
            }
        }
    }
}

async fn tidy(table: &Table) -> Result<(), Error> {
    table.compact(CompactOptions { min_files: SMALL_FILES }).await?;
    table.maintain().await?;
    Ok(())
}
