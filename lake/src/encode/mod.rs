//! Rows as Parquet, column by column on all cores, and complete but for the numbers that only the commit knows.
//!
//! ```text
//!  batches of a day ─┬─ text columns ──▶ texts (dictionary, runs) ─┐
//!                    └─ others ────────▶ parquet's writer ─────────┴─▶ Group ── commit: + seq ──▶ one file
//! ```
//!
//! Invariants: rows keep their order; a group may wait and cost little, for it is compressed; the time under the
//! writer lock is that of numbering, copying and flushing.

mod runs;
mod texts;

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, SchemaDescriptor};

use crate::stats;
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
    writers: Arc<ArrowRowGroupWriterFactory>,
}

/// The rows of one row group, without their numbers if the commit is to give them.
pub(crate) struct Group {
    rows: usize,
    columns: Vec<Option<Chunk>>,
}

enum Chunk {
    Texts(texts::Chunk),
    Other(ArrowColumnChunk),
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
    field: FieldRef,
    writer: Writer,
    batches: &'b [RecordBatch],
}

enum Writer {
    Texts(Texts),
    Other(Box<ArrowColumnWriter>),
}

impl Layout {
    pub(crate) fn new(schema: &SchemaRef) -> Result<Layout> {
        let parquet = Arc::new(ArrowSchemaConverter::new().convert(schema)?);
        // Bounds of single pages serve readers of closed days, which are written by another way.
        let mut properties = properties(schema).set_statistics_enabled(EnabledStatistics::Chunk).build();
        add_encoded_arrow_schema_to_metadata(schema, &mut properties);
        let properties = Arc::new(properties);
        let file = SerializedFileWriter::new(Vec::new(), parquet.root_schema_ptr(), Arc::clone(&properties))?;
        let writers = Arc::new(ArrowRowGroupWriterFactory::new(&file, Arc::clone(schema)));
        Ok(Layout { schema: Arc::clone(schema), parquet, properties, writers })
    }

