//! Many small files of a day become few well-sized ones.
//!
//! Invariants: the rows and their order stay the same and readers see no change of rows; files that someone else
//! took out meanwhile are left alone; at most about [`TARGET_BYTES`] of files are held in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::state::{LiveFile, State};
use crate::table::Table;
use crate::write;

/// A file is not grown beyond this, and one of half this size is left alone.
const TARGET_BYTES: u64 = 64 << 20;

/// When a day is worth compacting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactOptions {
    /// A day with fewer small files than this is left alone.
    pub min_files: usize,
}

impl Default for CompactOptions {
    fn default() -> CompactOptions {
        CompactOptions { min_files: 8 }
    }
}

/// What compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compaction {
    /// The table's version afterwards.
    pub version: i64,
    pub removed: usize,
    pub added: usize,
    pub rows: u64,
}

impl Table {
    /// Merges small files, day by day, one commit for each merged file.
    ///
    /// # Errors
    /// Storage errors; what was merged before stays merged.
    pub async fn compact(&self, options: CompactOptions) -> Result<Compaction> {
        self.refresh().await?;
        let mut done = Compaction::default();
        for group in plan(&self.state(), options) {
            if let Some(rows) = self.merge(&group).await? {
                done.removed += group.len();
                done.added += 1;
                done.rows += rows;
            }
        }
        Ok(Compaction { version: self.version(), ..done })
    }

    /// Merges one group; `None` when another writer took out one of its files.
    async fn merge(&self, group: &[Arc<LiveFile>]) -> Result<Option<u64>> {
        let state = self.state();
        let mut inputs = Vec::with_capacity(group.len());
        for file in group {
            inputs.push(self.fetch(&self.path_of(&file.path)?).await?);
        }
        let store = self.log().store.object_store(None);
        let day = group.first().and_then(|f| f.day);
        let merged = write::merge(&state.table, &state.shape, store.as_ref(), day, inputs, self.now()).await;
        let merged = merged.map_err(Error::or_full)?;
        let merged = [merged];
        Ok(self.swap(group, &merged, false).await?.map(|_| merged[0].rows))
    }
}

/// Groups of files to merge: of one day, in the order in which they were written.
fn plan(state: &State, options: CompactOptions) -> Vec<Vec<Arc<LiveFile>>> {
    let mut days: BTreeMap<Option<i32>, BTreeSet<&Arc<str>>> = BTreeMap::new();
    for file in state.files.values().filter(|f| f.size < TARGET_BYTES / 2 && f.closing.is_none()) {
        days.entry(file.day).or_default().insert(&file.path);
    }
    let worth = |files: &BTreeSet<&Arc<str>>| files.len() >= options.min_files.max(2);
    let days = days.into_values().filter(worth);
    days.flat_map(|paths| bins(paths.iter().filter_map(|p| state.files.get(*p)))).collect()
}

fn bins<'a>(files: impl Iterator<Item = &'a Arc<LiveFile>>) -> Vec<Vec<Arc<LiveFile>>> {
    let mut bins: Vec<Vec<Arc<LiveFile>>> = Vec::new();
    let mut filled = u64::MAX;
    for file in files {
        if filled.saturating_add(file.size) > TARGET_BYTES {
            bins.push(Vec::new());
            filled = 0;
        }
        filled += file.size;
        if let Some(bin) = bins.last_mut() {
            bin.push(Arc::clone(file));
        }
    }
    bins.retain(|bin| bin.len() > 1);
    bins
}
