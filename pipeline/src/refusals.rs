//! The quarantine page by page and without raw text, for doors through which no whole record of a pupil may be read.
//!
//! Promise: each reject once, in its latest copy, in the order of arrival (`seq`); a page begins where the one before said, so
//! that nothing is shown twice or left out while more arrives.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::json::ArrayWriter;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::prelude::SessionContext;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use xueqing_lake::Table;

use crate::quarantine::TABLE;
use crate::{Error, Result};

const LATEST: &str = "
    SELECT *, row_number() OVER (PARTITION BY source, line, rule, field, raw ORDER BY seq DESC) AS copy
    FROM quarantine
    WHERE seq >= $first AND ($source IS NULL OR source = $source) AND ($mapping IS NULL OR mapping = $mapping)
      AND ($rule IS NULL OR rule = $rule)";

const ROWS: &str = "CAST(received AS VARCHAR) AS received, kind, mapping, source, line, rule, field, reason_zh, reason_en, seq";

/// Which rejects, and how many of them at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub source: Option<String>,
    pub mapping: Option<String>,
    pub rule: Option<String>,
    /// The place in the quarantine to begin at.
    pub from: i64,
    pub limit: usize,
}

/// One page, and what there is in all from its beginning on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusals {
    /// Rejects by rule, on this page and all after it.
    pub rules: BTreeMap<String, u64>,
    pub rows: Vec<Refused>,
    /// Where the next page begins, when there is one.
    pub next: Option<i64>,
}

/// A reject without its raw text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refused {
    /// When it was last received, in UTC.
    pub received: String,
    pub kind: String,
    pub mapping: String,
    pub source: String,
    /// The record's first line in the decoded text, from 1.
    pub line: i64,
    pub rule: String,
    pub field: Option<String>,
    pub reason_zh: String,
    pub reason_en: String,
    /// Its place in the quarantine.
    pub seq: i64,
}

#[derive(Deserialize)]
struct Count {
    rule: String,
    rows: u64,
}

/// Reads one page.
pub(crate) async fn list(table: &Table, page: &Page) -> Result<Refusals> {
    let context = SessionContext::new();
    context.register_table(TABLE, table.provider())?;
    let counts = format!("SELECT rule, count(*) AS rows FROM ({LATEST}) WHERE copy = 1 GROUP BY rule");
    let counts: Vec<Count> = read(&context, &counts, page).await?;
    let listing = format!("SELECT {ROWS} FROM ({LATEST}) WHERE copy = 1 ORDER BY seq LIMIT {}", page.limit.saturating_add(1));
    let mut rows: Vec<Refused> = read(&context, &listing, page).await?;
    let next = rows.get(page.limit).map(|row| row.seq);
    rows.truncate(page.limit);
    Ok(Refusals { rules: counts.into_iter().map(|count| (count.rule, count.rows)).collect(), rows, next })
}

async fn read<T: DeserializeOwned>(context: &SessionContext, sql: &str, page: &Page) -> Result<Vec<T>> {
    let text = |value: &Option<String>| ScalarValue::Utf8(value.clone());
    let params = vec![
        ("first", ScalarValue::Int64(Some(page.from))),
        ("source", text(&page.source)),
        ("mapping", text(&page.mapping)),
        ("rule", text(&page.rule)),
    ];
    let batches = context.sql(sql).await?.with_param_values(ParamValues::from(params))?.collect().await?;
    let mut writer = ArrayWriter::new(Vec::new());
    writer.write_batches(&batches.iter().collect::<Vec<&RecordBatch>>())?;
    writer.finish()?;
    let text = writer.into_inner();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_slice(&text).map_err(|error| Error::Batch { reason: error.to_string() })
}
