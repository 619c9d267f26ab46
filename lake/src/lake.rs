//! A folder or bucket of tables, and the handles on them.
//!
//! Invariants: one shared handle per table name within a [`Lake`]; a handle is a cheap clone; a table's name is its
//! path below the lake.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use arrow::datatypes::SchemaRef;
use object_store::ObjectStore;
use object_store::path::Path;
use tokio::sync::OnceCell;
use url::Url;

use crate::error::{Error, Result};
use crate::kept::Kept;
use crate::lock::{Gate, WriteLock};
use crate::log::Log;
use crate::memory::{Held, Memory, Slot};
use crate::root::Root;
use crate::schema::Shape;
use crate::site::{Pins, Readers, Site};
use crate::state::State;
use crate::table::Table;

/// Milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A handle on a lake; clones share everything.
#[derive(Clone)]
pub struct Lake {
    inner: Arc<Inner>,
}

struct Inner {
    root: Root,
    gate: Gate,
    readers: Arc<Readers>,
    kept: Arc<Kept>,
    clock: Clock,
    memory: Slot,
    tables: Mutex<HashMap<String, Arc<OnceCell<Table>>>>,
}

/// Why no handle came about.
enum NoHandle {
    Absent,
    Failed(Error),
}

impl From<Error> for NoHandle {
    fn from(error: Error) -> NoHandle {
        NoHandle::Failed(error)
    }
}

impl fmt::Debug for Lake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lake").field("location", &self.inner.root.url.as_str()).finish()
    }
}

impl Lake {
    /// Opens the lake at a folder path or URL; a missing folder is created.
    ///
    /// # Errors
    /// `lake_location` when the place cannot be used.
    pub fn open(location: &str) -> Result<Lake> {
        Lake::open_with_clock(location, Arc::new(system_clock))
    }

    /// [`Lake::open`] with the clock that stamps files and decides what is old.
    ///
    /// # Errors
    /// As [`Lake::open`].
    pub fn open_with_clock(location: &str, clock: Clock) -> Result<Lake> {
        let root = Root::open(location)?;
        let gate = Gate::new(root.folder.as_deref());
        let readers = Arc::new(Readers::new(root.folder.as_deref()));
        let (kept, memory, tables) = (Arc::default(), Slot::default(), Mutex::default());
        Ok(Lake { inner: Arc::new(Inner { root, gate, readers, kept, clock, memory, tables }) })
    }

    /// Where the lake lies.
    pub fn location(&self) -> &Url {
        &self.inner.root.url
    }

    /// Opens a table, or creates it; columns of `schema` that an existing table lacks are added and may be null.
    ///
    /// The partition column must be a date; it becomes the last column.
    ///
    /// # Errors
    /// `lake_schema` when a column would change its type; `lake_unsupported` for a table of a newer format.
    pub async fn table(&self, name: &str, schema: SchemaRef, partition: Option<&str>) -> Result<Table> {
        let wanted = Shape::new(name, &schema, partition)?;
        let cell = self.cell(name)?;
        let table = cell.get_or_try_init(|| self.open_or_create(name, &wanted)).await.map_err(Error::or_full)?;
        table.refresh().await?;
        table.grow(&wanted).await.map_err(Error::or_full)?;
        Ok(table.clone())
    }

    /// Opens a table if it exists.
    ///
    /// # Errors
    /// `lake_unsupported` for a table of a newer format; storage errors.
    pub async fn existing(&self, name: &str) -> Result<Option<Table>> {
        let cell = self.cell(name)?;
        let opened = cell.get_or_try_init(|| async {
            let log = self.log(name)?;
            let state = log.load().await?.ok_or(NoHandle::Absent)?;
            Ok::<_, NoHandle>(self.handle(log, state)?)
        });
        match opened.await {
            Ok(table) => Ok(Some(table.clone())),
            Err(NoHandle::Absent) => Ok(None),
            Err(NoHandle::Failed(error)) => Err(error),
        }
    }

    /// The names of all tables, in order.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn names(&self) -> Result<Vec<String>> {
        self.inner.root.tables().await
    }

    /// From now on, days that `memory` holds are read from there, as long as it lives.
    pub fn hold(&self, memory: &Arc<dyn Memory>) {
        self.inner.memory.set(memory);
    }

    /// The days of these tables that are held in memory, all of one moment; to be called before the tables are looked at.
    pub async fn held(&self, tables: &BTreeSet<String>) -> BTreeMap<String, Arc<dyn Held>> {
        match self.inner.memory.get() {
            Some(memory) => memory.pin(tables).await,
            None => BTreeMap::new(),
        }
    }

    /// Waits until this is the lake's only writer; the lock ends when dropped.
    ///
    /// # Errors
    /// `lake_lock` when the lock file cannot be used.
    pub async fn lock(&self) -> Result<WriteLock> {
        self.inner.gate.enter().await.map_err(Error::or_full)
    }

    /// The lake's store and the path of a file beside its tables.
    pub(crate) fn beside_the_tables(&self, name: &str) -> (Arc<dyn ObjectStore>, Path) {
        self.inner.root.file(name)
    }

    /// The lake's folder, when it is a local one.
    pub(crate) fn folder(&self) -> Option<&std::path::Path> {
        self.inner.root.folder.as_deref()
    }

    pub(crate) fn now(&self) -> i64 {
        (self.inner.clock)()
    }

    async fn open_or_create(&self, name: &str, wanted: &Shape) -> Result<Table> {
        let log = self.log(name)?;
        let state = match log.load().await? {
            Some(state) => state,
            None => log.create(wanted).await?,
        };
        self.handle(log, state)
    }

    fn handle(&self, log: Log, state: State) -> Result<Table> {
        let place = self.inner.root.place(&log.table)?;
        let Inner { gate, readers, kept, root, clock, .. } = &*self.inner;
        let (gate, readers, kept, lake) = (gate.clone(), Arc::clone(readers), Arc::clone(kept), root.folder.clone());
        let site = Site { gate, readers, kept, lake, pins: Arc::<Pins>::default() };
        Ok(Table::new(log, place, site, Arc::clone(clock), state))
    }

    pub(crate) fn log(&self, name: &str) -> Result<Log> {
        Ok(Log { table: name.into(), store: self.inner.root.log_store(name)? })
    }

    fn cell(&self, name: &str) -> Result<Arc<OnceCell<Table>>> {
        check_name(name)?;
        let mut tables = self.inner.tables.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(tables.entry(name.to_owned()).or_default()))
    }
}

fn check_name(name: &str) -> Result<()> {
    let word = |part: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        !part.is_empty() && !part.starts_with('_') && part.chars().all(fits)
    };
    if name.split('/').all(word) { Ok(()) } else { Err(Error::Name { name: name.to_owned() }) }
}

#[expect(clippy::disallowed_methods, reason = "the default of Lake::open; open_with_clock takes any other")]
fn system_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
