//! `xueqing policy` – did it work? A published figure before and after a date, or in some schools and others.

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::json;
use xueqing_query::policy::differences::Differences;
use xueqing_query::policy::estimate::Estimate;
use xueqing_query::policy::interrupted::{self, Interrupted, Question};
use xueqing_query::policy::series::Step;
use xueqing_query::{Evaluated, Groups, Scope, Study};

use super::metric::{Usual, pair};
use crate::output;
use crate::wiring::House;

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing policy interrupted workload/daily_minutes --date 2026-11-02             did homework change on that day · 该日前后是否变化
  xueqing policy interrupted homework/submission_rate --date 2026-11-02 --step week --json
  xueqing policy differences workload/daily_minutes --date 2026-11-02 --treated 2132990001,2132990002,2132990003";

/// Arguments of `xueqing policy`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// One series, before and after a date · 中断时间序列
    Interrupted(InterruptedArguments),
    /// Schools that did it, and schools that did not · 双重差分
    Differences(DifferencesArguments),
}

/// What both need.
#[derive(Debug, Args)]
struct StudyArguments {
    /// The figure · 指标名
    metric: String,
    /// The first day after the change · 变化起始日
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: NaiveDate,
    /// One of its columns [default: the first in the figure's unit] · 取值列
    #[arg(long)]
    column: Option<String>,
    /// By school day or week · 按日或按周
    #[arg(long, value_enum, default_value_t = By::Day)]
    step: By,
    /// Of the intervals · 置信水平
    #[arg(long, default_value_t = 0.95)]
    confidence: f64,
    /// Any parameter of the figure · 其他参数
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    #[command(flatten)]
    usual: Usual,
}

#[derive(Debug, Args)]
struct InterruptedArguments {
    #[command(flatten)]
    study: StudyArguments,
    /// Days from the date on that are left out · 过渡期天数
    #[arg(long, default_value_t = 0)]
    settling_days: u16,
    /// Pairs of yearly waves [default: by the span] · 季节项数
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=3))]
    season: Option<u8>,
    /// How errors are taken · 误差的处理
    #[arg(long, value_enum, default_value_t = Errors::Autoregressive)]
    errors: Errors,
    /// Lags of Newey–West errors [default: by the span] · 滞后阶数
    #[arg(long)]
    lags: Option<usize>,
}

