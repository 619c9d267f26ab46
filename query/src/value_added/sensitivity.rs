//! Would the figures be others without the pupils who moved, or with those who lack a prior? The same again, and what changed.
//!
//! Promise: the changes are told in standard errors of what is published, beside how many groups would be called otherwise; where a run
//! cannot be made, the reason is told in its place. Random numbers are not used: a release can be made again to the last digit.
//!
//! Pupils without a prior are kept in by the prior's mean and an indicator of their own, whose coefficient is what they score apart from
//! that: so the mean put in for them does not matter. Imputing many times would need every row in memory and random numbers, and
//! would suppose that scores are missing at random; here the indicator shows how far those without a prior are from that. As
//! an estimate it would be biased where priors differ among those who lack them (Jones 1996), and so it is only ever held against the
//! published figures and never published in their place.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::{avg, count};
use datafusion::logical_expr::{Expr, cast, ident, lit, when};
use datafusion::prelude::coalesce;
use serde::Serialize;
use serde_json::Value;

use super::figures::{self, Figures};
use super::gather;
use super::multilevel::{self, Covariate, Fit, Grain, Model};
use super::refusal::{Reason, Refusal, given};
use super::series::ExamScores;
use crate::Error;

/// What the two runs change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sensitivity {
    /// With only the pupils who stayed in their school (or class) between the tests.
    #[serde(serialize_with = "given")]
    pub stayed: Result<Run, Reason>,
    /// With the pupils who lack a prior kept in, by its mean and an indicator.
    #[serde(serialize_with = "given")]
    pub missing_priors: Result<Run, Reason>,
}

/// The same again over other pupils.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Pupils used.
    pub pupils: u64,
    /// Finest groups first.
    pub changes: Vec<Change>,
}

/// How the figures of the groups changed that both runs show.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Change {
    pub grain: Grain,
    pub groups: usize,
    /// In standard errors of the published figure.
    pub largest: f64,
    pub root_mean_square: f64,
    /// Groups whose interval lies otherwise about the reference than before.
    pub calls_changed: usize,
}

impl From<multilevel::Refusal> for Reason {
    fn from(refusal: multilevel::Refusal) -> Self {
        Self { code: refusal.code(), zh: refusal.chinese(), en: refusal.to_string() }
    }
}

impl From<Refusal> for Reason {
    fn from(refusal: Refusal) -> Self {
        Self { code: refusal.code(), zh: refusal.chinese(), en: refusal.to_string() }
    }
}

/// Compares the figures of two runs.
pub fn changes(published: &[Figures], again: &[Figures]) -> Result<Vec<Change>, Refusal> {
    let of_level = |one: &Figures| {
        let other = again.iter().find(|it| it.grain == one.grain)?;
        let both = one.groups.iter().filter_map(|(code, figure)| Some((figure, other.groups.get(code)?)));
        let both: Vec<_> = both.filter(|(figure, _)| figure.error > 0.0).collect();
        let shifts = || both.iter().map(|(one, other)| (other.estimate - one.estimate).abs() / one.error);
        (!both.is_empty()).then(|| Change {
            grain: one.grain,
            groups: both.len(),
            largest: shifts().fold(0.0, f64::max),
            root_mean_square: (shifts().map(|shift| shift * shift).sum::<f64>() / both.len() as f64).sqrt(),
            calls_changed: both.iter().filter(|(a, b)| a.call(one.reference) != b.call(other.reference)).count(),
        })
    };
    let found: Vec<Change> = published.iter().filter_map(of_level).collect();
    if found.is_empty() { Err(Refusal::NoErrors) } else { Ok(found) }
}

/// Of growth or gain: `again` makes the result of other pupils.
pub fn of_series(
    exams: &ExamScores,
    published: &Value,
    again: impl FnOnce(&ExamScores) -> Result<Value, Refusal>,
) -> Sensitivity {
    let stayed = || {
        let moved = exams.moved();
        if moved.is_empty() {
            return Err(Refusal::NoneMoved);
        }
        let result = again(&exams.without(&moved))?;
        let pupils = result["linked"].as_u64().unwrap_or_default();
        Ok(Run { pupils, changes: changes(&figures::read(published), &figures::read(&result))? })
    };
    Sensitivity { stayed: stayed().map_err(Reason::from), missing_priors: Err(Refusal::PriorsOnly.into()) }
}

/// Of a multilevel model over the rows of `frame`.
pub(crate) async fn of_model(frame: &DataFrame, model: &Model, fit: &Fit, memory: usize) -> Result<Sensitivity, Error> {
    let engine = |error| Error::from_engine(error, memory);
    let published = figures::read(&serde_json::to_value(fit).map_err(Error::internal)?);
    let mut model = model.clone();
    model.settings.profile = false;
    let stayed = match (&model.moved, fit.coverage.moved) {
        (Some(column), Some(1..)) => {
            let moved = cast(ident(column), DataType::Boolean);
            let frame = frame.clone().filter(moved.is_not_true()).map_err(engine)?;
            run(frame, &model, &[], &published, memory).await?
        }
        (Some(_), _) => Err(Refusal::NoneMoved.into()),
        (None, _) => Err(Refusal::MobilityUnknown.into()),
    };
    let missing_priors = if fit.coverage.no_prior == 0 {
        Err(Refusal::NoneMissing.into())
    } else {
        model.moved = None;
        let (frame, indicators) = kept_in(frame.clone(), &model).await.map_err(engine)?;
        run(frame, &model, &indicators, &published, memory).await?
    };
    Ok(Sensitivity { stayed, missing_priors })
}

