//! What is said of a sample of numbers: means, spread, ranks, correlation; order statistics and rounding as R has them, so that knots
//! and predictions are R's to the last digit.

/// Arithmetic mean; zero of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Variance with n − 1; zero of fewer than two.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let centre = mean(values);
    values.iter().map(|value| (value - centre).powi(2)).sum::<f64>() / values.len().saturating_sub(1).max(1) as f64
}

/// Pearson's correlation; `None` when one side does not vary.
pub(crate) fn correlation(one: &[f64], other: &[f64]) -> Option<f64> {
    let (a, b) = (mean(one), mean(other));
    let sum = |of: &dyn Fn(f64, f64) -> f64| one.iter().zip(other).map(|(x, y)| of(x - a, y - b)).sum::<f64>();
    let scale = sum(&|x, _| x * x).sqrt() * sum(&|_, y| y * y).sqrt();
    (scale > 0.0).then(|| (sum(&|x, y| x * y) / scale).clamp(-1.0, 1.0))
}

/// Ranks from 1, those of equal values at their mean.
pub(crate) fn ranks(values: &[f64]) -> Vec<f64> {
    let ascending = ascending(values);
    let rank = |value: &f64| {
        let below = ascending.partition_point(|other| other < value);
        let up_to = ascending.partition_point(|other| other <= value);
        f64::midpoint((below + 1) as f64, up_to as f64)
    };
    values.iter().map(rank).collect()
}

pub(crate) fn ascending(values: &[f64]) -> Vec<f64> {
    let mut ascending = values.to_vec();
    ascending.sort_unstable_by(f64::total_cmp);
    ascending
}

/// The quantile of R's type 7 of an ascending sample; `None` of an empty one.
pub(crate) fn quantile(ascending: &[f64], probability: f64) -> Option<f64> {
    let last = ascending.len().checked_sub(1)?;
    let position = last as f64 * probability.clamp(0.0, 1.0);
    let (low, high) = (ascending[position.floor() as usize], ascending[position.ceil() as usize]);
    let part = position - position.floor();
    Some(if low == high { low } else { (1.0 - part) * low + part * high })
}

/// `value` to `digits` decimals as R ≥ 4.0 rounds: the nearer of the two neighbours, the even one when they are equally near.
pub(crate) fn round(value: f64, digits: i32) -> f64 {
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
