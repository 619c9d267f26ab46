//! How many days the date of a change may be off.
//!
//! Source: Bai 1997: the place of the largest value of W(s) − |s| / 2, whose law is known in closed form (Yao 1987).

use statrs::distribution::{ContinuousCDF, Normal};

/// Days on either side, for a change of `size` in days of the long-run variance `variance`.
pub(super) fn reach(size: f64, variance: f64, confidence: f64) -> usize {
    let days = quantile(f64::midpoint(1.0, confidence)) * variance / (size * size).max(f64::MIN_POSITIVE);
    // No series is this long; the caller stops at its ends.
    (days.floor().min(1e6) as usize).saturating_add(1)
}

/// The chance of a place up to `x`, for x ≥ 0.
fn chance(x: f64) -> f64 {
    let law = Normal::standard();
    let root = x.sqrt();
    // e^x Φ(−3√x / 2) goes to nothing, though its first part does not.
    let far = if x > 300.0 { 0.0 } else { 1.5 * x.exp() * law.cdf(-1.5 * root) };
    1.0 + (x / std::f64::consts::TAU).sqrt() * (-x / 8.0).exp() - (x + 5.0) / 2.0 * law.cdf(-root / 2.0) + far
}

fn quantile(share: f64) -> f64 {
    let (mut low, mut high) = (0.0, 300.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if chance(middle) < share { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_bai() {
        // Bai 1997: 7 at 90 %, 11 at 95 %.
        assert!((quantile(0.95) - 7.0).abs() < 0.8, "{}", quantile(0.95));
        assert!((quantile(0.975) - 11.0).abs() < 0.1, "{}", quantile(0.975));
        assert!((chance(0.0) - 0.5).abs() < 1e-12);
        assert_eq!(reach(2.0, 4.0, 0.95), 12);
    }
}
