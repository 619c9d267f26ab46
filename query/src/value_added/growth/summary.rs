//! The growth of a group: the median percentile of its pupils with an interval that assumes nothing of their distribution.
//!
//! Promise: the rules for figures of groups hold, and the interval is at least as sure as asked for where the group allows it.

use statrs::distribution::{Binomial, DiscreteCDF};

use crate::value_added::group::{GroupRules, Level};
use crate::value_added::refusal::Refusal;

/// The growth of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupGrowth {
    /// Pupils with a percentile.
    pub n: usize,
    /// Pupils tested.
    pub tested: usize,
    pub median: f64,
    /// Two order statistics that hold the median of what the pupils are a sample of.
    pub interval: [f64; 2],
    /// How sure the interval is: at least what was asked for, 0 when the group is too small for that.
    pub confidence: f64,
    pub mean: f64,
}

impl GroupGrowth {
    /// Whether the interval leaves out 50, the median of the norm group.
    pub fn differs_from_norm(&self) -> bool {
        !(self.interval[0]..=self.interval[1]).contains(&50.0)
    }
}

/// The growth of the group whose pupils have `percentiles`, out of `tested`. Several years or grades are pooled by giving the
/// percentiles of all.
pub fn group_growth(percentiles: &[u8], tested: usize, level: Level, rules: &GroupRules) -> Result<GroupGrowth, Refusal> {
    let n = percentiles.len();
    rules.allow(level, n, tested)?;
    let mut ascending = percentiles.to_vec();
    ascending.sort_unstable();
    let at = |place: usize| f64::from(ascending[place]);
    let (low, confidence) = order_statistic(n, rules.confidence);
    Ok(GroupGrowth {
        n,
        tested,
        median: f64::midpoint(at((n - 1) / 2), at(n / 2)),
        interval: [at(low), at(n - 1 - low)],
        confidence,
        mean: ascending.iter().map(|&percentile| f64::from(percentile)).sum::<f64>() / n as f64,
    })
}

/// The greatest `low` such that the order statistics `low` and `n - 1 - low` (from 0) hold the median with `confidence`, and how
/// sure they are: 1 − 2 P(B ≤ low) with B binomial of n and ½.
fn order_statistic(n: usize, confidence: f64) -> (usize, f64) {
    let heads = Binomial::new(0.5, n as u64).expect("one half is a probability");
    let sure = |low: usize| 1.0 - 2.0 * heads.cdf(low as u64);
    let (mut low, mut above) = (0, n.div_ceil(2));
    while above - low > 1 {
        let middle = low.midpoint(above);
        if sure(middle) >= confidence { low = middle } else { above = middle }
    }
    (low, sure(low).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(percentiles: &[u8]) -> Result<GroupGrowth, Refusal> {
        group_growth(percentiles, percentiles.len(), Level::Class, &GroupRules::default())
    }

    #[test]
    fn the_median_lies_between_order_statistics_by_the_sign_test() {
        let growth = class(&(1..=20).map(|i| i * 4).collect::<Vec<u8>>()).unwrap();
        assert_eq!((growth.n, growth.median, growth.mean), (20, 42.0, 42.0));
        // Of 20, the sixth from either end: 1 - 2 * pbinom(5, 20, 0.5).
        assert_eq!(growth.interval, [24.0, 60.0]);
        assert!((growth.confidence - 0.958_610_5).abs() < 1e-6, "{growth:?}");
        assert!(!growth.differs_from_norm());
    }

    #[test]
    fn a_group_that_grew_more_than_the_norm_is_told_from_it() {
        let growth = class(&(60..=95).collect::<Vec<u8>>()).unwrap();
        assert!(growth.differs_from_norm() && growth.interval[0] > 50.0);
    }

    #[test]
    fn the_interval_of_a_large_group_is_narrow() {
        let many: Vec<u8> = (0..40_000u32).map(|i| (1 + i % 99) as u8).collect();
        let growth = class(&many).unwrap();
        assert!(growth.interval[1] - growth.interval[0] <= 2.0 && growth.confidence >= 0.95, "{growth:?}");
    }

    #[test]
    fn nineteen_are_too_few() {
        assert_eq!(class(&[50; 19]), Err(Refusal::SmallGroup { n: 19, least: 20 }));
    }
}