async fn run(
    frame: DataFrame,
    model: &Model,
    indicators: &[String],
    published: &[Figures],
    memory: usize,
) -> Result<Result<Run, Reason>, Error> {
    let mut indicators = indicators.to_vec();
    loop {
        let mut model = model.clone();
        let column = |column: &String| Covariate { column: column.clone(), centre: Default::default(), reliability: None };
        model.covariates.extend(indicators.iter().map(column));
        let moments = gather(frame.clone(), &model).await.map_err(|error| Error::from_engine(error, memory))?;
        let pupils = moments.coverage.complete;
        let fitted = tokio::task::spawn_blocking(move || model.fit(moments)).await.map_err(Error::internal)?;
        match fitted {
            // Priors that lack together need one indicator, and a prior that only pupils without a group lack needs none.
            Err(multilevel::Refusal::Collinear { column, .. } | multilevel::Refusal::ConstantCovariate { column })
                if indicators.contains(&column) =>
            {
                indicators.retain(|it| *it != column);
            }
            Err(refusal) => return Ok(Err(refusal.into())),
            Ok(fit) => {
                let again = figures::read(&serde_json::to_value(&fit).map_err(Error::internal)?);
                return Ok(changes(published, &again).map(|changes| Run { pupils, changes }).map_err(Reason::from));
            }
        }
    }
}

/// The rows with the mean of those who have a prior in the place of each that lacks, and the indicators' names.
async fn kept_in(frame: DataFrame, model: &Model) -> datafusion::error::Result<(DataFrame, Vec<String>)> {
    let known = |column: &str| {
        let value = cast(ident(column), DataType::Float64);
        when(value.clone().between(lit(f64::MIN), lit(f64::MAX)), value).end()
    };
    let columns: Vec<&str> = model.covariates.iter().map(|covariate| covariate.column.as_str()).collect();
    let mut figures: Vec<Expr> = Vec::new();
    for (place, column) in columns.iter().enumerate() {
        figures.extend([avg(known(column)?).alias(format!("mean{place}")), count(known(column)?).alias(format!("known{place}"))]);
    }
    figures.push(count(lit(1)).alias("rows"));
    let tested = frame.filter(known(&model.response)?.is_not_null())?;
    let told = tested.clone().aggregate(vec![], figures)?.collect().await?;
    let rows = whole(&told, 2 * columns.len());
    let mut kept: Vec<Expr> = model.groupings.iter().map(|grouping| ident(&grouping.column)).collect();
    kept.push(ident(&model.response));
    let mut indicators = Vec::new();
    for (place, column) in columns.iter().enumerate() {
        let mean = told.first().and_then(|batch| batch.column(2 * place).as_primitive::<Float64Type>().iter().next().flatten());
        kept.push(coalesce(vec![known(column)?, lit(mean.unwrap_or(0.0))]).alias(*column));
        if whole(&told, 2 * place + 1) < rows {
            let name = format!("no {column}");
            kept.push(when(known(column)?.is_null(), lit(1.0)).otherwise(lit(0.0))?.alias(&name));
            indicators.push(name);
        }
    }
    Ok((tested.select(kept)?, indicators))
}

