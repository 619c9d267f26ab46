//! `beta_binomial_upper(x, n, a, b)`: the probability of `x` or more of `n` when the rate has the distribution Beta(a, b).
//!
//! Promise: small tails keep their relative precision, for they are added up themselves and not taken from 1; arguments without a
//! meaning (a negative n, x above n, a or b not above 0) give NULL.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use statrs::function::factorial::ln_binomial;

/// A term this much smaller than the sum changes no digit of it.
const NEGLIGIBLE: f64 = 1e-18;

pub(super) fn function() -> ScalarUDF {
    use DataType::{Float64, Int64};
    let arguments = vec![Int64, Int64, Float64, Float64];
    create_udf("beta_binomial_upper", arguments, Float64, Volatility::Immutable, Arc::new(over_columns))
}

fn over_columns(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let whole = |at: usize| arrays[at].as_primitive::<Int64Type>().iter();
    let real = |at: usize| arrays[at].as_primitive::<Float64Type>().iter();
    let rows = whole(0).zip(whole(1)).zip(real(2)).zip(real(3));
    let tails: Float64Array = rows.map(|(((x, n), a), b)| upper(x?, n?, a?, b?)).collect();
    Ok(ColumnarValue::Array(Arc::new(tails) as ArrayRef))
}

/// Sums the terms from `x` upwards, each from the one before it.
#[expect(clippy::cast_precision_loss, reason = "numbers of students are far below 2^53")]
fn upper(x: i64, n: i64, a: f64, b: f64) -> Option<f64> {
    if n < 0 || x > n || !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite()) {
        return None;
    }
    if x <= 0 {
        return Some(1.0);
    }
    let (mut k, n) = (x as f64, n as f64);
    let mut term = log_term(k, n, a, b).exp();
    let mut sum = term;
    while k < n {
        term *= (n - k) / (k + 1.0) * (k + a) / (n - k - 1.0 + b);
        k += 1.0;
        sum += term;
        // Before the peak terms grow; behind it they only fall.
        if term < sum * NEGLIGIBLE && k > n * a / (a + b) {
            break;
        }
    }
    Some(sum.min(1.0))
}

fn log_term(k: f64, n: f64, a: f64, b: f64) -> f64 {
    // B(k + a, n - k + b) / B(a, b), factor by factor: differences of great logarithms would lose digits.
    let rises = |times: f64, from: f64, over: f64| -> f64 {
        let steps = std::iter::successors(Some(0.0), |step| Some(step + 1.0)).take_while(|step| *step < times);
        steps.map(|step| ((from + step) / (over + step)).ln()).sum()
    };
    ln_binomial(n as u64, k as u64) + rises(k, a, a + b) + rises(n - k, b, a + b + k)
}

#[cfg(test)]
mod tests {
    use super::upper;

    fn close(found: Option<f64>, expected: f64) {
        let found = found.expect("a number");
        assert!((found - expected).abs() <= 1e-12 * expected.max(1e-12), "{found} {expected}");
    }

    #[test]
    fn a_flat_prior_makes_every_count_as_likely() {
        // Beta(1, 1): each of 0..=n has the chance 1 / (n + 1).
        close(upper(3, 9, 1.0, 1.0), 0.7);
        close(upper(9, 9, 1.0, 1.0), 0.1);
    }

    #[test]
    fn one_trial_is_the_mean_of_the_prior() {
        close(upper(1, 1, 2.5, 97.5), 0.025);
    }

    #[test]
    fn small_tails_keep_their_digits() {
        // A rate that is nearly known is binomial: P(X >= 40 of 40) at 1 % is 0.01^40.
        let tail = upper(40, 40, 1e9, 99e9).expect("a number");
        assert!((tail / 1e-80 - 1.0).abs() < 1e-4, "{tail}");
        // The whole is 1, also where the peak is above x.
        close(upper(1, 50, 40.0, 10.0), 1.0 - upper_of_none(50, 40.0, 10.0));
    }

    fn upper_of_none(n: i32, a: f64, b: f64) -> f64 {
        (0..n).map(|k| (b + f64::from(k)) / (a + b + f64::from(k))).product()
    }

    #[test]
    fn what_means_nothing_is_null() {
        assert_eq!((upper(3, 2, 1.0, 1.0), upper(1, -1, 1.0, 1.0), upper(1, 2, 0.0, 1.0)), (None, None, None));
        assert_eq!((upper(0, 0, 1.0, 1.0), upper(-5, 3, 1.0, 1.0)), (Some(1.0), Some(1.0)));
    }
}
