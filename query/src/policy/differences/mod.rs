//! Difference in differences: did a figure change more in some schools than in others?
//!
//! Promise: a school counts once, as the mean of its days after less that of its days before, so that days of one school are never
//! taken for independent; what all schools share on a day is taken away first. Before the date both groups must have moved alike:
//! the difference of their slopes is given for the reader to judge.
//!
//! Source: the collapse to before and after, Bertrand, Duflo & Mullainathan 2004; Welch's interval over schools.

mod plot;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;

use super::estimate::{self, Estimate};
use super::refusal::Refusal;
use super::welch;
use crate::sample::mean;
pub use plot::Week;

/// Fewer schools in one group say nothing of it.
pub const FEWEST_SCHOOLS: usize = 3;
/// A school with fewer days on one side is left out.
pub const FEWEST_DAYS: usize = 5;

/// A school and its days (or weeks), as they come.
#[derive(Clone, Debug, PartialEq)]
pub struct School {
    pub name: String,
    pub days: Vec<(NaiveDate, Option<f64>)>,
}

/// Whether a figure changed more in the treated schools, with what to plot. Values are in the figure's unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Differences {
    pub date: NaiveDate,
    pub confidence: f64,
    /// The change of the treated schools less that of the comparison schools.
    pub effect: Estimate,
    pub treated: Group,
    pub comparison: Group,
    /// The treated schools' slope before the date less the comparison schools', per week: far from zero, the effect may be no
    /// more than what was under way.
    pub slope_difference_before: Estimate,
    /// The share of the schools' days that have a value, 0 to 1.
    pub coverage: f64,
    /// Schools with too few days on one side.
    pub left_out: Vec<String>,
    /// By week, ascending.
    pub weeks: Vec<Week>,
}

/// One group of schools.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Group {
    pub schools: usize,
    /// Means over schools of their means over days.
    pub before: f64,
    pub after: f64,
    pub change: Estimate,
}

/// A school's known days, apart by the date.
struct Halves {
    before: Vec<(NaiveDate, f64)>,
    after: Vec<(NaiveDate, f64)>,
}

/// Compares the changes at `date`; `confidence` is that of the intervals, such as 0.95.
pub fn differences(treated: &[School], comparison: &[School], date: NaiveDate, confidence: f64) -> Result<Differences, Refusal> {
    estimate::check_confidence(confidence)?;
    let names: BTreeSet<&str> = treated.iter().map(|school| school.name.as_str()).collect();
    if let Some(both) = comparison.iter().find(|school| names.contains(school.name.as_str())) {
        return Err(Refusal::InBothGroups(both.name.clone()));
    }
    let mut left_out = Vec::new();
    let treated_raw = halves("treated", treated, date, &mut left_out)?;
    let comparison_raw = halves("comparison", comparison, date, &mut left_out)?;
    let shared = shared(&comparison_raw);
    let treated_own: Vec<Halves> = treated_raw.iter().map(|school| school.less(&shared)).collect();
    let comparison_own: Vec<Halves> = comparison_raw.iter().map(|school| school.less(&shared)).collect();
    let changes = |schools: &[Halves]| schools.iter().map(Halves::change).collect::<Vec<f64>>();
    let slopes = |schools: &[Halves]| schools.iter().filter_map(|school| slope(&school.before, date)).collect::<Vec<f64>>();
    let all = treated.iter().chain(comparison).flat_map(|school| &school.days);
    Ok(Differences {
        date,
        confidence,
        effect: welch::difference(&changes(&treated_own), &changes(&comparison_own), confidence)?,
        treated: group(&treated_raw, confidence)?,
        comparison: group(&comparison_raw, confidence)?,
        slope_difference_before: welch::difference(&slopes(&treated_own), &slopes(&comparison_own), confidence)?,
        coverage: known(all.clone()).count() as f64 / all.count() as f64,
        left_out,
        weeks: plot::weeks([&treated_raw, &comparison_raw], [&treated_own, &comparison_own], confidence),
    })
}

fn known<'a>(days: impl Iterator<Item = &'a (NaiveDate, Option<f64>)>) -> impl Iterator<Item = (NaiveDate, f64)> {
    days.filter_map(|(day, value)| Some((*day, value.filter(|value| value.is_finite())?)))
}

/// The schools of a group with enough days on both sides.
fn halves(group: &'static str, schools: &[School], date: NaiveDate, left_out: &mut Vec<String>) -> Result<Vec<Halves>, Refusal> {
    let mut kept = Vec::new();
    for school in schools {
        let (before, after): (Vec<_>, Vec<_>) = known(school.days.iter()).partition(|(day, _)| *day < date);
        if before.len().min(after.len()) < FEWEST_DAYS {
            left_out.push(school.name.clone());
        } else {
            kept.push(Halves { before, after });
        }
    }
    if kept.len() < FEWEST_SCHOOLS {
        return Err(Refusal::FewSchools { group, schools: kept.len(), least: FEWEST_SCHOOLS });
    }
    Ok(kept)
}

/// The mean of the comparison schools by day.
fn shared(schools: &[Halves]) -> BTreeMap<NaiveDate, f64> {
    let mut days: BTreeMap<NaiveDate, Vec<f64>> = BTreeMap::new();
    let all = schools.iter().flat_map(|school| school.before.iter().chain(&school.after));
    all.for_each(|(day, value)| days.entry(*day).or_default().push(*value));
    days.into_iter().map(|(day, values)| (day, mean(&values))).collect()
}

impl Halves {
    /// Each day less what the comparison schools had on it; days that they do not have are left out.
    fn less(&self, shared: &BTreeMap<NaiveDate, f64>) -> Self {
        let less = |days: &[(NaiveDate, f64)]| {
            days.iter().filter_map(|(day, value)| Some((*day, value - shared.get(day)?))).collect::<Vec<_>>()
        };
        Self { before: less(&self.before), after: less(&self.after) }
    }

    fn change(&self) -> f64 {
        level(&self.after) - level(&self.before)
    }
}

fn level(days: &[(NaiveDate, f64)]) -> f64 {
    mean(&days.iter().map(|(_, value)| *value).collect::<Vec<_>>())
}

fn group(schools: &[Halves], confidence: f64) -> Result<Group, Refusal> {
    let over = |of: &dyn Fn(&Halves) -> f64| schools.iter().map(of).collect::<Vec<f64>>();
    Ok(Group {
        schools: schools.len(),
        before: mean(&over(&|school| level(&school.before))),
        after: mean(&over(&|school| level(&school.after))),
        change: welch::one(&over(&Halves::change), confidence)?,
    })
}

/// The slope of a line through `days`, per week; none of days that are all one.
fn slope(days: &[(NaiveDate, f64)], date: NaiveDate) -> Option<f64> {
    let weeks = |day: &NaiveDate| (*day - date).num_days() as f64 / 7.0;
    let centre = mean(&days.iter().map(|(day, _)| weeks(day)).collect::<Vec<_>>());
    let middle = level(days);
    let sum = |of: &dyn Fn(f64, f64) -> f64| days.iter().map(|(day, value)| of(weeks(day) - centre, value - middle)).sum::<f64>();
    let spread = sum(&|x, _| x * x);
    (spread > 0.0).then(|| sum(&|x, y| x * y) / spread)
}
