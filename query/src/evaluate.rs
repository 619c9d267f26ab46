//! Published figures, asked whether something worked: the figure by day or week, and the statistics of [`crate::policy`] over it.
//!
//! Promise: the values are those of the figure under the same scope, small groups withheld; a value that is withheld is a day
//! without a value, and never comes back as a part of an estimate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type};
use chrono::{Datelike, Days, NaiveDate, Weekday};
use datafusion::scalar::ScalarValue;

use crate::bind::Request;
use crate::engine::{Answer, AnswerColumn, Engine, Scope};
use crate::error::Error;
use crate::metric::Metric;
use crate::policy::changes::{self, Changes};
use crate::policy::differences::{self, Differences, School};
use crate::policy::forecast::{self, Bounds, Forecast};
use crate::policy::interrupted::{self, Interrupted, Question};
use crate::policy::quadrant::{self, Mean, Picture, Unit};
use crate::policy::recent::{self, Recent};
use crate::policy::refusal::Refusal;
use crate::policy::series::{Series, Step};
use crate::run::Seen;

/// Which numbers of a figure are evaluated.
#[derive(Clone, Debug)]
pub struct Study {
    /// `workload/daily_minutes`
    pub metric: String,
    /// A column of it; none: the first in the figure's own unit.
    pub column: Option<String>,
    pub step: Step,
    /// The figure's own parameters.
    pub params: BTreeMap<String, String>,
}

/// Which schools did what was to work, and which are compared with them.
#[derive(Clone, Debug)]
pub struct Groups {
    pub treated: Vec<String>,
    /// None at all: every other school.
    pub comparison: Vec<String>,
    pub date: NaiveDate,
    /// Of the intervals, such as 0.95.
    pub confidence: f64,
}

/// What to place between little and much homework, poor and good results.
#[derive(Clone, Debug)]
pub struct Quadrants {
    /// What a unit is, by dimensions of the figure; none at all: school and subject.
    pub by: Vec<String>,
    /// The figure's own parameters.
    pub params: BTreeMap<String, String>,
    /// The chance that a quadrant needs, such as 0.9.
    pub certain: f64,
    /// Of the intervals, such as 0.95.
    pub confidence: f64,
}

/// The figure that has both axes, and its columns.
const QUADRANT: &str = "workload/quadrant";
/// Mean, error, students, and what was drawn: days for one axis, students for the other.
const LOAD: [&str; 4] = ["minutes", "minutes_error", "students_timed", "days"];
const QUALITY: [&str; 4] = ["quality", "quality_error", "students_scored", "students_scored"];
/// School days are looked for so many days ahead: longer than any vacation.
const AHEAD_DAYS: u64 = 120;

/// What was found, with the figure that it was found in.
#[derive(Clone, Debug)]
pub struct Evaluated<T> {
    pub metric: Arc<Metric>,
    pub column: AnswerColumn,
    /// The figure's parameters in force.
    pub params: BTreeMap<String, String>,
    /// The version of each table that was read.
    pub as_of: BTreeMap<String, i64>,
    pub result: T,
}

impl Engine {
    /// Whether a figure's level or slope changed at a date.
    pub async fn interrupted(&self, study: Study, question: &Question, scope: &Scope) -> Result<Evaluated<Interrupted>, Error> {
        let read = self.read(&study, &[], scope).await?;
        let (series, question) = (read.series(study.step)?, *question);
        let result = apart(move || interrupted::interrupted(&series, &question)).await?;
        Ok(read.found(result))
    }

    /// Whether a figure changed more in some schools than in others.
    pub async fn differences(&self, study: Study, groups: &Groups, scope: &Scope) -> Result<Evaluated<Differences>, Error> {
        let read = self.read(&study, &["school"], scope).await?;
        let mut schools: BTreeMap<&str, Vec<(NaiveDate, Option<f64>)>> = BTreeMap::new();
        for row in &read.values {
            schools.entry(row.school.as_deref().unwrap_or_default()).or_default().push((row.day, row.value));
        }
        let named: BTreeSet<&str> = groups.treated.iter().chain(&groups.comparison).map(String::as_str).collect();
        if let Some(name) = named.iter().find(|name| !schools.contains_key(**name)) {
            let expected = "school with this figure on these days";
            return Err(Error::BadParameter { name: "treated or comparison".to_owned(), value: (*name).to_owned(), expected });
        }
        let of = |names: &[String]| -> Vec<School> {
            let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
            names.into_iter().map(|name| School { name: name.to_owned(), days: schools[name].clone() }).collect()
        };
        let others: Vec<String> = schools.keys().filter(|name| !named.contains(**name)).map(|name| (*name).to_owned()).collect();
        let comparison = if groups.comparison.is_empty() { of(&others) } else { of(&groups.comparison) };
        let (treated, date, confidence) = (of(&groups.treated), groups.date, groups.confidence);
        let result = apart(move || differences::differences(&treated, &comparison, date, confidence)).await?;
        Ok(read.found(result))
    }

