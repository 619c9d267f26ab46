//! Which live files a query has to open.
//!
//! Invariants: filters on the partition column alone are decided here, exactly; of all other filters only the
//! statistics are asked, and a file that may hold a matching row stays.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Date32Array, RecordBatch, UInt64Array};
use arrow::datatypes::{FieldRef, Schema};
use datafusion::catalog::Session;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{Column, ColumnStatistics, DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;

use crate::schema::Shape;
use crate::state::{LiveFile, State};

/// The statistics of some files, one container each.
struct Containers<'a> {
    shape: &'a Shape,
    files: &'a [Arc<LiveFile>],
}

/// Whether a filter asks for nothing but the partition column.
pub(crate) fn is_on_partition(shape: &Shape, filter: &Expr) -> bool {
    let Some(partition) = shape.partition_name() else { return false };
    let columns = filter.column_refs();
    !columns.is_empty() && columns.iter().all(|c| c.name == partition) && !filter.is_volatile()
}

/// The live files that may hold rows passing all `filters`.
pub(crate) fn remaining(state: &State, session: &dyn Session, filters: &[Expr]) -> Result<Vec<Arc<LiveFile>>> {
    let mut files: Vec<Arc<LiveFile>> = state.files.values().cloned().collect();
    let (exact, rest): (Vec<Expr>, Vec<Expr>) = filters.iter().cloned().partition(|f| is_on_partition(&state.shape, f));
    if let Some(filter) = conjunction(exact) {
        files = on_days(&state.shape, session, filter, files)?;
    }
    if let (Some(filter), false) = (conjunction(rest), files.is_empty()) {
        files = by_statistics(&state.shape, session, filter, files)?;
    }
    Ok(files)
}

fn on_days(shape: &Shape, session: &dyn Session, filter: Expr, files: Vec<Arc<LiveFile>>) -> Result<Vec<Arc<LiveFile>>> {
    let Some(partition) = &shape.partition else { return Ok(files) };
    let passes = passing(partition, session, filter, files.iter().map(|f| f.day).collect())?;
    Ok(files.into_iter().zip(passes).filter(|(_, pass)| *pass).map(|(file, _)| file).collect())
}

/// Those of `days` that pass all filters on the partition column.
pub(crate) fn days(shape: &Shape, session: &dyn Session, filters: &[Expr], days: BTreeSet<i32>) -> Result<BTreeSet<i32>> {
    let exact = filters.iter().filter(|f| is_on_partition(shape, f)).cloned();
    let (Some(filter), Some(partition)) = (conjunction(exact), &shape.partition) else { return Ok(days) };
    let passes = passing(partition, session, filter, days.iter().map(|day| Some(*day)).collect())?;
    Ok(days.into_iter().zip(passes).filter(|(_, pass)| *pass).map(|(day, _)| day).collect())
}

fn passing(partition: &FieldRef, session: &dyn Session, filter: Expr, days: Date32Array) -> Result<Vec<bool>> {
    let schema = Arc::new(Schema::new(vec![Arc::clone(partition)]));
    let filter = session.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&schema))?)?;
    let count = days.len();
    let batch = RecordBatch::try_new(schema, vec![Arc::new(days)])?;
    let passes = filter.evaluate(&batch)?.into_array(count)?;
    let passes = datafusion::common::cast::as_boolean_array(&passes)?;
    Ok(passes.iter().map(|pass| pass == Some(true)).collect())
}

/// The column and value of a filter `column = value`.
pub(crate) fn equality(schema: &Schema, filter: &Expr) -> Option<(usize, ScalarValue)> {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = filter else { return None };
    match (&**left, &**right) {
        (Expr::Column(column), Expr::Literal(value, _)) | (Expr::Literal(value, _), Expr::Column(column)) => {
            Some((schema.index_of(column.name()).ok()?, value.clone()))
        }
        _ => None,
    }
}

fn by_statistics(shape: &Shape, session: &dyn Session, filter: Expr, files: Vec<Arc<LiveFile>>) -> Result<Vec<Arc<LiveFile>>> {
    let filter = session.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&shape.schema))?)?;
    let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(&shape.schema));
    let Some(predicate) = builder.build(filter) else { return Ok(files) };
    let keep = predicate.prune(&Containers { shape, files: &files })?;
    Ok(files.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(file, _)| file).collect())
}

impl Containers<'_> {
    /// One bound per file; files without it give null, which keeps them.
    fn bounds(&self, column: &Column, pick: fn(&ColumnStatistics) -> &Precision<ScalarValue>) -> Option<ArrayRef> {
        let index = self.shape.schema.index_of(column.name()).ok()?;
        let unknown = ScalarValue::try_from(self.shape.schema.field(index).data_type()).ok()?;
        let bound = |file: &Arc<LiveFile>| {
            let column = file.statistics.column_statistics.get(index);
            column.and_then(|c| pick(c).get_value()).cloned().unwrap_or_else(|| unknown.clone())
        };
        let array = ScalarValue::iter_to_array(self.files.iter().map(bound)).ok()?;
        (array.null_count() < array.len()).then_some(array)
    }
}

impl PruningStatistics for Containers<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, |c| &c.min_value)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, |c| &c.max_value)
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let index = self.shape.schema.index_of(column.name()).ok()?;
        let count = |file: &Arc<LiveFile>| {
            let count = file.statistics.column_statistics.get(index)?.null_count.get_value()?;
            u64::try_from(*count).ok()
        };
        Some(Arc::new(self.files.iter().map(count).collect::<UInt64Array>()))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(self.files.iter().map(|f| f.rows).collect::<UInt64Array>()))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
