//! The next weeks of a figure, if things go on as they do.
//!
//! Promise: each day has an interval, and the answer says how often such intervals held the days that were already there, and how
//! much nearer the forecast came than saying "as on that week day last week".
//!
//! Source: exponential smoothing with additive errors, with no, full or damped trend by Akaike's criterion (augurs); week days are
//! taken out before and put back after, so that holidays do not shift them. Nothing is known of vacations: ask for school days only.

use augurs::ets::AutoETS;
use augurs::{Fit, Predict};
use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::day_pattern::DayPattern;
use super::estimate;
use super::refusal::Refusal;
use super::series::{Known, Series, Step};
use crate::sample::{mean, variance};

/// Fewer days with a value foretell nothing.
pub const FEWEST: usize = 30;
/// And fewer weeks.
pub const FEWEST_WEEKS: usize = 16;
/// More days than this ahead are not foretold.
pub const FURTHEST: usize = 60;
/// How many times the past is foretold from what was known before it.
const TRIALS: usize = 8;

/// The days ahead, with how far to trust them. Values are in the figure's unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    pub step: Step,
    pub confidence: f64,
    /// Days (or weeks) with a value that it was made from.
    pub n: usize,
    /// The share of days that have a value, 0 to 1.
    pub coverage: f64,
    pub days: Vec<Ahead>,
    /// Past days that were foretold in the same way from what was known before, up to a week ahead.
    pub tried: usize,
    /// The share of them that lay in their interval, 0 to 1.
    pub held: f64,
    /// The mean distance of forecast and value, and that of "as on that week day last week".
    pub mean_error: f64,
    pub naive_mean_error: f64,
}

/// One day ahead.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ahead {
    pub day: NaiveDate,
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// What values a figure can have: minutes are from 0, shares from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub least: f64,
    pub most: f64,
}

impl Bounds {
    /// Of no bounds.
    pub const NONE: Self = Self { least: f64::NEG_INFINITY, most: f64::INFINITY };
}

/// Foretells `ahead`, the school days (or Mondays) after the series, ascending.
pub fn forecast(series: &Series, ahead: &[NaiveDate], bounds: Bounds, confidence: f64) -> Result<Forecast, Refusal> {
    estimate::check_confidence(confidence)?;
    let known = series.known(|_| false);
    let n = known.values.len();
    let least = if series.step == Step::Day { FEWEST } else { FEWEST_WEEKS };
    if n < least {
        return Err(Refusal::FewDays { days: n, least });
    }
    check(ahead, &known)?;
    if estimate::all_same(&known.values) {
        return Err(Refusal::NoVariance { n });
    }
    let days = foretell(&known, series.step, ahead, bounds, confidence)?;
    let trials = trials(&known, series.step, bounds, confidence)?;
    let held = trials.iter().filter(|(day, value, _)| (day.low..=day.high).contains(value)).count();
    let error = |of: &dyn Fn(&(Ahead, f64, f64)) -> f64| mean(&trials.iter().map(of).collect::<Vec<_>>());
    Ok(Forecast {
        step: series.step,
        confidence,
        n,
        coverage: series.coverage(),
        days,
        tried: trials.len(),
        held: held as f64 / trials.len().max(1) as f64,
        mean_error: error(&|(day, value, _)| (day.value - value).abs()),
        naive_mean_error: error(&|(_, value, naive)| (naive - value).abs()),
    })
}

fn check(ahead: &[NaiveDate], known: &Known) -> Result<(), Refusal> {
    if ahead.is_empty() || ahead.len() > FURTHEST {
        return Err(Refusal::Settings(format!("{} days ahead are asked for; ask for 1 to {FURTHEST}", ahead.len())));
    }
    let all = known.days.iter().rev().take(1).chain(ahead).collect::<Vec<_>>();
    match all.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(Refusal::Settings(format!(
            "{} does not come after {}: days ahead must ascend from the last known",
            pair[1], pair[0]
        ))),
        None => Ok(()),
    }
}

fn foretell(known: &Known, step: Step, ahead: &[NaiveDate], bounds: Bounds, confidence: f64) -> Result<Vec<Ahead>, Refusal> {
    let pattern = DayPattern::of(known, step);
    let plain = pattern.removed(known);
    // Around 1, as the search of the smoothing weights works at the size of its numbers.
    let centre = mean(&plain);
    let scale = variance(&plain).sqrt();
    if scale == 0.0 {
        return Err(Refusal::PerfectFit);
    }
    let turned: Vec<f64> = plain.iter().map(|value| (value - centre) / scale).collect();
    let no_model = |reason: String| Refusal::NoModel(reason);
    let model = AutoETS::new(1, "AZN").map_err(|error| no_model(error.to_string()))?;
    let model = model.fit(&turned).map_err(|error| no_model(error.to_string()))?;
    let found = model.predict(ahead.len(), confidence).map_err(|error| no_model(error.to_string()))?;
    let intervals = found.intervals.ok_or_else(|| no_model("the smoothing has no intervals".to_owned()))?;
    let wider = wider(known.values.len(), pattern.len(), confidence)?;
    let day = |(at, day): (usize, &NaiveDate)| {
        let back = |value: f64| (centre + scale * value + pattern.at(*day)).clamp(bounds.least, bounds.most);
        let point = found.point[at];
        let end = |end: f64| back(point + wider * (end - point));
        let one = Ahead { day: *day, value: back(point), low: end(intervals.lower[at]), high: end(intervals.upper[at]) };
        let finite = [one.value, one.low, one.high].iter().all(|value| value.is_finite());
        if finite { Ok(one) } else { Err(no_model("the forecast is not finite".to_owned())) }
    };
    ahead.iter().enumerate().map(day).collect()
}

