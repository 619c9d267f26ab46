//! Batches become data files: aligned to the table's columns, split by day, compressed, flushed.
//!
//! Invariants: rows keep their order within a day; a file is on disk before its name can enter the log; a crash
//! before the commit leaves files that no version names, which cleaning up removes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array, new_null_array};
use arrow::compute::take_record_batch;
use arrow::datatypes::{DataType, Date32Type, Schema, SchemaRef};
use bytes::Bytes;
use deltalake::kernel::{Action, Add};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::schema::Shape;
use crate::stats;

/// The column whose values only ever rise.
const SEQ: &str = "seq";
const BATCH_ROWS: usize = 8192;

/// The rows of one data file to be.
pub(crate) struct Part {
    pub day: Option<i32>,
    pub batches: Vec<RecordBatch>,
}

/// A data file that is on disk and not yet part of the table.
pub(crate) struct NewFile {
    pub add: Add,
    pub rows: u64,
}

impl NewFile {
    pub(crate) fn action(&self, data_change: bool) -> Action {
        Action::Add(Add { data_change, ..self.add.clone() })
    }

    pub(crate) fn bytes(&self) -> u64 {
        u64::try_from(self.add.size).unwrap_or_default()
    }
}

/// Groups rows by the file that they go to.
pub(crate) fn split(table: &str, shape: &Shape, batches: Vec<RecordBatch>) -> Result<Vec<Part>> {
    let mut parts: BTreeMap<Option<i32>, Vec<RecordBatch>> = BTreeMap::new();
    for batch in batches.into_iter().filter(|b| b.num_rows() > 0) {
        for (day, rows) in split_by_day(table, shape, &batch)? {
            let aligned = align(table, &shape.file_schema, &rows)?;
            parts.entry(day).or_default().push(aligned);
        }
    }
    Ok(parts.into_iter().map(|(day, batches)| Part { day, batches }).collect())
}

fn split_by_day(table: &str, shape: &Shape, batch: &RecordBatch) -> Result<Vec<(Option<i32>, RecordBatch)>> {
    let Some(name) = shape.partition_name() else { return Ok(vec![(None, batch.clone())]) };
    let column = batch.column_by_name(name);
    let days = column
        .and_then(|c| c.as_primitive_opt::<Date32Type>())
        .filter(|days| days.null_count() == 0)
        .ok_or_else(|| Error::batch(table, format!("column {name} must be a date in every row")))?;
    let values = days.values();
    if values.iter().all(|day| *day == values[0]) {
        return Ok(vec![(Some(values[0]), batch.clone())]);
    }
    let mut rows: BTreeMap<i32, Vec<u32>> = BTreeMap::new();
    for (row, day) in (0u32..).zip(values) {
        rows.entry(*day).or_default().push(row);
    }
    let take = |(day, rows): (i32, Vec<u32>)| {
        let taken = take_record_batch(batch, &UInt32Array::from(rows));
        taken.map(|batch| (Some(day), batch)).map_err(|e| Error::batch(table, e))
    };
    rows.into_iter().map(take).collect()
}

/// The batch with exactly the columns of `schema`, by name; columns that it lacks become null.
fn align(table: &str, schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(column) if column.data_type() == field.data_type() => Ok(Arc::clone(column)),
        Some(column) => {
            let (have, want) = (column.data_type(), field.data_type());
            Err(Error::batch(table, format!("column {} is {have} and must be {want}", field.name())))
        }
        None => Ok(new_null_array(field.data_type(), batch.num_rows())),
    });
    let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(|e| Error::batch(table, e))
}

/// Writes each part as one flushed file under `root`.
pub(crate) async fn store(
    table: &Arc<str>,
    shape: &Shape,
    store: &dyn ObjectStore,
    parts: Vec<Part>,
    now: i64,
) -> Result<Vec<NewFile>> {
    let mut files = Vec::with_capacity(parts.len());
    for part in parts {
        let day = part.day;
        let schema = Arc::clone(&shape.file_schema);
        let encoded = apart(table, move || encode(&schema, part.batches.into_iter().map(Ok)));
        files.push(put(table, shape, store, day, encoded.await?, now).await?);
    }
    Ok(files)
}

