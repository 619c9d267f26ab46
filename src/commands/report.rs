//! `xueqing report` – one HTML page and one workbook over the published figures of a scope.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use chrono::{Datelike, Days, NaiveDate};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};
use xueqing_query::policy::series::Step;
use xueqing_query::{ALL, Answer, Engine, Request, Scope, Study, format};
use xueqing_report::{Asked, Change, Found, Language, Names, PLAN, Report, Told, WHOLE, html, workbook};
use xueqing_schema::{Standard, Text};

use crate::failure::Failure;
use crate::output;
use crate::wiring::{House, now};

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing report workload                                       the whole district, all days · 全学区
  xueqing report workload --county 320902 --term 2026-2027-1    a county's term · 一个区县的一个学期
  xueqing report workload --region 320900 --from 2026-09-01 --to 2027-01-20
  xueqing report workload --school 2132990001 --lang en --output reports";

/// Code sets whose titles stand for codes, by dimension.
const CODES: [(&str, &str); 8] = [
    ("region", "regions"),
    ("grade", "grades"),
    ("subject", "subjects"),
    ("county", "regions"),
    ("minutes_source", "minutes_sources"),
    ("school_type", "school_types"),
    ("urban_rural", "urban_rural"),
    ("form", "homework_forms"),
];
/// Dimensions whose values are no codes of a set.
const WORDS: [(&str, &str, &str, &str); 13] = [
    ("quadrant", "light-high", "轻负高质", "Light, good"),
    ("quadrant", "heavy-high", "重负高质", "Heavy, good"),
    ("quadrant", "light-low", "轻负低质", "Light, poor"),
    ("quadrant", "heavy-low", "重负低质", "Heavy, poor"),
    ("pair", "measured-estimated", "实测 – 估计", "Measured – estimated"),
    ("pair", "measured-reported", "实测 – 填报", "Measured – reported"),
    ("pair", "reported-estimated", "填报 – 估计", "Reported – estimated"),
    ("stage", "primary", "小学", "Primary"),
    ("stage", "junior", "初中", "Junior"),
    ("stage", "senior", "高中", "Senior"),
    ("break_kind", "weekend", "周末", "Weekend"),
    ("break_kind", "holiday", "假期", "Holiday"),
    ("break_kind", "vacation", "寒暑假", "Vacation"),
];
/// The last weeks, and the weeks before that they are held against.
const LAST_WEEKS: u64 = 2;
const WEEKS_BEFORE: u64 = 8;
/// Of the intervals.
const CONFIDENCE: f64 = 0.95;
const LOAD: &str = "workload/daily_minutes";
const LIMITS: [&str; 3] = ["homework_limits", "exam_limits", "bedtimes"];

/// Arguments of `xueqing report`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Homework load: the indicators of the double reduction · 作业负担（双减）
    Workload(WorkloadArguments),
}

