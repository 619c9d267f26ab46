//! The school day of each event: the date of its `time` field in the district's zone.
//!
//! Invariant: the result has one day for each row; a null time is the caller's mistake and gives an error.

use arrow::array::{Array, Date32Array, RecordBatch, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, TimeUnit};
use chrono_tz::Tz;
use xueqing_schema::Kind;
use xueqing_schema::time::school_day;

use crate::{Error, Result};

/// The day of each row, or `None` for a reference table, which has no days.
pub(crate) fn days(kind: &Kind, batch: &RecordBatch, zone: Tz) -> Result<Option<Date32Array>> {
    if kind.partition().is_none() {
        return Ok(None);
    }
    let name = kind.time.as_deref().unwrap_or_default();
    let times = batch.column_by_name(name).filter(|times| times.null_count() == 0).ok_or_else(|| misfit(kind, name))?;
    match times.data_type() {
        DataType::Date32 => Ok(times.as_any().downcast_ref().cloned()),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            times.as_any().downcast_ref().map(|times| Some(in_zone(times, zone))).ok_or_else(|| misfit(kind, name))
        }
        _ => Err(misfit(kind, name)),
    }
}

/// Rows of one class share their time, so the last answer is kept.
fn in_zone(times: &TimestampMicrosecondArray, zone: Tz) -> Date32Array {
    let mut last = (i64::MIN, 0);
    Date32Array::from_iter_values(times.values().iter().map(|&micros| {
        if micros != last.0 {
            last = (micros, school_day(micros, zone));
        }
        last.1
    }))
}

fn misfit(kind: &Kind, name: &str) -> Error {
    Error::Batch { reason: format!("`{name}` of kind `{}` is not a time on every row", kind.name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_that_of_the_district() {
        let evening = 1_795_132_800_000_000 + 15 * 3_600_000_000; // 2026-11-20T23:00+08:00
        let times = TimestampMicrosecondArray::from(vec![evening, evening, evening + 3_600_000_000]);
        let days = in_zone(&times, chrono_tz::Asia::Shanghai);
        assert_eq!(days.value(0), days.value(1));
        assert_eq!(days.value(0) + 1, days.value(2));
    }
}