#[derive(Debug, Args)]
struct DifferencesArguments {
    #[command(flatten)]
    study: StudyArguments,
    /// Codes of the schools where it was done · 实施学校
    #[arg(long, value_delimiter = ',', required = true, value_name = "A,B,C")]
    treated: Vec<String>,
    /// Codes of the schools to compare with [default: all others] · 对照学校
    #[arg(long, value_delimiter = ',', value_name = "A,B,C")]
    comparison: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Day,
    Week,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Errors {
    /// Intervals that hold what they say, also in one term · 短序列也可靠
    Autoregressive,
    /// For comparison: too sure of itself in short series · 仅供对照，短序列偏窄
    NeweyWest,
}

impl StudyArguments {
    fn study(self) -> anyhow::Result<Study> {
        let Self { metric, column, step, params, usual, .. } = self;
        let step = match step {
            By::Day => Step::Day,
            By::Week => Step::Week,
        };
        Ok(Study { metric, column, step, params: usual.with(params)? })
    }
}

/// Answers, as a table for people or the JSON of the API.
pub async fn run(arguments: Arguments, house: &House, machine: bool) -> anyhow::Result<()> {
    let engine = house.engine(&house.existing_lake()?)?;
    match arguments.what {
        What::Interrupted(arguments) => {
            let InterruptedArguments { study, settling_days, season, errors, lags } = arguments;
            let errors = match errors {
                Errors::Autoregressive => interrupted::Errors::Autoregressive,
                Errors::NeweyWest => interrupted::Errors::NeweyWest { lags, small_sample: true },
            };
            let question =
                Question { date: study.date, settling_days, season_waves: season, errors, confidence: study.confidence };
            let found = engine.interrupted(study.study()?, &question, &Scope::District).await?;
            write(&found, machine, of_interrupted)
        }
        What::Differences(arguments) => {
            let DifferencesArguments { study, treated, comparison } = arguments;
            let groups = Groups { treated, comparison, date: study.date, confidence: study.confidence };
            let found = engine.differences(study.study()?, &groups, &Scope::District).await?;
            write(&found, machine, of_differences)
        }
    }
}

fn write<T: Serialize>(found: &Evaluated<T>, machine: bool, rows: fn(&T, &str) -> Vec<Vec<String>>) -> anyhow::Result<()> {
    let Evaluated { metric, column, params, as_of, result } = found;
    if machine {
        return output::json(&json!({
            "metric": metric.name, "title": metric.title, "column": column, "params": params, "as_of": as_of, "result": result,
        }));
    }
    let unit = column.unit.as_deref().unwrap_or_default();
    output::print(&format!("{} · {}: {} · {} ({unit})", metric.title.zh, metric.title.en, column.title.zh, column.title.en))?;
    // Numbers stand below each other; what is told in words does not push them apart.
    let (numbers, words): (Vec<_>, Vec<_>) = rows(result, unit).into_iter().partition(|row| row.len() > 2);
    output::print(&output::columns(&numbers))?;
    output::print(&output::columns(&words))
}

fn of_interrupted(found: &Interrupted, unit: &str) -> Vec<Vec<String>> {
    let (step_zh, step) = if found.step == Step::Day { ("日", "days") } else { ("周", "weeks") };
    let errors = match found.errors {
        interrupted::Errors::Autoregressive => "自回归误差 · autoregressive errors".to_owned(),
        interrupted::Errors::NeweyWest { .. } => format!("Newey–West, {} lags · 短序列区间偏窄", found.lags.unwrap_or(0)),
    };
    vec![
        heading(found.confidence),
        line("日期处的跳变 · level change", &found.level_change, unit),
        line("斜率变化（每周）· slope change a week", &found.slope_change, unit),
        line("之后平均差异 · mean difference after", &found.mean_effect, unit),
        line("最后一日差异 · difference on the last day", &found.last_effect, unit),
        line("之前斜率（每周）· slope before, a week", &found.slope_before, unit),
        text("n", format!("{} + {} {step_zh} · {step}", found.n_before, found.n_after)),
        text("覆盖率 · coverage", format!("{:.1} %", found.coverage * 100.0)),
        text("自相关 · autocorrelation", format!("{:.2}", found.autocorrelation)),
        text("方法 · method", format!("中断时间序列 · interrupted time series; {errors}")),
    ]
}

fn of_differences(found: &Differences, unit: &str) -> Vec<Vec<String>> {
    let mut rows = vec![
        heading(found.confidence),
        line("变化之差 · difference of the changes", &found.effect, unit),
        line("实施学校的变化 · change of the treated", &found.treated.change, unit),
        line("对照学校的变化 · change of the comparison", &found.comparison.change, unit),
        line("之前斜率之差（每周）· slopes apart before, a week", &found.slope_difference_before, unit),
        text("学校数 · schools", format!("{} : {}", found.treated.schools, found.comparison.schools)),
        text("覆盖率 · coverage", format!("{:.1} %", found.coverage * 100.0)),
        text("方法 · method", "双重差分，以学校为单位 · difference in differences over schools, Welch's interval".to_owned()),
    ];
    if !found.left_out.is_empty() {
        rows.push(text("天数过少而未计入 · too few days", found.left_out.join(" ")));
    }
    rows
}

fn heading(confidence: f64) -> Vec<String> {
    vec![String::new(), "值 · value".to_owned(), format!("{:.0} % 区间 · interval", confidence * 100.0), "p".to_owned()]
}

fn line(name: &str, estimate: &Estimate, unit: &str) -> Vec<String> {
    let Estimate { value, low, high, p_value, .. } = estimate;
    // Shares are small numbers, minutes are not.
    let digits = if unit == "share" { 4 } else { 2 };
    let p = if *p_value < 0.001 { "< 0.001".to_owned() } else { format!("{p_value:.3}") };
    vec![name.to_owned(), format!("{value:+.digits$}"), format!("{low:+.digits$} … {high:+.digits$}"), p]
}

fn text(name: &str, value: String) -> Vec<String> {
    vec![name.to_owned(), value]
}
