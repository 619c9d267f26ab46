//! From a request to a statement with values beside it.
//!
//! Promise: of what a caller sends, only the names of declared dimensions reach the SQL text, and those are the file's own words.
//! Every other value is bound to a placeholder as a typed literal; an absent one is a NULL of its type.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use datafusion::scalar::ScalarValue;

use crate::Error;
use crate::common::Level;
use crate::metric::{Dimension, Metric, Param, ParamType};
use crate::places::{DAY, Days};
use crate::template;

/// What a caller asks of a figure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The dimensions to group by; none: the figure's own grouping; [`ALL`] alone: one row over everything.
    pub by: Vec<String>,
    /// Parameters by name; an empty text is the same as none.
    pub params: BTreeMap<String, String>,
}

/// The word that asks for no grouping at all.
pub const ALL: &str = "all";

/// A statement, its values, and what was asked in the end.
#[derive(Debug)]
pub(crate) struct Bound {
    pub sql: String,
    pub values: Vec<(String, ScalarValue)>,
    pub by: Vec<String>,
    pub params: BTreeMap<String, String>,
}

/// Binds `request` to `metric`; whether it may read what is added up in memory.
pub(crate) fn bind(metric: &Metric, request: &Request, added_up: bool) -> Result<Bound, Error> {
    let by = grouping(metric, &request.by)?;
    let params = parameters(metric, &request.params)?;
    let mut values = Vec::new();
    for param in &metric.params {
        values.push((param.name.clone(), scalar(param, params.get(&param.name).map(String::as_str))?));
    }
    for dimension in &metric.dimensions {
        let name = format!("by_{}", dimension.name);
        let grouped = by.contains(&dimension.name);
        values.push((name, ScalarValue::Boolean(Some(grouped))));
    }
    let grouped: Vec<&Dimension> = by.iter().filter_map(|name| metric.dimension(name)).collect();
    let names = by.iter().chain(params.keys()).map(String::as_str);
    let level = |grain: &str| match (added_up, metric.leaves_days.contains(grain)) {
        (false, _) => Level::Class,
        (_, true) => Level::of(names.clone(), &metric.alike, days(&values)),
        (_, false) => Level::of(names.clone(), &metric.alike, Days::default()).and(DAY),
    };
    let sql = template::expand(&metric.sql, &grouped, &metric.grains, &level, &params)
        .map_err(|reason| Error::bad_metric(&metric.name, reason))?;
    Ok(Bound { sql, values, by, params })
}

/// The days that the shared parameters leave.
fn days(values: &[(String, ScalarValue)]) -> Days {
    let [from, to] = template::BOUNDS.map(|name| match values.iter().find(|(param, _)| param == name) {
        Some((_, ScalarValue::Date32(day))) => *day,
        _ => None,
    });
    Days { from, to }
}

fn grouping(metric: &Metric, by: &[String]) -> Result<Vec<String>, Error> {
    if by.is_empty() {
        return Ok(metric.default_by.clone());
    }
    if by == [ALL] {
        return Ok(Vec::new());
    }
    let mut seen = BTreeSet::new();
    for name in by {
        if metric.dimension(name).is_none() {
            let allowed = metric.dimensions.iter().map(|d| d.name.clone()).chain([ALL.to_owned()]).collect();
            return Err(Error::UnknownDimension { metric: metric.name.clone(), name: name.clone(), allowed });
        }
        if !seen.insert(name) {
            return Err(Error::RepeatedDimension { name: name.clone() });
        }
    }
    Ok(by.to_vec())
}

fn parameters(metric: &Metric, given: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Error> {
    let defaults = metric.params.iter().filter_map(|param| Some((param.name.clone(), param.default.clone()?)));
    let mut params: BTreeMap<String, String> = defaults.collect();
    for (name, value) in given {
        if !metric.params.iter().any(|param| param.name == *name) {
            let allowed = metric.params.iter().map(|param| param.name.clone()).collect();
            return Err(Error::UnknownParameter { metric: metric.name.clone(), name: name.clone(), allowed });
        }
        if !value.is_empty() {
            params.insert(name.clone(), value.clone());
        }
    }
    Ok(params)
}

/// The typed literal of a parameter's text.
pub(crate) fn scalar(param: &Param, text: Option<&str>) -> Result<ScalarValue, Error> {
    let bad = |expected: &'static str| {
        let value = text.unwrap_or_default().to_owned();
        move || Error::BadParameter { name: param.name.clone(), value, expected }
    };
    Ok(match param.kind {
        ParamType::Text => ScalarValue::Utf8(text.map(str::to_owned)),
        ParamType::Date => ScalarValue::Date32(text.map(|t| date(t).ok_or_else(bad("date like 2026-09-01"))).transpose()?),
        ParamType::Integer => ScalarValue::Int64(text.map(|t| t.parse().map_err(|_| bad("whole number")())).transpose()?),
        ParamType::Number => {
            let number = |t: &str| t.parse().ok().filter(|n: &f64| n.is_finite());
            ScalarValue::Float64(text.map(|t| number(t).ok_or_else(bad("number"))).transpose()?)
        }
    })
}

fn date(text: &str) -> Option<i32> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

/// Whether a figure's SQL and its declarations fit.
pub(crate) fn check_sql(sql: &str, metric: &Metric) -> Result<(), String> {
    let grains = metric.grains.iter().filter(|(name, _)| template::names_grain(sql, name)).map(|(_, grain)| grain.by_class());
    let used: BTreeSet<&str> = std::iter::once(sql).chain(grains).flat_map(placeholders).collect();
    let known = |name: &str| {
        let grouped = name.strip_prefix("by_").is_some_and(|rest| metric.dimension(rest).is_some());
        grouped || metric.params.iter().any(|param| param.name == name)
    };
    if let Some(name) = used.iter().copied().find(|name| !known(name)) {
        return Err(format!("the SQL uses ${name}, which is not declared in [params]"));
    }
    if let Some(param) = metric.params.iter().find(|param| !used.contains(param.name.as_str())) {
        return Err(format!("the parameter \"{}\" is declared but not used in the SQL", param.name));
    }
    if !metric.dimensions.is_empty() && !sql.contains("{{by") {
        return Err("there are dimensions, but {{by}} is not in the SQL".to_owned());
    }
    template::check(sql, metric)
}

/// The names of the parameters that a text uses.
pub(crate) fn placeholders(sql: &str) -> BTreeSet<&str> {
    sql.split('$')
        .skip(1)
        .map(|rest| {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            &rest[..end]
        })
        .collect()
}