fn whole(batches: &[RecordBatch], column: usize) -> i64 {
    batches.first().map_or(0, |batch| batch.column(column).as_primitive::<Int64Type>().values()[0])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, BooleanArray, Float64Array, StringArray};
    use datafusion::prelude::SessionContext;
    use serde_json::json;

    use super::*;

    fn figures(estimates: &[(f64, f64)]) -> Vec<Figures> {
        let group = |(place, (estimate, error)): (usize, &(f64, f64))| {
            let (low, high) = (estimate - 2.0 * error, estimate + 2.0 * error);
            let effect = json!({"estimate": estimate, "error": error, "low": low, "high": high});
            json!({"group": format!("s{place}"), "within": [], "shown": {"n": 30, "effects": [effect]}})
        };
        let effects: Vec<Value> = estimates.iter().enumerate().map(group).collect();
        figures::read(&json!({"groupings": [{"grain": "school", "effects": effects}]}))
    }

    #[test]
    fn changes_are_told_in_standard_errors_and_calls() {
        let published = figures(&[(3.0, 1.0), (0.0, 2.0), (1.0, 1.0), (-5.0, 1.0)]);
        let again = figures(&[(1.0, 1.0), (1.0, 2.0), (1.0, 1.0)]);
        let found = changes(&published, &again).unwrap()[0];
        assert_eq!((found.groups, found.largest, found.calls_changed), (3, 2.0, 1));
        assert!((found.root_mean_square - (4.25f64 / 3.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn groups_without_errors_have_no_changes() {
        let flat = figures(&[(0.0, 0.0), (0.0, 0.0)]);
        assert_eq!(changes(&flat, &flat), Err(Refusal::NoErrors));
    }

    /// Every eleventh pupil lacks both priors, every seventh moved; `tests/independent/value_added.py` makes the same pupils.
    fn pupils() -> RecordBatch {
        let rows = 0..750_i64;
        let school = |i: i64| (i * i + i / 5) % 24;
        let (able, again) = (|i: i64| (i * 37 % 101) as f64, |i: i64| ((i * i * 7 + i * 31) % 97) as f64);
        let score = |i: i64| {
            let noise = ((i * i * 3 + i * 61) % 89) as f64;
            let moved = if i % 7 == 0 && school(i) % 2 == 1 { 3.0 } else { 0.0 };
            20.0 + 0.5 * able(i) + 0.2 * again(i) + 0.3 * noise + (school(i) * 29 % 17) as f64 / 2.0 + moved
        };
        let prior = |value: &dyn Fn(i64) -> f64| rows.clone().map(|i| (i % 11 != 0).then(|| value(i))).collect::<Float64Array>();
        let columns: [(&str, ArrayRef); 5] = [
            ("school", Arc::new(rows.clone().map(|i| Some(school(i).to_string())).collect::<StringArray>())),
            ("prior", Arc::new(prior(&able))),
            ("second", Arc::new(prior(&|i| able(i) * 0.5 + again(i)))),
            ("score", Arc::new(rows.clone().map(|i| Some(score(i))).collect::<Float64Array>())),
            ("moved", Arc::new(rows.clone().map(|i| Some(i % 7 == 0)).collect::<BooleanArray>())),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    async fn told(text: &str) -> Sensitivity {
        let model: Model = toml::from_str(text).unwrap();
        let frame = SessionContext::new().read_batch(pupils()).unwrap();
        let fit = model.fit(gather(frame.clone(), &model).await.unwrap()).unwrap();
        of_model(&frame, &model, &fit, 1 << 30).await.unwrap()
    }

    const MODEL: &str = "response = \"score\"\ncovariates = [{ column = \"prior\" }, { column = \"second\" }]\n\
        groupings = [{ column = \"school\", grain = \"school\" }]\n";

    #[tokio::test]
    async fn both_runs_are_those_of_an_independent_computation() {
        let found = told(&format!("{MODEL}moved = \"moved\"\nsettings = {{ minimum_n = 1 }}")).await;
        let kept: Value = serde_json::from_str(include_str!("../../tests/value_added/sensitivity.json")).unwrap();
        for (ours, theirs) in [(found.stayed, &kept["stayed"]), (found.missing_priors, &kept["missing_priors"])] {
            let (ours, theirs_change) = (ours.unwrap(), &theirs["changes"][0]);
            let change = ours.changes[0];
            assert_eq!(ours.pupils, theirs["pupils"].as_u64().unwrap());
            assert_eq!((change.groups, change.calls_changed), (24, theirs_change["calls_changed"].as_u64().unwrap() as usize));
            for (ours, name) in [(change.largest, "largest"), (change.root_mean_square, "root_mean_square")] {
                let theirs = theirs_change[name].as_f64().unwrap();
                assert!((ours - theirs).abs() < 1e-4 * theirs, "{name}: {ours} against {theirs}");
            }
        }
    }

    #[tokio::test]
    async fn what_cannot_be_run_says_why() {
        let code = |run: &Result<Run, Reason>| run.as_ref().unwrap_err().code;
        assert_eq!(code(&told(MODEL).await.stayed), "mobility_unknown");
        // Whether pupils moved may be a covariate too; one cannot be told from the others among those who stayed.
        let adjusted = MODEL.replace("{ column = \"second\" }", "{ column = \"second\" }, { column = \"moved\" }");
        let adjusted = told(&format!("{adjusted}moved = \"moved\"\nsettings = {{ minimum_n = 1 }}")).await;
        assert_eq!((code(&adjusted.stayed), adjusted.missing_priors.is_ok()), ("constant_covariate", true));
        let whole = "response = \"score\"\ngroupings = [{ column = \"school\", grain = \"school\" }]\n";
        assert_eq!(code(&told(whole).await.missing_priors), "none_missing");
        let hidden = told(&format!("{MODEL}moved = \"moved\"\nsettings = {{ minimum_n = 300 }}")).await;
        assert_eq!((code(&hidden.stayed), code(&hidden.missing_priors)), ("no_errors", "no_errors"), "no group is shown");
        let thin = told(&format!("{MODEL}moved = \"moved\"\nsettings = {{ minimum_n = 600 }}")).await;
        assert_eq!(code(&thin.stayed), "too_few_pupils");
        assert!(thin.stayed.unwrap_err().zh.contains("583"));
    }
}
