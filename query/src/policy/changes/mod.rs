//! Change points: on which days a figure's level changed, without being told a date.
//!
//! Promise: autocorrelated days are not taken for changes; each change has an interval of its date and of its size. The size's
//! interval takes the date as known, and a change that was searched for is larger than one that was asked for: read it as a hint.
//!
//! Source: segmentation by dynamic programming on days less their autocorrelation (Chakar et al. 2017), the number of changes by the
//! Bayesian criterion of Yao 1988 with three parameters for each change; dates' intervals by Bai 1997.

mod date;
mod search;

use chrono::NaiveDate;
use serde::Serialize;

use super::autoregression::Autoregressive;
use super::day_pattern::DayPattern;
use super::estimate::{self, Estimate};
use super::least_squares::Design;
use super::refusal::Refusal;
use super::series::{Known, Series, Step};

/// A level lasts at least this long.
pub const SHORTEST: usize = 8;
/// Fewer days with a value show no change.
pub const FEWEST: usize = 3 * SHORTEST;
/// More days than this are not searched: the search grows with their square.
pub const MOST: usize = 2_000;

/// The levels of a figure and the days between them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changes {
    pub step: Step,
    pub confidence: f64,
    /// Days (or weeks) with a value.
    pub n: usize,
    /// The share of days that have a value, 0 to 1.
    pub coverage: f64,
    /// The correlation of one day's error with the next's.
    pub autocorrelation: f64,
    /// Ascending; empty when no change stands out.
    pub changes: Vec<Change>,
}

/// One change of the level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The first day of the new level, and the interval of that day.
    pub day: NaiveDate,
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
    /// The new level less the old, in the figure's unit.
    pub size: Estimate,
}

/// Finds the changes; `confidence` is that of the intervals.
pub fn changes(series: &Series, confidence: f64) -> Result<Changes, Refusal> {
    estimate::check_confidence(confidence)?;
    let known = series.known(|_| false);
    let n = known.values.len();
    if n < FEWEST {
        return Err(Refusal::FewDays { days: n, least: FEWEST });
    }
    if n > MOST {
        return Err(Refusal::Settings(format!("{n} days are too many to search: take at most {MOST}, or weeks")));
    }
    if estimate::all_same(&known.values) {
        return Err(Refusal::NoVariance { n });
    }
    let plain = DayPattern::of(&known, series.step).removed(&known);
    let found = search::starts(&plain);
    let fit = levels(&plain, &found, &known)?;
    let last = n - 1;
    let day = |at: usize| known.days[at.min(last)];
    let change = |(at, start): (usize, &usize)| {
        let spread = fit.covariance[at + 1][at + 1].max(0.0).sqrt();
        let size = Estimate::student(fit.coefficients[at + 1], spread, fit.degrees, confidence)?;
        let reach = date::reach(size.value, long_run(&fit, &plain, &found), confidence);
        Ok(Change { day: day(*start), first_day: day(start.saturating_sub(reach)), last_day: day(start + reach), size })
    };
    let changes = found.iter().enumerate().map(change).collect::<Result<_, Refusal>>()?;
    Ok(Changes { step: series.step, confidence, n, coverage: series.coverage(), autocorrelation: fit.autocorrelation.0, changes })
}

/// The levels: the first, and what each start adds.
fn levels(plain: &[f64], starts: &[usize], known: &Known) -> Result<Autoregressive, Refusal> {
    let mut design = Design::default();
    design.push("level", vec![1.0; plain.len()]);
    for start in starts {
        design.push(format!("level from {}", known.days[*start]), (0..plain.len()).map(|day| f64::from(day >= *start)).collect());
    }
    Autoregressive::fit(&design, plain, &known.stretches())
}

/// The variance that a mean of many days would have, times their number.
fn long_run(fit: &Autoregressive, plain: &[f64], starts: &[usize]) -> f64 {
    let level = |day: usize| {
        fit.coefficients[0]
            + starts.iter().zip(&fit.coefficients[1..]).filter(|(start, _)| day >= **start).map(|(_, size)| size).sum::<f64>()
    };
    let left: Vec<f64> = plain.iter().enumerate().map(|(day, value)| value - level(day)).collect();
    let correlation = fit.autocorrelation.0.clamp(-0.9, 0.95);
    crate::sample::variance(&left) * (1.0 + correlation) / (1.0 - correlation)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use crate::policy::dice::{Walk, school_days};

    fn series(n: usize, phi: f64, level: impl Fn(usize) -> f64, dice: &mut StdRng) -> Series {
        let mut walk = Walk::new([phi, 0.0], 4.0, dice);
        let points = school_days(n).into_iter().enumerate();
        let value = |(at, day): (usize, NaiveDate)| {
            (day, Some(60.0 + level(at) + if at % 5 == 3 { -10.0 } else { 0.0 } + walk.next(dice)))
        };
        Series::new(Step::Day, points.map(value).collect()).unwrap()
    }

    #[test]
    fn a_steady_figure_rarely_shows_a_change() {
        let mut dice = StdRng::seed_from_u64(31);
        for phi in [0.0, 0.5] {
            let alarms =
                (0..200).filter(|_| !changes(&series(95, phi, |_| 0.0, &mut dice), 0.95).unwrap().changes.is_empty()).count();
            assert!(alarms <= 14, "{alarms} of 200 at {phi}");
        }
    }

    #[test]
    fn a_change_is_found_and_its_date_held() {
        let mut dice = StdRng::seed_from_u64(32);
        let days = school_days(95);
        let (mut found, mut held) = (0, 0);
        for _ in 0..200 {
            let answer = changes(&series(95, 0.4, |at| if at < 50 { 0.0 } else { -14.0 }, &mut dice), 0.95).unwrap();
            found += usize::from(answer.changes.len() == 1);
            held += usize::from(answer.changes.iter().any(|change| (change.first_day..=change.last_day).contains(&days[50])));
        }
        assert!(found >= 180 && held >= 180, "{found} found, {held} held");
    }

    #[test]
    fn short_and_constant_series_are_refused() {
        let days = |n: usize| school_days(n).into_iter().map(|day| (day, Some(1.0))).collect();
        let short = Series::new(Step::Day, days(23)).unwrap();
        assert_eq!(changes(&short, 0.95), Err(Refusal::FewDays { days: 23, least: 24 }));
        let constant = Series::new(Step::Day, days(40)).unwrap();
        assert_eq!(changes(&constant, 0.95), Err(Refusal::NoVariance { n: 40 }));
    }
}
