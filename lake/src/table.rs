//! One table: its pinned state, and the commits that move it on.
//!
//! Invariants:
//! - a commit is one file of the log, so readers see all of it or nothing;
//! - a commit returns only when its data and its log entry are on disk;
//! - a writer that loses the race for a version decides anew on what the winner wrote, and gives up with a conflict
//!   when the winner moved one of its positions or wrote into the days that it replaces.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use deltalake::kernel::{Action, Transaction};
use deltalake::protocol::{DeltaOperation, SaveMode};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde::Serialize;

use crate::encode::SEQ;
use crate::error::{Error, Result};
use crate::lake::Clock;
use crate::log::{Log, Written};
use crate::memory::Held;
use crate::root::Place;
use crate::scan::Provider;
use crate::site::Site;
use crate::state::{LiveFile, State};
use crate::stats;
use crate::write::{self, NewFile, Prepared};

const ATTEMPTS: usize = 1000;

/// A handle on a table; clones share its state.
#[derive(Clone)]
pub struct Table {
    inner: Arc<Inner>,
}

struct Inner {
    log: Log,
    place: Place,
    site: Site,
    clock: Clock,
    state: RwLock<Arc<State>>,
}

/// How far a source has been read; committed together with what was read from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    pub source: String,
    pub value: i64,
}

/// What one commit wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Commit {
    pub version: i64,
    pub files: usize,
    pub rows: u64,
    pub bytes: u64,
}

/// A Parquet file of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataFile {
    /// Below the table's folder.
    pub path: String,
    /// Days since 1970-01-01, in a table partitioned by day.
    pub day: Option<i32>,
    /// 0 when the log does not say.
    pub rows: u64,
    pub bytes: u64,
}

/// A table in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableStats {
    pub version: i64,
    pub files: usize,
    pub rows: u64,
    pub bytes: u64,
    pub days: usize,
}

/// A commit to be: what it does is decided on the state that it finds.
pub(crate) struct Change<'a> {
    pub positions: &'a [Position],
    pub mode: SaveMode,
    pub plan: &'a (dyn Fn(&State) -> Result<Vec<Action>> + Sync),
    /// The days that are replaced (`Some(None)`: all); new rows of others there are a conflict.
    pub days: Option<Option<&'a BTreeSet<i32>>>,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("name", &self.name()).field("version", &self.version()).finish()
    }
}

impl Table {
    pub(crate) fn new(log: Log, place: Place, site: Site, clock: Clock, state: State) -> Table {
        Table { inner: Arc::new(Inner { log, place, site, clock, state: RwLock::new(Arc::new(state)) }) }
    }

    /// The name within the lake, such as `events/homework`.
    pub fn name(&self) -> &str {
        &self.inner.log.table
    }

