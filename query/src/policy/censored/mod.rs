//! Minutes that a closing time cut off: a system that closes at 20:00 knows only that a student took longer.
//!
//! Promise: minutes that were cut off are taken as "at least", never as the time taken; the share of them is always said, and a
//! figure that lies beyond what was seen is refused. One value for each student: values of one student are not independent.

#[cfg(test)]
mod against_r;
mod kaplan_meier;
mod lognormal;

use super::estimate::{self, Estimate};
use super::refusal::Refusal;
use crate::sample::mean;
pub use kaplan_meier::{Curve, Step};
pub use lognormal::Lognormal;

/// Fewer values show nothing that may be shown.
pub const FEWEST: usize = 10;

/// How long one student took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minutes {
    pub minutes: f64,
    /// The student had not finished when the system closed.
    pub cut_off: bool,
}

/// How long students took, had the system not closed. Durations are in minutes.
#[derive(Clone, Debug, PartialEq)]
pub struct Durations {
    pub confidence: f64,
    pub n: usize,
    /// How many were cut off.
    pub cut_off: usize,
    /// Their share, 0 to 1.
    pub cut_off_share: f64,
    /// The mean of the minutes as recorded, which is too small when any was cut off.
    pub recorded_mean: f64,
    /// The share of students not yet done, by minutes: Kaplan & Meier.
    pub curve: Curve,
    /// The median, from the curve; refused when more than half were cut off before it.
    pub median: Result<Estimate, Refusal>,
    /// So long nine of ten take at most, from the curve; refused when more than one in ten was cut off before it.
    pub p90: Result<Estimate, Refusal>,
    /// The mean of the minutes up to the longest seen, from the curve.
    pub restricted_mean: Estimate,
    /// Up to where that mean goes.
    pub restricted_to: f64,
    /// The share of students over the limit, 0 to 1, from the curve; refused when the system closed before the limit.
    pub over_limit: Option<Result<Estimate, Refusal>>,
    /// A lognormal law of the minutes: it goes beyond the closing time, as far as the law holds there.
    pub lognormal: Result<Lognormal, Refusal>,
}

/// Estimates how long students took; `limit` is in minutes.
pub fn durations(values: &[Minutes], limit: Option<f64>, confidence: f64) -> Result<Durations, Refusal> {
    estimate::check_confidence(confidence)?;
    let values: Vec<Minutes> = values.iter().copied().filter(|value| value.minutes.is_finite() && value.minutes >= 0.0).collect();
    let n = values.len();
    if n < FEWEST {
        return Err(Refusal::SmallGroup { n, least: FEWEST });
    }
    let cut_off = values.iter().filter(|value| value.cut_off).count();
    if cut_off == n {
        return Err(Refusal::AllCensored { n });
    }
    let minutes: Vec<f64> = values.iter().map(|value| value.minutes).collect();
    if estimate::all_same(&minutes) {
        return Err(Refusal::NoVariance { n });
    }
    let curve = Curve::of(&values, confidence)?;
    let (restricted_mean, restricted_to) = curve.restricted_mean(confidence)?;
    Ok(Durations {
        confidence,
        n,
        cut_off,
        cut_off_share: cut_off as f64 / n as f64,
        recorded_mean: mean(&minutes),
        median: curve.quantile(50),
        p90: curve.quantile(90),
        restricted_mean,
        restricted_to,
        over_limit: limit.map(|limit| curve.share_over(limit)),
        lognormal: Lognormal::of(&values, limit, confidence),
        curve,
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use crate::policy::dice::normal;

    /// Lognormal minutes of median 60 and σ 0.5, cut off at `closing`.
    fn evening(n: usize, closing: f64, dice: &mut StdRng) -> Vec<Minutes> {
        let one = |_| {
            let minutes = 60.0 * (0.5 * normal(dice)).exp();
            Minutes { minutes: minutes.min(closing), cut_off: minutes > closing }
        };
        (0..n).map(one).collect()
    }

    #[test]
    fn the_true_values_are_held_where_recorded_minutes_miss_them() {
        let mut dice = StdRng::seed_from_u64(21);
        let truth = [60.0, 60.0 * 0.125f64.exp(), 0.5];
        let (mut held, mut recorded) = ([0; 3], 0);
        for _ in 0..400 {
            let found = durations(&evening(120, 85.0, &mut dice), Some(60.0), 0.95).unwrap();
            let law = found.lognormal.unwrap();
            let estimates = [found.median.unwrap(), law.mean, found.over_limit.unwrap().unwrap()];
            estimates
                .iter()
                .zip(&truth)
                .zip(&mut held)
                .for_each(|((found, truth), held)| *held += i32::from((found.low..=found.high).contains(truth)));
            recorded += i32::from(found.recorded_mean > truth[1]);
        }
        assert!(held.iter().all(|held| (372..=392).contains(held)), "{held:?}");
        assert_eq!(recorded, 0, "recorded minutes are too few in every run");
    }

    #[test]
    fn what_lies_beyond_the_closing_time_is_refused() {
        let mut dice = StdRng::seed_from_u64(22);
        let early = durations(&evening(200, 40.0, &mut dice), Some(90.0), 0.95).unwrap();
        assert_eq!(early.median.unwrap_err().code(), "not_reached");
        assert_eq!(early.over_limit.unwrap().unwrap_err().code(), "not_reached");
        assert!(early.cut_off_share > 0.6 && early.restricted_to <= 40.0);
        let all: Vec<Minutes> = vec![Minutes { minutes: 40.0, cut_off: true }; 12];
        assert_eq!(durations(&all, None, 0.95).unwrap_err(), Refusal::AllCensored { n: 12 });
        assert_eq!(durations(&all[..9], None, 0.95).unwrap_err(), Refusal::SmallGroup { n: 9, least: 10 });
    }
}
