//! How far recorded minutes can be trusted: whether the three sources of minutes agree, and how long homework would take if the
//! homework system did not close.
//!
//! Promise: both are estimates over pupils, one value for each, and say so; single pupils' minutes stay in the house, and what fewer than
//! ten pupils would carry is refused with the reason.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use serde::Serialize;
use xueqing_schema::Text;

use crate::engine::{Answer, AnswerColumn, Engine, Scope};
use crate::error::Error;
use crate::evaluate::{Evaluated, apart};
use crate::policy::agreement::{self, Agreement, Source};
use crate::policy::censored::{self, Durations, Lognormal, Minutes, Step};
use crate::policy::estimate::{self, Estimate};
use crate::policy::refusal::Refusal;

/// The figures that show what these methods work on.
const AGREEMENT: (&str, &str) = ("quality/source_agreement", "mean_difference");
const CUT_OFF: (&str, &str) = ("workload/cut_off", "recorded_minutes");
/// The curve is told at every so many minutes, so that no pupil's own minutes show.
const CURVE_STEP: f64 = 5.0;

/// An estimate, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told<T> {
    pub found: Option<T>,
    pub refused: Option<Reason>,
}

/// Why there is no estimate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reason {
    pub code: &'static str,
    pub zh: String,
    pub en: String,
}

/// The sources of minutes, two and two.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sources {
    pub confidence: f64,
    pub pairs: Vec<Pair>,
}

/// Two sources.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    pub one: Source,
    pub other: Source,
    pub agreement: Told<Agreement>,
}

/// How long pupils would take if the system did not close: an estimate. Durations are in minutes of one day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unclosed {
    pub confidence: f64,
    /// Pupils, one day each.
    pub n: usize,
    /// How many of these days were cut off, and their share, 0 to 1.
    pub cut_off: usize,
    pub cut_off_share: f64,
    /// The mean of the minutes as recorded: too small when any was cut off.
    pub recorded_mean: f64,
    /// The mean up to the longest seen.
    pub restricted_mean: Estimate,
    pub restricted_to: f64,
    pub median: Told<Estimate>,
    pub p90: Told<Estimate>,
    /// The share of pupils over the limit that was asked about, 0 to 1.
    pub over_limit: Option<Told<Estimate>>,
    /// A lognormal law, which goes beyond the closing time as far as it holds there.
    pub lognormal: Told<Lognormal>,
    /// The share not yet done, every five minutes.
    pub curve: Vec<Point>,
}

/// One point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    pub minutes: f64,
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

/// Of whose minutes, and which limit they are held against.
#[derive(Clone, Debug)]
pub struct Closing {
    /// Parameters of the figure `workload/cut_off`.
    pub params: BTreeMap<String, String>,
    /// In minutes a day; none: nothing is held against one.
    pub limit: Option<f64>,
    /// Of the intervals, such as 0.95.
    pub confidence: f64,
}

impl Engine {
    /// Whether measured, reported and estimated minutes say the same, pupil by pupil.
    pub async fn agreement(
        &self,
        params: BTreeMap<String, String>,
        confidence: f64,
        scope: &Scope,
    ) -> Result<Evaluated<Sources>, Error> {
        let answer = self.study("source_pairs", params, scope).await?;
        let of = |pair: [&str; 4]| -> Result<Vec<Values>, Error> {
            Ok(answer.batches.iter().map(|batch| pairs(batch, pair)).collect::<Result<Vec<_>, _>>()?.concat())
        };
        let measured_reported = of(["measured", "reported", "measured_of_reported", "reported_of_measured"])?;
        let measured_estimated = of(["measured", "estimated", "measured_of_estimated", "estimated_of_measured"])?;
        let reported_estimated = of(["reported", "estimated", "reported_of_estimated", "estimated_of_reported"])?;
        let result = apart(move || {
            let pairs = [
                (Source::Measured, Source::Reported, measured_reported),
                (Source::Measured, Source::Estimated, measured_estimated),
                (Source::Reported, Source::Estimated, reported_estimated),
            ];
            // What cannot be asked is refused as a whole, what the data lack pair by pair.
            estimate::check_confidence(confidence)?;
            let compared = pairs.map(|(one, other, values)| Pair {
                one,
                other,
                agreement: agreement::agreement(&values, confidence).into(),
            });
            Ok(Sources { confidence, pairs: compared.into() })
        });
        self.evaluated(AGREEMENT, answer, result.await?)
    }

    /// How long homework would take if the system that measures it did not close.
    pub async fn unclosed(&self, asked: Closing, scope: &Scope) -> Result<Evaluated<Unclosed>, Error> {
        let Closing { params, limit, confidence } = asked;
        let answer = self.study("cut_off_minutes", params, scope).await?;
        let values = answer.batches.iter().map(minutes).collect::<Result<Vec<_>, Error>>()?.concat();
        let result = apart(move || Ok(censored::durations(&values, limit, confidence)?.into())).await?;
        self.evaluated(CUT_OFF, answer, result)
    }

