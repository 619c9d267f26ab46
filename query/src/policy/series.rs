//! A figure over days or weeks.
//!
//! Promise: days ascend and none is there twice; a day whose value is missing or withheld stays in the series without one, and
//! lowers the coverage.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;

/// A longer pause than this, such as a vacation, ends a stretch: what comes after is not taken as related to what was before it.
const LONGEST_PAUSE_DAYS: i64 = 14;

/// What one value stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// School days.
    Day,
    /// Weeks, by their Mondays.
    Week,
}

/// A figure over days, ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub step: Step,
    points: Vec<(NaiveDate, Option<f64>)>,
}

impl Series {
    /// Puts the days in order. A value that is not finite counts as none.
    pub fn new(step: Step, mut points: Vec<(NaiveDate, Option<f64>)>) -> Result<Self, Refusal> {
        points.sort_by_key(|(day, _)| *day);
        if let Some(pair) = points.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Refusal::RepeatedDay(pair[0].0));
        }
        let points = points.into_iter().map(|(day, value)| (day, value.filter(|value| value.is_finite()))).collect();
        Ok(Self { step, points })
    }

    /// The days with a value, but for those `left_out`.
    pub(super) fn known(&self, left_out: impl Fn(NaiveDate) -> bool) -> Known {
        let known = self.points.iter().filter(|(day, _)| !left_out(*day)).filter_map(|(day, value)| Some((*day, (*value)?)));
        let (days, values) = known.unzip();
        Known { days, values }
    }

    /// The share of days that have a value.
    pub fn coverage(&self) -> f64 {
        let known = self.points.iter().filter(|(_, value)| value.is_some()).count();
        known as f64 / self.points.len().max(1) as f64
    }
}

/// Days with their values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Known {
    pub days: Vec<NaiveDate>,
    pub values: Vec<f64>,
}

impl Known {
    /// Where the stretches between long pauses begin.
    pub fn stretches(&self) -> Vec<usize> {
        let pause = |pair: &[NaiveDate]| (pair[1] - pair[0]).num_days() > LONGEST_PAUSE_DAYS;
        let starts = self.days.windows(2).enumerate().filter(|(_, pair)| pause(pair)).map(|(at, _)| at + 1);
        [0].into_iter().chain(starts).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_ordered_and_pauses_found() {
        let points = vec![(day("2026-09-02"), Some(1.0)), (day("2026-09-01"), Some(f64::NAN)), (day("2026-10-09"), Some(2.0))];
        let series = Series::new(Step::Day, points).unwrap();
        let known = series.known(|_| false);
        assert_eq!(known.days, [day("2026-09-02"), day("2026-10-09")]);
        assert_eq!(known.stretches(), [0, 1]);
        assert!((series.coverage() - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_day_is_there_once() {
        let twice = vec![(day("2026-09-01"), Some(1.0)), (day("2026-09-01"), None)];
        assert_eq!(Series::new(Step::Day, twice), Err(Refusal::RepeatedDay(day("2026-09-01"))));
    }
}
