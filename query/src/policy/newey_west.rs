//! Newey–West errors: least squares whose errors may be correlated over some days and of unequal size.
//!
//! Source: Newey & West 1987, Bartlett's weights; equal to `cov_type="HAC"` of statsmodels. In short series these errors are too
//! small: with autocorrelation the 95 % interval of a level change holds it in far fewer than 95 of 100 terms. They are offered
//! for comparison; `autoregression` is what an answer is made with.

use super::least_squares::{Design, Fit};

/// The usual number of lags for `n` days: ⌊4 (n / 100)^(2/9)⌋, Newey & West 1994.
pub fn usual_lags(n: usize) -> usize {
    (4.0 * (n as f64 / 100.0).powf(2.0 / 9.0)).floor() as usize
}

/// The covariance of the coefficients; `small_sample` multiplies by n / (n − columns).
pub(super) fn covariance(design: &Design, fit: &Fit, lags: usize, small_sample: bool) -> Vec<Vec<f64>> {
    let (rows, size) = (design.rows(), design.columns.len());
    let scores: Vec<Vec<f64>> =
        design.columns.iter().map(|column| column.iter().zip(&fit.residuals).map(|(x, left)| x * left).collect()).collect();
    let lagged = |a: usize, b: usize, lag: usize| -> f64 {
        scores[a][lag..].iter().zip(&scores[b][..rows - lag]).map(|(now, then)| now * then).sum()
    };
    let correction = if small_sample { rows as f64 / (rows - size) as f64 } else { 1.0 };
    let meat = |a: usize, b: usize| -> f64 {
        let weighted = |lag: usize| (1.0 - lag as f64 / (lags + 1) as f64) * (lagged(a, b, lag) + lagged(b, a, lag));
        correction * (lagged(a, b, 0) + (1..=lags.min(rows - 1)).map(weighted).sum::<f64>())
    };
    let meat: Vec<Vec<f64>> = (0..size).map(|a| (0..size).map(|b| meat(a, b)).collect()).collect();
    product(&product(&fit.bread, &meat), &fit.bread)
}

fn product(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let entry = |row: &[f64], column: usize| row.iter().zip(b).map(|(a, b)| a * b[column]).sum();
    a.iter().map(|row| (0..b.len()).map(|column| entry(row, column)).collect()).collect()
}
