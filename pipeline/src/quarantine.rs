//! The quarantine: every row that broke a rule, with the rule, the source and its raw text.
//!
//! Promise: what is rejected is on disk before its submitter gets a receipt. Sources deliver again and again, so the table
//! may hold a reject several times; a listing shows it once, in its latest copy. Two rejects are the same when source, line,
//! rule, field and raw text are the same: another file that happens to carry the same source name hides nothing.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit};
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::prelude::SessionContext;
use serde::Serialize;
use xueqing_lake::Table;
use xueqing_schema::{SEQ, Text};

use crate::validate::Rejected;
use crate::{Reject, Result};

/// The table's name in the lake.
pub(crate) const TABLE: &str = "quarantine";

static COLUMNS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![
        Field::new("received", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false),
        text("kind"),
        text("mapping"),
        text("source"),
        Field::new("line", DataType::Int64, false),
        text("rule"),
        Field::new("field", DataType::Utf8, true),
        text("reason_zh"),
        text("reason_en"),
        text("raw"),
        Field::new("header", DataType::Utf8, true),
        Field::new(SEQ, DataType::Int64, false),
    ]))
});

const LISTING: &str = "
    SELECT CAST(received AS VARCHAR) AS received, kind, mapping, source, line, rule, field, reason_zh, reason_en, raw
    FROM (
        SELECT *, row_number() OVER (PARTITION BY source, line, rule, field, raw ORDER BY seq DESC) AS copy
        FROM quarantine
        WHERE ($source IS NULL OR source = $source) AND ($rule IS NULL OR rule = $rule)
    )
    WHERE copy = 1
    ORDER BY source, line, seq";

/// Which rejects to list; an empty filter lists all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub source: Option<String>,
    pub rule: Option<String>,
    pub limit: Option<usize>,
}

/// One reject as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuarantinedRow {
    /// When it was last received, in UTC.
    pub received: String,
    pub kind: String,
    pub mapping: String,
    pub source: String,
    /// The record's first line in the decoded text, from 1.
    pub line: i64,
    pub rule: String,
    pub field: Option<String>,
    pub reason: Text,
    pub raw: String,
}

/// The table's columns.
pub(crate) fn schema() -> SchemaRef {
    Arc::clone(&COLUMNS)
}

/// Rows for the table, without `seq`.
pub(crate) fn rows(rejected: &Rejected, mapping: &str, source: &str, received: i64) -> Result<RecordBatch> {
    let rejects = rejected.rejects();
    let all = |value: &str| Arc::new(StringArray::from_iter_values(rejects.iter().map(|_| value))) as ArrayRef;
    let received = TimestampMicrosecondArray::from_value(received, rejects.len()).with_timezone("UTC");
    let line = |reject: &Reject| i64::try_from(reject.line).unwrap_or(i64::MAX);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(received),
        all(&rejected.kind().name),
        all(mapping),
        all(source),
        Arc::new(Int64Array::from_iter_values(rejects.iter().map(line))),
        texts(rejects, |reject| &reject.rule),
        Arc::new(rejects.iter().map(|reject| reject.field.as_deref()).collect::<StringArray>()),
        texts(rejects, |reject| &reject.reason.zh),
        texts(rejects, |reject| &reject.reason.en),
        texts(rejects, |reject| &reject.raw),
        Arc::new(rejects.iter().map(|_| rejected.header()).collect::<StringArray>()),
    ];
    let unnumbered = COLUMNS.project(&(0..columns.len()).collect::<Vec<_>>())?;
    Ok(RecordBatch::try_new(Arc::new(unnumbered), columns)?)
}

fn texts(rejects: &[Reject], of: impl Fn(&Reject) -> &str) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rejects.iter().map(of)))
}

/// Lists rejects by source and line, each once.
pub(crate) async fn list(table: &Table, filter: Filter) -> Result<Vec<QuarantinedRow>> {
    let context = SessionContext::new();
    context.register_table(TABLE, table.provider())?;
    let text = |value: Option<String>| ScalarValue::Utf8(value);
    let params = vec![("source", text(filter.source)), ("rule", text(filter.rule))];
    let listing = context.sql(LISTING).await?.with_param_values(ParamValues::from(params))?;
    let batches = listing.limit(0, filter.limit)?.collect().await?;
    let mut rows = Vec::new();
    for batch in batches {
        read(&batch, &mut rows)?;
    }
    Ok(rows)
}

fn read(batch: &RecordBatch, rows: &mut Vec<QuarantinedRow>) -> Result<()> {
    let text = |name: &str| -> Result<StringArray> {
        let column = batch.column(batch.schema_ref().index_of(name)?);
        Ok(cast(column, &DataType::Utf8)?.as_string::<i32>().clone())
    };
    let [received, kind, mapping, source] = [text("received")?, text("kind")?, text("mapping")?, text("source")?];
    let [rule, field, raw] = [text("rule")?, text("field")?, text("raw")?];
    let [zh, en] = [text("reason_zh")?, text("reason_en")?];
    let line = cast(batch.column(batch.schema_ref().index_of("line")?), &DataType::Int64)?;
    let line = line.as_primitive::<Int64Type>();
    rows.extend((0..batch.num_rows()).map(|row| QuarantinedRow {
        received: received.value(row).to_owned(),
        kind: kind.value(row).to_owned(),
        mapping: mapping.value(row).to_owned(),
        source: source.value(row).to_owned(),
        line: line.value(row),
        rule: rule.value(row).to_owned(),
        field: field.is_valid(row).then(|| field.value(row).to_owned()),
        reason: Text::new(zh.value(row), en.value(row)),
        raw: raw.value(row).to_owned(),
    }));
    Ok(())
}
