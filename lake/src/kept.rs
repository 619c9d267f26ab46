//! What files hold of one class or school grade: rows that were asked for are kept, so that whoever asks again opens no file.
//!
//! A class over a term is a few rows of each of a hundred files, and opening them is most of the work; its page asks several figures of
//! them, and asks again when something changes.
//!
//! Invariants: a file never changes, so what is kept of it stays right; rows are kept by file, columns and the values that columns must
//! have; what nobody has asked for in a while goes when there is no more room.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::kernels::cmp::eq;
use arrow::compute::{and, concat_batches, filter_record_batch};
use arrow::datatypes::SchemaRef;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::ident;
use futures::TryStreamExt;

use crate::encode::SEQ;
use crate::prune;
use crate::schema::Shape;

/// Rollups lie in the order of so many first columns; so many of these must be given, or there would be many rows.
const ORDERED: usize = 3;
const GIVEN: usize = 2;
/// The answer to a question, or more are many.
pub(crate) const MOST_ROWS: usize = 1 << 14;
/// Of all files. Half of it is what was asked for last.
const MOST_BYTES: usize = 64 << 20;

/// The columns that a narrow question wants, and the values that some of them must have.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub columns: Vec<usize>,
    /// Of these columns: the same places may mean others once a table has more.
    pub schema: SchemaRef,
    /// By their places among these columns.
    equal: Vec<(usize, ScalarValue)>,
}

/// The rows that are kept of a lake's files.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Generations>);

type Rows = HashMap<(Arc<Asked>, Arc<str>), RecordBatch>;

/// What was asked for since the last change of generations, and before it.
#[derive(Debug, Default)]
struct Generations {
    young: Rows,
    old: Rows,
    young_bytes: usize,
}

impl Asked {
    /// What `filters` leave of a table that lies in order, if it is little.
    pub(crate) fn of(shape: &Shape, columns: &[usize], schema: &SchemaRef, filters: &[Expr]) -> Option<Self> {
        if shape.file_schema.column_with_name(SEQ).is_some() {
            return None;
        }
        let wanted = |(column, value): (usize, ScalarValue)| {
            let place = columns.iter().position(|wanted| *wanted == column)?;
            let fits = *schema.field(place).data_type() == value.data_type() && !value.is_null();
            fits.then_some((place, value))
        };
        let equal = filters.iter().filter_map(|filter| prune::equality(&shape.schema, filter)).filter_map(wanted);
        let equal: Vec<(usize, ScalarValue)> = equal.collect();
        let given = (0..ORDERED).filter(|first| equal.iter().any(|(place, _)| columns[*place] == *first)).count();
        (given >= GIVEN).then(|| Self { columns: columns.to_vec(), schema: Arc::clone(schema), equal })
    }

    /// As a condition on the table's rows.
    pub(crate) fn condition(&self) -> Expr {
        let equal = self.equal.iter().map(|(place, value)| ident(self.schema.field(*place).name()).eq(lit(value.clone())));
        equal.reduce(Expr::and).unwrap_or_else(|| lit(true))
    }

    /// Those of a file's rows that have the values, as one batch; none when there is no `room` for them. The file's batches have the
    /// wanted columns.
    pub(crate) async fn few(&self, mut file: SendableRecordBatchStream, mut room: usize) -> Result<Option<RecordBatch>> {
        let mut matching = Vec::new();
        while let Some(batch) = file.try_next().await? {
            let batch = self.matching(&batch)?;
            let Some(left) = room.checked_sub(batch.num_rows()) else { return Ok(None) };
            room = left;
            matching.push(batch);
        }
        Ok(Some(concat_batches(&self.schema, &matching)?))
    }

    fn matching(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let mut mask: Option<BooleanArray> = None;
        for (place, value) in &self.equal {
            let same = eq(batch.column(*place), &value.to_scalar()?)?;
            mask = Some(match mask {
                Some(mask) => and(&mask, &same)?,
                None => same,
            });
        }
        Ok(mask.map_or_else(|| Ok(batch.clone()), |mask| filter_record_batch(batch, &mask))?)
    }
}

impl Kept {
    /// What is kept of the file at this path.
    pub(crate) fn get(&self, asked: &Arc<Asked>, path: &Arc<str>) -> Option<RecordBatch> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (Arc::clone(asked), Arc::clone(path));
        if let Some(found) = rows.young.get(&key) {
            return Some(found.clone());
        }
        let found = rows.old.remove(&key)?;
        rows.put(key, found.clone());
        Some(found)
    }

    /// Keeps a file's rows.
    pub(crate) fn put(&self, asked: &Arc<Asked>, path: &Arc<str>, rows: &RecordBatch) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.put((Arc::clone(asked), Arc::clone(path)), rows.clone());
    }
}

impl Generations {
    fn put(&mut self, key: (Arc<Asked>, Arc<str>), rows: RecordBatch) {
        self.young_bytes += rows.get_array_memory_size() + size_of_val(&key) + size_of::<RecordBatch>();
        self.young.insert(key, rows);
        if self.young_bytes > MOST_BYTES / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }
}
