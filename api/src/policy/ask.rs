//! From a query string to what is asked of a figure.

use chrono::NaiveDate;
use xueqing_query::policy::interrupted::{Errors, Question};
use xueqing_query::policy::series::Step;
use xueqing_query::{Closing, Groups, Quadrants, Study};

use crate::Error;
use crate::params::Params;

const MOST_WAVES: u8 = 3;
/// More schools than this are no list that anyone types.
const MOST_SCHOOLS: usize = 500;

pub(super) fn question(params: &mut Params) -> Result<Question, Error> {
    let question = Question::of(date(params)?);
    let lags = number(params, "lags", "a whole number such as 4")?;
    let errors = match params.take("errors").as_deref() {
        None | Some("autoregressive") => Errors::Autoregressive,
        Some("newey_west") => Errors::NeweyWest { lags, small_sample: true },
        Some(other) => return Err(bad("errors", other, "autoregressive or newey_west")),
    };
    if lags.is_some() && errors == Errors::Autoregressive {
        return Err(bad("lags", &lags.unwrap_or(0).to_string(), "errors=newey_west beside it"));
    }
    let season_waves: Option<u8> = number(params, "season", "a whole number from 0 to 3")?;
    if let Some(waves) = season_waves.filter(|waves| *waves > MOST_WAVES) {
        return Err(bad("season", &waves.to_string(), "a whole number from 0 to 3"));
    }
    let settling_days = number(params, "settling_days", "a whole number of days")?.unwrap_or(question.settling_days);
    Ok(Question { settling_days, season_waves, errors, confidence: confidence(params)?, ..question })
}

pub(super) fn groups(params: &mut Params) -> Result<Groups, Error> {
    let treated = schools(params, "treated")?;
    if treated.is_empty() {
        return Err(bad("treated", "", "codes of schools, comma separated"));
    }
    Ok(Groups { treated, comparison: schools(params, "comparison")?, date: date(params)?, confidence: confidence(params)? })
}

/// School days (or weeks) ahead.
pub(super) fn ahead(text: Option<String>, step: Step) -> Result<usize, Error> {
    let usual = if step == Step::Day { 20 } else { 4 };
    let Some(text) = text else { return Ok(usual) };
    text.parse().map_err(|_| bad("ahead", &text, "a whole number of school days or weeks, such as 20"))
}

pub(super) fn quadrants(mut params: Params) -> Result<Quadrants, Error> {
    let certain = number(&mut params, "certain", "a number from 0.5 to below 1, such as 0.9")?.unwrap_or(0.9);
    if !(0.5..1.0).contains(&certain) {
        return Err(bad("certain", &certain.to_string(), "a number from 0.5 to below 1, such as 0.9"));
    }
    let (by, confidence) = (list(&mut params, "by"), confidence(&mut params)?);
    Ok(Quadrants { by, params: params.rest(), certain, confidence })
}

/// The first day of the last weeks.
pub(super) fn since(params: &mut Params) -> Result<NaiveDate, Error> {
    let text = params.take("since").unwrap_or_default();
    NaiveDate::parse_from_str(&text, "%Y-%m-%d").map_err(|_| bad("since", &text, "a date like 2026-11-02"))
}

pub(super) fn closing(mut params: Params) -> Result<Closing, Error> {
    let hint = "minutes above zero, such as 60";
    let limit = number(&mut params, "limit", hint)?;
    if let Some(limit) = limit.filter(|limit: &f64| !(limit.is_finite() && *limit > 0.0)) {
        return Err(bad("limit", &limit.to_string(), hint));
    }
    let confidence = confidence(&mut params)?;
    Ok(Closing { params: params.rest(), limit, confidence })
}

/// What is left goes to the figure.
pub(super) fn study(mut params: Params) -> Result<Study, Error> {
    let metric =
        params.take("metric").ok_or_else(|| bad("metric", "", "the name of a figure, such as workload/daily_minutes"))?;
    let step = match params.take("step").as_deref() {
        None | Some("day") => Step::Day,
        Some("week") => Step::Week,
        Some(other) => return Err(bad("step", other, "day or week")),
    };
    Ok(Study { metric, column: params.take("column"), step, params: params.rest() })
}

fn date(params: &mut Params) -> Result<NaiveDate, Error> {
    let text = params.take("date").unwrap_or_default();
    NaiveDate::parse_from_str(&text, "%Y-%m-%d").map_err(|_| bad("date", &text, "a date like 2026-11-02"))
}

pub(super) fn confidence(params: &mut Params) -> Result<f64, Error> {
    Ok(number(params, "confidence", "a number from 0.5 to below 1, such as 0.95")?.unwrap_or(0.95))
}

fn number<T: std::str::FromStr>(params: &mut Params, name: &str, expected: &str) -> Result<Option<T>, Error> {
    let Some(text) = params.take(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| bad(name, &text, expected))
}

fn schools(params: &mut Params, name: &str) -> Result<Vec<String>, Error> {
    let codes = list(params, name);
    if codes.len() > MOST_SCHOOLS {
        return Err(bad(name, &format!("{} codes", codes.len()), "at most 500 codes"));
    }
    Ok(codes)
}

fn list(params: &mut Params, name: &str) -> Vec<String> {
    let text = params.take(name).unwrap_or_default();
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn bad(name: &str, value: &str, expected: &str) -> Error {
    Error::BadParameter { name: name.to_owned(), value: value.to_owned(), hint: format!("expected {expected}") }
}
