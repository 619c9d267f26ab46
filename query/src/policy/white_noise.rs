//! Whether what a model leaves over is noise without memory.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::refusal::Refusal;
use crate::sample::mean;

/// The correlation of values with those `lag` before; zero when they do not vary.
pub(super) fn autocorrelation(values: &[f64], lag: usize) -> f64 {
    let centre = mean(values);
    let whole: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    let lagged: f64 = values.iter().zip(values.iter().skip(lag)).map(|(then, now)| (then - centre) * (now - centre)).sum();
    if whole > 0.0 { lagged / whole } else { 0.0 }
}

/// The p value of Ljung & Box 1978 over the first `lags` (fewer in a short series).
pub(super) fn ljung_box(values: &[f64], lags: usize) -> Result<f64, Refusal> {
    let n = values.len() as f64;
    let lags = lags.min(values.len() / 3).max(1);
    let sum: f64 = (1..=lags).map(|lag| autocorrelation(values, lag).powi(2) / (n - lag as f64)).sum();
    let law = ChiSquared::new(lags as f64).map_err(|error| Refusal::NoModel(error.to_string()))?;
    Ok(law.sf(n * (n + 2.0) * sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ljung_box_is_that_of_statsmodels() {
        // acorr_ljungbox([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8], lags=[2])
        let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, 8.0];
        let p = ljung_box(&values, 2).unwrap();
        assert!((p - 0.895_429_493_725_024).abs() < 1e-9, "{p}");
    }
}
