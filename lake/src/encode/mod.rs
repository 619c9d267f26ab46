//! Rows as Parquet, column by column on all cores, and complete but for the numbers that only the commit knows.
//!
//! ```text
//!  batches of a day ─┬─ texts ──────▶ dictionary, or plain ──────────────┐
//!                    ├─ numbers ────▶ dictionary, differences, or plain ─┼─▶ Group ── commit: + seq ──▶ one file
//!                    └─ yes or no ──▶ bits ──────────────────────────────┘
//! ```
//!
//! Invariants: rows keep their order; a group may wait and cost little, for it is compressed; the time under the
//! writer lock is that of numbering, copying and flushing.

mod deltas;
mod flags;
mod numbers;
mod pages;
mod presence;
mod runs;
#[cfg(test)]
mod tests;
mod texts;

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int32Type, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType,
};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnDescriptor, ColumnPath, SchemaDescriptor};

use crate::stats;
use flags::Flags;
use numbers::Numbers;
use pages::{Chunk, Compressor, Pages};
use texts::Texts;

/// The column whose values only ever rise; the commit gives them.
pub(crate) const SEQ: &str = "seq";
const ZSTD_LEVEL: i32 = 1;
/// Columns of more distinct numbers than fill this are written without a dictionary.
const DICTIONARY_BYTES: usize = 256 << 10;

/// How the files of one table are written.
#[derive(Clone)]
pub(crate) struct Layout {
    schema: SchemaRef,
    parquet: Arc<SchemaDescriptor>,
    properties: WriterPropertiesPtr,
}

/// The rows of one row group, without their numbers if the commit is to give them.
pub(crate) struct Group {
    rows: usize,
    columns: Vec<Option<Chunk>>,
}

/// A Parquet file in memory.
pub(crate) struct Encoded {
    pub bytes: Vec<u8>,
    pub rows: u64,
    pub stats: String,
}

/// One column of one group, to be encoded by whoever is free.
struct Job<'b> {
    group: usize,
    place: usize,
    column: Box<dyn Column>,
    batches: &'b [RecordBatch],
}

/// A column of one row group in the making.
trait Column: Send {
    /// # Errors
    /// When the array is not of the column's type.
    fn write(&mut self, array: &ArrayRef) -> Result<()>;

    /// # Errors
    /// When values are missing that must not.
    fn finish(self: Box<Self>, pages: Pages<'_>) -> Result<Chunk>;
}

impl Layout {
    pub(crate) fn new(schema: &SchemaRef) -> Result<Layout> {
        let parquet = Arc::new(ArrowSchemaConverter::new().convert(schema)?);
        // Bounds of single pages serve readers of closed days, which are written by another way.
        let mut properties = properties(schema).set_statistics_enabled(EnabledStatistics::Chunk).build();
        add_encoded_arrow_schema_to_metadata(schema, &mut properties);
        let properties = Arc::new(properties);
        Ok(Layout { schema: Arc::clone(schema), parquet, properties })
    }

    /// Encodes each list of batches as one group. A batch has the file's columns in their order, texts also as
    /// dictionaries; it may lack `seq`, the last.
    pub(crate) fn encode(&self, parts: &[Vec<RecordBatch>]) -> Result<Vec<Group>> {
        let width = self.schema.fields().len();
        let rows = |batches: &Vec<RecordBatch>| batches.iter().map(RecordBatch::num_rows).sum();
        let empty = |batches| Group { rows: rows(batches), columns: (0..width).map(|_| None).collect() };
        let mut groups: Vec<Group> = parts.iter().map(empty).collect();
        let jobs = self.jobs(parts)?;
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(jobs.len());
        let mut compressors = (0..threads.max(1)).map(|_| compressor()).collect::<Result<Vec<_>>>()?;
        let (jobs, done) = (Mutex::new(jobs), Mutex::new(Vec::new()));
        let work = |compressor: &mut Compressor| {
            while let Some(job) = take(&jobs) {
                let (group, place) = (job.group, job.place);
                let chunk = job.run(compressor);
                done.lock().unwrap_or_else(PoisonError::into_inner).push((group, place, chunk));
            }
        };
        if let Some((own, others)) = compressors.split_first_mut() {
            std::thread::scope(|scope| {
                others.iter_mut().for_each(|compressor| drop(scope.spawn(|| work(compressor))));
                work(own);
            });
        }
        for (group, place, chunk) in done.into_inner().unwrap_or_else(PoisonError::into_inner) {
            groups[group].columns[place] = Some(chunk?);
        }
        Ok(groups)
    }

