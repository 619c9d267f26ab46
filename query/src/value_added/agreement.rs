//! How far two sets of figures of the same groups agree: one year with the next, one subject with another, one method with another.
//!
//! Promise: only figures of groups are compared, with an interval, and not when they are fewer than eight or one set does not vary.

use statrs::distribution::{ContinuousCDF, Normal};

use super::refusal::Refusal;
use crate::sample::{ascending, correlation, quantile, ranks};

/// Fewer groups say nothing.
pub const FEWEST_GROUPS: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    pub groups: usize,
    /// Pearson's correlation.
    pub correlation: f64,
    /// Fisher's interval of it.
    pub interval: [f64; 2],
    /// Spearman's correlation of the ranks, ties at their mean.
    pub rank_correlation: f64,
    /// The share of groups that are on the same side of the median in both.
    pub same_side: f64,
}

/// Compares the figures of groups; `confidence` is that of the interval, such as 0.95.
pub fn agreement(pairs: &[(f64, f64)], confidence: f64) -> Result<Agreement, Refusal> {
    let pairs: Vec<(f64, f64)> = pairs.iter().copied().filter(|(a, b)| a.is_finite() && b.is_finite()).collect();
    let groups = pairs.len();
    if groups < FEWEST_GROUPS {
        return Err(Refusal::FewGroups { groups, least: FEWEST_GROUPS });
    }
    if !(0.5..1.0).contains(&confidence) {
        return Err(Refusal::Settings("confidence must be from 0.5 to below 1".to_owned()));
    }
    let (one, other): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
    let same = || Refusal::AllSame { students: groups };
    let rank_correlation = correlation(&ranks(&one), &ranks(&other)).ok_or_else(same)?;
    let correlation = correlation(&one, &other).ok_or_else(same)?;
    let median = |values: &[f64]| quantile(&ascending(values), 0.5).ok_or_else(same);
    let reach = Normal::standard().inverse_cdf(f64::midpoint(1.0, confidence)) / (groups as f64 - 3.0).sqrt();
    let middle = correlation.atanh();
    let (a, b) = (median(&one)?, median(&other)?);
    let same = one.iter().zip(&other).filter(|(one, other)| (**one >= a) == (**other >= b)).count();
    Ok(Agreement {
        groups,
        correlation,
        interval: [(middle - reach).tanh(), (middle + reach).tanh()],
        rank_correlation,
        same_side: same as f64 / groups as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_is_that_of_r() {
        // R: x <- c(50,46,55,61,48,52,39,57); y <- c(52,44,49,63,50,50,41,53); cor.test(x, y); cor(x, y, method = "spearman")
        let x = [50.0, 46.0, 55.0, 61.0, 48.0, 52.0, 39.0, 57.0];
        let y = [52.0, 44.0, 49.0, 63.0, 50.0, 50.0, 41.0, 53.0];
        let pairs: Vec<(f64, f64)> = x.into_iter().zip(y).collect();
        let found = agreement(&pairs, 0.95).unwrap();
        assert_eq!(found.groups, 8);
        for (ours, theirs) in [
            (found.correlation, 0.887_954_221_159_87),
            (found.interval[0], 0.489_686_788_571_82),
            (found.interval[1], 0.979_645_814_362_28),
            (found.rank_correlation, 0.814_385_858_101_02),
        ] {
            assert!((ours - theirs).abs() < 1e-9, "{ours} against {theirs}");
        }
        assert_eq!(found.same_side, 0.625);
    }

    #[test]
    fn few_or_equal_groups_are_refused() {
        assert_eq!(agreement(&[(1.0, 2.0); 7], 0.95), Err(Refusal::FewGroups { groups: 7, least: 8 }));
        assert_eq!(agreement(&[(1.0, 2.0); 8], 0.95), Err(Refusal::AllSame { students: 8 }));
        assert_eq!(agreement(&[(1.0, f64::NAN); 9], 0.95), Err(Refusal::FewGroups { groups: 0, least: 8 }));
    }
}
