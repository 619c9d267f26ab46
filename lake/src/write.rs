//! Batches become data files: aligned to the table's columns, split by day, compressed, flushed.
//!
//! Invariants: rows keep their order within a day; a file is on disk before its name can enter the log; a crash
//! before the commit leaves files that no version names, which cleaning up removes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array, new_null_array};
use arrow::compute::take_record_batch;
use arrow::datatypes::{DataType, Date32Type, Schema, SchemaRef};
use bytes::Bytes;
use deltalake::kernel::{Action, Add};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use uuid::Uuid;

use crate::encode::{self, Encoded, Group, Layout, SEQ};
use crate::error::{Error, Result};
use crate::schema::Shape;
use crate::{digest, stats};

const BATCH_ROWS: usize = 8192;
/// Files that are written and flushed at the same time: a disk flushes several nearly as quickly as one.
const AT_ONCE: usize = 16;
/// A file of rows without numbers, which have an order of their own, is so many row groups at the most, of so many rows at the least:
/// who looks for few rows passes over the others.
const GROUPS: usize = 32;
const GROUP_ROWS: usize = 1 << 11;

/// The rows of one data file to be.
pub(crate) struct Part {
    pub day: Option<i32>,
    pub batches: Vec<RecordBatch>,
}

/// Rows made ready for a table off its lock: encoded and compressed, without the numbers that only the commit knows.
pub struct Prepared {
    pub(crate) shape: Arc<Shape>,
    layout: Layout,
    days: Vec<(Option<i32>, Vec<Group>)>,
}

impl Prepared {
    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.groups().map(|group| group.rows() as u64).sum()
    }

    pub(crate) fn lacks_numbers(&self) -> bool {
        self.groups().any(Group::lacks_numbers)
    }

    fn groups(&self) -> impl Iterator<Item = &Group> {
        self.days.iter().flat_map(|(_, groups)| groups)
    }

    /// A day of these rows that is not among `days`.
    pub(crate) fn stray(&self, days: &BTreeSet<i32>) -> Option<i32> {
        self.days.iter().filter_map(|(day, _)| *day).find(|day| !days.contains(day))
    }
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

/// The batch with exactly the columns of `schema`, by name; columns that it lacks become null, but for the numbers.
pub(crate) fn align(table: &str, schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch> {
    let numbered = batch.column_by_name(SEQ).is_some();
    let wanted: Vec<_> = schema.fields().iter().filter(|f| numbered || f.name() != SEQ).cloned().collect();
    let mut fields = Vec::with_capacity(wanted.len());
    let columns = wanted.iter().map(|field| match batch.column_by_name(field.name()) {
        Some(column) if fits(column.data_type(), field.data_type()) => {
            fields.push(Arc::new(field.as_ref().clone().with_data_type(column.data_type().clone())));
            Ok(Arc::clone(column))
        }
        Some(column) => {
            let (have, want) = (column.data_type(), field.data_type());
            Err(Error::batch(table, format!("column {} is {have} and must be {want}", field.name())))
        }
        None => {
            fields.push(Arc::clone(field));
            Ok(new_null_array(field.data_type(), batch.num_rows()))
        }
    });
    let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| Error::batch(table, e))
}

/// Texts may also come as a dictionary.
fn fits(have: &DataType, want: &DataType) -> bool {
    have == want || matches!(have, DataType::Dictionary(_, texts) if *want == DataType::Utf8 && texts.as_ref() == want)
}

/// Splits the rows by day and encodes them, off the threads that serve.
pub(crate) async fn prepare(table: &Arc<str>, shape: &Arc<Shape>, batches: Vec<RecordBatch>) -> Result<Prepared> {
    let (name, shape) = (Arc::clone(table), Arc::clone(shape));
    apart(table, move || {
        let parts = split(&name, &shape, batches)?;
        let in_groups = shape.file_schema.field_with_name(SEQ).is_err();
        let parts = parts.into_iter().flat_map(|Part { day, batches }| {
            let groups = if in_groups { grouped(batches) } else { vec![batches] };
            groups.into_iter().map(move |group| (day, group))
        });
        let (days, batches): (Vec<_>, Vec<_>) = parts.unzip();
        let failed = Error::parquet(&name);
        let layout = Layout::new(&shape.file_schema).map_err(&failed)?;
        let groups = layout.encode(&batches).map_err(&failed)?;
        let mut prepared = Prepared { shape, layout, days: Vec::new() };
        for (day, group) in days.into_iter().zip(groups) {
            match prepared.days.last_mut().filter(|(last, _)| *last == day) {
                Some((_, groups)) => groups.push(group),
                None => prepared.days.push((day, vec![group])),
            }
        }
        Ok(prepared)
    })
    .await
}

/// The rows of a file, cut into row groups.
fn grouped(batches: Vec<RecordBatch>) -> Vec<Vec<RecordBatch>> {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let most = rows.div_ceil(GROUPS).max(GROUP_ROWS);
    let (mut groups, mut room) = (Vec::new(), 0);
    for batch in batches {
        let mut from = 0;
        while from < batch.num_rows() {
            if room == 0 {
                groups.push(Vec::new());
                room = most;
            }
            let taken = room.min(batch.num_rows() - from);
            groups.last_mut().into_iter().for_each(|group| group.push(batch.slice(from, taken)));
            (from, room) = (from + taken, room - taken);
        }
    }
    groups
}

/// Writes each day as one flushed file, its rows numbered on from `next`.
pub(crate) async fn store(
    table: &Arc<str>,
    store: &dyn ObjectStore,
    prepared: Prepared,
    mut next: i64,
    now: i64,
) -> Result<Vec<NewFile>> {
    let Prepared { shape, layout, days } = prepared;
    let numbered = days.into_iter().map(|(day, groups)| {
        let first = next;
        next += i64::try_from(groups.iter().map(Group::rows).sum::<usize>()).unwrap_or_default();
        (day, groups, first)
    });
    let numbered: Vec<_> = numbered.collect();
    let (layout, shape) = (&layout, &shape);
    let write = |(day, groups, first)| async move {
        let layout = layout.clone();
        let encoded = {
            let name = Arc::clone(table);
            apart(table, move || layout.file(groups, first).map_err(Error::parquet(&name)))
        };
        put(table, shape, store, day, encoded.await?, now).await
    };
    stream::iter(numbered).map(write).buffered(AT_ONCE).try_collect().await
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
        copy(&schema, batches.map(|batch| batch.and_then(aligned))).map_err(Error::parquet(&name))
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
async fn apart<T: Send + 'static>(table: &str, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let lost = |_| Error::Cancelled { table: table.to_owned(), doing: "encoding" };
    tokio::task::spawn_blocking(work).await.map_err(lost)?
}

/// The same rows as one file, read and written in passing.
fn copy(schema: &SchemaRef, batches: impl Iterator<Item = Result<RecordBatch, ParquetError>>) -> Result<Encoded, ParquetError> {
    let mut bytes = Vec::new();
    let properties = encode::properties(schema).build();
    let mut writer = ArrowWriter::try_new(&mut bytes, Arc::clone(schema), Some(properties))?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    let metadata = writer.close()?;
    encode::finished(bytes, schema, &metadata)
}

pub(crate) async fn put(
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
    let tags = digest::tags(&encoded.bytes);
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
        tags: Some(tags),
        ..Add::default()
    };
    Ok(NewFile { add, rows: encoded.rows })
}
