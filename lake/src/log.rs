//! Reading and writing a table's Delta log.
//!
//! Invariants: a version is written at most once, by whoever creates its file first; a state is advanced only by
//! whole commits; a log that was cleaned up behind a slow reader is noticed and loaded anew.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use bytes::Bytes;
use deltalake::DeltaTable;
use deltalake::kernel::transaction::{CommitData, TransactionError};
use deltalake::kernel::{Action, Transaction};
use deltalake::logstore::{CommitOrBytes, LogStoreRef, get_actions};
use deltalake::protocol::DeltaOperation;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Deserialize;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::state::{State, check_protocol};

/// A table's log and the name to report it under.
#[derive(Clone)]
pub(crate) struct Log {
    pub table: Arc<str>,
    pub store: LogStoreRef,
}

/// How writing one version ended.
pub(crate) enum Written {
    /// The version is ours; these are its actions, as stored.
    Done(Vec<Action>),
    /// Another writer was first.
    Taken,
}

#[derive(Deserialize)]
struct CheckpointHint {
    version: i64,
}

impl Log {
    /// The newest state, or `None` when there is no table.
    pub(crate) async fn load(&self) -> Result<Option<State>> {
        let failed = Error::log(&self.table, "opening");
        if !self.store.is_delta_table_location().await.map_err(&failed)? {
            return Ok(None);
        }
        let mut table = DeltaTable::new(Arc::clone(&self.store));
        table.load().await.map_err(&failed)?;
        Ok(Some(self.state_of(&table).await?))
    }

    /// The state at an earlier version, or `None` when the log does not reach back so far.
    pub(crate) async fn load_at(&self, version: i64) -> Result<Option<State>> {
        let mut table = DeltaTable::new(Arc::clone(&self.store));
        let Ok(wanted) = u64::try_from(version) else { return Ok(None) };
        match table.load_version(wanted).await {
            Ok(()) if table.version() == Some(wanted) => Ok(Some(self.state_of(&table).await?)),
            Ok(()) | Err(_) => Ok(None),
        }
    }

    async fn state_of(&self, table: &DeltaTable) -> Result<State> {
        let failed = Error::log(&self.table, "opening");
        let snapshot = table.snapshot().map_err(&failed)?;
        check_protocol(&self.table, snapshot.protocol())?;
        let version = i64::try_from(snapshot.version()).unwrap_or(i64::MAX);
        let mut state = State::new(&self.table, version, snapshot.metadata().clone())?;
        for file in snapshot.log_data() {
            #[expect(deprecated, reason = "the only way to a file's tags")]
            state.add(&file.add_action())?;
        }
        state.positions = self.positions(version).await?;
        Ok(state)
    }

    /// Follows the log to its end.
    pub(crate) async fn follow(&self, mut state: Arc<State>) -> Result<Arc<State>> {
        loop {
            let next = state.version + 1;
            match self.commit_entry(next).await? {
                Some(actions) => Arc::make_mut(&mut state).apply(next, &actions)?,
                None if self.checkpoint_hint().await?.is_some_and(|v| v > state.version) => {
                    let gone = || Error::HistoryGone { table: self.table.to_string(), version: state.version };
                    return Ok(Arc::new(self.load().await?.ok_or_else(gone)?));
                }
                None => return Ok(state),
            }
        }
    }

    /// The actions of one version, or `None` when the log does not hold it.
    pub(crate) async fn commit_entry(&self, version: i64) -> Result<Option<Vec<Action>>> {
        let failed = Error::log(&self.table, "reading a commit");
        let number = u64::try_from(version).unwrap_or_default();
        let Some(bytes) = self.store.read_commit_entry(number).await.map_err(&failed)? else {
            return Ok(None);
        };
        get_actions(number, &bytes).map(Some).map_err(&failed)
    }

    /// Tries to make `actions` and `positions` version `version` of the table.
    pub(crate) async fn write(
        &self,
        version: i64,
        actions: Vec<Action>,
        positions: Vec<Transaction>,
        operation: DeltaOperation,
    ) -> Result<Written> {
        let data = CommitData::new(actions, operation, HashMap::new(), positions);
        let bytes = data.get_bytes().map_err(|e| Error::commit(&self.table, e))?;
        let number = u64::try_from(version).unwrap_or_default();
        let entry = CommitOrBytes::LogBytes(bytes);
        match self.store.write_commit_entry(number, entry, Uuid::now_v7()).await {
            Ok(()) => Ok(Written::Done(data.actions)),
            Err(TransactionError::VersionAlreadyExists(_)) => Ok(Written::Taken),
            Err(e) => Err(Error::commit(&self.table, e)),
        }
    }

