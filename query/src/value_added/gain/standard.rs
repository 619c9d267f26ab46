//! Gains in place: the mean change of z, T or percentile rank of a group's pupils, with the two ways in which it misleads.
//!
//! Source: 标准分、T 分、百分等级 as districts use them. A gain is pulled towards the mean (who started low gains, whoever teaches)
//! and cannot show at the ceiling: both are measured and given beside it.

use super::{Group, Pair, Reference};
use crate::sample::correlation;
use crate::value_added::group::{GroupRules, Mean};
use crate::value_added::refusal::Refusal;

/// What a pupil's place is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Standard deviations from the mean (标准分).
    Z,
    /// 50 + 10 z (T 分).
    T,
    /// Per cent of those tested who are below (百分等级).
    PercentileRank,
}

impl Measure {
    pub fn of(self, score: f64, reference: &Reference) -> f64 {
        match self {
            Self::Z => reference.z(score),
            Self::T => reference.t(score),
            Self::PercentileRank => reference.percentile_rank(score),
        }
    }
}

/// How a group's places changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupGain {
    pub measure: Measure,
    /// Pupils tested the second time.
    pub tested: usize,
    pub before: f64,
    pub after: f64,
    /// The mean change and its interval; its n is the pupils with both scores.
    pub gain: Mean,
    /// The share of the pupils who had the highest score of all on the first test: they could not gain.
    pub at_ceiling: f64,
}

/// The gain of `group` from the test of `before` to that of `after`.
pub fn group_gain(
    measure: Measure,
    [before, after]: [&Reference; 2],
    group: Group<'_>,
    rules: &GroupRules,
) -> Result<GroupGain, Refusal> {
    let pairs: Vec<Pair> = group.pairs.iter().copied().filter(both).collect();
    rules.allow(group.level, pairs.len(), group.tested)?;
    let places: Vec<(f64, f64)> =
        pairs.iter().map(|pair| (measure.of(pair.before, before), measure.of(pair.after, after))).collect();
    let n = places.len() as f64;
    let gains: Vec<f64> = places.iter().map(|(before, after)| after - before).collect();
    let at_ceiling = pairs.iter().filter(|pair| pair.before >= before.highest()).count();
    Ok(GroupGain {
        measure,
        tested: group.tested,
        before: places.iter().map(|place| place.0).sum::<f64>() / n,
        after: places.iter().map(|place| place.1).sum::<f64>() / n,
        gain: Mean::of(&gains, rules.confidence),
        at_ceiling: at_ceiling as f64 / n,
    })
}

/// The correlation of the gain in z with the place before, over all pupils with both scores: the further below 0, the more a gain
/// only says who started low.
pub fn pull_to_the_mean([before, after]: [&Reference; 2], pairs: &[Pair]) -> Result<f64, Refusal> {
    let start_and_gain = pairs.iter().filter(|pair| both(pair)).map(|pair| {
        let start = before.z(pair.before);
        (start, after.z(pair.after) - start)
    });
    let (start, gain): (Vec<f64>, Vec<f64>) = start_and_gain.unzip();
    correlation(&start, &gain).ok_or(Refusal::AllSame { students: start.len() })
}

pub(super) fn both(pair: &Pair) -> bool {
    pair.before.is_finite() && pair.after.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value_added::group::Level;

    /// Everyone has 0 … 99 the first time; the first twenty gain ten places on the second.
    fn district() -> (Reference, Reference, Vec<Pair>) {
        let pairs: Vec<Pair> =
            (0..100).map(|i| Pair { before: f64::from(i), after: f64::from(if i < 20 { i + 10 } else { i }) }).collect();
        let reference = |score: fn(&Pair) -> f64| Reference::of(pairs.iter().map(score)).unwrap();
        (reference(|pair| pair.before), reference(|pair| pair.after), pairs)
    }

    #[test]
    fn a_gain_is_the_mean_change_of_place() {
        let (before, after, pairs) = district();
        let group = Group { pairs: &pairs[..20], tested: 20, level: Level::Class };
        let gain = group_gain(Measure::T, [&before, &after], group, &GroupRules::default()).unwrap();
        let expected = after.t(19.5) - before.t(9.5);
        assert!((gain.gain.mean - expected).abs() < 1e-12 && gain.gain.differs_from(0.0), "{gain:?}");
        assert_eq!((gain.gain.n, gain.at_ceiling), (20, 0.0));
        assert!((gain.after - gain.before - gain.gain.mean).abs() < 1e-12);
        let z = group_gain(Measure::Z, [&before, &after], group, &GroupRules::default()).unwrap();
        assert!((z.gain.mean * 10.0 - gain.gain.mean).abs() < 1e-12);
    }

    #[test]
    fn who_starts_low_gains_and_the_pull_says_so() {
        let (before, after, mut pairs) = district();
        pairs.iter_mut().for_each(|pair| pair.after = pair.after * 37.0 % 100.0);
        let pull = pull_to_the_mean([&before, &after], &pairs).unwrap();
        assert!(pull < -0.5, "{pull}");
    }

    #[test]
    fn pupils_without_both_scores_count_against_the_linking() {
        let (before, after, mut pairs) = district();
        pairs[5..30].iter_mut().for_each(|pair| pair.before = f64::NAN);
        let group = Group { pairs: &pairs, tested: 100, level: Level::School };
        let refused = group_gain(Measure::PercentileRank, [&before, &after], group, &GroupRules::default());
        assert_eq!(refused, Err(Refusal::TooFewLinked { linked: 75, tested: 100, least: 80 }));
    }
}