    /// All columns, the partition column last.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.state().shape.schema)
    }

    /// The partition column's name.
    pub fn partition(&self) -> Option<String> {
        self.state().shape.partition_name().map(str::to_owned)
    }

    /// The version that this handle knows.
    pub fn version(&self) -> i64 {
        self.state().version
    }

    /// How far `source` has been committed, at the version that this handle knows.
    pub fn position(&self, source: &str) -> Option<i64> {
        self.state().positions.get(source).copied()
    }

    /// Takes in what other handles and processes have committed; costs one look at the log when there is nothing.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn refresh(&self) -> Result<i64> {
        let state = self.inner.log.follow(self.state()).await?;
        Ok(self.install(state).version)
    }

    /// Adds rows; batches are matched by column name, and nullable columns may be missing.
    ///
    /// # Errors
    /// `lake_batch` when a batch does not fit; `lake_conflict` when another writer moved one of the positions.
    pub async fn append(&self, batches: Vec<RecordBatch>, positions: &[Position]) -> Result<Commit> {
        self.append_prepared(self.prepare(batches).await?, positions).await
    }

    /// Encodes rows for [`Table::append_prepared`]; needs no lock. Of a table with `seq`, they need not have it yet.
    ///
    /// # Errors
    /// `lake_batch` when a batch does not fit.
    pub async fn prepare(&self, batches: Vec<RecordBatch>) -> Result<Prepared> {
        write::prepare(&self.inner.log.table, &self.state().shape, batches).await
    }

    /// Adds rows; those without a number are numbered on from the last. The next number is a position like any other.
    ///
    /// # Errors
    /// `lake_conflict` when another writer has numbered rows, or moved one of the positions, since this handle's version.
    pub async fn append_prepared(&self, prepared: Prepared, positions: &[Position]) -> Result<Commit> {
        let next = self.position(SEQ).unwrap_or(0);
        let end = next.saturating_add(i64::try_from(prepared.rows()).unwrap_or(i64::MAX));
        let numbered = prepared.lacks_numbers().then(|| Position { source: SEQ.to_owned(), value: end });
        let positions: Vec<Position> = positions.iter().cloned().chain(numbered).collect();
        let files = self.store(prepared, next).await?;
        let plan = |_: &State| Ok(files.iter().map(|f| f.action(true)).collect());
        let change = Change { positions: &positions, mode: SaveMode::Append, plan: &plan, days: None };
        self.finish(change, &files).await
    }

    /// Replaces all rows of these days at once by `batches`, whose rows must all be of these days.
    ///
    /// # Errors
    /// As [`Table::append`]; `lake_conflict` also when another writer added rows to these days meanwhile.
    pub async fn replace_days(&self, days: &[i32], batches: Vec<RecordBatch>, positions: &[Position]) -> Result<Commit> {
        self.replace_days_prepared(days, self.prepare(batches).await?, positions).await
    }

    /// [`Table::replace_days`] with rows that [`Table::prepare`] has encoded.
    ///
    /// # Errors
    /// As [`Table::replace_days`].
    pub async fn replace_days_prepared(&self, days: &[i32], prepared: Prepared, positions: &[Position]) -> Result<Commit> {
        let days: BTreeSet<i32> = days.iter().copied().collect();
        self.replace(Some(&days), prepared, positions).await
    }

    /// Replaces all rows of the table at once.
    ///
    /// # Errors
    /// As [`Table::replace_days`].
    pub async fn replace_all(&self, batches: Vec<RecordBatch>, positions: &[Position]) -> Result<Commit> {
        self.replace(None, self.prepare(batches).await?, positions).await
    }

    /// The table pinned at the version that this handle knows, for DataFusion.
    pub fn provider(&self) -> Arc<dyn TableProvider> {
        self.provider_of(self.state())
    }

    /// [`Table::provider`], but the days that are held in memory come from there.
    pub fn provider_over(&self, held: Arc<dyn Held>) -> Arc<dyn TableProvider> {
        Arc::new(Provider::new(self.state(), self.inner.place.clone(), self.inner.site.clone()).over(held))
    }

    pub(crate) fn provider_of(&self, state: Arc<State>) -> Arc<dyn TableProvider> {
        Arc::new(Provider::new(state, self.inner.place.clone(), self.inner.site.clone()))
    }

    /// The table as it was at an earlier version, for reading: to be neither refreshed nor written.
    ///
    /// # Errors
    /// `lake_version_gone` when the log does not reach back so far, or vacuum has taken one of the files.
    pub async fn at(&self, version: i64) -> Result<Table> {
        let gone = || Error::VersionGone { table: self.name().to_owned(), version };
        let Inner { log, place, site, clock, .. } = &*self.inner;
        let state = log.load_at(version).await?.ok_or_else(gone)?;
        let store = log.store.object_store(None);
        for path in state.files.keys() {
            let path = Path::parse(path.as_ref()).map_err(|_| gone())?;
            store.head(&path).await.map_err(|_| gone())?;
        }
        Ok(Table::new(log.clone(), place.clone(), site.clone(), Arc::clone(clock), state))
    }

    /// The days that have rows.
    pub fn days(&self) -> BTreeSet<i32> {
        self.state().files.values().filter_map(|f| f.day).collect()
    }

    /// The live files.
    pub fn files(&self) -> Vec<DataFile> {
        self.state().files.values().map(|f| f.data_file()).collect()
    }

    /// The table in numbers.
    pub fn stats(&self) -> TableStats {
        let state = self.state();
        let files = state.files.values();
        TableStats {
            version: state.version,
            files: files.len(),
            rows: files.clone().filter_map(|f| f.rows).sum(),
            bytes: files.map(|f| f.size).sum(),
            days: self.days().len(),
        }
    }

    async fn replace(&self, days: Option<&BTreeSet<i32>>, prepared: Prepared, positions: &[Position]) -> Result<Commit> {
        if let Some(day) = days.and_then(|days| prepared.stray(days)) {
            let day = stats::date_text(day).unwrap_or_default();
            return Err(Error::batch(self.name(), format!("it has rows of {day}, which is not replaced")));
        }
        let files = self.store(prepared, 0).await?;
        let now = self.now();
        let plan = |state: &State| {
            let removed = state.files_of(days).into_iter().map(|f| f.remove(now, true));
            Ok(removed.chain(files.iter().map(|f| f.action(true))).collect())
        };
        let change = Change { positions, mode: SaveMode::Overwrite, plan: &plan, days: Some(days) };
        self.finish(change, &files).await
    }

    async fn store(&self, prepared: Prepared, next: i64) -> Result<Vec<NewFile>> {
        let store = self.inner.log.store.object_store(None);
        write::store(&self.inner.log.table, store.as_ref(), prepared, next, self.now()).await.map_err(Error::or_full)
    }

    async fn finish(&self, change: Change<'_>, files: &[NewFile]) -> Result<Commit> {
        let state = self.commit(change).await?;
        Ok(Commit {
            version: state.version,
            files: files.len(),
            rows: files.iter().map(|f| f.rows).sum(),
            bytes: files.iter().map(NewFile::bytes).sum(),
        })
    }

    /// Writes the next version; a change that does nothing writes none.
    pub(crate) async fn commit(&self, change: Change<'_>) -> Result<Arc<State>> {
        let base = self.state();
        let mut state = Arc::clone(&base);
        for _ in 0..ATTEMPTS {
            let actions = (change.plan)(&state)?;
            let idle = actions.is_empty() && change.positions.is_empty();
            if !idle && let Some(next) = self.write_next(&state, actions, &change).await.map_err(Error::or_full)? {
                return Ok(self.install(next));
            }
            let newest = self.install(self.inner.log.follow(Arc::clone(&state)).await?);
            if idle && newest.version == state.version {
                return Ok(state);
            }
            change.check(&base, &newest)?;
            state = newest;
        }
        Err(conflict(&base, "other writers were always faster".into()))
    }

    /// The state after `state` and `actions`, or `None` when another writer took the version.
    async fn write_next(&self, state: &Arc<State>, actions: Vec<Action>, change: &Change<'_>) -> Result<Option<Arc<State>>> {
        let version = state.version + 1;
        let (positions, operation) = (self.transactions(change), self.operation(change));
        let Written::Done(actions) = self.inner.log.write(version, actions, positions, operation).await? else {
            return Ok(None);
        };
        let mut next = Arc::clone(state);
        Arc::make_mut(&mut next).apply(version, &actions)?;
        Ok(Some(next))
    }

    fn transactions(&self, change: &Change<'_>) -> Vec<Transaction> {
        let now = Some(self.now());
        change.positions.iter().map(|p| Transaction::new_with_last_update(&p.source, p.value, now)).collect()
    }

    fn operation(&self, change: &Change<'_>) -> DeltaOperation {
        let partition_by = self.partition().map(|p| vec![p]);
        DeltaOperation::Write { mode: change.mode, partition_by, predicate: None }
    }

    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&self.inner.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps the newer of what is known and `state`.
    pub(crate) fn install(&self, state: Arc<State>) -> Arc<State> {
        let mut known = self.inner.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.version > known.version {
            *known = Arc::clone(&state);
        }
        state
    }

    pub(crate) fn site(&self) -> &Site {
        &self.inner.site
    }

    pub(crate) fn log(&self) -> &Log {
        &self.inner.log
    }

    pub(crate) fn now(&self) -> i64 {
        (self.inner.clock)()
    }
}

impl Change<'_> {
    /// Whether the change still means the same after the commits between `base` and `now`.
    fn check(&self, base: &State, now: &State) -> Result<()> {
        let moved = |p: &&Position| base.positions.get(&p.source) != now.positions.get(&p.source);
        if let Some(position) = self.positions.iter().find(moved) {
            return Err(conflict(base, format!("another writer moved the position of {}", position.source)));
        }
        let Some(days) = self.days else { return Ok(()) };
        let added = |f: &&Arc<LiveFile>| f.fresh && !base.files.contains_key(&f.path);
        match now.files_of(days).into_iter().find(|f| added(f)) {
            Some(_) => Err(conflict(base, "another writer added rows to what was to be replaced".into())),
            None => Ok(()),
        }
    }
}

impl LiveFile {
    pub(crate) fn data_file(&self) -> DataFile {
        DataFile { path: self.path.to_string(), day: self.day, rows: self.rows.unwrap_or_default(), bytes: self.size }
    }
}

fn conflict(state: &State, reason: String) -> Error {
    Error::Conflict { table: state.table.to_string(), reason }
}