/// How much wider intervals are for what they take as known: the variance, of `n` days, and the pattern of the week days.
fn wider(n: usize, week_days: usize, confidence: f64) -> Result<f64, Refusal> {
    let (n, used, share) = (n as f64, week_days as f64 + 1.0, f64::midpoint(1.0, confidence));
    let law = StudentsT::new(0.0, 1.0, n - used).map_err(|error| Refusal::NoModel(error.to_string()))?;
    Ok(law.inverse_cdf(share) / Normal::standard().inverse_cdf(share) * (1.0 + week_days as f64 / n).sqrt())
}

/// Past days foretold: the forecast, the value, and that of the same week day before.
fn trials(known: &Known, step: Step, bounds: Bounds, confidence: f64) -> Result<Vec<(Ahead, f64, f64)>, Refusal> {
    let horizon = if step == Step::Day { 5 } else { 2 };
    let first = known.values.len() * 2 / 3;
    let stride = ((known.values.len() - first) / TRIALS).max(1);
    let mut all = Vec::new();
    for start in (first..known.values.len()).step_by(stride) {
        let end = (start + horizon).min(known.values.len());
        let before = Known { days: known.days[..start].to_vec(), values: known.values[..start].to_vec() };
        let found = foretell(&before, step, &known.days[start..end], bounds, confidence)?;
        let naive = |day: NaiveDate| {
            let alike = before.days.iter().rposition(|earlier| step == Step::Week || earlier.weekday() == day.weekday());
            before.values[alike.unwrap_or(start - 1)]
        };
        all.extend(found.into_iter().zip(start..end).map(|(day, at)| (day, known.values[at], naive(day.day))));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use crate::policy::dice::{Walk, school_days};

    /// A level that drifts, with Fridays 15 below.
    fn drifting(n: usize, dice: &mut StdRng) -> Vec<(NaiveDate, f64)> {
        let (mut level, mut noise) = (Walk::new([0.95, 0.0], 1.5, dice), Walk::new([0.0, 0.0], 4.0, dice));
        let friday = |day: NaiveDate| if day.weekday().num_days_from_monday() == 4 { -15.0 } else { 0.0 };
        school_days(n).into_iter().map(|day| (day, 60.0 + friday(day) + level.next(dice) + noise.next(dice))).collect()
    }

    #[test]
    fn the_next_two_weeks_are_held_and_nearer_than_last_week() {
        let mut dice = StdRng::seed_from_u64(41);
        let (mut held, mut all, mut better) = (0, 0, 0);
        for _ in 0..60 {
            let days = drifting(90, &mut dice);
            let series = Series::new(Step::Day, days[..80].iter().map(|(day, value)| (*day, Some(*value))).collect()).unwrap();
            let ahead: Vec<NaiveDate> = days[80..].iter().map(|(day, _)| *day).collect();
            let found = forecast(&series, &ahead, Bounds { least: 0.0, most: f64::INFINITY }, 0.95).unwrap();
            held += found.days.iter().zip(&days[80..]).filter(|(day, (_, value))| (day.low..=day.high).contains(value)).count();
            all += ahead.len();
            better += usize::from(found.mean_error < found.naive_mean_error);
        }
        let share = held as f64 / all as f64;
        assert!((0.9..=0.98).contains(&share), "{share}");
        assert!(better >= 50, "{better}");
    }

    #[test]
    fn bounds_hold_and_what_cannot_be_foretold_is_refused() {
        let mut dice = StdRng::seed_from_u64(42);
        let points = |n: usize, dice: &mut StdRng| drifting(n, dice).into_iter().map(|(day, value)| (day, Some(value))).collect();
        let series = Series::new(Step::Day, points(60, &mut dice)).unwrap();
        let ahead = &school_days(62)[60..];
        let found = forecast(&series, ahead, Bounds { least: 0.0, most: 30.0 }, 0.95).unwrap();
        assert!(found.days.iter().all(|day| day.high <= 30.0 && day.low >= 0.0 && day.value <= 30.0));
        assert_eq!(forecast(&series, &ahead[..0], Bounds::NONE, 0.95).unwrap_err().code(), "bad_settings");
        assert_eq!(forecast(&series, &school_days(60)[58..], Bounds::NONE, 0.95).unwrap_err().code(), "bad_settings");
        let short = Series::new(Step::Day, points(29, &mut dice)).unwrap();
        assert_eq!(forecast(&short, ahead, Bounds::NONE, 0.95), Err(Refusal::FewDays { days: 29, least: 30 }));
    }
}