    /// The version of the newest checkpoint, when the log names one.
    pub(crate) async fn checkpoint_hint(&self) -> Result<Option<i64>> {
        let bytes = self.get(&self.store.log_path().clone().join("_last_checkpoint")).await?;
        Ok(bytes.and_then(|b| serde_json::from_slice::<CheckpointHint>(&b).ok()).map(|h| h.version))
    }

    /// All positions at `version`: from the newest checkpoint up to it, and the commits after that.
    async fn positions(&self, version: i64) -> Result<HashMap<String, i64>> {
        let mut positions = HashMap::new();
        let mut after = 0;
        if let Some((checkpoint, parts)) = self.newest_checkpoint(version).await? {
            for part in parts {
                let bytes = self.get(&part).await?.unwrap_or_default();
                positions.extend(checkpoint_positions(bytes).map_err(Error::parquet(&self.table))?);
            }
            after = checkpoint + 1;
        }
        for version in after..=version {
            for action in self.commit_entry(version).await?.unwrap_or_default() {
                if let Action::Txn(txn) = action {
                    positions.insert(txn.app_id, txn.version);
                }
            }
        }
        Ok(positions)
    }

    /// The entries of the log that are on disk, in order: version, and when it was written in milliseconds since 1970.
    pub(crate) async fn entries(&self) -> Result<Vec<(i64, i64)>> {
        let listed: Vec<ObjectMeta> = self.list().await?;
        let entry = |object: &ObjectMeta| {
            let number = object.location.filename()?.strip_suffix(".json")?.parse().ok()?;
            Some((number, object.last_modified.timestamp_millis()))
        };
        let mut entries: Vec<(i64, i64)> = listed.iter().filter_map(entry).collect();
        entries.sort_unstable();
        Ok(entries)
    }

    /// Everything in the log's folder.
    pub(crate) async fn list(&self) -> Result<Vec<ObjectMeta>> {
        let listed = self.store.object_store(None).list(Some(self.store.log_path())).try_collect().await;
        listed.map_err(|source| self.storage("listing the log", source))
    }

    pub(crate) async fn newest_checkpoint(&self, version: i64) -> Result<Option<(i64, Vec<Path>)>> {
        let checkpoints = self.list().await?.into_iter().filter_map(|object| {
            let path = object.location;
            let (number, rest) = path.filename()?.split_once(".checkpoint")?;
            let number: i64 = number.parse().ok()?;
            (rest.ends_with(".parquet") && number <= version).then_some((number, path))
        });
        let all: Vec<(i64, Path)> = checkpoints.collect();
        let Some(newest) = all.iter().map(|(number, _)| *number).max() else { return Ok(None) };
        let parts = all.into_iter().filter(|(number, _)| *number == newest).map(|(_, path)| path);
        Ok(Some((newest, parts.collect())))
    }

    pub(crate) async fn get(&self, path: &Path) -> Result<Option<Bytes>> {
        match self.store.object_store(None).get(path).await {
            Ok(found) => found.bytes().await.map(Some).map_err(|e| self.storage("reading the log", e)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(self.storage("reading the log", e)),
        }
    }

    fn storage(&self, doing: &str, source: object_store::Error) -> Error {
        Error::Storage { doing: format!("{doing} of table {}", self.table), source }
    }
}

/// The positions that a checkpoint file holds.
fn checkpoint_positions(bytes: Bytes) -> parquet::errors::Result<HashMap<String, i64>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
    let Ok(column) = builder.schema().index_of("txn") else { return Ok(HashMap::new()) };
    let mask = ProjectionMask::roots(builder.parquet_schema(), [column]);
    let mut positions = HashMap::new();
    for batch in builder.with_projection(mask).build()? {
        positions.extend(batch_positions(&batch?));
    }
    Ok(positions)
}

fn batch_positions(batch: &RecordBatch) -> Vec<(String, i64)> {
    let txn = batch.column(0).as_struct();
    let sources = txn.column_by_name("appId").and_then(|c| c.as_string_opt::<i32>());
    let versions = txn.column_by_name("version").and_then(|c| c.as_primitive_opt::<Int64Type>());
    let (Some(sources), Some(versions)) = (sources, versions) else { return Vec::new() };
    let filled = |row: &usize| txn.is_valid(*row) && sources.is_valid(*row) && versions.is_valid(*row);
    let rows = (0..batch.num_rows()).filter(filled);
    rows.map(|row| (sources.value(row).to_owned(), versions.value(row))).collect()
}
