//! The last weeks against the weeks before them: how much higher or lower is a figure now?
//!
//! Promise: a plain difference of levels, free of week days, with an interval that knows days to be related; it says nothing of why.
//!
//! Source: levels with autoregressive errors as in `autoregression`; week days as in `day_pattern`.

use chrono::NaiveDate;
use serde::Serialize;

use super::autoregression::Autoregressive;
use super::day_pattern::DayPattern;
use super::estimate::{self, Estimate};
use super::least_squares::Design;
use super::refusal::Refusal;
use super::series::{Series, Step};

/// Fewer days before (or weeks) are no level to compare with.
pub const FEWEST_BEFORE: usize = 8;
/// And fewer days of the last weeks no level of theirs.
pub const FEWEST_AFTER: usize = 4;

/// Two levels of a figure, in its unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recent {
    /// The first day of the last weeks.
    pub since: NaiveDate,
    pub step: Step,
    pub confidence: f64,
    /// Days (or weeks) with a value before it, and from it on.
    pub n_before: usize,
    pub n_after: usize,
    /// The share of days that have a value, 0 to 1.
    pub coverage: f64,
    /// The level before, and the last weeks' less it.
    pub before: f64,
    pub change: Estimate,
    /// The correlation of one day's error with the next's.
    pub autocorrelation: f64,
}

/// Compares the days of `series` from `since` on with those before.
pub fn recent(series: &Series, since: NaiveDate, confidence: f64) -> Result<Recent, Refusal> {
    estimate::check_confidence(confidence)?;
    let known = series.known(|_| false);
    if known.days.is_empty() {
        return Err(Refusal::Empty);
    }
    let n_before = known.days.partition_point(|day| *day < since);
    let n_after = known.days.len() - n_before;
    if n_before < FEWEST_BEFORE {
        return Err(Refusal::FewBefore { days: n_before, least: FEWEST_BEFORE, date: since });
    }
    if n_after < FEWEST_AFTER {
        return Err(Refusal::FewAfter { days: n_after, least: FEWEST_AFTER, date: since });
    }
    if estimate::all_same(&known.values) {
        return Err(Refusal::NoVariance { n: known.values.len() });
    }
    let plain = DayPattern::of(&known, series.step).removed(&known);
    let mut design = Design::default();
    design.push("level_before", vec![1.0; plain.len()]);
    design.push("change", (0..plain.len()).map(|at| f64::from(at >= n_before)).collect());
    let fit = Autoregressive::fit(&design, &plain, &known.stretches())?;
    Ok(Recent {
        since,
        step: series.step,
        confidence,
        n_before,
        n_after,
        coverage: series.coverage(),
        before: fit.coefficients[0],
        change: Estimate::student(fit.coefficients[1], fit.covariance[1][1].max(0.0).sqrt(), fit.degrees, confidence)?,
        autocorrelation: fit.autocorrelation.0,
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use crate::policy::dice::{Walk, school_days};

    #[test]
    fn the_change_is_held_as_often_as_it_says() {
        let mut dice = StdRng::seed_from_u64(41);
        let days = school_days(50);
        for phi in [0.0, 0.4] {
            let mut held = 0;
            for _ in 0..400 {
                let mut walk = Walk::new([phi, 0.0], 4.0, &mut dice);
                let level = |at: usize| if at < 40 { 60.0 } else { 53.0 } - if at % 5 == 3 { 10.0 } else { 0.0 };
                let points = days.iter().enumerate().map(|(at, day)| (*day, Some(level(at) + walk.next(&mut dice)))).collect();
                let found = recent(&Series::new(Step::Day, points).unwrap(), days[40], 0.95).unwrap();
                assert_eq!((found.n_before, found.n_after), (40, 10));
                held += i32::from((found.change.low..=found.change.high).contains(&-7.0));
            }
            assert!((368..=392).contains(&held), "{held} of 400 at {phi}");
        }
    }

    #[test]
    fn too_few_days_on_either_side_are_refused() {
        let days = school_days(30);
        let points = days.iter().enumerate().map(|(at, day)| (*day, Some((at * 7 % 11) as f64))).collect();
        let series = Series::new(Step::Day, points).unwrap();
        assert_eq!(recent(&series, days[7], 0.95).unwrap_err().code(), "few_days_before");
        assert_eq!(recent(&series, days[27], 0.95).unwrap_err().code(), "few_days_after");
        assert!(recent(&series, days[20], 0.95).is_ok());
    }
}