#[derive(Debug, Args)]
struct WorkloadArguments {
    /// One prefecture's code, such as 320900 [default: the whole district] · 地市
    #[arg(long, conflicts_with_all = ["county", "school"])]
    region: Option<String>,
    /// One county's code · 区县
    #[arg(long)]
    county: Option<String>,
    /// One school's code · 学校
    #[arg(long)]
    school: Option<String>,
    /// A term of the calendar, such as 2026-2027-1 · 学期
    #[arg(long, conflicts_with_all = ["from", "to"])]
    term: Option<String>,
    /// First day · 起始日
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<NaiveDate>,
    /// Last day · 截止日
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: Option<NaiveDate>,
    /// In which language · 语言
    #[arg(long, value_enum, default_value_t = Lang::Zh)]
    lang: Lang,
    /// The folder to write to · 输出文件夹
    #[arg(long, default_value = ".")]
    output: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lang {
    Zh,
    En,
}

/// Writes the report.
pub async fn run(arguments: Arguments, house: &House, machine: bool) -> anyhow::Result<()> {
    let What::Workload(asked) = arguments.what;
    let engine = house.engine(&house.existing_lake()?)?;
    let (language, suffix) = match asked.lang {
        Lang::Zh => (Language::Chinese, "zh"),
        Lang::En => (Language::English, "en"),
    };
    let report = gather(&engine, &house.standard, &asked).await?;
    let scope = [&asked.school, &asked.county, &asked.region].into_iter().flatten().next().map_or("district", String::as_str);
    let scope = asked.term.as_ref().map_or_else(|| scope.to_owned(), |term| format!("{scope}-{term}"));
    std::fs::create_dir_all(&asked.output).with_context(|| format!("making {}", asked.output.display()))?;
    let file = |extension: &str| asked.output.join(format!("workload-{scope}-{suffix}.{extension}"));
    let (page, book) = (file("html"), file("xlsx"));
    std::fs::write(&page, html(&report, language)).with_context(|| format!("writing {}", page.display()))?;
    let bytes = workbook(&report, language).map_err(anyhow::Error::msg)?;
    std::fs::write(&book, bytes).with_context(|| format!("writing {}", book.display()))?;
    if machine {
        return output::json(&json!({ "html": page, "xlsx": book }));
    }
    output::print(&format!("{}\n{}", page.display(), book.display()))
}

async fn gather(engine: &Engine, standard: &Standard, asked: &WorkloadArguments) -> anyhow::Result<Report> {
    let names = names(engine, standard).await?;
    let scopes = [("school", &asked.school), ("county", &asked.county), ("region", &asked.region)];
    scopes.iter().try_for_each(|(dimension, code)| known(&names, dimension, code.as_deref()))?;
    let [from, to] = match &asked.term {
        Some(term) => days_of(engine, term).await?.map(Some),
        None => [asked.from, asked.to].map(|day| day.map(|day| day.to_string())),
    };
    let given = scopes.into_iter().chain([("from", &from), ("to", &to)]);
    let params: BTreeMap<String, String> = given.filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect();
    let shown = PLAN.iter().filter(|one| asked.school.is_none() || !one.between_schools);
    let (told, whole) = (ask(engine, shown, &params).await, ask(engine, WHOLE.iter(), &params).await);
    let change = change(engine, &told, &params).await;
    let named = |dimension: &str, code: &str| {
        let known = names.0.get(&(dimension.to_owned(), code.to_owned())).cloned();
        known.unwrap_or_else(|| Text::new(code, code))
    };
    let whose = scopes.into_iter().find_map(|(dimension, code)| Some(named(dimension, code.as_deref()?)));
    let scope = whose.unwrap_or_else(|| Text::new("全学区", "the whole district"));
    let title = Text::new(format!("作业负担监测报告：{}", scope.zh), format!("Report on homework load: {}", scope.en));
    let limits = LIMITS.iter().filter_map(|name| standard.code_set(name).ok()).map(Arc::clone).collect();
    let made_at = now().format("%Y-%m-%d %H:%M UTC").to_string();
    Ok(Report { title, scope, term: asked.term.clone(), from, to, made_at, told, whole, change, limits, names })
}

/// First and last day of a term, as the calendar has it.
async fn days_of(engine: &Engine, term: &str) -> anyhow::Result<[String; 2]> {
    let terms = format::json_rows(&engine.run("directory/terms", Request::default(), &Scope::District).await?)?;
    let text = |row: &Map<String, Value>, name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(row) = terms.iter().find(|row| text(row, "term") == term) {
        return Ok([text(row, "first_day"), text(row, "last_day")]);
    }
    let known: Vec<String> = terms.iter().map(|row| text(row, "term")).collect();
    let message = format!("the calendar has no term {term}; it has: {} · 校历里没有学期 {term}", known.join(", "));
    Err(Failure::new("unknown_term", message).into())
}

async fn ask(engine: &Engine, plan: impl Iterator<Item = &'static Asked>, params: &BTreeMap<String, String>) -> Vec<Told> {
    let mut told = Vec::new();
    for one in plan {
        told.push(Told { asked: one, answer: answer(engine, one, params).await.map_err(|error| error.to_string()) });
    }
    told
}

/// The last two weeks with homework against the eight before them, whether or not the report begins later.
async fn change(engine: &Engine, told: &[Told], params: &BTreeMap<String, String>) -> Option<Change> {
    let days = told.iter().find(|told| told.asked.key == "days")?.answer.as_ref().ok()?;
    let day = |row: &Map<String, Value>| row.get("mean_minutes")?.as_f64().and(row.get("day")?.as_str()?.parse().ok());
    let last: NaiveDate = days.rows.iter().filter_map(day).max()?;
    let monday = last.checked_sub_days(Days::new(last.weekday().num_days_from_monday().into()))?;
    let since = monday.checked_sub_days(Days::new(7 * (LAST_WEEKS - 1)))?;
    let from = since.checked_sub_days(Days::new(7 * WEEKS_BEFORE))?;
    let mut params = params.clone();
    params.extend([("from".to_owned(), from.to_string()), ("to".to_owned(), last.to_string())]);
    let call = [format!("/v1/policy/recent?metric={LOAD}&since={since}")]
        .into_iter()
        .chain(query(&params))
        .collect::<Vec<_>>()
        .join("&");
    let study = Study { metric: LOAD.to_owned(), column: None, step: Step::Day, params };
    let found = engine.recent(study, since, CONFIDENCE, &Scope::District).await;
    Some(Change { call, recent: found.map(|found| found.result).map_err(|error| error.to_string()) })
}

fn query(params: &BTreeMap<String, String>) -> impl Iterator<Item = String> {
    params.iter().map(|(name, value)| format!("{name}={value}"))
}

async fn answer(engine: &Engine, asked: &Asked, params: &BTreeMap<String, String>) -> Result<Found, xueqing_query::Error> {
    let metric = engine.metric(asked.metric)?.clone();
    let by: Vec<String> = asked.by.iter().map(|name| (*name).to_owned()).collect();
    let start = format!("/v1/metrics/{}?by={}", asked.metric, by.join(","));
    let call = [start].into_iter().chain(query(params)).collect::<Vec<_>>().join("&");
    let answer: Answer = engine.run(asked.metric, Request { by, params: params.clone() }, &Scope::District).await?;
    let rows = format::json_rows(&answer)?;
    Ok(Found { metric, call, columns: answer.columns(), by: answer.by.clone(), rows, as_of: answer.as_of })
}

/// A scope that nobody knows would make a report of nothing.
fn known(names: &Names, dimension: &str, code: Option<&str>) -> Result<(), Failure> {
    let Some(code) = code.filter(|code| !names.0.contains_key(&(dimension.to_owned(), (*code).to_owned()))) else {
        return Ok(());
    };
    let message =
        format!("there is no {dimension} {code} among those with classes or in the code set · 没有代码为 {code} 的范围");
    Err(Failure::new("unknown_scope", message))
}

/// Titles of codes, and of schools as the directory has them.
async fn names(engine: &Engine, standard: &Standard) -> anyhow::Result<Names> {
    let mut names = Names::default();
    for (dimension, set) in CODES {
        let Ok(set) = standard.code_set(set) else { continue };
        for entry in &set.entries {
            names.0.insert((dimension.to_owned(), entry.code.clone()), entry.title.clone());
        }
    }
    for (dimension, code, zh, en) in WORDS {
        names.0.insert((dimension.to_owned(), code.to_owned()), Text::new(zh, en));
    }
    let by = vec![ALL.to_owned()];
    let directory = engine.run("directory/classes", Request { by, params: BTreeMap::new() }, &Scope::District).await?;
    for row in format::json_rows(&directory)? {
        if let Some(school) = row.get("school").and_then(Value::as_str) {
            let name = row.get("school_name").and_then(Value::as_str).unwrap_or(school);
            names.0.insert(("school".to_owned(), school.to_owned()), Text::new(name, name));
        }
    }
    Ok(names)
}
