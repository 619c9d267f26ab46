//! The histogram of one value, and what is asked of a histogram.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BinaryArray, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::expr_fn::SimpleScalarUDF;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Signature, TypeSignature, Volatility};

use super::form::{Form, above, encode, entries};
use super::{clamped, either};

/// All values are greater.
const EVERY: i64 = -1;

/// The functions of one row.
pub(super) fn functions() -> [ScalarUDF; 5] {
    use DataType::{Binary, Float64, Int64};
    let of = |name: &str, more: &[DataType], gives, function: fn(&[ColumnarValue]) -> Result<ColumnarValue>| {
        let signature = Signature::one_of(either(more), Volatility::Immutable);
        ScalarUDF::from(SimpleScalarUDF::new_with_signature(name, signature, gives, Arc::new(function)))
    };
    let one_or_two = [vec![Int64], vec![Int64, Int64]].map(TypeSignature::Exact).into();
    let of_values = Signature::one_of(one_or_two, Volatility::Immutable);
    [
        ScalarUDF::from(SimpleScalarUDF::new_with_signature("histogram_of", of_values, Binary, Arc::new(singles))),
        of("histogram_count", &[], Int64, counts),
        of("histogram_most", &[], Int64, mosts),
        of("histogram_above", &[Int64], Int64, aboves),
        of("histogram_decile", &[Int64], Float64, deciles),
    ]
}

fn singles(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let values = arrays[0].as_primitive::<Int64Type>().iter();
    let of = |value: Option<i64>, times: Option<i64>| encode([(clamped(value?), u64::try_from(times?).ok()?)].into_iter());
    let histograms = match arrays.get(1) {
        Some(times) => {
            values.zip(times.as_primitive::<Int64Type>()).map(|(value, times)| of(value, times)).collect::<BinaryArray>()
        }
        None => values.map(|value| of(value, Some(1))).collect(),
    };
    Ok(ColumnarValue::Array(Arc::new(histograms)))
}

/// What comes of each histogram of a column.
fn each<T, C: FromIterator<Option<T>>>(column: &ArrayRef, of: impl FnMut(Option<&[u8]>) -> Option<T>) -> C {
    match column.as_binary_view_opt() {
        Some(views) => views.iter().map(of).collect(),
        None => column.as_binary::<i32>().iter().map(of).collect(),
    }
}

fn counts(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let of = |bytes: Option<&[u8]>| i64::try_from(above(bytes.unwrap_or_default(), EVERY)).ok();
    Ok(ColumnarValue::Array(Arc::new(each::<_, Int64Array>(&arrays[0], of))))
}

fn mosts(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let most = |bytes: &[u8]| entries(bytes).map(|(_, count)| count).max().unwrap_or_default();
    let of = |bytes: Option<&[u8]>| i64::try_from(most(bytes.unwrap_or_default())).ok();
    Ok(ColumnarValue::Array(Arc::new(each::<_, Int64Array>(&arrays[0], of))))
}

/// Without a limit there is no answer.
fn aboves(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let mut limits = arrays[1].as_primitive::<Int64Type>().iter();
    let of = |bytes: Option<&[u8]>| i64::try_from(above(bytes.unwrap_or_default(), limits.next()??)).ok();
    Ok(ColumnarValue::Array(Arc::new(each::<_, Int64Array>(&arrays[0], of))))
}

fn deciles(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let numbers = arrays[1].as_primitive::<Int64Type>();
    if numbers.iter().any(|number| !matches!(number, Some(0..=10))) {
        return plan_err!("histogram_decile takes a histogram and a number from 0 to 10");
    }
    let mut numbers = numbers.values().iter();
    let of = |bytes: Option<&[u8]>| numbers.next().and_then(|number| decile(bytes?, *number));
    Ok(ColumnarValue::Array(Arc::new(each::<_, Float64Array>(&arrays[0], of))))
}

/// The place is (n − 1) × number ÷ 10 in whole numbers, and between two values it is interpolated (numpy's default).
fn decile(bytes: &[u8], number: i64) -> Option<f64> {
    let count = above(bytes, EVERY);
    let last = i64::try_from(count).ok()?.checked_sub(1).filter(|last| *last >= 0)?;
    let (place, tenths) = (u64::try_from(last * number / 10).ok()?, last * number % 10);
    match Form::of(bytes) {
        Form::Pairs(pairs) => between(pairs, place, tenths),
        Form::Bytes(first, counts) => between((first..).zip(counts.iter().map(|count| u64::from(*count))), place, tenths),
        Form::Run(first, counts) => {
            between((first..).zip(counts.iter().map(|count| u64::from(u32::from_le_bytes(*count)))), place, tenths)
        }
    }
}

/// What lies so many tenths of the way from the value at a place to the next; each form has a loop of its own.
#[inline]
fn between(mut entries: impl Iterator<Item = (u32, u64)>, place: u64, tenths: i64) -> Option<f64> {
    let mut before = 0;
    let low = entries.by_ref().find(|(_, count)| {
        before += count;
        before > place
    });
    let (low, _) = low?;
    if tenths == 0 || before > place + 1 {
        return Some(f64::from(low));
    }
    let high = entries.find(|(_, count)| *count > 0).map_or(low, |(value, _)| value);
    Some(f64::from(low) + f64::from(high - low) * (tenths as f64 / 10.0))
}
