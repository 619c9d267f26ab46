//! The door to all figures: opens a lake for reading and answers questions within limits.
//!
//! Invariants: an engine never writes; all queries of an engine share one memory pool; a query that runs out of time is aborted.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono_tz::Tz;
use datafusion::dataframe::DataFrame;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::scalar::ScalarValue;
use tokio::task::JoinHandle;
use xueqing_lake::Lake;
use xueqing_schema::{Standard, Text};

use crate::bind::{self, Request};
use crate::catalog::Catalog;
use crate::cooperate::Cooperate;
use crate::functions::pupils;
use crate::library::Library;
use crate::metric::Metric;
use crate::places::Places;
use crate::plans::Plans;
use crate::run::{self, Planned, Rows, Seen, Statement};
use crate::suppose::Supposed;
use crate::suppress::{self, SUPPRESSED};
use crate::tonight::TonightLoad;
use crate::{Error, format, functions};

/// After so many rows of a part it is seen whether to group them before parts come together is worth it: what is added up has hardly more.
const PROBED_ROWS: usize = 16 << 10;

pub(crate) const CATALOG: &str = "xueqing";
pub(crate) const SCHEMA: &str = "public";
/// The footers of files are remembered in a quarter of what queries may take, besides it.
const FOOTERS: usize = 4;

/// What an engine is opened with.
pub struct Setup {
    pub lake: Lake,
    pub standard: Arc<Standard>,
    pub timezone: Tz,
    /// A district's own figures: `workload/x.sql` and its text.
    pub metric_files: Vec<(String, String)>,
    pub options: Options,
}

/// Limits of every query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// For all queries together.
    pub memory_bytes: usize,
    /// For rows that are added up and stay in memory.
    pub held_bytes: usize,
    /// What sorts and joins may put aside on disk.
    pub spill_bytes: u64,
    pub timeout: Duration,
    pub max_rows: usize,
    /// Groups with fewer students show no figures.
    pub suppress_below: i64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory_bytes: 512 << 20,
            held_bytes: 512 << 20,
            spill_bytes: 8 << 30,
            timeout: Duration::from_secs(30),
            max_rows: 100_000,
            suppress_below: 10,
        }
    }
}

/// Who asks, and thereby what they may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything of the district.
    District,
}

/// The answer to a question, with what it was asked of.
#[derive(Clone, Debug)]
pub struct Answer {
    /// None for SQL.
    pub metric: Option<Arc<Metric>>,
    /// The dimensions it is grouped by.
    pub by: Vec<String>,
    /// The parameters in force, defaults included.
    pub params: BTreeMap<String, String>,
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
    /// The version of each table that was read.
    pub as_of: BTreeMap<String, i64>,
}

/// The words for a column of an answer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AnswerColumn {
    pub name: String,
    pub title: Text,
    pub unit: Option<String>,
}

impl Answer {
    /// The columns in order, with titles and units.
    pub fn columns(&self) -> Vec<AnswerColumn> {
        self.schema.fields().iter().map(|field| self.column(field.name())).collect()
    }

    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    fn column(&self, name: &str) -> AnswerColumn {
        let metric = self.metric.as_deref();
        let column = metric.and_then(|metric| metric.columns.iter().find(|column| column.name == name));
        let dimension = metric.and_then(|metric| metric.dimension(name)).map(|dimension| dimension.title.clone());
        let title = column.map(|column| column.title.clone()).or(dimension);
        let title = title.unwrap_or_else(|| match name {
            SUPPRESSED if metric.is_some() => Text::new("因人数过少而隐去", "Hidden: too few students"),
            _ => Text::new(name, name),
        });
        AnswerColumn { name: name.to_owned(), title, unit: column.and_then(|column| column.unit.clone()) }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub memory: usize,
    pub rows: usize,
}

/// A handle on a lake for reading; clones share everything.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    library: Library,
    catalog: Catalog,
    plans: Plans,
    state: SessionState,
    /// For statements that anybody may write.
    door: SessionState,
    options: Options,
}

impl Engine {
    /// Opens `setup.lake` for reading. Figures with mistakes are refused here, not when they are asked for.
    pub fn open(setup: Setup) -> Result<Self, Error> {
        let Setup { lake, standard, timezone, metric_files, options } = setup;
        let library = Library::load(&metric_files, timezone)?;
        let places = Places::new(library.sums().to_vec(), &standard, options.held_bytes);
        let catalog = Catalog::new(lake, &standard, timezone, places)?;
        let state = session(timezone, runtime(options)?);
        let door = door(state.clone());
        Ok(Self { inner: Arc::new(Inner { library, catalog, plans: Plans::default(), state, door, options }) })
    }

