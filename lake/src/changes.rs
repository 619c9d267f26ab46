//! What has changed in a table's rows since a version, read from the log.
//!
//! Invariants: rewriting files without changing rows is no change; a file added and taken out again within the
//! range is none either, though its day is named.

use std::collections::{BTreeMap, BTreeSet};

use deltalake::kernel::{Action, Add, Remove};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::state::State;
use crate::stats;
use crate::table::{DataFile, Table};

/// The changes of rows after one version, up to and including another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The version that the changes lead to.
    pub version: i64,
    /// The days whose rows changed.
    pub days: BTreeSet<i32>,
    /// Files with new rows; compaction may have merged them into others since.
    pub added: Vec<DataFile>,
    /// Files whose rows are gone; their number of rows is not known.
    pub removed: Vec<DataFile>,
}

#[derive(Default)]
struct Collected {
    days: BTreeSet<i32>,
    added: BTreeMap<String, DataFile>,
    removed: BTreeMap<String, DataFile>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rows {
    num_records: u64,
}

impl Table {
    /// The changes after `version`; a negative version stands for before the first row.
    ///
    /// # Errors
    /// `lake_history_gone` when the log no longer reaches back to `version`.
    pub async fn changes_since(&self, version: i64) -> Result<Changes> {
        self.refresh().await?;
        let state = self.state();
        if version < 0 {
            return Ok(everything(&state));
        }
        let mut collected = Collected::default();
        for number in version + 1..=state.version {
            let actions = self.log().commit_entry(number).await?;
            let gone = || Error::HistoryGone { table: self.name().to_owned(), version };
            collected.take(state.shape.partition_name(), actions.ok_or_else(gone)?);
        }
        Ok(collected.into_changes(state.version))
    }
}

fn everything(state: &State) -> Changes {
    let added: Vec<DataFile> = state.files.values().map(|f| f.data_file()).collect();
    let days = added.iter().filter_map(|f| f.day).collect();
    Changes { version: state.version, days, added, removed: Vec::new() }
}

impl Collected {
    fn take(&mut self, partition: Option<&str>, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Add(add) if add.data_change => self.add(added(partition, &add)),
                Action::Remove(remove) if remove.data_change => self.remove(removed(partition, &remove)),
                _ => {}
            }
        }
    }

    fn add(&mut self, file: DataFile) {
        self.days.extend(file.day);
        self.added.insert(file.path.clone(), file);
    }

    fn remove(&mut self, file: DataFile) {
        self.days.extend(file.day);
        if self.added.remove(&file.path).is_none() {
            self.removed.insert(file.path.clone(), file);
        }
    }

    fn into_changes(self, version: i64) -> Changes {
        let (added, removed) = (self.added.into_values().collect(), self.removed.into_values().collect());
        Changes { version, days: self.days, added, removed }
    }
}

fn added(partition: Option<&str>, add: &Add) -> DataFile {
    let rows: Rows = add.stats.as_deref().and_then(|s| serde_json::from_str(s).ok()).unwrap_or_default();
    let day = partition.and_then(|p| add.partition_values.get(p)).and_then(|d| d.as_deref());
    DataFile {
        path: add.path.clone(),
        day: day.and_then(stats::parse_date),
        rows: rows.num_records,
        bytes: u64::try_from(add.size).unwrap_or_default(),
    }
}

fn removed(partition: Option<&str>, remove: &Remove) -> DataFile {
    let values = remove.partition_values.as_ref();
    let day = partition.and_then(|p| values?.get(p)).and_then(|d| d.as_deref());
    DataFile {
        path: remove.path.clone(),
        day: day.and_then(stats::parse_date),
        rows: 0,
        bytes: remove.size.and_then(|s| u64::try_from(s).ok()).unwrap_or_default(),
    }
}
