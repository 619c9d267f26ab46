//! Tails of the normal and the χ² distribution.

use std::f64::consts::SQRT_2;

use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Half the width of a 95 % interval, in standard errors.
pub(crate) const WIDTH_95: f64 = 1.959_963_984_540_054;

/// The probability of at most `z`, to the last digits: the normal law of `statrs` keeps fewer.
pub(crate) fn at_most(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// The probability that a χ² with `freedom` degrees of freedom exceeds `x`; `None` without freedom.
pub(crate) fn chi_square_above(x: f64, freedom: f64) -> Option<f64> {
    ChiSquared::new(freedom).ok().map(|law| law.sf(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_the_tables() {
        assert!((at_most(WIDTH_95) - 0.975).abs() < 1e-15);
        assert!((at_most(-8.0) / 6.220_960_574_271_786e-16 - 1.0).abs() < 1e-12);
        // R: pchisq(c(18.307, 60), c(10, 40), lower.tail = FALSE)
        assert!((chi_square_above(18.307, 10.0).unwrap() - 0.050_000_589_091_398_1).abs() < 1e-12);
        assert!((chi_square_above(60.0, 40.0).unwrap() - 0.021_873_468_441_390_9).abs() < 1e-12);
        assert_eq!(chi_square_above(1.0, 0.0), None);
    }
}
