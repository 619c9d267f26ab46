//! What a figure would be if some rows were there, or were not: nothing is stored.
//!
//! Invariant: a supposed row takes the place of the current row of its key, as it would if it were sent; all other rows stay as they are.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, ident, lit};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;

/// Rows of a kind that are supposed to be there, or not to be.
#[derive(Clone, Debug)]
pub struct Supposed {
    pub(crate) kind: String,
    rows: RecordBatch,
    there: bool,
}

impl Supposed {
    /// Rows as they leave validation.
    #[must_use]
    pub fn there(kind: &str, rows: RecordBatch) -> Self {
        Self { kind: kind.to_owned(), rows, there: true }
    }

    /// The rows with the same keys are not there.
    #[must_use]
    pub fn gone(kind: &str, rows: RecordBatch) -> Self {
        Self { kind: kind.to_owned(), rows, there: false }
    }

    /// The kind's current rows, with these.
    pub(crate) fn over(
        &self,
        context: &SessionContext,
        current: Arc<dyn TableProvider>,
        key: &[String],
    ) -> Result<Arc<dyn TableProvider>> {
        let schema = current.schema();
        let mut rows = context.read_table(current)?;
        for row in 0..self.rows.num_rows() {
            rows = rows.filter(self.is_another(row, key)?)?;
        }
        if self.there {
            rows = rows.union(context.read_batch(fitted(&self.rows, &schema)?)?)?;
        }
        Ok(rows.into_view())
    }

    /// Whether a row has another key than this one.
    fn is_another(&self, row: usize, key: &[String]) -> Result<Expr> {
        let mut another = lit(false);
        for name in key {
            let column = self.rows.column(self.rows.schema_ref().index_of(name)?);
            let value = cast(&column.slice(row, 1), plain(column.data_type()))?;
            another = another.or(ident(name).not_eq(lit(ScalarValue::try_from_array(&value, 0)?)));
        }
        Ok(another)
    }
}

fn plain(kind: &DataType) -> &DataType {
    match kind {
        DataType::Dictionary(_, values) => values,
        other => other,
    }
}

/// The columns of `schema`, in its types.
fn fitted(rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let column = |field: &Arc<Field>| {
        let column = rows.column(rows.schema_ref().index_of(field.name())?);
        cast(column, field.data_type())
    };
    let columns = schema.fields().iter().map(column).collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
