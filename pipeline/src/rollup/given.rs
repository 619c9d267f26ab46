//! What a rollup is given of a source: the columns that its SQL reads, and texts of which it only asks whether they are the same as
//! numbers, which are compared and grouped in a fraction of the time.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::coded::PLACE;

/// By column: whether the SQL asks for no more than whether a value is the same.
pub(super) type Uses = BTreeMap<String, bool>;

/// The batches in which all rollups of a source get what they need of it.
pub(super) struct Given {
    schema: SchemaRef,
    /// By column of the batches: that of the source.
    columns: Vec<usize>,
}

impl Given {
    /// `uses`: those of all the rollups.
    pub fn new(source: &Schema, uses: &[&Uses]) -> Self {
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        for (column, field) in source.fields().iter().enumerate() {
            let forms = |place: bool| {
                uses.iter().any(|uses| uses.get(field.name()).is_some_and(|same| (*same && is_text(field)) == place))
            };
            if forms(false) {
                fields.push(field.as_ref().clone());
                columns.push(column);
            }
            if forms(true) {
                fields.push(Field::new(place_of(field.name()), PLACE, true));
                columns.push(column);
            }
        }
        Self { schema: Arc::new(Schema::new(fields)), columns }
    }

    /// A batch, by what makes an array of a source's column in a type.
    pub fn batch(&self, make: impl Fn(usize, &DataType) -> Result<ArrayRef, ArrowError>) -> Result<RecordBatch, ArrowError> {
        let columns = self.columns.iter().zip(self.schema.fields()).map(|(column, field)| make(*column, field.data_type()));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(columns.first().map(|column| column.len()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
    }
}

/// The columns as one rollup's SQL sees them.
pub(super) fn seen(source: &Schema, uses: &Uses) -> SchemaRef {
    let fields = source.fields().iter().filter_map(|field| match uses.get(field.name())? {
        true if is_text(field) => Some(Field::new(field.name(), PLACE, true)),
        _ => Some(field.as_ref().clone()),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The columns of a batch that SQL sees under these names.
pub(super) fn picked(seen: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let column = |field: &Arc<Field>| {
        let place = (*field.data_type() == PLACE).then(|| place_of(field.name()));
        let name = place.as_deref().unwrap_or(field.name());
        batch.column_by_name(name).cloned().ok_or_else(|| ArrowError::SchemaError(format!("`{name}` was not given")))
    };
    let columns = seen.fields().iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(seen), columns, &options)
}

fn is_text(field: &Field) -> bool {
    matches!(field.data_type(), DataType::Utf8View | DataType::Dictionary(..))
}

fn place_of(name: &str) -> String {
    format!("{name}__place")
}
