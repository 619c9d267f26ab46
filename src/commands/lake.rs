//! `xueqing lake` – what lies in the lake, and its upkeep.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use xueqing_lake::{CompactOptions, Lake};

use super::care;
use crate::failure::Failure;
use crate::output;
use crate::wiring::House;

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing lake tables                                   tables, rows, files, versions · 数据表
  xueqing lake log events/homework --since 10           what changed after a version · 某版本之后的变化
  xueqing lake compact                                  merge small files, tidy the logs · 合并小文件
  xueqing lake verify                                   every file against its commit · 核对全部文件
  xueqing lake close --day 2026-11-20                   sort a day into one file, without repeats · 关闭一天
  xueqing lake retain --dry-run                         what is older than it is kept · 超过保留期的数据
  xueqing lake vacuum --dry-run                         what no reader needs · 可清理的文件
  echo 13893 | xueqing lake erase --person student --number - --reason '2026-11-19 来函' --now

Reading rejected rows: xueqing quarantine. · 被隔离的行见 xueqing quarantine。";

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
    /// Check every file against its commit; exit code 1 when something is wrong · 逐个文件核对
    Verify {
        /// This table only [default: all] · 只核对这张表
        table: Option<String>,
        /// Sizes, footers and logs only; do not read the pages · 只看长度、尾部和日志
        #[arg(long)]
        quick: bool,
    },
    /// Close days: no repeats, sorted, one file · 关闭过去的日子
    Close(care::Close),
    /// Take out days that are older than their kind is kept · 按保留期清理旧数据
    Retain {
        /// Only say what would go · 只列出，不删除
        #[arg(long)]
        dry_run: bool,
    },
    /// Delete files that no reader needs · 清理不再需要的文件
    Vacuum(care::Clean),
    /// Erase one person's records (PIPL) · 按个人请求删除其全部记录
    Erase(care::Erase),
}

/// Does it.
pub async fn run(arguments: Arguments, house: &House, machine: bool) -> anyhow::Result<()> {
    let lake = house.existing_lake()?;
    match arguments.what {
        What::Tables => tables(&lake, machine).await,
        What::Log { table, since } => log(&lake, &table, since, machine).await,
        What::Compact { min_files } => compact(&lake, min_files, machine).await,
        What::Verify { table, quick } => care::verify(&lake, table.as_deref(), quick, machine).await,
        What::Close(what) => care::close(what, &lake, house, machine).await,
        What::Retain { dry_run } => care::retain(dry_run, &lake, house, machine).await,
        What::Vacuum(what) => care::vacuum(&what, &lake, machine).await,
        What::Erase(what) => care::erase(what, &lake, house, machine).await,
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
pub fn show(rows: &[Value], names: &[&str], machine: bool) -> anyhow::Result<()> {
    if machine {
        return output::json(&rows);
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let head = names.iter().map(|name| (*name).to_owned()).collect();
    let body = rows.iter().map(|row| names.iter().map(|name| text(&row[*name])).collect());
    output::print(&output::columns(&std::iter::once(head).chain(body).collect::<Vec<_>>()))
}
