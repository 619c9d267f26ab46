//! Whether a rule and its figure fit, before anything is evaluated.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use chrono::NaiveDate;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::TreeNode;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, ExprSchemable};

use super::{NAMES, Rule};
use crate::bind;
use crate::metric::Metric;

/// The dimension that is a person.
const STUDENT: &str = "student";
/// Dimensions that are days.
const DAYS: [&str; 2] = ["day", "week"];

/// What is wrong with a rule, in words.
pub(super) fn check(rule: &Rule, metric: &Metric, state: &SessionState) -> Result<(), String> {
    let today = NaiveDate::from_ymd_opt(2026, 9, 1).unwrap_or_default();
    bind::bind(metric, &rule.request(today), true).map_err(|error| error.to_string())?;
    if rule.by.is_empty() {
        return Err("by is empty: name the dimensions that tell one alert from another".to_owned());
    }
    if let Some(name) = rule.subject.iter().find(|name| !rule.by.contains(name)) {
        return Err(format!("subject names \"{name}\", which is not in by"));
    }
    if rule.by.iter().any(|name| name == STUDENT) && !rule.by.iter().any(|name| name == "class") {
        return Err("students are looked at within their class only: add \"class\" to by".to_owned());
    }
    if rule.audience.is_empty() {
        return Err("audience is empty: name class, school, district or operator".to_owned());
    }
    check_levels(rule, metric, state)?;
    check_places(rule, metric)
}

fn check_levels(rule: &Rule, metric: &Metric, state: &SessionState) -> Result<(), String> {
    if rule.levels.is_empty() {
        return Err("there is no [[levels]]: give at least one severity and when it holds".to_owned());
    }
    if let Some(pair) = rule.levels.windows(2).find(|pair| pair[0].severity == pair[1].severity) {
        return Err(format!("the severity {} has two levels: join their conditions with OR", pair[0].severity));
    }
    let schema = DFSchema::try_from(declared(rule, metric)).map_err(|error| error.to_string())?;
    for level in &rule.levels {
        let refused = |reason: String| format!("when = \"{}\": {reason}", level.when);
        let expr = state.create_logical_expr(&level.when, &schema).map_err(|error| refused(error.strip_backtrace()))?;
        if expr.exists(|part| Ok(is_subquery(part))).unwrap_or(true) {
            return Err(refused("a rule reads one figure: leave the SELECT out".to_owned()));
        }
        let kind = expr.get_type(&schema).map_err(|error| refused(error.strip_backtrace()))?;
        if kind != DataType::Boolean {
            return Err(refused(format!("it gives {kind}, not true or false: compare with something")));
        }
    }
    Ok(())
}

fn is_subquery(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_))
}

fn check_places(rule: &Rule, metric: &Metric) -> Result<(), String> {
    for place in rule.words.places() {
        if place == STUDENT {
            return Err("reason names {student}: texts carry counts and classes, never a student".to_owned());
        }
        let column = metric.columns.iter().any(|column| column.name == place);
        if !column && !rule.by.iter().any(|by| by == place) && !NAMES.contains(&place) {
            let columns = metric.columns.iter().map(|column| column.name.as_str());
            let known: Vec<&str> = rule.by.iter().map(String::as_str).chain(columns).chain(NAMES).collect();
            return Err(format!("reason names {{{place}}}, which is not known: known are {}", known.join(", ")));
        }
    }
    Ok(())
}

/// The answer's columns as the figure's file declares them: counts are whole numbers, what has another unit is a number, the rest are texts.
fn declared(rule: &Rule, metric: &Metric) -> Schema {
    let dimension = |name: &String| match DAYS.contains(&name.as_str()) {
        true => Field::new(name, DataType::Date32, true),
        false => Field::new(name, DataType::Utf8, true),
    };
    let columns = metric.columns.iter().map(|column| {
        let kind = match column.unit.as_deref() {
            Some("1") => DataType::Int64,
            Some(_) => DataType::Float64,
            None => DataType::Utf8,
        };
        Field::new(&column.name, kind, true)
    });
    let fields = rule.by.iter().map(dimension).chain(columns).map(Arc::new);
    Schema::new(fields.collect::<Vec<_>>())
}
