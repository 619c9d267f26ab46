//! Adds up the rows of some days.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Date32Array, RecordBatch, UInt32Array};
use arrow::compute::{cast, concat_batches, partition, take_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, col, lit};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;

use super::{Added, missing};
use crate::functions::pupils;

/// What a column adds up, if it is not of the key.
enum Measure {
    Number,
    Histogram,
    Pupils,
}

impl Measure {
    fn of(field: &Field) -> Option<Self> {
        match field.data_type() {
            DataType::Int64 => Some(Self::Number),
            DataType::Binary => Some(Self::Histogram),
            kind if *kind == pupils::SET => Some(Self::Pupils),
            _ => None,
        }
    }
}

/// The columns of the rows; histograms and sets as views, which joins hand on without copying them.
pub(super) fn viewed(schema: &Schema) -> SchemaRef {
    let view = |field: &Arc<Field>| match Measure::of(field) {
        Some(Measure::Histogram | Measure::Pupils) => Arc::new(field.as_ref().clone().with_data_type(DataType::BinaryView)),
        _ => Arc::clone(field),
    };
    Arc::new(Schema::new(schema.fields().iter().map(view).collect::<Vec<_>>()))
}

/// Of the rows those of these days, or of the days that are like them, added up as the table wants them, by day.
pub(super) async fn added_up(
    read: &SessionContext,
    rows: DataFrame,
    firsts: &[i32],
    table: &Added,
) -> Result<BTreeMap<i32, RecordBatch>> {
    let Added { stands, schema, alike, .. } = table;
    let days: Vec<(i32, i32)> = firsts.iter().flat_map(|first| alike[first].iter().map(|day| (*day, *first))).collect();
    let wanted = days.iter().map(|(day, _)| lit(ScalarValue::Date32(Some(*day)))).collect();
    let mut rows = rows.filter(col("day").in_list(wanted, false))?;
    let mut stands = stands.clone();
    if days.iter().any(|(day, first)| day != first) {
        let dates = |dates: Vec<i32>| Arc::new(Date32Array::from(dates)) as ArrayRef;
        let (of, first) = days.into_iter().unzip();
        stands.push(("day", RecordBatch::try_from_iter([("of", dates(of)), ("stands_for", dates(first))])?));
    }
    for (column, pairs) in &stands {
        let pairs = read.read_batch(pairs.clone())?;
        let pairs =
            pairs.select(vec![col("of").alias(format!("{column}_of")), col("stands_for").alias(format!("{column}_for"))])?;
        rows = rows.join(pairs, JoinType::Left, &[column], &[&format!("{column}_of")], None)?;
    }
    let (keys, measures): (Vec<_>, Vec<_>) = schema.fields().iter().partition(|field| Measure::of(field).is_none());
    let key = |name: &str| match stands.iter().any(|(column, _)| *column == name) {
        true => coalesce(vec![col(format!("{name}_for")), col(name)]).alias(name),
        false => col(name),
    };
    let (histograms, sets) = (read.state().udaf("histogram_sum")?, read.state().udaf("pupil_union")?);
    let measure = |field: &Arc<Field>| {
        let column = col(field.name());
        let added_up = match Measure::of(field) {
            Some(Measure::Histogram) => histograms.call(vec![column]),
            Some(Measure::Pupils) => sets.call(vec![column]),
            _ => sum(column),
        };
        added_up.alias(field.name())
    };
    let keys: Vec<Expr> = keys.iter().map(|field| key(field.name())).collect();
    let measures: Vec<Expr> = measures.into_iter().map(measure).collect();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let (state, plan) = rows.into_parts();
    // A frame would group by all that the key determines as well.
    let plan = LogicalPlanBuilder::from(plan).aggregate(keys, measures)?.build()?;
    let rows = DataFrame::new(state, plan).select_columns(&names)?.sort(vec![col("day").sort(true, true)])?;
    by_day(&viewed(schema), &rows.collect().await?)
}

/// Rows in the order of their days, cut between days.
fn by_day(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<BTreeMap<i32, RecordBatch>> {
    let Some(first) = batches.first() else { return Ok(BTreeMap::new()) };
    let all = concat_batches(&first.schema(), batches)?;
    let days = all.column_by_name("day").ok_or_else(missing)?.clone();
    let cuts = partition(std::slice::from_ref(&days))?.ranges();
    let days = days.as_primitive_opt::<arrow::datatypes::Date32Type>().ok_or_else(missing)?;
    let own = |cut: &Range<usize>| -> std::result::Result<RecordBatch, ArrowError> {
        // A slice would keep all the others in memory, and so would its views.
        let rows = take_record_batch(&all, &UInt32Array::from_iter_values(cut.start as u32..cut.end as u32))?;
        let columns = rows.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
        RecordBatch::try_new(Arc::clone(schema), columns.collect::<std::result::Result<_, _>>()?)
    };
    cuts.iter().map(|cut| Ok((days.value(cut.start), own(cut)?))).collect()
}
