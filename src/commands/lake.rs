//! `xueqing lake` – what lies in the lake, what was not taken, and upkeep.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use xueqing_lake::{CompactOptions, Lake};
use xueqing_pipeline::{Filter, QuarantinedRow, Rolling};

use crate::failure::Failure;
use crate::output;
use crate::wiring::House;

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing lake tables                                   tables, rows, files, versions · 数据表
  xueqing lake quarantine --source kaoqin.csv           what was rejected of one file, with rule and raw text
  xueqing lake quarantine --rule required --limit 20
  xueqing lake log events/homework --since 10           what changed after a version · 某版本之后的变化
  xueqing lake compact                                  merge small files, tidy the logs · 合并小文件";

/// Rejects that are shown to people who set no limit.
const SHOWN: usize = 50;

/// Arguments of `xueqing lake`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    pub what: What,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum What {
    /// The tables · 数据表
    Tables,
    /// Rows that broke the data standard · 被隔离的行
    Quarantine {
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
    /// What changed in a table after a version · 数据表的变化
    Log {
        /// The table, such as events/homework · 表名
        table: String,
        /// The version to begin after · 起始版本
        #[arg(long, default_value_t = 0)]
        since: i64,
    },
    /// Merge small files and tidy the logs · 合并小文件、整理日志
    Compact {
        /// A day with fewer small files is left alone · 少于此数不合并
        #[arg(long, default_value_t = CompactOptions::default().min_files)]
        min_files: usize,
    },
}

/// Does it.
pub async fn run(arguments: Arguments, house: &House, machine: bool) -> anyhow::Result<()> {
    let lake = house.existing_lake()?;
    match arguments.what {
        What::Tables => tables(&lake, machine).await,
        What::Quarantine { source, rule, limit } => quarantine(&lake, house, Filter { source, rule, limit }, machine).await,
        What::Log { table, since } => log(&lake, &table, since, machine).await,
        What::Compact { min_files } => compact(&lake, min_files, machine).await,
    }
}

async fn tables(lake: &Lake, machine: bool) -> anyhow::Result<()> {
    let mut found = Vec::new();
    for name in lake.names().await? {
        let Some(table) = lake.existing(&name).await? else { continue };
        let stats = table.stats();
        found.push(json!({
            "table": name, "version": stats.version, "rows": stats.rows,
            "files": stats.files, "bytes": stats.bytes, "days": stats.days,
        }));
    }
    show(&found, &["table", "version", "rows", "files", "bytes", "days"], machine)
}

async fn quarantine(lake: &Lake, house: &House, filter: Filter, machine: bool) -> anyhow::Result<()> {
    if lake.existing("quarantine").await?.is_none() {
        return show(&[], &[], machine);
    }
    let limited = filter.limit.is_some();
    let ingest = house.ingest(lake, Rolling::WhenAsked).await?;
    let rows = ingest.quarantine(filter).await;
    ingest.shutdown().await;
    let rows = rows?;
    if machine { output::json(&rows) } else { told(&rows, limited) }
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

async fn log(lake: &Lake, name: &str, since: i64, machine: bool) -> anyhow::Result<()> {
    let Some(table) = lake.existing(name).await? else {
        let message = format!("there is no table {name}; known are {}", lake.names().await?.join(", "));
        return Err(Failure::new("unknown_table", message).into());
    };
    let changes = table.changes_since(since).await?;
    let days: Vec<String> = changes.days.iter().map(|day| xueqing_schema::time::date(*day).to_string()).collect();
    let rows = |files: &[xueqing_lake::DataFile]| files.iter().map(|file| file.rows).sum::<u64>();
    let found = json!({
        "table": name, "since": since, "version": changes.version, "days": days,
        "files_added": changes.added.len(), "rows_added": rows(&changes.added),
        "files_removed": changes.removed.len(), "rows_removed": rows(&changes.removed),
    });
    if machine { output::json(&found) } else { output::print(&serde_json::to_string_pretty(&found)?) }
}

async fn compact(lake: &Lake, min_files: usize, machine: bool) -> anyhow::Result<()> {
    let _only_writer = lake.lock().await?;
    let mut done = Vec::new();
    for name in lake.names().await? {
        let Some(table) = lake.existing(&name).await? else { continue };
        let merged = table.compact(CompactOptions { min_files }).await?;
        let tidied = table.maintain().await?;
        done.push(json!({
            "table": name, "version": merged.version, "files_removed": merged.removed, "files_added": merged.added,
            "log_entries_deleted": tidied.log_entries_deleted, "files_deleted": tidied.files_deleted,
        }));
    }
    show(&done, &["table", "version", "files_removed", "files_added", "log_entries_deleted", "files_deleted"], machine)
}

/// Rows as JSON, or below a header.
fn show(rows: &[Value], names: &[&str], machine: bool) -> anyhow::Result<()> {
    if machine {
        return output::json(&rows);
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let head = names.iter().map(|name| (*name).to_owned()).collect();
    let body = rows.iter().map(|row| names.iter().map(|name| text(&row[*name])).collect());
    output::print(&output::columns(&std::iter::once(head).chain(body).collect::<Vec<_>>()))
}
