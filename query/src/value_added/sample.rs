//! Order statistics and rounding as R has them, so that knots and predictions are R's to the last digit.

/// The quantile of R's type 7 of an ascending sample; `None` of an empty one.
pub fn quantile(ascending: &[f64], probability: f64) -> Option<f64> {
    let last = ascending.len().checked_sub(1)?;
    let position = last as f64 * probability.clamp(0.0, 1.0);
    let (low, high) = (ascending[position.floor() as usize], ascending[position.ceil() as usize]);
    let part = position - position.floor();
    Some(if low == high { low } else { (1.0 - part) * low + part * high })
}

/// `value` to `digits` decimals as R ≥ 4.0 rounds: the nearer of the two neighbours, the even one when they are equally near.
pub fn round(value: f64, digits: i32) -> f64 {
    let power = 10f64.powi(digits);
    let scaled = value * power;
    if !scaled.is_finite() {
        return value;
    }
    let (low, high) = (scaled.floor() / power, scaled.ceil() / power);
    let (down, up) = (value - low, high - value);
    let even = scaled.floor() % 2.0 == 0.0;
    if down < up || (down == up && even) { low } else { high }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_type_7() {
        let sample = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(quantile(&sample, 0.5), Some(3.0));
        assert_eq!(quantile(&sample, 0.2), Some((1.0 - 3.0 * 0.2) * 1.0 + 3.0 * 0.2 * 2.0));
        assert_eq!(quantile(&sample, 1.0), Some(8.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn rounding_takes_the_nearer_neighbour_and_the_even_one_between_two() {
        assert_eq!(round(0.15, 1), 0.1); // R: round(0.15, 1) is 0.1
        assert_eq!(round(2.5, 0), 2.0);
        assert_eq!(round(-1.23456789, 5), -1.23457);
        assert_eq!(round(61.0, 5), 61.0);
    }
}