    /// How much a figure's level since a day differs from that before.
    pub async fn recent(
        &self,
        study: Study,
        since: NaiveDate,
        confidence: f64,
        scope: &Scope,
    ) -> Result<Evaluated<Recent>, Error> {
        let read = self.read(&study, &[], scope).await?;
        let series = read.series(study.step)?;
        let result = apart(move || recent::recent(&series, since, confidence)).await?;
        Ok(read.found(result))
    }

    /// On which days a figure's level changed.
    pub async fn changes(&self, study: Study, confidence: f64, scope: &Scope) -> Result<Evaluated<Changes>, Error> {
        let read = self.read(&study, &[], scope).await?;
        let series = read.series(study.step)?;
        let result = apart(move || changes::changes(&series, confidence)).await?;
        Ok(read.found(result))
    }

    /// The next school days (or weeks) of a figure.
    pub async fn forecast(
        &self,
        study: Study,
        ahead: usize,
        confidence: f64,
        scope: &Scope,
    ) -> Result<Evaluated<Forecast>, Error> {
        let read = self.read(&study, &[], scope).await?;
        let series = read.series(study.step)?;
        let last = read.values.iter().filter(|row| row.value.is_some()).map(|row| row.day).max();
        let days = self.days_after(last.ok_or(Refusal::Empty)?, study.step, ahead, scope).await?;
        let bounds = bounds(read.column.unit.as_deref());
        let result = apart(move || forecast::forecast(&series, &days, bounds, confidence)).await?;
        Ok(read.found(result))
    }

    /// Which schools and subjects have much homework, and which have good results.
    pub async fn quadrants(&self, asked: Quadrants, scope: &Scope) -> Result<Evaluated<Picture>, Error> {
        let Quadrants { by, params, certain, confidence } = asked;
        let by = if by.is_empty() { vec!["school".to_owned(), "subject".to_owned()] } else { by };
        let metric = self.metric(QUADRANT)?.clone();
        let answer = self.run(QUADRANT, Request { by: by.clone(), params }, scope).await?;
        let units = answer.batches.iter().map(|batch| units(batch, &by)).collect::<Result<Vec<_>, Error>>()?.concat();
        let found = answer.columns().into_iter().find(|column| column.name == LOAD[0]);
        let column = found.ok_or_else(|| Error::internal("the figure has lost its load"))?;
        let result = apart(move || quadrant::picture(&units, None, certain, confidence)).await?;
        let Answer { params, as_of, .. } = answer;
        Ok(Evaluated { metric, column, params, as_of, result })
    }

    /// The next school days by the calendar, which decides where it has the day, or the Mondays of the next weeks with any.
    async fn days_after(&self, last: NaiveDate, step: Step, number: usize, scope: &Scope) -> Result<Vec<NaiveDate>, Error> {
        const TOLD: &str =
            "SELECT date AS day, CASE WHEN day_kind IN ('school_day', 'make_up', 'no_homework') THEN 1 ELSE 0 END AS value
            FROM calendar WHERE date > $last";
        let since = (last - NaiveDate::default()).num_days();
        let after = ScalarValue::Date32(i32::try_from(since).ok());
        let values = vec![("last".to_owned(), after)];
        let (told, _) = self.records(TOLD.to_owned(), values, Seen::Now(None), scope).await?;
        let rows = told.iter().map(|batch| rows(batch, "day", "value")).collect::<Result<Vec<_>, Error>>()?;
        let told: BTreeMap<NaiveDate, bool> = rows.into_iter().flatten().map(|row| (row.day, row.value == Some(1.0))).collect();
        let usual = |day: &NaiveDate| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        let school_days = last.iter_days().skip(1).take(usize::try_from(AHEAD_DAYS).unwrap_or_default());
        let school_days = school_days.filter(|day| told.get(day).copied().unwrap_or_else(|| usual(day)));
        let monday = |day: NaiveDate| day - Days::new(day.weekday().num_days_from_monday().into());
        Ok(match step {
            Step::Day => school_days.take(number).collect(),
            Step::Week => {
                let weeks: BTreeSet<NaiveDate> = school_days.map(monday).filter(|week| *week > last).collect();
                weeks.into_iter().take(number).collect()
            }
        })
    }

    async fn read(&self, study: &Study, by: &[&str], scope: &Scope) -> Result<Read, Error> {
        let metric = self.metric(&study.metric)?.clone();
        let name = column(&metric, study.column.as_deref())?;
        let step = if study.step == Step::Day { "day" } else { "week" };
        let by = [step].iter().chain(by).map(|name| (*name).to_owned()).collect();
        let answer = self.run(&study.metric, Request { by, params: study.params.clone() }, scope).await?;
        let rows = answer.batches.iter().map(|batch| rows(batch, step, &name)).collect::<Result<Vec<_>, Error>>()?;
        let values = rows.into_iter().flatten().collect();
        let column = answer.columns().into_iter().find(|column| column.name == name);
        let column = column.ok_or_else(|| Error::internal(format!("the answer has no column {name}")))?;
        let Answer { params, as_of, .. } = answer;
        Ok(Read { metric, column, params, as_of, values })
    }
}

