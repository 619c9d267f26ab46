//! The growth of a group: the median percentile of its pupils with an interval that assumes nothing of their distribution.
//!
//! Promise: no figure of fewer pupils than the rule says, none where too few of those tested could be linked, and none below the
//! school when each pupil took a subject drawn at random.

use statrs::distribution::{Binomial, DiscreteCDF};

use crate::value_added::refusal::Refusal;

/// What a figure is about, the smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Student,
    Class,
    School,
    County,
    Region,
}

/// How the pupils tested were chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Everyone took the subject.
    Census,
    /// Everyone took one subject drawn at random (as in Suzhou since 2015).
    Matrix,
}

/// When a group's figure may be given, and how sure its interval is. The defaults are choices, save for 20 pupils (Colorado's rule for medians).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupRules {
    pub sampling: Sampling,
    pub fewest: usize,
    /// Per cent of the pupils tested who must have an earlier score.
    pub least_linked: u8,
    pub confidence: f64,
}

impl Default for GroupRules {
    fn default() -> Self {
        Self { sampling: Sampling::Census, fewest: 20, least_linked: 80, confidence: 0.95 }
    }
}

impl GroupRules {
    /// Whether a figure of `linked` pupils of the `tested` may be given at `level`.
    pub fn allow(&self, level: Level, linked: usize, tested: usize) -> Result<(), Refusal> {
        if !(0.5..1.0).contains(&self.confidence) || self.least_linked > 100 {
            return Err(Refusal::Settings("confidence must be from 0.5 to below 1, least_linked at most 100".to_owned()));
        }
        if self.sampling == Sampling::Matrix && level < Level::School {
            return Err(Refusal::MatrixSampled);
        }
        if linked < self.fewest.max(1) {
            return Err(Refusal::SmallGroup { n: linked, least: self.fewest.max(1) });
        }
        if linked * 100 < tested * usize::from(self.least_linked) {
            return Err(Refusal::TooFewLinked { linked, tested, least: self.least_linked });
        }
        Ok(())
    }
}

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

/// The growth of the group whose pupils have `percentiles`, out of `tested`.
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
    (low, if n == 1 { 0.0 } else { sure(low).max(0.0) })
}
