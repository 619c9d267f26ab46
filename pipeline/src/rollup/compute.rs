//! Runs a rollup's SQL over the current rows of given days.
//!
//! Invariants: the SQL sees only those days and gives only those days; measures are integers, so that sums are exact in any
//! order; the result has the columns of the rollup's table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Field, Schema, SchemaRef};
use datafusion::dataframe::DataFrame;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::{SessionContext, col, lit};
use datafusion::scalar::ScalarValue;
use xueqing_schema::DAY;

use super::{Input, Rollup};
use crate::{Error, Result};

/// The sources of a rollup under the names its SQL uses.
pub(super) type Inputs = BTreeMap<String, Input>;

/// The columns of a rollup's table, from planning its SQL.
pub(super) async fn schema(rollup: &Rollup, inputs: &Inputs) -> Result<SchemaRef> {
    let plan = frame(rollup, inputs, &BTreeSet::new()).await?;
    let fields =
        plan.schema().fields().iter().map(|field| Ok(Field::new(field.name(), stored(rollup, field)?, field.name() != DAY)));
    let schema = Schema::new(fields.collect::<Result<Vec<_>>>()?);
    let has = |name: &String| schema.column_with_name(name).is_some();
    let dated = schema.column_with_name(DAY).is_some_and(|(_, day)| *day.data_type() == DataType::Date32);
    match (dated, rollup.key.iter().find(|name| !has(name))) {
        (true, None) => Ok(Arc::new(schema)),
        (false, _) => Err(wrong(rollup, "it gives no column `day` of type date")),
        (_, Some(name)) => Err(wrong(rollup, format!("it gives no column `{name}`, which `key` names"))),
    }
}

/// The rows of `days`, and of no other day.
pub(super) async fn run(rollup: &Rollup, inputs: &Inputs, table: &SchemaRef, days: &BTreeSet<i32>) -> Result<Vec<RecordBatch>> {
    if days.is_empty() {
        return Ok(Vec::new());
    }
    let batches = frame(rollup, inputs, days).await?.collect().await?;
    batches.iter().filter(|batch| batch.num_rows() > 0).map(|batch| fit(rollup, batch, table, days)).collect()
}

async fn frame(rollup: &Rollup, inputs: &Inputs, days: &BTreeSet<i32>) -> Result<DataFrame> {
    let context = SessionContext::new();
    for (name, input) in inputs {
        let rows = match input {
            Input::Kind(kind, table) => xueqing_lake::current(&context, table, &kind.key, Some(days))?,
            Input::Rollup(table) => of_days(context.read_table(table.provider())?, days)?,
        };
        context.register_table(name.as_str(), rows.into_view())?;
    }
    let read_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let planned = context.sql_with_options(&rollup.sql, read_only).await;
    planned.map_err(|error| wrong(rollup, error.strip_backtrace()))
}

fn of_days(rows: DataFrame, days: &BTreeSet<i32>) -> Result<DataFrame> {
    if days.is_empty() {
        return Ok(rows.filter(lit(false))?);
    }
    let listed = days.iter().map(|&day| lit(ScalarValue::Date32(Some(day)))).collect();
    Ok(rows.filter(col(DAY).in_list(listed, false))?)
}

fn stored(rollup: &Rollup, field: &Field) -> Result<DataType> {
    match field.data_type() {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => Ok(DataType::Utf8),
        whole if whole.is_integer() => Ok(DataType::Int64),
        DataType::Boolean => Ok(DataType::Boolean),
        DataType::Date32 => Ok(DataType::Date32),
        other => Err(wrong(
            rollup,
            format!("column `{}` is {other}; give whole numbers (seconds, counts), text, dates or booleans", field.name()),
        )),
    }
}

fn fit(rollup: &Rollup, batch: &RecordBatch, table: &SchemaRef, days: &BTreeSet<i32>) -> Result<RecordBatch> {
    let column = |field: &Arc<Field>| -> Result<ArrayRef> {
        match batch.column_by_name(field.name()) {
            Some(column) => Ok(cast(column, field.data_type())?),
            None => Ok(arrow::array::new_null_array(field.data_type(), batch.num_rows())),
        }
    };
    let columns = table.fields().iter().map(column).collect::<Result<Vec<_>>>()?;
    let fitted = RecordBatch::try_new(Arc::clone(table), columns)?;
    let day = fitted.column(table.index_of(DAY)?);
    let strays = day.as_primitive::<Date32Type>().values().iter().any(|day| !days.contains(day));
    if strays || day.null_count() > 0 {
        return Err(wrong(rollup, "it gives rows of days other than those it was given"));
    }
    Ok(fitted)
}

fn wrong(rollup: &Rollup, reason: impl ToString) -> Error {
    Error::Rollup { file: format!("{}.sql", rollup.name), reason: reason.to_string() }
}
