//! Published figures, asked whether something worked: the figure by day or week, and the statistics of [`crate::policy`] over it.
//!
//! Promise: the values are those of the figure under the same scope, small groups withheld; a value that is withheld is a day
//! without a value, and never comes back as a part of an estimate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type};
use chrono::{Days, NaiveDate};

use crate::bind::Request;
use crate::engine::{Answer, AnswerColumn, Engine, Scope};
use crate::error::Error;
use crate::metric::Metric;
use crate::policy::differences::{self, Differences, School};
use crate::policy::interrupted::{self, Interrupted, Question};
use crate::policy::refusal::Refusal;
use crate::policy::series::{Series, Step};

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
        let points = read.values.iter().map(|row| (row.day, row.value)).collect();
        let (series, question) = (Series::new(study.step, points)?, *question);
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
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, Refusal> + Send + 'static) -> Result<T, Error> {
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