/// Works off the threads that answer others.
pub(crate) async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, Refusal> + Send + 'static) -> Result<T, Error> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(Error::internal)??)
}

/// A figure that was read.
struct Read {
    metric: Arc<Metric>,
    column: AnswerColumn,
    params: BTreeMap<String, String>,
    as_of: BTreeMap<String, i64>,
    values: Vec<Row>,
}

struct Row {
    day: NaiveDate,
    school: Option<String>,
    value: Option<f64>,
}

impl Read {
    fn series(&self, step: Step) -> Result<Series, Refusal> {
        Series::new(step, self.values.iter().map(|row| (row.day, row.value)).collect())
    }

    fn found<T>(self, result: T) -> Evaluated<T> {
        let Self { metric, column, params, as_of, .. } = self;
        Evaluated { metric, column, params, as_of, result }
    }
}

/// The column that is asked for, or the first in the figure's own unit that does not count students.
fn column(metric: &Metric, asked: Option<&str>) -> Result<String, Error> {
    let measured = |column: &&crate::metric::Column| column.unit.is_some() && metric.n.as_deref() != Some(column.name.as_str());
    let mut columns = metric.columns.iter().filter(measured);
    let found = match asked {
        Some(name) => columns.find(|column| column.name == name),
        None => columns.clone().find(|column| column.unit.as_deref() == Some(&metric.unit)).or_else(|| columns.next()),
    };
    let Some(found) = found else {
        let value = asked.unwrap_or_default().to_owned();
        return Err(Error::BadParameter { name: "column".to_owned(), value, expected: "column of the figure with a number" });
    };
    Ok(found.name.clone())
}

/// What values of a unit can be: nothing measured is below zero, no share above one.
fn bounds(unit: Option<&str>) -> Bounds {
    match unit {
        Some("share") => Bounds { least: 0.0, most: 1.0 },
        Some("min" | "h" | "1") => Bounds { least: 0.0, most: f64::INFINITY },
        _ => Bounds::NONE,
    }
}

fn units(batch: &RecordBatch, by: &[String]) -> Result<Vec<Unit>, Error> {
    let as_type = |name: &str, kind: DataType| {
        let column = batch.column_by_name(name).ok_or_else(|| Error::internal(format!("the answer has no column {name}")))?;
        cast(column, &kind).map_err(Error::internal)
    };
    let names = by.iter().map(|name| as_type(name, DataType::Utf8)).collect::<Result<Vec<_>, _>>()?;
    let axis =
        |columns: [&str; 4]| columns.into_iter().map(|name| as_type(name, DataType::Float64)).collect::<Result<Vec<_>, _>>();
    let (load, quality) = (axis(LOAD)?, axis(QUALITY)?);
    // A withheld group has no numbers, and so no students.
    let number = |column: &ArrayRef, row: usize, none: f64| {
        let column = column.as_primitive::<Float64Type>();
        if column.is_valid(row) { column.value(row) } else { none }
    };
    let mean = |axis: &[ArrayRef], row: usize| Mean {
        mean: number(&axis[0], row, f64::NAN),
        standard_error: number(&axis[1], row, f64::NAN),
        students: number(&axis[2], row, 0.0) as usize,
        degrees: number(&axis[3], row, 0.0) - 1.0,
    };
    let name = |column: &ArrayRef, row: usize| {
        let column = column.as_string::<i32>();
        if column.is_valid(row) { column.value(row).to_owned() } else { String::new() }
    };
    let unit = |row: usize| Unit {
        names: names.iter().map(|column| name(column, row)).collect(),
        load: mean(&load, row),
        quality: mean(&quality, row),
    };
    Ok((0..batch.num_rows()).map(unit).collect())
}

fn rows(batch: &RecordBatch, step: &str, value: &str) -> Result<Vec<Row>, Error> {
    let named =
        |name: &str| batch.column_by_name(name).ok_or_else(|| Error::internal(format!("the answer has no column {name}")));
    let days = cast(named(step)?, &DataType::Date32).map_err(Error::internal)?;
    let days = days.as_primitive::<Date32Type>();
    let values = cast(named(value)?, &DataType::Float64).map_err(Error::internal)?;
    let values = values.as_primitive::<Float64Type>();
    let schools =
        batch.column_by_name("school").map(|column| cast(column, &DataType::Utf8)).transpose().map_err(Error::internal)?;
    let schools = schools.as_ref().map(|column| column.as_string::<i32>());
    let row = |at: usize| {
        let since = u64::try_from(days.value(at)).ok()?;
        Some(Row {
            day: NaiveDate::default() + Days::new(since),
            school: schools.filter(|column| column.is_valid(at)).map(|column| column.value(at).to_owned()),
            value: values.is_valid(at).then(|| values.value(at)),
        })
    };
    Ok((0..batch.num_rows()).filter(|at| days.is_valid(*at)).filter_map(row).collect())
}
