//! What is known of a data file without opening it: Delta's statistics as JSON and as DataFusion's.
//!
//! Invariants: a written minimum or maximum is always a true bound; a bound is called exact only where it is the
//! value itself (never for long texts, floats and timestamps, which other writers may round).

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use chrono::{DateTime, NaiveDate};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::schema::Shape;

/// Longer texts may be truncated bounds.
const EXACT_TEXT_BYTES: usize = 32;
const UNIX_EPOCH_CE: i32 = 719_163;

/// Delta's per-file statistics, as stored in the log.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StoredStats {
    num_records: Option<u64>,
    min_values: Map<String, Value>,
    max_values: Map<String, Value>,
    null_count: Map<String, Value>,
}

/// The statistics of a file just written, as the log stores them.
pub(crate) fn encode(schema: &Schema, file: &ParquetMetaData) -> Result<String, ParquetError> {
    let rows = u64::try_from(file.file_metadata().num_rows()).unwrap_or_default();
    let mut stats = StoredStats { num_records: Some(rows), ..Default::default() };
    for field in schema.fields() {
        let column = StatisticsConverter::try_new(field.name(), schema, file.file_metadata().schema_descr())?;
        let nulls = column.row_group_null_counts(file.row_groups())?;
        if let Some(nulls) = total(&nulls) {
            stats.null_count.insert(field.name().clone(), nulls.into());
        }
        let low = extreme(&column.row_group_mins(file.row_groups())?, Ordering::Less);
        let high = extreme(&column.row_group_maxes(file.row_groups())?, Ordering::Greater);
        if let (Some(low), Some(high)) = (low.and_then(to_json), high.and_then(to_json)) {
            stats.min_values.insert(field.name().clone(), low);
            stats.max_values.insert(field.name().clone(), high);
        }
    }
    serde_json::to_string(&stats).map_err(|e| ParquetError::General(e.to_string()))
}

fn total(counts: &UInt64Array) -> Option<u64> {
    counts.iter().sum()
}

/// The least or greatest value over the row groups; those without one hold nothing but nulls.
fn extreme(values: &ArrayRef, keep: Ordering) -> Option<ScalarValue> {
    let mut best: Option<ScalarValue> = None;
    for row in 0..values.len() {
        let value = ScalarValue::try_from_array(values, row).ok()?;
        if value.is_null() {
            continue;
        }
        match &best {
            Some(held) if value.partial_cmp(held) != Some(keep) => {}
            _ => best = Some(value),
        }
    }
    best
}

/// Statistics over all columns of the table (partition column last), and the number of rows when known.
pub(crate) fn decode(shape: &Shape, stored: Option<&str>, size: u64, day: Option<i32>) -> (Option<u64>, Statistics) {
    let stats: StoredStats = stored.and_then(|s| serde_json::from_str(s).ok()).unwrap_or_default();
    let mut columns: Vec<ColumnStatistics> = shape.file_schema.fields().iter().map(|f| column_statistics(f, &stats)).collect();
    if shape.partition.is_some() {
        let day = ScalarValue::Date32(day);
        columns.push(ColumnStatistics {
            null_count: Precision::Exact(0),
            min_value: Precision::Exact(day.clone()),
            max_value: Precision::Exact(day),
            distinct_count: Precision::Exact(1),
            ..ColumnStatistics::new_unknown()
        });
    }
    let rows = stats.num_records.and_then(|n| usize::try_from(n).ok());
    let statistics = Statistics {
        num_rows: rows.map_or(Precision::Absent, Precision::Exact),
        total_byte_size: usize::try_from(size).map_or(Precision::Absent, Precision::Inexact),
        column_statistics: columns,
    };
    (stats.num_records, statistics)
}

fn column_statistics(field: &Field, stats: &StoredStats) -> ColumnStatistics {
    let bound = |values: &Map<String, Value>, upper: bool| {
        let value = values.get(field.name()).and_then(|v| from_json(v, field.data_type(), upper));
        match value {
            None => Precision::Absent,
            Some(value) if is_exact(&value) => Precision::Exact(value),
            Some(value) => Precision::Inexact(value),
        }
    };
    let nulls = stats.null_count.get(field.name()).and_then(Value::as_u64);
    ColumnStatistics {
        null_count: nulls.and_then(|n| usize::try_from(n).ok()).map_or(Precision::Absent, Precision::Exact),
        min_value: bound(&stats.min_values, false),
        max_value: bound(&stats.max_values, true),
        ..ColumnStatistics::new_unknown()
    }
}

