//! What changed from one year to the next besides the groups: the scores themselves, what is expected of a pupil, how much groups differ.
//!
//! Promise: changes of estimates come with their error; changes of the scores are of all pupils tested and have none. Whether the
//! papers were equally hard is not known here: without equating a change of the mean is one of the paper and of the pupils together.

use serde::Serialize;
use serde_json::Value;

use super::figures::Scores;

/// From the earlier result to the later.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drift {
    /// None when one of the results does not say.
    pub scores: Option<ScoresDrift>,
    /// Of multilevel models: what is expected of a pupil at the centre of the covariates.
    pub intercept: Option<Change>,
    /// Of multilevel models: the deviations of what both have.
    pub variances: Vec<VarianceDrift>,
}

/// How the scores changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ScoresDrift {
    pub earlier: Scores,
    pub later: Scores,
    /// Of the mean, in points.
    pub mean_change: f64,
    /// In deviations of the earlier year; none when that is zero.
    pub standardised_change: Option<f64>,
    /// The later variance over the earlier; none when that is zero.
    pub variance_ratio: Option<f64>,
}

/// How an estimate changed; the years are taken for independent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Change {
    pub earlier: f64,
    pub later: f64,
    pub change: f64,
    pub error: f64,
    /// 95 %.
    pub low: f64,
    pub high: f64,
}

/// How much a deviation changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VarianceDrift {
    /// None for the residual.
    pub grouping: Option<String>,
    pub term: String,
    pub earlier: f64,
    pub later: f64,
    /// The later variance over the earlier; none when that is zero.
    pub variance_ratio: Option<f64>,
    /// Whether the 95 % intervals of the two deviations have nothing in common; none when one has no interval.
    pub apart: Option<bool>,
}

/// Reads the drift off two results.
pub fn drift(earlier: &Value, later: &Value) -> Drift {
    let scores = Scores::read(earlier).zip(Scores::read(later)).map(|(earlier, later)| {
        let mean_change = later.mean - earlier.mean;
        ScoresDrift {
            earlier,
            later,
            mean_change,
            standardised_change: over(mean_change, earlier.deviation),
            variance_ratio: over(later.deviation.powi(2), earlier.deviation.powi(2)),
        }
    });
    Drift { scores, intercept: intercept(earlier, later), variances: variances(earlier, later) }
}

fn over(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

fn intercept(earlier: &Value, later: &Value) -> Option<Change> {
    let of = |result: &Value| {
        let all = result.get("fixed")?.as_array()?;
        let own = all.iter().find(|it| it["term"] == super::multilevel::INTERCEPT)?;
        Some((own["estimate"].as_f64()?, own["error"].as_f64()?))
    };
    let ((earlier, one), (later, other)) = (of(earlier)?, of(later)?);
    let (change, error) = (later - earlier, one.hypot(other));
    let reach = 1.959_963_984_540_054 * error;
    Some(Change { earlier, later, change, error, low: change - reach, high: change + reach })
}

fn variances(earlier: &Value, later: &Value) -> Vec<VarianceDrift> {
    let list = |result: &Value| result.get("variances").and_then(Value::as_array).cloned().unwrap_or_default();
    let (earlier, later) = (list(earlier), list(later));
    let of = |one: &Value| {
        let other = later.iter().find(|it| it["grouping"] == one["grouping"] && it["term"] == one["term"])?;
        let deviation = |of: &Value| of["deviation"].as_f64();
        let end = |of: &Value, name: &str| of["interval"][name].as_f64();
        let (a, b) = (deviation(one)?, deviation(other)?);
        let ends = [end(one, "low"), end(one, "high"), end(other, "low"), end(other, "high")];
        let apart = match ends {
            [Some(low), Some(high), Some(from), Some(to)] => Some(high < from || to < low),
            _ => None,
        };
        Some(VarianceDrift {
            grouping: one["grouping"].as_str().map(str::to_owned),
            term: one["term"].as_str()?.to_owned(),
            earlier: a,
            later: b,
            variance_ratio: over(b * b, a * a),
            apart,
        })
    };
    earlier.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn result(mean: f64, deviation: f64, school: f64) -> Value {
        json!({"outcome": {"n": 100, "mean": mean, "deviation": deviation},
            "fixed": [{"term": "intercept", "estimate": mean + 1.0, "error": 3.0}],
            "variances": [{"grouping": null, "term": "intercept", "deviation": 8.0, "interval": null},
                {"grouping": "school", "term": "intercept", "deviation": school, "interval": {"low": school - 0.5, "high": school + 0.5}}]})
    }

    #[test]
    fn what_changed_between_the_years_is_told_with_its_error() {
        let found = drift(&result(60.0, 10.0, 2.0), &result(64.0, 12.0, 4.0));
        let scores = found.scores.unwrap();
        assert_eq!((scores.mean_change, scores.standardised_change, scores.variance_ratio), (4.0, Some(0.4), Some(1.44)));
        let intercept = found.intercept.unwrap();
        assert!((intercept.error - 18f64.sqrt()).abs() < 1e-12 && intercept.low < 0.0 && intercept.high > 4.0, "{intercept:?}");
        assert_eq!(
            found.variances.iter().map(|it| (it.variance_ratio, it.apart)).collect::<Vec<_>>(),
            [(Some(1.0), None), (Some(4.0), Some(true))]
        );
    }

    #[test]
    fn what_is_not_known_or_does_not_vary_is_not_divided_by() {
        let found = drift(&result(60.0, 0.0, 0.0), &result(64.0, 12.0, 4.0));
        assert_eq!((found.scores.unwrap().standardised_change, found.variances[1].variance_ratio), (None, None));
        assert_eq!(drift(&json!({}), &json!({"outcome": 1})), Drift { scores: None, intercept: None, variances: vec![] });
    }
}
