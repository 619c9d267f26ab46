//! How far two sets of figures of the same groups agree: one year with the next, one subject with another, one method with another.
//!
//! Promise: only figures of groups are compared, with an interval, and not when they are fewer than eight or one set does not vary.
//!
//! Sources: Fisher's z for Pearson's correlation; Bonett and Wright (2000) for Spearman's; Wilson's interval of a share; Cohen (1960) for κ.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

use super::figures::Call;
use super::group::Rate;
use super::refusal::Refusal;
use crate::sample::{ascending, correlation, mean, quantile, ranks, variance};

/// Fewer groups say nothing.
pub const FEWEST_GROUPS: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Agreement {
    pub groups: usize,
    /// Pearson's correlation.
    pub correlation: f64,
    /// Fisher's interval of it.
    pub interval: [f64; 2],
    /// Spearman's correlation of the ranks, ties at their mean.
    pub rank_correlation: f64,
    /// Its interval by Bonett and Wright.
    pub rank_interval: [f64; 2],
    /// The mean absolute difference of the figures, each set in its own standard deviations from its own mean.
    pub mean_difference: f64,
    /// The share of groups that are on the same side of the median in both.
    pub same_side: f64,
}

/// Compares the figures of groups; `confidence` is that of the intervals, such as 0.95.
pub fn agreement(pairs: &[(f64, f64)], confidence: f64) -> Result<Agreement, Refusal> {
    let pairs: Vec<(f64, f64)> = pairs.iter().copied().filter(|(a, b)| a.is_finite() && b.is_finite()).collect();
    let groups = enough(pairs.len(), confidence)?;
    let (one, other): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
    let same = || Refusal::AllSame { students: groups };
    let rank_correlation = correlation(&ranks(&one), &ranks(&other)).ok_or_else(same)?;
    let correlation = correlation(&one, &other).ok_or_else(same)?;
    let median = |values: &[f64]| quantile(&ascending(values), 0.5).ok_or_else(same);
    let (a, b) = (median(&one)?, median(&other)?);
    let same = one.iter().zip(&other).filter(|(one, other)| (**one >= a) == (**other >= b)).count();
    let (z, n) = (Normal::standard().inverse_cdf(f64::midpoint(1.0, confidence)), groups as f64);
    let about = |r: f64, variance: f64| {
        let reach = z * (variance / (n - 3.0)).sqrt();
        [(r.atanh() - reach).tanh(), (r.atanh() + reach).tanh()]
    };
    let difference = standardised(&one).zip(standardised(&other)).map(|(one, other)| (one - other).abs()).sum::<f64>();
    Ok(Agreement {
        groups,
        correlation,
        interval: about(correlation, 1.0),
        rank_correlation,
        rank_interval: about(rank_correlation, 1.0 + rank_correlation * rank_correlation / 2.0),
        mean_difference: difference / n,
        same_side: same as f64 / n,
    })
}

fn enough(groups: usize, confidence: f64) -> Result<usize, Refusal> {
    if groups < FEWEST_GROUPS {
        return Err(Refusal::FewGroups { groups, least: FEWEST_GROUPS });
    }
    if !(0.5..1.0).contains(&confidence) {
        return Err(Refusal::Settings("confidence must be from 0.5 to below 1".to_owned()));
    }
    Ok(groups)
}

/// Of values that vary.
fn standardised(values: &[f64]) -> impl Iterator<Item = f64> {
    let (centre, deviation) = (mean(values), variance(values).sqrt());
    values.iter().map(move |value| (value - centre) / deviation)
}

/// How far two sets of calls of the same groups – above, not to be told, below – agree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Calls {
    pub groups: usize,
    /// Groups with the same call, with Wilson's interval of the share.
    pub same: Rate,
    /// Cohen's κ: agreement beyond that of chance, 1 for all; none when one call is everybody's in both.
    pub kappa: Option<f64>,
    /// That of the share, with the agreement by chance taken as known: it has a width even where all calls agree, which Cohen's error has not.
    pub kappa_interval: Option<[f64; 2]>,
    /// Groups by their call in the one (rows) and the other: below, not to be told, above.
    pub table: [[usize; 3]; 3],
}

