//! Runs one statement within its limits.
//!
//! Promise: the statement is a single read; it ends within the time limit, holds at most the memory of the pool, and hands over at
//! most the rows that are allowed – more is an error, never a silently shortened answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::SchemaProvider;
use datafusion::common::TableReference;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use futures::StreamExt;

use crate::catalog::{Catalog, Pinned, listed};
use crate::engine::{CATALOG, Limits, SCHEMA};
use crate::functions::pupils;
use crate::plans::{self, Kept, Plans};
use crate::suppose::Supposed;
use crate::{Error, depth, places};

/// The longest SQL text that is taken.
const SQL_BYTES: usize = 64 * 1024;

/// What came out of a statement.
pub(crate) struct Rows {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
    pub as_of: BTreeMap<String, i64>,
}

/// What is to be run: a text, the values of its placeholders, and what it sees of the lake.
pub(crate) struct Statement {
    pub sql: String,
    pub values: Vec<(String, ScalarValue)>,
    pub seen: Seen,
}

/// What a statement sees of the lake.
pub(crate) enum Seen {
    /// The newest versions, with rows that it is to suppose.
    Now(Option<Supposed>),
    /// Records at these versions.
    At(BTreeMap<String, i64>),
}

impl Seen {
    /// The newest versions, or records as they were.
    pub(crate) fn at(versions: Option<&BTreeMap<String, i64>>) -> Self {
        versions.map_or(Self::Now(None), |versions| Self::At(versions.clone()))
    }
}

/// A statement over its tables, not optimised yet.
pub(crate) struct Planned {
    pub frame: DataFrame,
    pub pinned: Arc<Pinned>,
    /// Whether it reads nothing else.
    is_pinned: bool,
}

/// Plans and runs a statement. What was asked before is planned already.
pub(crate) async fn run(
    catalog: &Catalog,
    plans: &Plans,
    state: &SessionState,
    limits: Limits,
    statement: Statement,
) -> Result<Rows, Error> {
    let engine = |error| Error::from_engine(error, limits.memory);
    let Statement { sql, values, seen } = statement;
    let question = (sql, values);
    let now = matches!(seen, Seen::Now(None));
    if let Some(kept) = plans.get(&question).filter(|_| now) {
        let pinned = catalog.pin(&SessionContext::new_with_state(state.clone()), &kept.wanted).await?;
        if let Some(plan) = kept.over(&pinned).map_err(engine)? {
            let (schema, batches) = collect(state, &plan, limits).await?;
            return Ok(Rows { schema, batches, as_of: pinned.as_of });
        }
    }
    let Planned { mut frame, pinned, is_pinned } = plan(catalog, state, limits, &question.0, &seen).await?;
    if !question.1.is_empty() {
        frame = frame.with_param_values(question.1.clone()).map_err(engine)?;
    }
    let (state, plan) = frame.into_parts();
    let lasts = now && is_pinned && plans::lasts(&plan).map_err(engine)?;
    let plan = state.optimize(&plan).map_err(engine)?;
    if lasts {
        plans.keep(question, Kept::new(plan.clone(), &pinned).map_err(engine)?);
    }
    let (schema, batches) = collect(&state, &plan, limits).await?;
    Ok(Rows { schema, batches, as_of: pinned.as_of.clone() })
}

/// What `sql` reads, and at which version of each table; nothing runs yet.
pub(crate) async fn plan(
    catalog: &Catalog,
    state: &SessionState,
    limits: Limits,
    sql: &str,
    seen: &Seen,
) -> Result<Planned, Error> {
    if sql.len() > SQL_BYTES {
        return Err(Error::SqlTooLong { limit: SQL_BYTES });
    }
    depth::check(sql)?;
    let engine = |error| Error::from_engine(error, limits.memory);
    let dialect = state.config_options().sql_parser.dialect;
    let statement = state.sql_to_statement(sql, &dialect).map_err(engine)?;
    let references = state.resolve_table_references(&statement).map_err(engine)?;
    let pinned = Arc::new(pin(catalog, state, &references, seen).await?);
    let is_pinned = references.iter().all(|table| own_name(table).is_some_and(|name| pinned.has(&name)));
    let mut state = state.clone();
    // Else `now()` would be the moment at which the session was made.
    state.mark_start_execution();
    let tables: Arc<dyn SchemaProvider> = pinned.clone();
    state.register_catalog_list(listed(tables).map_err(Error::internal)?);
    let plan = state.statement_to_plan(statement).await.map_err(engine)?;
    check_read_only(&plan)?;
    Ok(Planned { frame: DataFrame::new(state, plan), pinned, is_pinned })
}

