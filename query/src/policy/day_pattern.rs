//! What week days differ by, and a series without it.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::series::{Known, Step};
use crate::sample::mean;

/// A week day with fewer values has no pattern of its own.
const FEWEST: usize = 3;

/// How far each week day lies from the mean of its surroundings, in the figure's unit; by days from Monday.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct DayPattern(BTreeMap<u32, f64>);

impl DayPattern {
    /// From each day's value less the mean of the days around it, of which there are as many as school days in a week.
    pub fn of(known: &Known, step: Step) -> Self {
        if step == Step::Week || known.days.len() < 10 {
            return Self::default();
        }
        let around = |at: usize| mean(&known.values[at.saturating_sub(2).min(known.values.len() - 5)..][..5]);
        let mut apart: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for (at, day) in known.days.iter().enumerate() {
            apart.entry(day.weekday().num_days_from_monday()).or_default().push(known.values[at] - around(at));
        }
        let own = apart.into_iter().filter(|(_, values)| values.len() >= FEWEST).map(|(day, values)| (day, mean(&values)));
        Self(own.collect())
    }

    /// How many week days have a pattern.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What the pattern adds on `day`.
    pub fn at(&self, day: NaiveDate) -> f64 {
        self.0.get(&day.weekday().num_days_from_monday()).copied().unwrap_or(0.0)
    }

    /// The values without the pattern.
    pub fn removed(&self, known: &Known) -> Vec<f64> {
        known.days.iter().zip(&known.values).map(|(day, value)| value - self.at(*day)).collect()
    }
}
