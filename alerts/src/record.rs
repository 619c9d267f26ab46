//! The record: the lake's table `alerts`, to which entries are only added.
//!
//! Promise: what [`Record::append`] has returned from is on disk. A student's pseudonym is in the column `student` and nowhere else,
//! so that erasing a person finds it.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use datafusion::prelude::{SessionContext, col};
use xueqing_lake::{CompactOptions, Lake, Table, VacuumOptions, WriteLock};
use xueqing_schema::SEQ;

use crate::book::Book;
use crate::entry::{Entry, Event};
use crate::{Error, Result};

const TABLE: &str = "alerts";
/// So many small files are merged.
const SMALL_FILES: usize = 32;

static COLUMNS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        Field::new("at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false),
        text("alert", false),
        text("event", false),
        text("student", true),
        text("detail", false),
        Field::new(SEQ, DataType::Int64, false),
    ]))
});

/// A handle on the table.
pub(crate) struct Record {
    lake: Lake,
    table: Table,
}

impl Record {
    /// Opens the record, or begins it.
    pub(crate) async fn open(lake: &Lake) -> Result<Self> {
        let table = lake.table(TABLE, Arc::clone(&COLUMNS), None).await?;
        Ok(Self { lake: lake.clone(), table })
    }

    /// The record, when there is one.
    pub(crate) async fn existing(lake: &Lake) -> Result<Option<Self>> {
        let table = lake.existing(TABLE).await?;
        Ok(table.map(|table| Self { lake: lake.clone(), table }))
    }

    pub(crate) async fn lock(&self) -> Result<WriteLock> {
        Ok(self.lake.lock().await?)
    }

    /// The newest version.
    pub(crate) async fn refresh(&self) -> Result<i64> {
        Ok(self.table.refresh().await?)
    }

    /// The number of the next entry.
    pub(crate) fn next(&self) -> i64 {
        self.table.position(SEQ).unwrap_or(0)
    }

    /// Adds entries; to be called under the lock, after [`Record::refresh`].
    pub(crate) async fn append(&self, entries: &[Entry]) -> Result<i64> {
        let batch = rows(entries)?;
        Ok(self.table.append(vec![batch], &[]).await?.version)
    }

    /// Merges small files, so that the record opens quickly; the version behind it.
    pub(crate) async fn tidy(&self) -> Result<i64> {
        let merged = self.table.compact(CompactOptions { min_files: SMALL_FILES }).await?;
        self.table.maintain().await?;
        if merged.removed > 0 {
            self.table.vacuum(VacuumOptions::default()).await?;
        }
        Ok(self.table.version())
    }

    /// Folds all entries.
    pub(crate) async fn read(&self) -> Result<Book> {
        let context = SessionContext::new();
        let frame = context.read_table(self.table.provider()).and_then(|frame| frame.sort(vec![col(SEQ).sort(true, false)]));
        let batches = frame.map_err(Error::record)?.collect().await.map_err(Error::record)?;
        let mut book = Book::default();
        for batch in &batches {
            fold(batch, &mut book)?;
        }
        Ok(book)
    }
}

fn rows(entries: &[Entry]) -> Result<RecordBatch> {
    let details = entries.iter().map(|entry| serde_json::to_string(&entry.event)).collect::<Result<Vec<_>, _>>();
    let at = TimestampMicrosecondArray::from_iter_values(entries.iter().map(|entry| entry.at)).with_timezone("UTC");
    let columns: Vec<ArrayRef> = vec![
        Arc::new(at),
        Arc::new(StringArray::from_iter_values(entries.iter().map(|entry| &entry.alert))),
        Arc::new(StringArray::from_iter_values(entries.iter().map(|entry| entry.event.name()))),
        Arc::new(entries.iter().map(|entry| entry.student.as_deref()).collect::<StringArray>()),
        Arc::new(StringArray::from_iter_values(details.map_err(Error::record)?)),
    ];
    let unnumbered = COLUMNS.project(&(0..columns.len()).collect::<Vec<_>>()).map_err(Error::record)?;
    RecordBatch::try_new(Arc::new(unnumbered), columns).map_err(Error::record)
}

fn fold(batch: &RecordBatch, book: &mut Book) -> Result<()> {
    let text = |name: &str| -> Result<StringArray, ArrowError> {
        let column = batch.column(batch.schema_ref().index_of(name)?);
        Ok(cast(column, &DataType::Utf8)?.as_string::<i32>().clone())
    };
    let times = || -> Result<ArrayRef, ArrowError> {
        let column = batch.column(batch.schema_ref().index_of("at")?);
        cast(&cast(column, &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))?, &DataType::Int64)
    };
    let (at, alert) = (times().map_err(Error::record)?, text("alert").map_err(Error::record)?);
    let (student, detail) = (text("student").map_err(Error::record)?, text("detail").map_err(Error::record)?);
    for row in 0..batch.num_rows() {
        let event: Event = serde_json::from_str(detail.value(row)).map_err(Error::record)?;
        let student = student.is_valid(row).then(|| student.value(row).to_owned());
        let at = at.as_primitive::<Int64Type>().value(row);
        book.add(Entry { at, alert: alert.value(row).to_owned(), student, event });
    }
    Ok(())
}
