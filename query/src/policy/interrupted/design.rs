//! The model of a series that something may have changed at a date.
//!
//! value = level before + slope before · weeks + level change · after + slope change · weeks after + week day + season + error

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use chrono::{Datelike, NaiveDate, Weekday};

use super::super::least_squares::Design;
use super::super::series::{Known, Step};

/// Where the columns of the change stand.
pub(super) const SLOPE_BEFORE: usize = 1;
pub(super) const LEVEL: usize = 2;
pub(super) const SLOPE: usize = 3;

/// A week day with fewer values than this has no column of its own; Saturdays and Sundays are worked as make-up days (调休) only.
const FEWEST_OF_A_WEEK_DAY: usize = 3;

/// The columns for `known`, with the change at `date`, and pairs of yearly waves.
pub(super) fn design(known: &Known, step: Step, date: NaiveDate, waves: u8) -> Design {
    let days = &known.days;
    let column = |of: &dyn Fn(NaiveDate) -> f64| days.iter().map(|day| of(*day)).collect::<Vec<f64>>();
    let mut design = Design::default();
    design.push("level_before", column(&|_| 1.0));
    design.push("slope_before", column(&|day| weeks(date, day)));
    design.push("level_change", column(&|day| f64::from(day >= date)));
    design.push("slope_change", column(&|day| weeks(date, day).max(0.0)));
    if step == Step::Day {
        for (name, members) in week_days(days) {
            design.push(name, column(&|day| f64::from(members.contains(&day.weekday()))));
        }
    }
    for wave in 1..=waves {
        let angle = |day: NaiveDate| TAU * f64::from(wave) * f64::from(day.ordinal0()) / 365.25;
        design.push(format!("season_cos_{wave}"), column(&|day| angle(day).cos()));
        design.push(format!("season_sin_{wave}"), column(&|day| angle(day).sin()));
    }
    design
}

/// Weeks from `date` to `day`.
pub(super) fn weeks(date: NaiveDate, day: NaiveDate) -> f64 {
    (day - date).num_days() as f64 / 7.0
}

/// How many pairs of yearly waves the span bears when none is asked for: none below a year and a half, for a wave of a year and a
/// change within it cannot be told apart before.
pub(super) fn waves_of(known: &Known) -> u8 {
    let span = known.days.last().zip(known.days.first()).map_or(0, |(last, first)| (*last - *first).num_days());
    match span {
        ..548 => 0,
        548..1096 => 1,
        _ => 2,
    }
}

/// The week days that differ from the most frequent one; rare ones share a column, if they are enough together.
fn week_days(days: &[NaiveDate]) -> Vec<(String, Vec<Weekday>)> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    days.iter().for_each(|day| *counts.entry(day.weekday().num_days_from_monday()).or_default() += 1);
    let Some(base) = counts.iter().max_by_key(|(day, count)| (**count, u32::MAX - **day)).map(|(day, _)| *day) else {
        return Vec::new();
    };
    let weekday = |day: &u32| Weekday::try_from(*day as u8).ok();
    let (own, rare): (Vec<_>, Vec<_>) =
        counts.iter().filter(|(day, _)| **day != base).partition(|(_, count)| **count >= FEWEST_OF_A_WEEK_DAY);
    let mut groups: Vec<(String, Vec<Weekday>)> =
        own.into_iter().filter_map(|(day, _)| weekday(day)).map(|day| (day.to_string().to_lowercase(), vec![day])).collect();
    let rare: Vec<Weekday> = rare.into_iter().filter_map(|(day, _)| weekday(day)).collect();
    if !rare.is_empty() {
        groups.push(("make_up_day".to_owned(), rare));
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(days: &[&str]) -> Known {
        Known { days: days.iter().map(|day| day.parse().unwrap()).collect(), values: vec![1.0; days.len()] }
    }

    #[test]
    fn the_change_begins_on_its_day() {
        let known = known(&["2026-09-04", "2026-09-07", "2026-09-14"]);
        let design = design(&known, Step::Week, "2026-09-07".parse().unwrap(), 0);
        assert_eq!(design.columns[SLOPE_BEFORE], [-3.0 / 7.0, 0.0, 1.0]);
        assert_eq!(design.columns[LEVEL], [0.0, 1.0, 1.0]);
        assert_eq!(design.columns[SLOPE], [0.0, 0.0, 1.0]);
    }

    #[test]
    fn rare_week_days_share_a_column() {
        let mut days: Vec<NaiveDate> = "2026-09-07".parse::<NaiveDate>().unwrap().iter_days().take(28).collect();
        days.retain(|day| day.weekday().num_days_from_monday() < 5);
        days.extend(["2026-10-10".parse::<NaiveDate>().unwrap(), "2026-10-11".parse().unwrap()]);
        let names: Vec<String> = week_days(&days).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["tue", "wed", "thu", "fri", "make_up_day"]);
    }
}
