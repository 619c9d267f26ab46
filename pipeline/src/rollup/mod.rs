//! Rollups: tables that are at every moment what their SQL gives over the current rows of all events.
//!
//! Promises:
//! - **Exact.** A touched day is recomputed from the current rows by the file's own SQL and replaced atomically, together with
//!   the versions of the sources it was computed from. What the SQL gives must therefore depend, for each day, on the rows of
//!   that day only.
//! - **Resumable.** Those versions live in the rollup's own log, so a crash at any point leaves work to do and nothing wrong;
//!   commits, late events and starts all take the same path, [`Rollups::catch_up`].
//! - **Current with its definition.** The log also holds the definition's fingerprint: a changed file recomputes every day.
//! - **Lasting.** A day that retention has taken out of a source is never computed anew: its figures stay as they were.
//!
//! Several tasks and processes may catch up at once: results are computed without the writer lock and written only if the rollup's
//! table is still as it was when the work was planned, else planned again.

mod compute;
mod due;
mod file;
mod order;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use xueqing_lake::{Error as LakeError, Lake, Table};
use xueqing_schema::{DAY, Kind, Standard};

use crate::{Error, Result};
use compute::Inputs;
use due::Due;
pub use file::Rollup;

/// How often a rollup is planned anew when another process wrote it meanwhile.
const ATTEMPTS: usize = 5;

/// All rollups of a lake, in the order in which they build on each other.
pub struct Rollups {
    lake: Lake,
    ordered: Vec<Maintained>,
}

struct Maintained {
    rollup: Rollup,
    table: Table,
    inputs: Inputs,
}

/// Where a rollup reads.
#[derive(Clone)]
pub(crate) enum Input {
    Kind(Arc<Kind>, Table),
    Rollup(Table),
}

impl Input {
    pub(crate) fn table(&self) -> &Table {
        match self {
            Self::Kind(_, table) | Self::Rollup(table) => table,
        }
    }
}

impl Rollups {
    /// Reads the built-in files and the district's (`own` replaces a built-in file of the same name), and opens or creates
    /// their tables. The event tables they read are created too.
    ///
    /// # Errors
    /// `rollup` when a file is wrong: its front matter, an unknown source, a circle, SQL that does not plan, a column that
    /// is a float.
    pub async fn open(lake: &Lake, standard: &Standard, own: &[(String, String)]) -> Result<Self> {
        let mut known = BTreeMap::new();
        for kind in standard.kinds().filter(|kind| kind.partition().is_some()) {
            let table = lake.table(&kind.table_name(), kind.table_schema(), kind.partition()).await?;
            known.insert(kind.name.clone(), Input::Kind(Arc::clone(kind), table));
        }
        let mut ordered = Vec::new();
        for rollup in order::by_dependency(file::load(own)?, &known)? {
            let inputs: Inputs = rollup.from.iter().filter_map(|from| Some((from.clone(), known.get(from)?.clone()))).collect();
            let schema = compute::schema(&rollup, &inputs).await?;
            let table = lake.table(&rollup.table_name(), schema, Some(DAY)).await?;
            known.insert(rollup.name.clone(), Input::Rollup(table.clone()));
            ordered.push(Maintained { rollup, table, inputs });
        }
        Ok(Self { lake: lake.clone(), ordered })
    }

    /// The rollups' files, sources before what is built on them.
    pub fn files(&self) -> impl Iterator<Item = &Rollup> {
        self.ordered.iter().map(|maintained| &maintained.rollup)
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.ordered.iter().map(|maintained| &maintained.table)
    }

    /// Brings every rollup up to its sources, in order. The days that were recomputed.
    ///
    /// # Errors
    /// What the lake or the SQL says; what was done until then stays done.
    pub async fn catch_up(&self) -> Result<BTreeSet<i32>> {
        let mut days = BTreeSet::new();
        for maintained in &self.ordered {
            days.extend(self.bring_up(maintained).await?);
        }
        Ok(days)
    }

    async fn bring_up(&self, maintained: &Maintained) -> Result<BTreeSet<i32>> {
        for _ in 0..ATTEMPTS {
            let Some(due) = due::plan(maintained).await? else { return Ok(BTreeSet::new()) };
            if self.carry_out(maintained, &due).await? {
                return Ok(due.days());
            }
        }
        let reason = format!("another process kept writing it; tried {ATTEMPTS} times");
        Err(Error::Rollup { file: maintained.rollup.name.clone(), reason })
    }

    /// False when the table was written by another meanwhile. Positions go with the last part, so a run that stops between
    /// parts is done again.
    async fn carry_out(&self, maintained: &Maintained, due: &Due) -> Result<bool> {
        let Maintained { rollup, table, inputs } = maintained;
        let mut base = due.base;
        for (place, part) in due.parts.iter().enumerate() {
            let batches = compute::run(rollup, inputs, &table.schema(), part).await?;
            let positions = if place + 1 == due.parts.len() { due.positions.as_slice() } else { &[] };
            let days: Vec<i32> = part.iter().copied().collect();
            let _writer = self.lake.lock().await?;
            table.refresh().await?;
            if table.version() != base {
                return Ok(false);
            }
            base = match table.replace_days(&days, batches, positions).await {
                Err(LakeError::Conflict { .. }) => return Ok(false),
                committed => committed?.version,
            };
        }
        Ok(true)
    }
}