/// The tables that a statement names, at one version each.
async fn pin(catalog: &Catalog, state: &SessionState, references: &[TableReference], seen: &Seen) -> Result<Pinned, Error> {
    let listing = references.iter().any(|table| table.schema() == Some("information_schema"));
    let readable = |name: &String| !name.starts_with(places::PREFIX) || pupils::are_known(state);
    let wanted = if listing { catalog.names().await? } else { references.iter().filter_map(own_name).filter(readable).collect() };
    let context = SessionContext::new_with_state(state.clone());
    let pinned = match seen {
        Seen::At(versions) => catalog.pin_at(&context, versions).await?,
        Seen::Now(supposed) => {
            let mut pinned = catalog.pin(&context, &wanted).await?;
            if let Some(supposed) = supposed {
                catalog.suppose(&context, &mut pinned, supposed)?;
            }
            pinned
        }
    };
    match references.iter().find(|table| !leads_somewhere(table, &pinned, state)) {
        Some(name) => {
            let known = catalog.names().await?.into_iter().collect();
            Err(Error::UnknownTable { name: name.to_string(), known })
        }
        None => Ok(pinned),
    }
}

fn own_name(reference: &TableReference) -> Option<String> {
    let own = reference.catalog().is_none_or(|name| name == CATALOG) && reference.schema().is_none_or(|name| name == SCHEMA);
    own.then(|| reference.table().to_owned())
}

fn leads_somewhere(reference: &TableReference, pinned: &Pinned, state: &SessionState) -> bool {
    let own = own_name(reference);
    let table_function = || matches!(reference, TableReference::Bare { table } if state.table_functions().contains_key(&**table));
    own.is_some_and(|name| pinned.has(&name)) || reference.schema() == Some("information_schema") || table_function()
}

fn check_read_only(plan: &LogicalPlan) -> Result<(), Error> {
    let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    options.verify_plan(plan).map_err(|error| match error.find_root() {
        DataFusionError::Plan(reason) => Error::NotReadOnly { reason: reason.clone() },
        _ => Error::internal(error),
    })
}

/// Runs an optimised plan.
async fn collect(state: &SessionState, plan: &LogicalPlan, limits: Limits) -> Result<(SchemaRef, Vec<RecordBatch>), Error> {
    let engine = |error| Error::from_engine(error, limits.memory);
    let plan = state.query_planner().create_physical_plan(plan, state).await.map_err(engine)?;
    let mut stream = execute_stream(plan, state.task_ctx()).map_err(engine)?;
    let schema = stream.schema();
    let (mut batches, mut rows, mut bytes) = (Vec::new(), 0, 0);
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(engine)?;
        rows += batch.num_rows();
        bytes += batch.get_array_memory_size();
        if rows > limits.rows {
            return Err(Error::TooManyRows { limit: limits.rows });
        }
        if bytes > limits.memory {
            return Err(Error::MemoryLimit { limit: limits.memory });
        }
        batches.push(batch);
    }
    Ok((schema, batches))
}

/// Functions whose result can be as large as an argument says: one call could outgrow every limit before it is noticed.
pub(crate) const UNBOUNDED_FUNCTIONS: [&str; 10] = [
    "repeat",
    "lpad",
    "rpad",
    "array_repeat",
    "list_repeat",
    "array_resize",
    "list_resize",
    "range",
    "generate_series",
    "gen_series",
];