    fn jobs<'b>(&self, parts: &'b [Vec<RecordBatch>]) -> Result<Vec<Job<'b>>> {
        let mut jobs = Vec::new();
        for (group, batches) in parts.iter().enumerate() {
            let present = batches.first().map_or(0, RecordBatch::num_columns);
            let rows = batches.iter().map(RecordBatch::num_rows).sum();
            for place in 0..present.min(self.schema.fields().len()) {
                jobs.push(Job { group, place, column: self.column(place, rows)?, batches });
            }
        }
        Ok(jobs)
    }

    /// An empty column with room for `rows`.
    fn column(&self, place: usize, rows: usize) -> Result<Box<dyn Column>> {
        let column = self.parquet.column(place);
        Ok(match self.schema.field(place).data_type() {
            DataType::Utf8 | DataType::Binary => Box::new(Texts::new(column, rows)),
            DataType::Boolean => Box::new(Flags::new(column, rows)),
            DataType::Int32 => Box::new(Numbers::<Int32Type>::new(column, rows)),
            DataType::Int64 => Box::new(Numbers::<Int64Type>::new(column, rows)),
            DataType::Float32 => Box::new(Numbers::<Float32Type>::new(column, rows)),
            DataType::Float64 => Box::new(Numbers::<Float64Type>::new(column, rows)),
            DataType::Date32 => Box::new(Numbers::<Date32Type>::new(column, rows)),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Box::new(Numbers::<TimestampMicrosecondType>::new(column, rows)),
            other => return Err(ParquetError::NYI(format!("columns of {other} are not stored"))),
        })
    }

    /// The groups as one file; rows without a number are numbered from `next`.
    pub(crate) fn file(&self, groups: Vec<Group>, mut next: i64) -> Result<Encoded> {
        let mut bytes = Vec::new();
        let (root, properties) = (self.parquet.root_schema_ptr(), Arc::clone(&self.properties));
        let mut writer = SerializedFileWriter::new(&mut bytes, root, properties)?;
        for group in groups {
            let mut to = writer.next_row_group()?;
            let end = next + i64::try_from(group.rows).unwrap_or_default();
            for chunk in group.columns {
                let chunk = chunk.map_or_else(|| self.numbers(next, end), Ok)?;
                to.append_column(&chunk.bytes, chunk.close)?;
            }
            next = end;
            to.close()?;
        }
        let metadata = writer.close()?;
        finished(bytes, &self.schema, &metadata)
    }

    fn numbers(&self, next: i64, end: i64) -> Result<Chunk> {
        let place = self.schema.index_of(SEQ).map_err(|_| ParquetError::General("a column is missing".into()))?;
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(next..end));
        let mut column = self.column(place, numbers.len())?;
        column.write(&numbers)?;
        column.finish(Pages::new(&mut compressor()?))
    }
}

impl Group {
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn lacks_numbers(&self) -> bool {
        self.columns.iter().any(Option::is_none)
    }
}

impl Job<'_> {
    fn run(mut self, compressor: &mut Compressor) -> Result<Chunk> {
        for batch in self.batches {
            self.column.write(batch.column(self.place))?;
        }
        self.column.finish(Pages::new(compressor))
    }
}

fn unfit(column: &ColumnDescriptor, array: &ArrayRef) -> ParquetError {
    ParquetError::General(format!("column {} cannot hold {}", column.name(), array.data_type()))
}

fn compressor() -> Result<Compressor> {
    Ok(Compressor::new(ZSTD_LEVEL)?)
}

fn take<'b>(jobs: &Mutex<Vec<Job<'b>>>) -> Option<Job<'b>> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

pub(crate) fn finished(bytes: Vec<u8>, schema: &Schema, metadata: &ParquetMetaData) -> Result<Encoded> {
    let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or_default();
    let stats = stats::encode(schema, metadata)?;
    Ok(Encoded { bytes, rows, stats })
}

/// How columns are written: numbers that only rise as differences, everything compressed.
pub(crate) fn properties(schema: &Schema) -> parquet::file::properties::WriterPropertiesBuilder {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(zstd_level()))
        .set_dictionary_page_size_limit(DICTIONARY_BYTES);
    if schema.field_with_name(SEQ).is_err() {
        return properties;
    }
    let seq = ColumnPath::from(SEQ);
    properties.set_column_dictionary_enabled(seq.clone(), false).set_column_encoding(seq, Encoding::DELTA_BINARY_PACKED)
}

fn zstd_level() -> ZstdLevel {
    ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default()
}