/// A Parquet file in memory.
struct Encoded {
    bytes: Vec<u8>,
    rows: u64,
    stats: String,
}

/// Writes the rows of several data files, in their order, as one flushed file.
pub(crate) async fn merge(
    table: &Arc<str>,
    shape: &Shape,
    store: &dyn ObjectStore,
    day: Option<i32>,
    inputs: Vec<Bytes>,
    now: i64,
) -> Result<NewFile> {
    let (name, schema) = (Arc::clone(table), Arc::clone(&shape.file_schema));
    let encoded = apart(table, move || {
        let batches = inputs.into_iter().flat_map(rows_of);
        let aligned = |b: RecordBatch| align(&name, &schema, &b).map_err(|e| ParquetError::General(e.to_string()));
        encode(&schema, batches.map(|batch| batch.and_then(aligned)))
    });
    put(table, shape, store, day, encoded.await?, now).await
}

type Rows = Box<dyn Iterator<Item = Result<RecordBatch, ParquetError>>>;

fn rows_of(file: Bytes) -> Rows {
    let opened = ParquetRecordBatchReaderBuilder::try_new(file);
    match opened.and_then(|builder| builder.with_batch_size(BATCH_ROWS).build()) {
        Ok(reader) => Box::new(reader.map(|batch| batch.map_err(ParquetError::from))),
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}

/// Runs encoding off the threads that serve.
async fn apart(table: &str, work: impl FnOnce() -> Result<Encoded, ParquetError> + Send + 'static) -> Result<Encoded> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::Cancelled { table: table.to_owned(), doing: "encoding" })?
        .map_err(Error::parquet(table))
}

fn encode(schema: &SchemaRef, batches: impl Iterator<Item = Result<RecordBatch, ParquetError>>) -> Result<Encoded, ParquetError> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, Arc::clone(schema), Some(properties(schema)))?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    let metadata = writer.close()?;
    let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or_default();
    let stats = stats::encode(schema, &metadata)?;
    Ok(Encoded { bytes, rows, stats })
}

fn properties(schema: &Schema) -> WriterProperties {
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    let mut properties = WriterProperties::builder().set_compression(Compression::ZSTD(level));
    if schema.field_with_name(SEQ).is_ok_and(|f| f.data_type() == &DataType::Int64) {
        let seq = ColumnPath::from(SEQ);
        properties =
            properties.set_column_dictionary_enabled(seq.clone(), false).set_column_encoding(seq, Encoding::DELTA_BINARY_PACKED);
    }
    properties.build()
}

async fn put(
    table: &str,
    shape: &Shape,
    store: &dyn ObjectStore,
    day: Option<i32>,
    encoded: Encoded,
    now: i64,
) -> Result<NewFile> {
    let name = format!("part-{}.zstd.parquet", Uuid::now_v7());
    let mut partition_values = HashMap::new();
    let path = match (shape.partition_name(), day.and_then(stats::date_text)) {
        (Some(column), Some(date)) => {
            partition_values.insert(column.to_owned(), Some(date.clone()));
            format!("{column}={date}/{name}")
        }
        (None, _) => name,
        (Some(column), None) => return Err(Error::batch(table, format!("column {column} is out of range"))),
    };
    let size = i64::try_from(encoded.bytes.len()).unwrap_or(i64::MAX);
    let failed = |source| Error::Storage { doing: format!("writing a file of table {table}"), source };
    let target = Path::parse(&path).map_err(|e| failed(e.into()))?;
    store.put(&target, encoded.bytes.into()).await.map_err(failed)?;
    let add = Add {
        path,
        partition_values,
        size,
        modification_time: now,
        data_change: true,
        stats: Some(encoded.stats),
        ..Add::default()
    };
    Ok(NewFile { add, rows: encoded.rows })
}
