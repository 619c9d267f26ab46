//! Schools with a known change: how often the interval holds it, and what is refused.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::policy::dice::{Walk, school_days};

/// Schools of sixty days whose figure falls by `change` at the thirty-first, beside what all share on a day.
fn schools(prefix: &str, count: usize, change: f64, shared: &[f64], dice: &mut StdRng) -> Vec<School> {
    let days = school_days(60);
    let school = |at: usize| {
        let mut walk = Walk::new([0.6, 0.0], 5.0, dice);
        let mut place = Walk::new([0.0, 0.0], 4.0, dice);
        let (level, own) = (60.0 + place.next(dice), place.next(dice) / 2.0);
        let value = |(day, shared): (usize, &f64)| {
            let change = if day < 30 { 0.0 } else { change + own };
            (days[day], Some(level + change + shared + walk.next(dice)))
        };
        School { name: format!("{prefix}{at}"), days: shared.iter().enumerate().map(value).collect() }
    };
    (0..count).map(school).collect()
}

fn both(treated: usize, comparison: usize, change: f64, dice: &mut StdRng) -> (Vec<School>, Vec<School>) {
    let mut walk = Walk::new([0.8, 0.0], 6.0, dice);
    let shared: Vec<f64> = (0..60).map(|_| walk.next(dice)).collect();
    (schools("t", treated, change, &shared, dice), schools("c", comparison, 0.0, &shared, dice))
}

#[test]
fn the_interval_holds_a_known_change_as_often_as_it_says() {
    let mut dice = StdRng::seed_from_u64(11);
    let date = school_days(60)[30];
    let runs = 400;
    let mut held = 0;
    for _ in 0..runs {
        let (treated, comparison) = both(6, 9, -7.0, &mut dice);
        let found = differences(&treated, &comparison, date, 0.95).unwrap();
        held += usize::from((found.effect.low..found.effect.high).contains(&-7.0));
    }
    let share = held as f64 / runs as f64;
    assert!((0.93..=0.97).contains(&share), "{share}");
}

#[test]
fn a_plot_starts_at_nothing_and_ends_at_the_change() {
    let mut dice = StdRng::seed_from_u64(12);
    let date = school_days(60)[30];
    let (treated, comparison) = both(8, 8, -20.0, &mut dice);
    let found = differences(&treated, &comparison, date, 0.95).unwrap();
    assert_eq!((found.treated.schools, found.comparison.schools), (8, 8));
    let plain = (found.treated.after - found.treated.before) - (found.comparison.after - found.comparison.before);
    assert!((found.effect.value - plain).abs() < 1e-9, "with every day there, what is shared cancels out");
    let last = found.weeks.last().and_then(|week| week.difference).unwrap();
    assert!(last.high < 0.0 && found.effect.high < 0.0);
    assert!(found.weeks.windows(2).all(|pair| pair[0].monday < pair[1].monday));
}

#[test]
fn days_that_a_school_lacks_do_not_make_a_change() {
    // All schools move alike, day by day; one treated school lacks the high days after.
    let days = school_days(40);
    let value = |school: usize, day: usize| school as f64 + if day.is_multiple_of(2) { 30.0 } else { 60.0 };
    let school = |at: usize| School {
        name: at.to_string(),
        days: (0..40)
            .map(|day| (days[day], (at != 0 || day < 20 || day % 2 == 0).then(|| value(at, day) + (at * day) as f64 * 1e-3)))
            .collect(),
    };
    let treated: Vec<School> = (0..3).map(school).collect();
    let comparison: Vec<School> = (3..6).map(school).collect();
    let found = differences(&treated, &comparison, days[20], 0.95).unwrap();
    assert!(found.effect.value.abs() < 0.2, "{:?}", found.effect);
    assert!(found.coverage < 1.0);
}

#[test]
fn one_school_is_refused_and_a_school_with_few_days_left_out() {
    let mut dice = StdRng::seed_from_u64(13);
    let date = school_days(60)[30];
    let (treated, comparison) = both(4, 4, 0.0, &mut dice);
    let refused = differences(&treated[..1], &comparison, date, 0.95).unwrap_err();
    assert_eq!(refused, Refusal::FewSchools { group: "treated", schools: 1, least: 3 });
    assert_eq!(differences(&treated, &treated, date, 0.95).unwrap_err().code(), "in_both_groups");
    let mut short = treated.clone();
    short[2].days.truncate(32);
    assert_eq!(differences(&short, &comparison, date, 0.95).unwrap().left_out, ["t2"]);
}
