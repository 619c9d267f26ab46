//! The normal distribution.

use std::f64::consts::SQRT_2;

/// Half the width of a 95 % interval, in standard errors.
pub(crate) const WIDTH_95: f64 = 1.959_963_984_540_054;

/// The probability of at most `z`.
pub(crate) fn at_most(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// The probability that a χ² with `freedom` degrees of freedom exceeds `x`, by the cube root of Wilson and Hilferty (1931): good to about
/// 0.001 from 10 degrees of freedom.
pub(crate) fn chi_square_above(x: f64, freedom: f64) -> f64 {
    let spread = 2.0 / (9.0 * freedom);
    at_most(-((x / freedom).cbrt() - 1.0 + spread) / spread.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_the_tables() {
        assert!((at_most(WIDTH_95) - 0.975).abs() < 1e-15);
        assert!((at_most(-8.0) / 6.220_960_574_271_786e-16 - 1.0).abs() < 1e-12);
        // R: pchisq(c(18.307, 60), c(10, 40), lower.tail = FALSE)
        assert!((chi_square_above(18.307, 10.0) - 0.050_000_6).abs() < 1e-3);
        assert!((chi_square_above(60.0, 40.0) - 0.021_87).abs() < 1e-3);
    }
}