    /// All figures, by name.
    pub fn metrics(&self) -> &[Arc<Metric>] {
        self.inner.library.all()
    }

    pub fn metric(&self, name: &str) -> Result<&Arc<Metric>, Error> {
        self.inner.library.get(name)
    }

    /// The figures that read any of these tables.
    pub fn reading<'a>(&'a self, tables: &'a BTreeSet<String>) -> impl Iterator<Item = &'a str> {
        self.metrics().iter().filter(|metric| !metric.reads.is_disjoint(tables)).map(|metric| metric.name.as_str())
    }

    /// Adds up beforehand, while there is room, what is to be held in memory, so that no question waits for it: a term of a large city takes
    /// minutes.
    pub async fn prepare(&self) {
        self.inner.catalog.add_up(&SessionContext::new_with_state(self.inner.state.clone())).await;
    }

    pub(crate) fn state(&self) -> &SessionState {
        &self.inner.state
    }

    /// The names that SQL can use.
    pub async fn tables(&self) -> Result<Vec<String>, Error> {
        Ok(self.inner.catalog.names().await?.into_iter().collect())
    }

    /// One published figure.
    pub async fn run(&self, name: &str, request: Request, scope: &Scope) -> Result<Answer, Error> {
        self.answer(name, request, scope, None).await
    }

    /// What a published figure would be.
    pub async fn suppose(&self, name: &str, request: Request, scope: &Scope, supposed: Supposed) -> Result<Answer, Error> {
        self.answer(name, request, scope, Some(supposed)).await
    }

    async fn answer(&self, name: &str, request: Request, scope: &Scope, supposed: Option<Supposed>) -> Result<Answer, Error> {
        let Scope::District = scope;
        let metric = self.metric(name)?.clone();
        // What is added up in memory knows nothing of what is supposed.
        let bound = bind::bind(&metric, &request, supposed.is_none())?;
        let (rows, statement) =
            (self.inner.options.max_rows, Statement { sql: bound.sql, values: bound.values, seen: Seen::Now(supposed) });
        let rows = self.rows_within(&self.inner.state, rows, statement).await?;
        let (schema, batches) = format::plain(&rows.schema, rows.batches).map_err(Error::internal)?;
        let below = self.inner.options.suppress_below;
        let (schema, batches) = suppress::suppress(&metric, schema, batches, below).map_err(Error::internal)?;
        Ok(Answer { metric: Some(metric), by: bound.by, params: bound.params, schema, batches, as_of: rows.as_of })
    }

    /// What one SELECT gives; it can only read the names of [`Engine::tables`].
    pub async fn sql(&self, sql: &str, scope: &Scope) -> Result<Answer, Error> {
        let Scope::District = scope;
        let statement = Statement { sql: sql.to_owned(), values: Vec::new(), seen: Seen::Now(None) };
        let rows = self.rows_within(&self.inner.door, self.inner.options.max_rows, statement).await?;
        let (schema, batches) = format::plain(&rows.schema, rows.batches).map_err(Error::internal)?;
        Ok(Answer { metric: None, by: Vec::new(), params: BTreeMap::new(), schema, batches, as_of: rows.as_of })
    }

    /// Whether what was read can be read again as it was: records can, rollups cannot.
    pub fn can_read_again(&self, as_of: &BTreeMap<String, i64>) -> Result<(), Error> {
        let other = as_of.keys().find(|name| !self.inner.catalog.is_kind(name));
        other.map_or(Ok(()), |name| Err(Error::NotAKind { name: name.clone() }))
    }

    pub(crate) fn lake(&self) -> &Lake {
        self.inner.catalog.lake()
    }

    pub(crate) fn options(&self) -> Options {
        self.inner.options
    }