/// Compares the calls of groups.
pub fn calls(pairs: &[(Call, Call)], confidence: f64) -> Result<Calls, Refusal> {
    let groups = enough(pairs.len(), confidence)?;
    let mut table = [[0; 3]; 3];
    pairs.iter().for_each(|(one, other)| table[*one as usize][*other as usize] += 1);
    let (n, same) = (groups as f64, (0..3).map(|call| table[call][call]).sum::<usize>());
    let one = |call: usize| table[call].iter().sum::<usize>() as f64 / n;
    let other = |call: usize| table.iter().map(|row| row[call]).sum::<usize>() as f64 / n;
    let (observed, by_chance) = (same as f64 / n, (0..3).map(|call| one(call) * other(call)).sum::<f64>());
    let kappa = (by_chance < 1.0 - 1e-12).then(|| (observed - by_chance) / (1.0 - by_chance));
    let same = Rate::wilson(same, groups, confidence);
    let beyond = |share: f64| (share - by_chance) / (1.0 - by_chance);
    let kappa_interval = kappa.map(|_| same.interval.map(beyond));
    Ok(Calls { groups, same, kappa, kappa_interval, table })
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

    #[test]
    fn calls_that_are_all_the_same_have_no_kappa() {
        let same = calls(&[(Call::NotDistinguished, Call::NotDistinguished); 9], 0.95).unwrap();
        assert_eq!((same.same.share, same.kappa, same.kappa_interval), (1.0, None, None));
        assert_eq!(calls(&[(Call::Above, Call::Below); 7], 0.95), Err(Refusal::FewGroups { groups: 7, least: 8 }));
        let turned = [(Call::Above, Call::Below), (Call::Below, Call::Above)].repeat(5);
        let turned = calls(&turned, 0.95).unwrap();
        let [low, high] = turned.kappa_interval.unwrap();
        assert!(turned.kappa == Some(-1.0) && (low + 1.0).abs() < 1e-9 && (-1.0..0.0).contains(&high), "{turned:?}");
    }

    #[test]
    fn figures_that_agree_entirely_have_an_interval_without_width() {
        let pairs: Vec<(f64, f64)> = (0..9).map(|i| (f64::from(i), 2.0 * f64::from(i) + 1.0)).collect();
        let found = agreement(&pairs, 0.95).unwrap();
        assert!(found.correlation > 1.0 - 1e-12 && found.mean_difference < 1e-12, "{found:?}");
        assert!([found.interval, found.rank_interval].concat().iter().all(|end| end.is_finite()), "{found:?}");
    }

    /// `tests/independent/value_added.py` makes these numbers.
    #[test]
    fn agreement_and_kappa_are_those_of_an_independent_computation() {
        let kept: serde_json::Value = serde_json::from_str(include_str!("../../tests/value_added/agreement.json")).unwrap();
        for case in kept.as_array().unwrap() {
            let list = |name: &str| case[name].as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect::<Vec<_>>();
            let pairs: Vec<(f64, f64)> = list("one").into_iter().zip(list("other")).collect();
            let found = serde_json::to_value(agreement(&pairs, 0.95).unwrap()).unwrap();
            let call = |it: f64| {
                if it > 0.5 {
                    Call::Above
                } else if it < -0.5 {
                    Call::Below
                } else {
                    Call::NotDistinguished
                }
            };
            let called = pairs.iter().map(|(one, other)| (call(*one), call(*other))).collect::<Vec<_>>();
            let called = serde_json::to_value(calls(&called, 0.95).unwrap()).unwrap();
            for (ours, theirs) in [(&found, &case["agreement"]), (&called, &case["calls"])] {
                assert_eq!(super::super::release::differences(theirs, ours), Vec::<String>::new(), "{ours} {theirs}");
            }
        }
    }
}
