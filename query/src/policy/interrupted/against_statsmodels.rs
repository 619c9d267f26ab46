//! Segmented regression with Newey–West errors equals statsmodels' on kept series; `query/tests/policy/interrupted.py` made them.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Case {
    name: String,
    step: Step,
    date: NaiveDate,
    season_waves: u8,
    lags: usize,
    small_sample: bool,
    days: Vec<NaiveDate>,
    values: Vec<f64>,
    columns: Vec<String>,
    coefficients: Vec<f64>,
    standard_errors: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
    p_values: Vec<f64>,
    fitted: Vec<f64>,
    counterfactual: Vec<f64>,
    mean_effect: f64,
}

fn near(what: &str, ours: f64, theirs: f64) {
    assert!((ours - theirs).abs() <= 1e-8 * theirs.abs().max(1.0), "{what}: {ours} against {theirs}");
}

#[test]
fn newey_west_is_that_of_statsmodels() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../../tests/policy/interrupted.json")).unwrap();
    assert_eq!(cases.len(), 3);
    cases.iter().for_each(compare);
}

fn compare(case: &Case) {
    let points = case.days.iter().zip(&case.values).map(|(day, value)| (*day, Some(*value))).collect();
    let series = Series::new(case.step, points).unwrap();
    let errors = Errors::NeweyWest { lags: Some(case.lags), small_sample: case.small_sample };
    let question = Question { errors, season_waves: Some(case.season_waves), ..Question::of(case.date) };
    let found = interrupted(&series, &question).unwrap();
    let names: Vec<&str> = found.coefficients.iter().map(|coefficient| coefficient.name.as_str()).collect();
    assert_eq!(names, case.columns);
    for (at, Coefficient { name, estimate }) in found.coefficients.iter().enumerate() {
        let what = format!("{}, {name}", case.name);
        near(&what, estimate.value, case.coefficients[at]);
        near(&what, estimate.standard_error, case.standard_errors[at]);
        near(&what, estimate.low, case.low[at]);
        near(&what, estimate.high, case.high[at]);
        near(&what, estimate.p_value, case.p_values[at]);
    }
    near(&case.name, found.mean_effect.value, case.mean_effect);
    found.points.iter().zip(&case.fitted).for_each(|(point, fitted)| near(&case.name, point.fitted, *fitted));
    let counterfactual: Vec<f64> = found.points.iter().filter_map(|point| point.counterfactual).collect();
    assert_eq!(counterfactual.len(), case.counterfactual.len());
    counterfactual.iter().zip(&case.counterfactual).for_each(|(ours, theirs)| near(&case.name, *ours, *theirs));
}
