//! Series that cannot answer, and series that nearly cannot.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::policy::dice::{Walk, school_days};

fn series(values: impl Iterator<Item = Option<f64>>, n: usize) -> Series {
    Series::new(Step::Day, school_days(n).into_iter().zip(values).collect()).unwrap()
}

fn noisy(n: usize) -> Series {
    let mut dice = StdRng::seed_from_u64(9);
    let mut walk = Walk::new([0.5, 0.0], 3.0, &mut dice);
    series(std::iter::repeat_with(|| Some(50.0 + walk.next(&mut dice))), n)
}

fn refusal(series: &Series, question: &Question) -> &'static str {
    interrupted(series, question).unwrap_err().code()
}

#[test]
fn too_few_days_on_a_side_are_refused() {
    let days = school_days(40);
    let at = |day: usize| refusal(&noisy(40), &Question::of(days[day]));
    assert_eq!(at(9), "few_days_before");
    assert_eq!(at(31), "few_days_after");
    assert!(interrupted(&noisy(40), &Question::of(days[10])).is_ok());
    let settling = Question { settling_days: 40, ..Question::of(days[20]) };
    assert_eq!(refusal(&noisy(40), &settling), "few_days_after");
    let none = series(std::iter::repeat(None), 40);
    assert_eq!(refusal(&none, &Question::of(days[20])), "empty_series");
}

#[test]
fn values_that_show_nothing_are_refused() {
    let question = Question::of(school_days(40)[20]);
    assert_eq!(refusal(&series(std::iter::repeat(Some(60.0)), 40), &question), "no_variance");
    // A clean jump: the model goes through every value.
    let clean = series((0..40).map(|day| Some(if day < 20 { 60.0 } else { 50.0 })), 40);
    assert_eq!(refusal(&clean, &question), "perfect_fit");
    let plain = Question { errors: Errors::NeweyWest { lags: None, small_sample: true }, ..question };
    assert_eq!(refusal(&clean, &plain), "perfect_fit");
    assert_eq!(refusal(&noisy(40), &Question { confidence: 1.0, ..question }), "bad_settings");
}

#[test]
fn a_change_that_a_week_day_explains_is_refused_by_name() {
    // Mondays before the date, Tuesdays from it on.
    let mut dice = StdRng::seed_from_u64(8);
    let mut walk = Walk::new([0.0, 0.0], 3.0, &mut dice);
    let start: NaiveDate = "2026-03-02".parse().unwrap();
    let day = |week: u64| start + chrono::Days::new(7 * week + u64::from(week >= 12));
    let points = (0..24).map(|week| (day(week), Some(walk.next(&mut dice)))).collect();
    let found = interrupted(&Series::new(Step::Day, points).unwrap(), &Question::of(day(12)));
    assert!(matches!(&found, Err(Refusal::Collinear { column }) if column == "tue" || column == "mon"), "{found:?}");
}

#[test]
fn withheld_days_lower_the_coverage_and_a_vacation_parts_the_errors() {
    let mut points: Vec<(NaiveDate, Option<f64>)> = noisy(60).known(|_| false).days.iter().map(|day| (*day, None)).collect();
    let mut dice = StdRng::seed_from_u64(10);
    let mut walk = Walk::new([0.5, 0.0], 3.0, &mut dice);
    points
        .iter_mut()
        .enumerate()
        .filter(|(at, _)| at % 6 != 5)
        .for_each(|(_, point)| point.1 = Some(40.0 + walk.next(&mut dice)));
    points.iter_mut().skip(30).for_each(|point| point.0 = point.0 + chrono::Days::new(35));
    let series = Series::new(Step::Day, points.clone()).unwrap();
    let found = interrupted(&series, &Question::of(points[30].0)).unwrap();
    assert_eq!((found.n_before, found.n_after), (25, 25));
    assert!((found.coverage - 5.0 / 6.0).abs() < 1e-12);
    assert_eq!(found.points.iter().filter(|point| point.counterfactual.is_some()).count(), 25);
}
