//! The histogram of one value, and what is asked of a histogram.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};

use super::{above, clamped, encode, entries};

/// All values are greater.
const EVERY: i64 = -1;

/// The functions of one row.
pub(super) fn functions() -> [ScalarUDF; 4] {
    use DataType::{Binary, Float64, Int64};
    let immutable = Volatility::Immutable;
    [
        create_udf("histogram_of", vec![Int64], Binary, immutable, Arc::new(singles)),
        create_udf("histogram_count", vec![Binary], Int64, immutable, Arc::new(counts)),
        create_udf("histogram_above", vec![Binary, Int64], Int64, immutable, Arc::new(aboves)),
        create_udf("histogram_decile", vec![Binary, Int64], Float64, immutable, Arc::new(deciles)),
    ]
}

fn singles(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let of = |value: Option<i64>| encode([(clamped(value?), 1)].into_iter());
    Ok(ColumnarValue::Array(Arc::new(arrays[0].as_primitive::<Int64Type>().iter().map(of).collect::<BinaryArray>())))
}

fn counts(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    Ok(whole(arrays[0].as_binary::<i32>().iter().map(|bytes| Some(above(bytes.unwrap_or_default(), EVERY)))))
}

/// Without a limit there is no answer.
fn aboves(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let limits = arrays[1].as_primitive::<Int64Type>();
    let of = |(bytes, limit): (Option<&[u8]>, Option<i64>)| limit.map(|limit| above(bytes.unwrap_or_default(), limit));
    Ok(whole(arrays[0].as_binary::<i32>().iter().zip(limits).map(of)))
}

fn whole(counts: impl Iterator<Item = Option<u64>>) -> ColumnarValue {
    let counts = counts.map(|count| count.and_then(|count| i64::try_from(count).ok()));
    ColumnarValue::Array(Arc::new(counts.collect::<Int64Array>()) as ArrayRef)
}

fn deciles(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let numbers = arrays[1].as_primitive::<Int64Type>();
    if numbers.iter().any(|number| !matches!(number, Some(0..=10))) {
        return plan_err!("histogram_decile takes a histogram and a number from 0 to 10");
    }
    let histograms = arrays[0].as_binary::<i32>();
    let of = |row: usize| if histograms.is_valid(row) { decile(histograms.value(row), numbers.value(row)) } else { None };
    Ok(ColumnarValue::Array(Arc::new((0..histograms.len()).map(of).collect::<Float64Array>())))
}

/// The place is (n − 1) × number ÷ 10 in whole numbers, and between two values it is interpolated (numpy's default).
fn decile(bytes: &[u8], number: i64) -> Option<f64> {
    let count = above(bytes, EVERY);
    let last = i64::try_from(count).ok()?.checked_sub(1).filter(|last| *last >= 0)?;
    let (place, tenths) = (u64::try_from(last * number / 10).ok()?, last * number % 10);
    let (mut before, mut low) = (0, None);
    for (value, count) in entries(bytes) {
        before += count;
        let value = f64::from(value);
        if low.is_none() && before > place {
            low = Some(value);
        }
        match low {
            Some(low) if tenths == 0 || before > place + 1 => return Some(low + (value - low) * (tenths as f64 / 10.0)),
            _ => {}
        }
    }
    low
}
