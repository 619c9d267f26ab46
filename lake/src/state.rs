//! What a table is at one version: its columns, live files and positions, held in memory.
//!
//! Invariants:
//! - a state never changes once shared: following the log makes a new one, so a pinned reader keeps its files;
//! - applying the commits of the log in order gives the same state as loading the table at that version.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::common::Statistics;
use deltalake::kernel::{Action, Add, Metadata, Protocol, Remove};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::schema::Shape;
use crate::{digest, stats};

/// The newest format that is read and written: no feature beyond plain tables.
const READER: i32 = 1;
const WRITER: i32 = 2;

/// A table at one version.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub table: Arc<str>,
    pub version: i64,
    pub shape: Arc<Shape>,
    pub metadata: Metadata,
    pub files: BTreeMap<Arc<str>, Arc<LiveFile>>,
    pub positions: HashMap<String, i64>,
}

/// A data file that is part of the table.
#[derive(Debug)]
pub(crate) struct LiveFile {
    pub path: Arc<str>,
    pub day: Option<i32>,
    pub size: u64,
    pub modified: i64,
    pub rows: Option<u64>,
    /// Over all columns of the table, the partition column last.
    pub statistics: Arc<Statistics>,
    /// Whether the file brought new rows (as opposed to rewriting old ones).
    pub fresh: bool,
    /// The checksum of its bytes, where its writer left one.
    pub checksum: Option<u32>,
    /// The closing of its day that made it.
    pub closing: Option<Arc<str>>,
    stored_stats: Option<String>,
    partition_values: HashMap<String, Option<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    min_reader_version: i32,
    min_writer_version: i32,
}

impl State {
    pub(crate) fn new(table: &Arc<str>, version: i64, metadata: Metadata) -> Result<State> {
        let shape = Arc::new(Shape::from_metadata(table, &metadata)?);
        let (files, positions) = Default::default();
        Ok(State { table: Arc::clone(table), version, shape, metadata, files, positions })
    }

    /// Follows one commit of the log.
    pub(crate) fn apply(&mut self, version: i64, actions: &[Action]) -> Result<()> {
        for action in actions {
            match action {
                Action::Add(add) => self.add(add)?,
                Action::Remove(remove) => {
                    self.files.remove(remove.path.as_str());
                }
                Action::Txn(txn) => {
                    self.positions.insert(txn.app_id.clone(), txn.version);
                }
                Action::Metadata(metadata) => self.reshape(metadata)?,
                Action::Protocol(protocol) => check_protocol(&self.table, protocol)?,
                Action::Cdc(_) | Action::CommitInfo(_) | Action::DomainMetadata(_) => {}
            }
        }
        self.version = version;
        Ok(())
    }

    pub(crate) fn add(&mut self, add: &Add) -> Result<()> {
        let file = LiveFile::new(&self.table, &self.shape, add)?;
        self.files.insert(Arc::clone(&file.path), Arc::new(file));
        Ok(())
    }

    fn reshape(&mut self, metadata: &Metadata) -> Result<()> {
        let shape = Arc::new(Shape::from_metadata(&self.table, metadata)?);
        for file in self.files.values_mut() {
            *file = Arc::new(file.reshaped(&shape));
        }
        self.shape = shape;
        self.metadata = metadata.clone();
        Ok(())
    }

    /// The live files of these days; all files when `days` is `None`.
    pub(crate) fn files_of(&self, days: Option<&BTreeSet<i32>>) -> Vec<&Arc<LiveFile>> {
        let wanted = |f: &&Arc<LiveFile>| days.is_none_or(|d| f.day.is_some_and(|day| d.contains(&day)));
        self.files.values().filter(wanted).collect()
    }
}

impl LiveFile {
    fn new(table: &str, shape: &Shape, add: &Add) -> Result<LiveFile> {
        let refuse = |reason: String| Error::Unsupported { table: table.to_owned(), reason };
        if add.deletion_vector.is_some() {
            return Err(refuse(format!("file {} has a deletion vector", add.path)));
        }
        let day = match shape.partition_name() {
            None => None,
            Some(name) => {
                let text = add.partition_values.get(name).cloned().flatten();
                let day = text.as_deref().and_then(stats::parse_date);
                Some(day.ok_or_else(|| refuse(format!("file {} has no valid {name}", add.path)))?)
            }
        };
        let size = u64::try_from(add.size).unwrap_or_default();
        let (rows, statistics) = stats::decode(shape, add.stats.as_deref(), size, day);
        Ok(LiveFile {
            path: add.path.as_str().into(),
            day,
            size,
            modified: add.modification_time,
            rows,
            statistics: Arc::new(statistics),
            fresh: add.data_change,
            checksum: add.tags.as_ref().and_then(digest::recorded),
            closing: add.tags.as_ref().and_then(digest::closing).map(Arc::from),
            stored_stats: add.stats.clone(),
            partition_values: add.partition_values.clone(),
        })
    }

    fn reshaped(&self, shape: &Shape) -> LiveFile {
        let (rows, statistics) = stats::decode(shape, self.stored_stats.as_deref(), self.size, self.day);
        LiveFile {
            path: Arc::clone(&self.path),
            closing: self.closing.clone(),
            rows,
            statistics: Arc::new(statistics),
            stored_stats: self.stored_stats.clone(),
            partition_values: self.partition_values.clone(),
            ..*self
        }
    }

    /// The action that takes this file out of the table.
    pub(crate) fn remove(&self, now: i64, data_change: bool) -> Action {
        Action::Remove(Remove {
            path: self.path.to_string(),
            data_change,
            deletion_timestamp: Some(now),
            extended_file_metadata: Some(true),
            partition_values: Some(self.partition_values.clone()),
            size: i64::try_from(self.size).ok(),
            ..Remove::default()
        })
    }
}

/// Refuses a table that uses features beyond those that are read and written here.
pub(crate) fn check_protocol(table: &str, protocol: &Protocol) -> Result<()> {
    let versions = serde_json::to_value(protocol).and_then(serde_json::from_value::<Versions>);
    match versions {
        Ok(v) if v.min_reader_version <= READER && v.min_writer_version <= WRITER => Ok(()),
        _ => Err(Error::Unsupported {
            table: table.to_owned(),
            reason: format!("its protocol is newer than reader {READER}, writer {WRITER}"),
        }),
    }
}