    /// Hands the rows of one SELECT, as a plan, to `work`, within the limits of time and memory.
    pub(crate) async fn planned<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
        &self,
        sql: &str,
        seen: Seen,
        scope: &Scope,
        work: impl FnOnce(DataFrame, Limits) -> F + Send + 'static,
    ) -> Result<(T, BTreeMap<String, i64>), Error> {
        let Scope::District = scope;
        let Options { memory_bytes, timeout, max_rows, .. } = self.inner.options;
        let limits = Limits { memory: memory_bytes, rows: max_rows };
        let (inner, sql) = (self.inner.clone(), sql.to_owned());
        in_time(timeout, async move {
            let Planned { frame, pinned, .. } = run::plan(&inner.catalog, &inner.state, limits, &sql, &seen).await?;
            Ok((work(frame, limits).await?, pinned.as_of.clone()))
        })
        .await
    }

    /// The records that a method of the house works on: as many as there are, within the limits of time and memory. They never
    /// leave the house.
    pub(crate) async fn records(
        &self,
        sql: String,
        values: Vec<(String, ScalarValue)>,
        seen: Seen,
        scope: &Scope,
    ) -> Result<(Vec<RecordBatch>, BTreeMap<String, i64>), Error> {
        let Scope::District = scope;
        let rows = self.rows_within(&self.inner.state, usize::MAX, Statement { sql, values, seen }).await?;
        Ok((format::plain(&rows.schema, rows.batches).map_err(Error::internal)?.1, rows.as_of))
    }

    /// What a method reads of single pupils: the rows of a study, its parameters in force, and the version of each table.
    pub(crate) async fn study(&self, name: &str, params: BTreeMap<String, String>, scope: &Scope) -> Result<Answer, Error> {
        let Scope::District = scope;
        let study = self.inner.library.study(name)?.clone();
        let bound = bind::bind(&study, &Request { by: Vec::new(), params }, true)?;
        let statement = Statement { sql: bound.sql, values: bound.values, seen: Seen::Now(None) };
        let rows = self.rows_within(&self.inner.state, usize::MAX, statement).await?;
        let (schema, batches) = format::plain(&rows.schema, rows.batches).map_err(Error::internal)?;
        Ok(Answer { metric: Some(study), by: bound.by, params: bound.params, schema, batches, as_of: rows.as_of })
    }

    async fn rows_within(&self, state: &SessionState, rows: usize, statement: Statement) -> Result<Rows, Error> {
        let Options { memory_bytes, timeout, .. } = self.inner.options;
        let (inner, state) = (self.inner.clone(), state.clone());
        let limits = Limits { memory: memory_bytes, rows };
        in_time(timeout, async move { run::run(&inner.catalog, &inner.plans, &state, limits, statement).await }).await
    }
}

/// Runs `work` as a task of its own, so that neither a long step nor a panic of it reaches the caller.
pub(crate) async fn in_time<T: Send + 'static>(
    timeout: Duration,
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let mut task = Aborted(tokio::spawn(work));
    match tokio::time::timeout(timeout, &mut task.0).await {
        Ok(Ok(result)) => result,
        Ok(Err(failed)) => Err(Error::internal(failed)),
        Err(_) => Err(Error::TimeLimit { seconds: timeout.as_secs() }),
    }
}

/// A task that ends when its handle is dropped.
struct Aborted<T>(JoinHandle<T>);

impl<T> Drop for Aborted<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn runtime(options: Options) -> Result<Arc<RuntimeEnv>, Error> {
    let pool = Arc::new(FairSpillPool::new(options.memory_bytes));
    let builder = RuntimeEnvBuilder::new().with_memory_pool(pool).with_max_temp_directory_size(options.spill_bytes);
    // Footers that are not remembered are read again for each file of each question.
    let builder = builder.with_metadata_cache_limit(options.memory_bytes / FOOTERS);
    builder.build_arc().map_err(Error::internal)
}

fn session(timezone: Tz, runtime: Arc<RuntimeEnv>) -> SessionState {
    let mut config = SessionConfig::new().with_default_catalog_and_schema(CATALOG, SCHEMA).with_information_schema(true);
    let options = config.options_mut();
    options.execution.time_zone = Some(timezone.name().to_owned());
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.skip_partial_aggregation_probe_rows_threshold = PROBED_ROWS;
    let state = SessionStateBuilder::new_with_default_features().with_config(config).with_runtime_env(runtime);
    let state = state.with_physical_optimizer_rule(Arc::new(Cooperate));
    let context = SessionContext::new_with_state(state.build());
    context.register_udf(ScalarUDF::from(TonightLoad::default()));
    functions::register(&context);
    run::UNBOUNDED_FUNCTIONS.iter().for_each(|name| context.deregister_udf(name));
    context.state()
}

/// Without numbers for pupils, which would never come back, and so without what is made of them.
fn door(state: SessionState) -> SessionState {
    let context = SessionContext::new_with_state(state);
    pupils::NAMES.iter().for_each(|name| context.deregister_udaf(name));
    context.state()
}
