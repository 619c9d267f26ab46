//! `xueqing quarantine` – what was not taken, how much of it, and reading it again.

use clap::{Args, Subcommand};
use xueqing_pipeline::{Filter, Ingest, QuarantinedRow, Replay, Replayed, Rolling};
use xueqing_query::{Request, Scope};

use super::answer::{self, Format};
use crate::output;
use crate::wiring::House;

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing quarantine list --source kaoqin.csv           what was rejected of one file, with rule and raw text
  xueqing quarantine list --rule required --limit 20
  xueqing quarantine counts --by rule,source            how much of what · 按规则、来源统计
  xueqing quarantine replay --mapping some_vendor       after its mapping was repaired · 修好映射后重新读入

The raw text may hold pupils' numbers; it is shown here only, never by SQL or the API. · 原文可能含学号，只在本机命令行显示。";

const COUNTS: &str = "quality/quarantine";
/// Rejects that are shown to people who set no limit.
const SHOWN: usize = 50;

/// Arguments of `xueqing quarantine`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    pub what: What,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Rows that broke the data standard, with their raw text · 被隔离的行
    List {
        /// Of this sender only · 来源
        #[arg(long)]
        source: Option<String>,
        /// That broke this rule only · 规则
        #[arg(long)]
        rule: Option<String>,
        /// At most so many · 最多行数
        #[arg(long)]
        limit: Option<usize>,
    },
    /// How many, by day, month, kind, mapping, source, rule or field · 统计
    Counts {
        /// The grouping · 分组
        #[arg(long, value_delimiter = ',', default_value = "source,rule")]
        by: Vec<String>,
    },
    /// Read rejects again with today's mappings; what is sound goes in · 用当前映射重新读入
    Replay {
        /// Of this sender only · 来源
        #[arg(long)]
        source: Option<String>,
        /// That broke this rule only · 规则
        #[arg(long)]
        rule: Option<String>,
        /// Of this vendor's mapping or kind only · 映射或类别
        #[arg(long, alias = "kind", value_name = "NAME")]
        mapping: Option<String>,
        /// Only say what would go in · 只检查，不导入
        #[arg(long)]
        dry_run: bool,
    },
}

/// Does it.
pub async fn run(arguments: Arguments, house: &House, machine: bool) -> anyhow::Result<()> {
    let lake = house.existing_lake()?;
    if let What::Counts { by } = arguments.what {
        let request = Request { by, ..Request::default() };
        let answer = house.engine(&lake)?.run(COUNTS, request, &Scope::District).await?;
        return answer::write(&answer, Format::choose(None, machine));
    }
    if lake.existing("quarantine").await?.is_none() {
        return if machine { output::json(&[(); 0]) } else { Ok(()) };
    }
    let ingest = house.ingest(&lake, Rolling::WhenAsked).await?;
    let done = with(&ingest, arguments.what, machine).await;
    ingest.shutdown().await;
    done
}

async fn with(ingest: &Ingest, what: What, machine: bool) -> anyhow::Result<()> {
    match what {
        What::Counts { .. } => Ok(()),
        What::List { source, rule, limit } => {
            let rows = ingest.quarantine(Filter { source, rule, limit }).await?;
            if machine { output::json(&rows) } else { told(&rows, limit.is_some()) }
        }
        What::Replay { source, rule, mapping, dry_run } => {
            let done = ingest.replay(&Replay { source, rule, mapping, dry_run }).await?;
            ingest.settled().await?;
            if machine { output::json(&done) } else { output::print(&replayed(&done, dry_run)) }
        }
    }
}

/// The rejects for people: all that were asked for, else the first.
fn told(rows: &[QuarantinedRow], limited: bool) -> anyhow::Result<()> {
    let all = rows.len();
    let shown = if limited { all } else { all.min(SHOWN) };
    if shown < all {
        let words =
            format!("the first {shown} of {all}; --limit shows more · 共 {all} 行，只显示前 {shown} 行，用 --limit 显示更多");
        output::note(&words);
    }
    let texts: Vec<String> = rows[..shown].iter().map(described).collect();
    output::print(&texts.join("\n"))
}

fn described(row: &QuarantinedRow) -> String {
    let QuarantinedRow { source, line, rule, field, reason, raw, .. } = row;
    let field = field.as_deref().map(|field| format!(" ({field})")).unwrap_or_default();
    format!("{source}:{line}: {rule}{field}: {} · {}\n    {}", reason.zh, reason.en, raw.trim_end())
}

fn replayed(done: &Replayed, dry_run: bool) -> String {
    let Replayed { records, replayed, rows, rejected, unreadable, stays } = done;
    let (would, zh) = if dry_run { ("would go in", "可以导入") } else { ("went in", "已导入") };
    let mut text = format!(
        "{records} records: {replayed} {would} as {rows} rows, {rejected} are still rejected, {unreadable} cannot be read again\n\
         {records} 条记录：{replayed} 条{zh}（{rows} 行），{rejected} 条仍不合标准，{unreadable} 条无法重新读取"
    );
    for one in stays {
        text += &format!("\n  {}:{}: {}: {} · {}", one.source, one.line, one.rule, one.reason.zh, one.reason.en);
    }
    text
}
