//! Reads single files of a table as they stand in them: for followers of the log, who want what is new and not what is current.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use crate::error::{Error, Result};
use crate::table::{DataFile, Table};

const BATCH_ROWS: usize = 1 << 15;

/// The rows of one file, decoded as they are asked for.
pub type Rows = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

impl Table {
    /// Fetches one of the table's files: its rows with these columns in this order, texts as dictionaries, the partition's day filled in.
    /// A column that the file does not have yet is null.
    ///
    /// # Errors
    /// `lake_batch` for a column that the table does not have; storage errors; while decoding, `lake_parquet`.
    pub async fn rows(&self, file: &DataFile, columns: &[&str]) -> Result<Rows> {
        let bytes = self.fetch(&self.path_of(&file.path)?).await?;
        let state = self.state();
        let fields = columns.iter().map(|name| Ok(listed(state.shape.schema.field_with_name(name)?).with_nullable(true)));
        let fields = fields.collect::<arrow::error::Result<Vec<Field>>>();
        let schema = Arc::new(Schema::new(fields.map_err(|error| Error::batch(self.name(), error))?));
        let failed = Error::parquet(self.name());
        let metadata = ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::new()).map_err(&failed)?;
        let inside = metadata.schema().fields().iter().map(|field| listed(field)).collect::<Vec<_>>();
        let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(inside)));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options).map_err(&failed)?;
        let wanted: Vec<usize> = columns.iter().filter_map(|name| metadata.schema().index_of(name).ok()).collect();
        let mask = ProjectionMask::roots(metadata.parquet_schema(), wanted);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, metadata).with_projection(mask);
        let batches = builder.with_batch_size(BATCH_ROWS).build().map_err(&failed)?;
        let day = state.shape.partition_name().map(str::to_owned).zip(file.day);
        let name = self.name().to_owned();
        Ok(Box::new(batches.map(move |batch| {
            let batch = batch.map_err(|error| Error::parquet(&name)(error.into()))?;
            whole(&schema, day.as_ref(), &batch).map_err(|error| Error::batch(&name, error))
        })))
    }
}

fn whole(schema: &SchemaRef, day: Option<&(String, i32)>, batch: &RecordBatch) -> arrow::error::Result<RecordBatch> {
    let count = batch.num_rows();
    let column = |field: &Arc<Field>| -> ArrayRef {
        match (batch.column_by_name(field.name()), day) {
            (Some(column), _) => Arc::clone(column),
            (None, Some((partition, day))) if partition == field.name() => Arc::new(Date32Array::from_value(*day, count)),
            _ => new_null_array(field.data_type(), count),
        }
    };
    RecordBatch::try_new(Arc::clone(schema), schema.fields().iter().map(column).collect())
}

fn listed(field: &Field) -> Field {
    let kind = match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
        }
        other => other.clone(),
    };
    field.clone().with_data_type(kind)
}
