//! Simulated terms with a known change: how often the intervals hold it.

use chrono::{Datelike, NaiveDate};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

/// A standard normal number, by Box and Muller.
fn normal(dice: &mut StdRng) -> f64 {
    let (radius, angle): (f64, f64) = (dice.random_range(f64::EPSILON..1.0), dice.random_range(0.0..std::f64::consts::TAU));
    (-2.0 * radius.ln()).sqrt() * angle.cos()
}

/// A term of `n` school days with a change of −8 minutes and −0.5 a week at `date`, errors of φ.
fn term(n: usize, phi: [f64; 2], dice: &mut StdRng) -> (Series, NaiveDate) {
    let start: NaiveDate = "2026-09-01".parse().unwrap();
    let days: Vec<NaiveDate> = start.iter_days().filter(|day| day.weekday().num_days_from_monday() < 5).take(n).collect();
    let date = days[n / 2];
    let (mut last, mut earlier) = (0.0, 0.0);
    let mut error = || {
        let now = phi[0] * last + phi[1] * earlier + 6.0 * normal(dice);
        (earlier, last) = (last, now);
        now
    };
    for _ in 0..100 {
        error();
    }
    let points = days.iter().map(|day| {
        let weeks = design::weeks(date, *day);
        let change = if *day >= date { -8.0 - 0.5 * weeks } else { 0.0 };
        let friday = if day.weekday().num_days_from_monday() == 4 { -12.0 } else { 0.0 };
        (*day, Some(70.0 + 0.3 * weeks + change + friday + error()))
    });
    (Series::new(Step::Day, points.collect()).unwrap(), date)
}

/// The share of `runs` whose intervals hold the true level and slope change.
fn held(runs: usize, n: usize, phi: [f64; 2], errors: Errors, seed: u64) -> [f64; 2] {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut held = [0, 0];
    for _ in 0..runs {
        let (series, date) = term(n, phi, &mut dice);
        let found = interrupted(&series, &Question { errors, ..Question::of(date) }).unwrap();
        held[0] += usize::from((found.level_change.low..found.level_change.high).contains(&-8.0));
        held[1] += usize::from((found.slope_change.low..found.slope_change.high).contains(&-0.5));
    }
    held.map(|count| count as f64 / runs as f64)
}

#[test]
#[ignore = "minutes: the table of coverage"]
fn table() {
    for phi in [[0.0, 0.0], [0.3, 0.0], [0.6, 0.0], [0.8, 0.0], [0.5, 0.2], [0.5, -0.3]] {
        for n in [40, 95, 190] {
            let auto = held(1000, n, phi, Errors::Autoregressive, 1);
            let plain = held(1000, n, phi, Errors::NeweyWest { lags: None, small_sample: true }, 1);
            println!("{phi:?} {n} {auto:?} {plain:?}");
        }
    }
}
