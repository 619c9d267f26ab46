//! Small groups show no figures.
//!
//! Promise: a row about fewer students than the limit keeps its dimensions and loses everything else, the number of students
//! included, and says so in the column `suppressed`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{cast, nullif};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use arrow::error::ArrowError;

use crate::metric::Metric;

/// The column that says whether a row was suppressed.
pub(crate) const SUPPRESSED: &str = "suppressed";

/// Applies the limit to the rows of `metric`, if it names the column to go by.
pub(crate) fn suppress(
    metric: &Metric,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    below: i64,
) -> Result<(SchemaRef, Vec<RecordBatch>), ArrowError> {
    let Some(n) = &metric.n else { return Ok((schema, batches)) };
    let index = schema.index_of(n)?;
    let schema = with_flag(metric, &schema);
    let batches = batches.iter().map(|batch| {
        let small = too_small(batch.column(index), below)?;
        let columns = batch.schema_ref().fields().iter().zip(batch.columns());
        let hidden = columns.map(|(field, column)| match metric.dimension(field.name()) {
            Some(_) => Ok(column.clone()),
            None => nullif(column, &small),
        });
        let mut columns = hidden.collect::<Result<Vec<ArrayRef>, _>>()?;
        columns.push(Arc::new(small));
        RecordBatch::try_new(schema.clone(), columns)
    });
    let batches = batches.collect::<Result<_, _>>()?;
    Ok((schema, batches))
}

/// True where the number of students is below the limit or unknown.
fn too_small(n: &ArrayRef, below: i64) -> Result<BooleanArray, ArrowError> {
    let n = cast(n, &DataType::Int64)?;
    let n = n.as_primitive::<Int64Type>();
    Ok((0..n.len()).map(|row| Some(n.is_null(row) || n.value(row) < below)).collect())
}

fn with_flag(metric: &Metric, schema: &Schema) -> SchemaRef {
    let opened = schema.fields().iter().map(|field| match metric.dimension(field.name()) {
        Some(_) => field.clone(),
        None => Arc::new(field.as_ref().clone().with_nullable(true)),
    });
    let flag = Arc::new(Field::new(SUPPRESSED, DataType::Boolean, false));
    Arc::new(Schema::new(opened.chain([flag]).collect::<Vec<_>>()))
}
