//! The two groups by week, for the plot that a reader judges by whether they moved alike before.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use serde::Serialize;

use super::super::estimate::Estimate;
use super::super::welch;
use super::{FEWEST_SCHOOLS, Halves, level};
use crate::sample::mean;

/// One week, by its Monday; values are in the figure's unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Week {
    pub monday: NaiveDate,
    pub treated_schools: usize,
    pub comparison_schools: usize,
    /// Means over the schools; none when they are fewer than [`FEWEST_SCHOOLS`].
    pub treated: Option<f64>,
    pub comparison: Option<f64>,
    /// How much further apart the groups are than before the date.
    pub difference: Option<Estimate>,
}

/// Means of one school by the Mondays of its weeks.
type Weekly = BTreeMap<NaiveDate, f64>;

/// The weeks of both groups: as they are, and less what the comparison schools share and each school's level before.
pub(super) fn weeks(raw: [&[Halves]; 2], own: [&[Halves]; 2], confidence: f64) -> Vec<Week> {
    let levels = raw.map(|group| group.iter().map(|school| weekly(school, 0.0)).collect::<Vec<Weekly>>());
    let apart = own.map(|group| group.iter().map(|school| weekly(school, level(&school.before))).collect::<Vec<Weekly>>());
    let mut mondays: Vec<NaiveDate> = levels.iter().flatten().flat_map(|school| school.keys().copied()).collect();
    mondays.sort_unstable();
    mondays.dedup();
    let week = |monday: NaiveDate| {
        let of = |group: &[Weekly]| group.iter().filter_map(|school| school.get(&monday).copied()).collect::<Vec<f64>>();
        let [treated, comparison] = [of(&levels[0]), of(&levels[1])];
        let [one, other] = [of(&apart[0]), of(&apart[1])];
        let enough = |values: &[f64]| values.len() >= FEWEST_SCHOOLS;
        let shown = |values: &[f64]| enough(values).then(|| mean(values));
        let difference = if enough(&one) && enough(&other) { welch::difference(&one, &other, confidence).ok() } else { None };
        Week {
            monday,
            treated_schools: treated.len(),
            comparison_schools: comparison.len(),
            treated: shown(&treated),
            comparison: shown(&comparison),
            difference,
        }
    };
    mondays.into_iter().map(week).collect()
}

fn weekly(school: &Halves, less: f64) -> Weekly {
    let mut weeks: BTreeMap<NaiveDate, Vec<f64>> = BTreeMap::new();
    for (day, value) in school.before.iter().chain(&school.after) {
        let monday = *day - Days::new(u64::from(day.weekday().num_days_from_monday()));
        weeks.entry(monday).or_default().push(value - less);
    }
    weeks.into_iter().map(|(monday, values)| (monday, mean(&values))).collect()
}