    fn evaluated<T>(&self, (figure, column): (&str, &str), answer: Answer, result: T) -> Result<Evaluated<T>, Error> {
        let metric = self.metric(figure)?.clone();
        let found = metric.columns.iter().find(|one| one.name == column);
        let found = found.ok_or_else(|| Error::internal(format!("{figure} has no column {column}")))?;
        let column = AnswerColumn { name: found.name.clone(), title: found.title.clone(), unit: found.unit.clone() };
        let Answer { params, as_of, .. } = answer;
        Ok(Evaluated { metric, column, params, as_of, result })
    }
}

impl<T> From<Result<T, Refusal>> for Told<T> {
    fn from(result: Result<T, Refusal>) -> Self {
        match result {
            Ok(found) => Self { found: Some(found), refused: None },
            Err(refusal) => {
                let reason = Reason { code: refusal.code(), zh: refusal.chinese(), en: refusal.to_string() };
                Self { found: None, refused: Some(reason) }
            }
        }
    }
}

impl Reason {
    pub fn text(&self) -> Text {
        Text::new(&self.zh, &self.en)
    }
}

impl From<Durations> for Unclosed {
    fn from(found: Durations) -> Self {
        let curve = every(&found.curve.steps, found.restricted_to);
        let Durations { confidence, n, cut_off, cut_off_share, recorded_mean, restricted_mean, restricted_to, .. } = found;
        Self {
            confidence,
            n,
            cut_off,
            cut_off_share,
            recorded_mean,
            restricted_mean,
            restricted_to,
            median: found.median.into(),
            p90: found.p90.into(),
            over_limit: found.over_limit.map(Into::into),
            lognormal: found.lognormal.into(),
            curve,
        }
    }
}

/// The curve at round minutes, from the first to the last that was seen.
fn every(steps: &[Step], end: f64) -> Vec<Point> {
    let last = (end / CURVE_STEP).floor() as u32;
    let at = |place: u32| {
        let minutes = f64::from(place) * CURVE_STEP;
        let passed = steps.partition_point(|step| step.minutes <= minutes);
        let step = passed.checked_sub(1).map(|index| steps[index]);
        let [share, low, high] = step.map_or([1.0; 3], |step| [step.share, step.low, step.high]);
        Point { minutes, share, low, high }
    };
    (0..=last).map(at).collect()
}

/// One pupil's minutes by two sources.
type Values = (Option<f64>, Option<f64>);

/// Both where a pupil has both; else one alone, whatever its minutes, where there is either, so that it counts for the coverage.
fn pairs(batch: &RecordBatch, [has_one, has_other, one, other]: [&str; 4]) -> Result<Vec<Values>, Error> {
    let flags = |name: &str| as_type(batch, name, &DataType::Boolean);
    let numbers = |name: &str| as_type(batch, name, &DataType::Float64);
    let (has_one, has_other, one, other) = (flags(has_one)?, flags(has_other)?, numbers(one)?, numbers(other)?);
    let has = |row: usize| has_one.as_boolean().value(row) || has_other.as_boolean().value(row);
    let (one, other) = (one.as_primitive::<Float64Type>(), other.as_primitive::<Float64Type>());
    let pair = |row: usize| {
        if one.is_valid(row) && other.is_valid(row) {
            (Some(one.value(row)), Some(other.value(row)))
        } else {
            (has(row).then_some(0.0), None)
        }
    };
    Ok((0..batch.num_rows()).map(pair).collect())
}

/// Each pupil's day.
fn minutes(batch: &RecordBatch) -> Result<Vec<Minutes>, Error> {
    let (minutes, cut_off) = (as_type(batch, "minutes", &DataType::Float64)?, as_type(batch, "cut_off", &DataType::Boolean)?);
    let students = as_type(batch, "students", &DataType::Int64)?;
    let (minutes, cut_off, students) =
        (minutes.as_primitive::<Float64Type>(), cut_off.as_boolean(), students.as_primitive::<Int64Type>());
    let alike = |row: usize| {
        let value = Minutes { minutes: minutes.value(row), cut_off: cut_off.value(row) };
        std::iter::repeat_n(value, usize::try_from(students.value(row)).unwrap_or_default())
    };
    Ok((0..batch.num_rows()).flat_map(alike).collect())
}

fn as_type(batch: &RecordBatch, name: &str, kind: &DataType) -> Result<arrow::array::ArrayRef, Error> {
    let column = batch.column_by_name(name).ok_or_else(|| Error::internal(format!("the answer has no column {name}")))?;
    cast(column, kind).map_err(Error::internal)
}
