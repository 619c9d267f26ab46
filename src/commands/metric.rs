//! `xueqing metric` – the published figures.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;
use xueqing_lake::Lake;
use xueqing_query::{Engine, Metric, Request, Scope};

use super::answer::{self, Format};
use crate::failure::Failure;
use crate::output;
use crate::wiring::House;

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing metric                                                      every figure, with what it can be grouped by
  xueqing metric workload/daily_minutes --by day,grade --from 2026-11-01
  xueqing metric homework/submission_rate --by subject --class 3132990003-202401 --format csv
  xueqing metric exam/summary --by class,subject --param exam=2026-2027-1-期中 --json
  xueqing metric attendance/rate --by all                             one row over everything · 全部合为一行";

/// Figures can be listed where there is no lake yet.
const NO_LAKE: &str = "memory:///";

/// Arguments of `xueqing metric`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The figure, or `list` · 指标名
    #[arg(default_value = "list")]
    pub name: String,
    /// What to group by; `all` for one row [default: the figure's own] · 分组维度
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub by: Vec<String>,
    /// Any parameter of the figure · 其他参数
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub params: Vec<(String, String)>,
    #[command(flatten)]
    pub usual: Usual,
    /// How to write the answer [default: table] · 输出格式
    #[arg(long, value_enum)]
    pub format: Option<Format>,
}

/// Parameters that most figures have.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Usual parameters · 常用参数")]
pub struct Usual {
    /// First day · 起始日
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub from: Option<String>,
    /// Last day · 截止日
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub to: Option<String>,
    /// One school's code · 学校
    #[arg(long)]
    pub school: Option<String>,
    /// One grade's code, such as 14 · 年级
    #[arg(long)]
    pub grade: Option<String>,
    /// One class's code · 班级
    #[arg(long)]
    pub class: Option<String>,
    /// One subject's code, such as math · 学科
    #[arg(long)]
    pub subject: Option<String>,
}

impl Usual {
    fn given(self) -> impl Iterator<Item = (String, String)> {
        let Self { from, to, school, grade, class, subject } = self;
        let all = [("from", from), ("to", to), ("school", school), ("grade", grade), ("class", class), ("subject", subject)];
        all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)))
    }

    /// These and `others`, each at most once.
    pub fn with(self, others: Vec<(String, String)>) -> Result<BTreeMap<String, String>, Failure> {
        let mut params: BTreeMap<String, String> = self.given().collect();
        for (name, value) in others {
            if params.insert(name.clone(), value).is_some() {
                return Err(Failure::new("repeated_parameter", format!("the parameter {name} is given twice; give it once")));
            }
        }
        Ok(params)
    }
}

/// Lists the figures, or computes one.
pub async fn run(arguments: Arguments, house: &House, machine: bool) -> anyhow::Result<()> {
    if arguments.name == "list" {
        return list(&house.engine(&Lake::open(NO_LAKE)?)?, machine);
    }
    let engine = house.engine(&house.existing_lake()?)?;
    let params = arguments.usual.with(arguments.params)?;
    let by = arguments.by.into_iter().filter(|name| !name.is_empty()).collect();
    let request = Request { by, params };
    let answer = engine.run(&arguments.name, request, &Scope::District).await?;
    answer::write(&answer, Format::choose(arguments.format, machine))
}

fn list(engine: &Engine, machine: bool) -> anyhow::Result<()> {
    if machine {
        return output::json(&json!({ "metrics": engine.metrics().iter().map(AsRef::as_ref).collect::<Vec<&Metric>>() }));
    }
    let rows = engine.metrics().iter().map(|metric| {
        let by = metric.dimensions.iter().map(|dimension| dimension.name.as_str()).collect::<Vec<_>>().join(",");
        vec![metric.name.clone(), metric.title.zh.clone(), metric.title.en.clone(), by]
    });
    output::print(&output::columns(&rows.collect::<Vec<_>>()))
}

/// `NAME=VALUE`
pub fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as min_days=5")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
