//! The current rows of a table: of each key (and day) the row with the highest revision, then the highest sequence.
//!
//! Invariants: the day belongs to the key, so a filter on the day reaches the scan before rows are compared; keys are
//! grouped first and whole rows fetched by sequence afterwards, so that wide rows are never sorted.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::{JoinType, ScalarValue, TableReference};
use datafusion::dataframe::DataFrame;
use datafusion::error::Result as PlanResult;
use datafusion::functions_aggregate::expr_fn::{last_value, max};
use datafusion::logical_expr::{Expr, ident, lit};
use datafusion::prelude::SessionContext;

use crate::error::{Error, Result};
use crate::state::State;
use crate::table::Table;

const REVISION: &str = "revision";
const SEQ: &str = "seq";
const NEWEST: &str = "__newest";
const NEWEST_DAY: &str = "__newest_day";

/// The current rows of `table`, without `seq`; of these days only, when given.
///
/// `seq` must be unique within the table. A table without it is current as it stands.
///
/// # Errors
/// `lake_plan` when `key` names a column that the table does not have.
pub fn current(ctx: &SessionContext, table: &Table, key: &[String], days: Option<&BTreeSet<i32>>) -> Result<DataFrame> {
    plan(ctx, table, key, days).map_err(Error::plan(table.name()))
}

/// Registers the current rows of `table`, pinned at its version, as the view `name`; an older view is replaced.
///
/// # Errors
/// As [`current`].
pub async fn register_current(ctx: &SessionContext, name: &str, table: &Table, key: &[String]) -> Result<()> {
    let view = current(ctx, table, key, None)?.into_view();
    let reference = TableReference::bare(name);
    ctx.deregister_table(reference.clone()).map_err(Error::plan(table.name()))?;
    ctx.register_table(reference, view).map_err(Error::plan(table.name()))?;
    Ok(())
}

fn plan(ctx: &SessionContext, table: &Table, key: &[String], days: Option<&BTreeSet<i32>>) -> PlanResult<DataFrame> {
    let state = table.state();
    let partition = state.shape.partition_name();
    let mut rows = ctx.read_table(table.provider_of(Arc::clone(&state)))?;
    if let (Some(day), Some(days)) = (partition, days) {
        let days = days.iter().map(|d| lit(ScalarValue::Date32(Some(*d)))).collect();
        rows = rows.filter(ident(day).in_list(days, false))?;
    }
    if state.shape.schema.index_of(SEQ).is_err() {
        return Ok(rows);
    }
    let kept = state.shape.schema.fields().iter().filter(|f| f.name() != SEQ).map(|f| ident(f.name()));
    let newest = newest(rows.clone(), &state, key)?;
    let (left, right): (Vec<&str>, Vec<&str>) = match partition {
        Some(day) => (vec![NEWEST, NEWEST_DAY], vec![SEQ, day]),
        None => (vec![NEWEST], vec![SEQ]),
    };
    newest.join(rows, JoinType::Inner, &left, &right, None)?.select(kept.collect::<Vec<_>>())
}

/// The sequence (and day) of the current row of each key.
fn newest(rows: DataFrame, state: &State, key: &[String]) -> PlanResult<DataFrame> {
    let partition = state.shape.partition_name();
    let mut same: Vec<Expr> = key.iter().filter(|k| Some(k.as_str()) != partition).map(ident).collect();
    same.extend(partition.map(ident));
    let newest = if is_revised(state) {
        let order = vec![ident(REVISION).sort(true, true), ident(SEQ).sort(true, true)];
        last_value(ident(SEQ), order)
    } else {
        max(ident(SEQ))
    };
    let day = partition.map(|day| ident(day).alias(NEWEST_DAY));
    let columns: Vec<Expr> = [ident(NEWEST)].into_iter().chain(day).collect();
    rows.aggregate(same, vec![newest.alias(NEWEST)])?.select(columns)
}

/// Whether rows of different revisions may exist, by the files' statistics.
fn is_revised(state: &State) -> bool {
    let Ok(index) = state.shape.schema.index_of(REVISION) else { return false };
    let mut bounds = state
        .files
        .values()
        .filter_map(|f| f.statistics.column_statistics.get(index))
        .flat_map(|c| [c.min_value.get_value(), c.max_value.get_value()]);
    let Some(first) = bounds.next() else { return false };
    first.is_none() || bounds.any(|bound| bound != first)
}