    /// Encodes each list of batches as one group. A batch has the file's columns in their order, texts also as
    /// dictionaries; it may lack `seq`, the last.
    pub(crate) fn encode(&self, parts: &[Vec<RecordBatch>]) -> Result<Vec<Group>> {
        let width = self.schema.fields().len();
        let rows = |batches: &Vec<RecordBatch>| batches.iter().map(RecordBatch::num_rows).sum();
        let empty = |batches| Group { rows: rows(batches), columns: (0..width).map(|_| None).collect() };
        let mut groups: Vec<Group> = parts.iter().map(empty).collect();
        let jobs = Mutex::new(self.jobs(parts)?);
        let done = Mutex::new(Vec::new());
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let work = || {
            while let Some(job) = take(&jobs) {
                let (group, place) = (job.group, job.place);
                let chunk = job.run();
                done.lock().unwrap_or_else(PoisonError::into_inner).push((group, place, chunk));
            }
        };
        std::thread::scope(|scope| {
            (1..threads).for_each(|_| drop(scope.spawn(work)));
            work();
        });
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
            let writers = self.writers.create_column_writers(group)?;
            let columns = self.schema.fields().iter().zip(writers).enumerate().take(present);
            jobs.extend(columns.map(|(place, (field, writer))| {
                let writer = match field.data_type() {
                    DataType::Utf8 => Writer::Texts(Texts::new(self.parquet.column(place), rows)),
                    _ => Writer::Other(Box::new(writer)),
                };
                Job { group, place, field: Arc::clone(field), writer, batches }
            }));
        }
        Ok(jobs)
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
                match chunk {
                    Some(Chunk::Texts(texts)) => to.append_column(&texts.bytes, texts.close)?,
                    Some(Chunk::Other(chunk)) => chunk.append_to_row_group(&mut to)?,
                    None => self.numbers(next, end)?.append_to_row_group(&mut to)?,
                }
            }
            next = end;
            to.close()?;
        }
        let metadata = writer.close()?;
        finished(bytes, &self.schema, &metadata)
    }

    fn numbers(&self, next: i64, end: i64) -> Result<ArrowColumnChunk> {
        let missing = || ParquetError::General("a column is missing".into());
        let place = self.schema.index_of(SEQ).map_err(|_| missing())?;
        let mut writer = self.writers.create_column_writers(0)?.swap_remove(place);
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(next..end));
        for leaf in compute_leaves(self.schema.field(place), &numbers)? {
            writer.write(&leaf)?;
        }
        writer.close()
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
    fn run(self) -> Result<Chunk> {
        let arrays = self.batches.iter().map(|batch| batch.column(self.place));
        match self.writer {
            Writer::Texts(mut texts) => {
                for array in arrays {
                    texts.write(array)?;
                }
                texts.finish().map(Chunk::Texts)
            }
            Writer::Other(mut writer) => {
                for array in arrays {
                    for leaf in compute_leaves(&self.field, array)? {
                        writer.write(&leaf)?;
                    }
                }
                writer.close().map(Chunk::Other)
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{AsArray, DictionaryArray, Float64Array, StringArray};
    use arrow::compute::cast;
    use arrow::datatypes::{Field, Int32Type, Int64Type};
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use proptest::prelude::*;

    fn layout() -> Layout {
        let fields = [
            ("must", DataType::Utf8, false),
            ("may", DataType::Utf8, true),
            ("n", DataType::Float64, true),
            (SEQ, DataType::Int64, false),
        ];
        let fields: Vec<Field> = fields.into_iter().map(|(name, kind, null)| Field::new(name, kind, null)).collect();
        Layout::new(&Arc::new(Schema::new(fields))).unwrap()
    }

    fn batch(rows: &[(String, Option<String>)], dictionary: bool) -> RecordBatch {
        let must: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.0)));
        let may: ArrayRef = Arc::new(rows.iter().map(|row| row.1.as_deref()).collect::<StringArray>());
        let n: ArrayRef = Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.0.len() as f64)));
        let key = |array: ArrayRef| match dictionary {
            true => Arc::new(array.as_string::<i32>().iter().collect::<DictionaryArray<Int32Type>>()) as ArrayRef,
            false => array,
        };
        RecordBatch::try_from_iter([("must", key(must)), ("may", key(may)), ("n", n)]).unwrap()
    }

    fn read(file: Encoded) -> Vec<RecordBatch> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file.bytes)).unwrap().build().unwrap();
        reader.map(Result::unwrap).collect()
    }

    type Row = (String, Option<String>);

    fn check(batches: &[(Vec<Row>, bool)]) {
        let parts = vec![batches.iter().map(|(rows, dictionary)| batch(rows, *dictionary)).collect::<Vec<_>>()];
        let layout = layout();
        let file = layout.file(layout.encode(&parts).unwrap(), 7).unwrap();
        let expected: Vec<&Row> = batches.iter().flat_map(|(rows, _)| rows).collect();
        assert_eq!(file.rows, expected.len() as u64);
        let mut at = 0;
        for batch in read(file) {
            let text = |name| cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
            let (must, may) = (text("must"), text("may"));
            let seq = batch.column_by_name(SEQ).unwrap().as_primitive::<Int64Type>().clone();
            for row in 0..batch.num_rows() {
                let may = may.as_string::<i32>();
                let may = may.iter().nth(row).flatten();
                assert_eq!((must.as_string::<i32>().value(row), may), (expected[at].0.as_str(), expected[at].1.as_deref()));
                assert_eq!(seq.value(row), 7 + at as i64);
                at += 1;
            }
        }
        assert_eq!(at, expected.len());
    }

    #[test]
    fn many_different_texts_are_written_plainly_and_read_back() {
        let rows = (0..200_000).map(|n| (format!("event-{n:012}"), (n % 3 > 0).then(|| format!("{}", n / 50)))).collect();
        check(&[(rows, false)]);
    }

    #[test]
    fn a_text_that_must_be_there_is_missed() {
        let nulls: ArrayRef = Arc::new(StringArray::from(vec![None, Some("a")]));
        let batch = RecordBatch::try_from_iter([("must", Arc::clone(&nulls)), ("may", nulls)]).unwrap();
        assert!(layout().encode(&[vec![batch]]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn rows_read_back_as_written(batches in prop::collection::vec(
            (prop::collection::vec(("[a-c]{0,2}|学情|[a-z]{300}", prop::option::of("[a-z]{0,3}")), 1..40), any::<bool>()), 1..4)
        ) {
            check(&batches);
        }
    }
}
