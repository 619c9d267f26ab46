//! `xueqing policy` – did it work? A published figure before and after a date, or in some schools and others; when it changed, how it will go
//! on, how load and quality lie together, and how far recorded minutes can be trusted.

mod minutes;
mod show;

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use xueqing_query::policy::interrupted::{self, Question};
use xueqing_query::policy::series::Step;
use xueqing_query::{Closing, Groups, Quadrants, Scope, Study};

use super::metric::{Usual, pair};
use crate::failure::Failure;
use crate::wiring::House;

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing policy interrupted workload/daily_minutes --date 2026-11-02             did homework change on that day · 该日前后是否变化
  xueqing policy interrupted homework/submission_rate --date 2026-11-02 --step week --json
  xueqing policy differences workload/daily_minutes --date 2026-11-02 --treated 2132990001,2132990002,2132990003
  xueqing policy changes workload/daily_minutes --param county=213299             on which days did it change · 哪些日子发生了变化
  xueqing policy recent workload/daily_minutes --since 2026-11-09                 the last weeks against those before · 近期与此前相比
  xueqing policy forecast workload/daily_minutes --ahead 10                       the next ten school days · 未来十个上学日
  xueqing policy quadrants --grade 16                                             load against quality · 负担与质量四象限
  xueqing policy agreement --school 2132990001                                    do measures, reports and estimates agree · 三种来源是否一致
  xueqing policy censored --grade 16 --limit 60                                   had the system not closed · 若作业系统不关闭";

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
    /// On which days the level changed, without being told a date · 变点
    Changes {
        #[command(flatten)]
        study: StudyArguments,
    },
    /// The last weeks against the weeks before them · 近期与此前相比
    Recent {
        #[command(flatten)]
        study: StudyArguments,
        /// The first day of the last weeks · 近期起始日
        #[arg(long, value_name = "YYYY-MM-DD")]
        since: NaiveDate,
    },
    /// The next school days or weeks, with intervals · 预测
    Forecast {
        #[command(flatten)]
        study: StudyArguments,
        /// School days or weeks ahead [default: 20 days or 4 weeks] · 往后几个上学日（或周）
        #[arg(long)]
        ahead: Option<usize>,
    },
    /// Schools and subjects by load and quality, as far as it is certain · 负担与质量四象限
    Quadrants(QuadrantsArguments),
    /// Whether measured, reported and estimated minutes agree, pupil by pupil · 三种时长来源的一致性
    Agreement {
        #[command(flatten)]
        minutes: MinutesArguments,
    },
    /// How long homework would take if the system that measures it did not close · 被系统关闭截断的时长（估计）
    Censored {
        #[command(flatten)]
        minutes: MinutesArguments,
        /// Minutes a day to hold it against, such as 60 · 每日上限（分钟）
        #[arg(long)]
        limit: Option<f64>,
    },
}

/// Whose minutes.
#[derive(Debug, Args)]
struct MinutesArguments {
    /// Of the intervals · 置信水平
    #[arg(long, default_value_t = 0.95)]
    confidence: f64,
    /// Any other parameter, such as stage, county, subject or public · 其他参数
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    #[command(flatten)]
    usual: Usual,
}

/// What questions about one figure need.
#[derive(Debug, Args)]
struct StudyArguments {
    /// The figure · 指标名
    metric: String,
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
    /// The first day after the change · 变化起始日
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: NaiveDate,
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
    /// The first day after the change · 变化起始日
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: NaiveDate,
    /// Codes of the schools where it was done · 实施学校
    #[arg(long, value_delimiter = ',', required = true, value_name = "A,B,C")]
    treated: Vec<String>,
    /// Codes of the schools to compare with [default: all others] · 对照学校
    #[arg(long, value_delimiter = ',', value_name = "A,B,C")]
    comparison: Vec<String>,
}

#[derive(Debug, Args)]
struct QuadrantsArguments {
    /// What a unit is [default: school,subject] · 单元
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    by: Vec<String>,
    /// The chance that a quadrant needs · 归入象限所需的把握
    #[arg(long, default_value_t = 0.9)]
    certain: f64,
    /// Of the intervals · 置信水平
    #[arg(long, default_value_t = 0.95)]
    confidence: f64,
    /// Any parameter of workload/quadrant, such as exam or term · 其他参数
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    #[command(flatten)]
    usual: Usual,
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
            let InterruptedArguments { study, date, settling_days, season, errors, lags } = arguments;
            let errors = match errors {
                Errors::Autoregressive => interrupted::Errors::Autoregressive,
                Errors::NeweyWest => interrupted::Errors::NeweyWest { lags, small_sample: true },
            };
            let question = Question { date, settling_days, season_waves: season, errors, confidence: study.confidence };
            let found = engine.interrupted(study.study()?, &question, &Scope::District).await?;
            show::write(&found, machine, show::interrupted)
        }
        What::Differences(arguments) => {
            let DifferencesArguments { study, date, treated, comparison } = arguments;
            let groups = Groups { treated, comparison, date, confidence: study.confidence };
            let found = engine.differences(study.study()?, &groups, &Scope::District).await?;
            show::write(&found, machine, show::differences)
        }
        What::Changes { study } => {
            let confidence = study.confidence;
            let found = engine.changes(study.study()?, confidence, &Scope::District).await?;
            show::write(&found, machine, show::changes)
        }
        What::Recent { study, since } => {
            let confidence = study.confidence;
            let found = engine.recent(study.study()?, since, confidence, &Scope::District).await?;
            show::write(&found, machine, show::recent)
        }
        What::Forecast { study, ahead } => {
            let confidence = study.confidence;
            let study = study.study()?;
            let ahead = ahead.unwrap_or(if study.step == Step::Day { 20 } else { 4 });
            let found = engine.forecast(study, ahead, confidence, &Scope::District).await?;
            show::write(&found, machine, show::forecast)
        }
        What::Quadrants(arguments) => {
            let QuadrantsArguments { by, certain, confidence, params, usual } = arguments;
            let asked = Quadrants { by, params: usual.with(params)?, certain, confidence };
            let found = engine.quadrants(asked, &Scope::District).await?;
            show::write(&found, machine, show::quadrants)
        }
        What::Agreement { minutes: MinutesArguments { confidence, params, usual } } => {
            let found = engine.agreement(usual.with(params)?, confidence, &Scope::District).await?;
            show::write(&found, machine, minutes::agreement)
        }
        What::Censored { minutes: MinutesArguments { confidence, params, usual }, limit } => {
            if let Some(limit) = limit.filter(|limit| !(limit.is_finite() && *limit > 0.0)) {
                let message = format!("--limit {limit}: expected minutes above zero, such as 60 · 上限应大于零");
                return Err(Failure::new("bad_parameter", message).into());
            }
            let asked = Closing { params: usual.with(params)?, limit, confidence };
            let found = engine.unclosed(asked, &Scope::District).await?;
            show::write(&found, machine, minutes::unclosed)
        }
    }
}