fn is_exact(value: &ScalarValue) -> bool {
    match value {
        ScalarValue::Utf8(Some(text)) => text.len() < EXACT_TEXT_BYTES,
        ScalarValue::Int32(_) | ScalarValue::Int64(_) | ScalarValue::Date32(_) => true,
        _ => false,
    }
}

fn to_json(value: ScalarValue) -> Option<Value> {
    Some(match value {
        ScalarValue::Utf8(Some(text)) => text.into(),
        ScalarValue::Int64(Some(n)) => n.into(),
        ScalarValue::Int32(Some(n)) => n.into(),
        ScalarValue::Float64(Some(n)) => serde_json::Number::from_f64(n)?.into(),
        ScalarValue::Float32(Some(n)) => serde_json::Number::from_f64(f64::from(n))?.into(),
        ScalarValue::Date32(Some(days)) => date_text(days)?.into(),
        ScalarValue::TimestampMicrosecond(Some(micros), _) => {
            DateTime::from_timestamp_micros(micros)?.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string().into()
        }
        _ => return None,
    })
}

fn from_json(value: &Value, data_type: &DataType, upper: bool) -> Option<ScalarValue> {
    Some(match data_type {
        DataType::Utf8 => ScalarValue::Utf8(Some(value.as_str()?.to_owned())),
        DataType::Int64 => ScalarValue::Int64(Some(value.as_i64()?)),
        DataType::Int32 => ScalarValue::Int32(Some(value.as_i64()?.try_into().ok()?)),
        DataType::Float64 => ScalarValue::Float64(Some(value.as_f64()?)),
        DataType::Date32 => ScalarValue::Date32(Some(parse_date(value.as_str()?)?)),
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let micros = parse_bound(value.as_str()?, upper)?;
            ScalarValue::TimestampMicrosecond(Some(micros), zone.clone())
        }
        _ => return None,
    })
}

/// Some writers cut timestamps to milliseconds, so an upper bound is moved to the end of its millisecond.
fn parse_bound(text: &str, upper: bool) -> Option<i64> {
    let micros = DateTime::parse_from_rfc3339(text).ok()?.timestamp_micros();
    Some(if upper && micros % 1000 == 0 { micros + 999 } else { micros })
}

/// `2026-09-01` for days since 1970-01-01.
pub(crate) fn date_text(days: i32) -> Option<String> {
    let date = NaiveDate::from_num_days_from_ce_opt(days.checked_add(UNIX_EPOCH_CE)?)?;
    Some(date.format("%Y-%m-%d").to_string())
}

/// Days since 1970-01-01 for `2026-09-01`.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    use chrono::Datelike;
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(date.num_days_from_ce() - UNIX_EPOCH_CE)
}

/// Merged statistics of the files that a scan reads.
pub(crate) fn merged<'a>(
    schema: &Schema,
    files: impl ExactSizeIterator<Item = &'a Arc<Statistics>>,
) -> datafusion::error::Result<Statistics> {
    if files.len() == 0 {
        return Ok(Statistics::new_unknown(schema));
    }
    Statistics::try_merge_iter(files.map(AsRef::as_ref), schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_timestamps_survive_the_log() {
        assert_eq!(parse_date(&date_text(20_000).unwrap()), Some(20_000));
        assert_eq!(date_text(0).as_deref(), Some("1970-01-01"));
        let zone: Option<Arc<str>> = Some("UTC".into());
        let value = ScalarValue::TimestampMicrosecond(Some(1_700_000_000_123_456), zone.clone());
        let kind = DataType::Timestamp(TimeUnit::Microsecond, zone);
        assert_eq!(from_json(&to_json(value.clone()).unwrap(), &kind, true), Some(value));
    }

    #[test]
    fn an_upper_bound_in_milliseconds_is_widened() {
        assert_eq!(parse_bound("1970-01-01T00:00:00.001Z", true), Some(1_999));
        assert_eq!(parse_bound("1970-01-01T00:00:00.001Z", false), Some(1_000));
    }
}
