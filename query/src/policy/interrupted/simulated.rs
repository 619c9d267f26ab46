//! Simulated terms with a known change: how often the intervals hold it.

use chrono::{Datelike, NaiveDate};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::policy::dice::{Walk, school_days};

const LEVEL_CHANGE: f64 = -8.0;
const SLOPE_CHANGE: f64 = -0.5;

/// A term of `n` school days, changed in the middle, with errors of φ.
fn term(n: usize, phi: [f64; 2], dice: &mut StdRng) -> (Series, NaiveDate) {
    let days = school_days(n);
    let date = days[n / 2];
    let mut errors = Walk::new(phi, 6.0, dice);
    let points = days.iter().map(|day| {
        let weeks = design::weeks(date, *day);
        let change = if *day >= date { LEVEL_CHANGE + SLOPE_CHANGE * weeks } else { 0.0 };
        let friday = if day.weekday().num_days_from_monday() == 4 { -12.0 } else { 0.0 };
        (*day, Some(70.0 + 0.3 * weeks + change + friday + errors.next(dice)))
    });
    (Series::new(Step::Day, points.collect()).unwrap(), date)
}

/// The share of `runs` whose intervals hold the true level change, slope change and effect of the last day.
fn held(runs: usize, n: usize, phi: [f64; 2], errors: Errors, seed: u64) -> [f64; 3] {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut held = [0; 3];
    for _ in 0..runs {
        let (series, date) = term(n, phi, &mut dice);
        let found = interrupted(&series, &Question { errors, ..Question::of(date) }).unwrap();
        let last = found.points.last().map_or(0.0, |point| LEVEL_CHANGE + SLOPE_CHANGE * design::weeks(date, point.day));
        let pairs = [(found.level_change, LEVEL_CHANGE), (found.slope_change, SLOPE_CHANGE), (found.last_effect, last)];
        pairs
            .iter()
            .zip(&mut held)
            .for_each(|((found, truth), held)| *held += usize::from((found.low..found.high).contains(truth)));
    }
    held.map(|count| f64::from(count as u32) / runs as f64)
}

#[test]
fn a_term_of_related_days_is_held_as_often_as_it_says() {
    for phi in [0.0, 0.3, 0.6] {
        let [level, slope, _] = held(200, 95, [phi, 0.0], Errors::Autoregressive, 7);
        assert!((0.93..=0.97).contains(&level) && (0.93..=0.97).contains(&slope), "{phi}: {level}, {slope}");
    }
}

#[test]
fn plain_newey_west_is_too_short_in_a_term() {
    let plain = Errors::NeweyWest { lags: None, small_sample: true };
    let shares = held(200, 95, [0.6, 0.0], plain, 3);
    assert!(shares.iter().all(|share| *share < 0.9), "{shares:?}");
}

#[test]
#[ignore = "minutes: the table of coverage"]
fn table() {
    for phi in [[0.0, 0.0], [0.3, 0.0], [0.6, 0.0], [0.8, 0.0], [0.5, 0.2], [0.5, -0.3]] {
        for n in [40, 95, 190] {
            let plain = Errors::NeweyWest { lags: None, small_sample: true };
            println!("{phi:?} {n} {:?} {:?}", held(2000, n, phi, Errors::Autoregressive, 1), held(2000, n, phi, plain, 1));
        }
    }
}
