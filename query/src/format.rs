//! An answer as JSON rows, CSV, an Arrow stream or a table for the terminal.
//!
//! Promise: every format carries the same values: numbers keep all their digits, a missing value is null or an empty cell and never
//! a zero, days are `2026-09-01`, instants RFC 3339.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, SchemaRef, UInt64Type};
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow::util::pretty::pretty_format_batches;
use serde_json::{Map, Number, Value};

use crate::{Answer, Error};

/// UTF-8 byte order mark: spreadsheets read Chinese text right only with it.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// One object per row, its keys in column order where the map keeps an order.
pub fn json_rows(answer: &Answer) -> Result<Vec<Map<String, Value>>, Error> {
    let mut rows = Vec::with_capacity(answer.rows());
    for batch in &answer.batches {
        let columns = json_columns(batch).map_err(Error::internal)?;
        let fields = answer.schema.fields();
        let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
        for _ in 0..batch.num_rows() {
            let cells = fields.iter().zip(&mut columns);
            rows.push(cells.map(|(field, column)| (field.name().clone(), column.next().unwrap_or_default())).collect());
        }
    }
    Ok(rows)
}

/// Comma separated with a header of column names, UTF-8 with byte order mark.
pub fn csv(answer: &Answer) -> Result<Vec<u8>, Error> {
    let mut out = BOM.to_vec();
    let mut writer = arrow::csv::WriterBuilder::new().with_header(true).build(&mut out);
    never_none(answer).iter().try_for_each(|batch| writer.write(&texts(batch)?)).map_err(Error::internal)?;
    drop(writer);
    Ok(out)
}

/// An Arrow IPC stream (`application/vnd.apache.arrow.stream`).
pub fn arrow_stream(answer: &Answer) -> Result<Vec<u8>, Error> {
    let write = || {
        let mut writer = StreamWriter::try_new(Vec::new(), &answer.schema)?;
        answer.batches.iter().try_for_each(|batch| writer.write(batch))?;
        writer.into_inner()
    };
    write().map_err(Error::internal)
}

/// One value of a column as a text.
pub fn text(column: &ArrayRef, row: usize) -> Result<String, Error> {
    let texts = ArrayFormatter::try_new(column, &display()).map_err(Error::internal)?;
    texts.value(row).try_to_string().map_err(Error::internal)
}

/// A table for people.
pub fn table(answer: &Answer) -> Result<String, Error> {
    pretty_format_batches(&never_none(answer)).map(|table| table.to_string()).map_err(Error::internal)
}

/// Batches in plain types: texts as Utf8, numbers as Int64, UInt64 or Float64, so that every reader knows them.
pub(crate) fn plain(schema: &Schema, batches: Vec<RecordBatch>) -> Result<(SchemaRef, Vec<RecordBatch>), ArrowError> {
    let field = |field: &Arc<Field>| match plain_type(field.data_type()) {
        Some(kind) => Arc::new(field.as_ref().clone().with_data_type(kind)),
        None => field.clone(),
    };
    let schema = Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()));
    let convert = |batch: &RecordBatch| {
        let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
        RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, _>>()?)
    };
    let batches = batches.iter().map(convert).collect::<Result<_, _>>()?;
    Ok((schema, batches))
}

fn plain_type(kind: &DataType) -> Option<DataType> {
    use DataType as T;
    match kind {
        T::Utf8View | T::LargeUtf8 => Some(T::Utf8),
        T::Dictionary(_, value) => Some(plain_type(value).unwrap_or_else(|| value.as_ref().clone())),
        T::Int8 | T::Int16 | T::Int32 | T::UInt8 | T::UInt16 | T::UInt32 => Some(T::Int64),
        T::Float16 | T::Float32 => Some(T::Float64),
        _ => None,
    }
}

fn json_columns(batch: &RecordBatch) -> Result<Vec<Vec<Value>>, ArrowError> {
    batch.columns().iter().map(json_column).collect()
}

fn json_column(column: &ArrayRef) -> Result<Vec<Value>, ArrowError> {
    let float = |n: f64| Number::from_f64(n).map_or(Value::Null, Value::Number);
    let texts = match column.data_type() {
        DataType::Boolean => return Ok(column.as_boolean().iter().map(Value::from).collect()),
        DataType::Int64 => return Ok(column.as_primitive::<Int64Type>().iter().map(Value::from).collect()),
        DataType::UInt64 => return Ok(column.as_primitive::<UInt64Type>().iter().map(Value::from).collect()),
        DataType::Float64 => {
            let numbers = column.as_primitive::<Float64Type>().iter();
            return Ok(numbers.map(|n| n.map_or(Value::Null, float)).collect());
        }
        _ => ArrayFormatter::try_new(column, &display())?,
    };
    let text = |row| if column.is_null(row) { Ok(Value::Null) } else { texts.value(row).try_to_string().map(Value::String) };
    (0..column.len()).map(text).collect()
}

/// The batches, or one without rows: a header is always written.
fn never_none(answer: &Answer) -> Vec<RecordBatch> {
    match answer.batches.as_slice() {
        [] => vec![RecordBatch::new_empty(answer.schema.clone())],
        batches => batches.to_vec(),
    }
}

/// Columns that the CSV writer does not know (lists, structs) as texts.
fn texts(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let nested = |kind: &DataType| kind.is_nested();
    if !batch.schema_ref().fields().iter().any(|field| nested(field.data_type())) {
        return Ok(batch.clone());
    }
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if nested(field.data_type()) {
            fields.push(Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8).with_nullable(true)));
            let values = json_column(column)?;
            let strings = values.iter().map(Value::as_str).collect::<arrow::array::StringArray>();
            columns.push(Arc::new(strings) as ArrayRef);
        } else {
            fields.push(field.clone());
            columns.push(column.clone());
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn display() -> FormatOptions<'static> {
    FormatOptions::new().with_display_error(true)
}
