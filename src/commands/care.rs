//! What keeps a lake sound: looking for damage, closing days, letting old ones go, deleting what nobody needs, erasing persons.

use std::io::Read;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use rand::TryRngCore;
use serde_json::{Value, json};
use xueqing_lake::{FaultKind, Lake, VacuumOptions, Verdict};
use xueqing_pipeline::{Erased, Erasure, Rolling};
use xueqing_schema::time::parse_date;

use super::lake::show;
use crate::failure::Failure;
use crate::output;
use crate::wiring::House;

/// What to close.
#[derive(Debug, Args)]
pub struct Close {
    /// This day only [default: every day that is over] · 只关闭这一天
    #[arg(long, value_name = "YYYY-MM-DD")]
    day: Option<String>,
    /// This table or kind only · 只关闭这张表
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
}

/// What to delete.
#[derive(Debug, Args)]
pub struct Clean {
    /// Only say what would go · 只列出，不删除
    #[arg(long)]
    dry_run: bool,
    /// Keep files for so long after they left their table: 90s, 30m, 12h (a day at most) · 保留时长
    #[arg(long, default_value = "30m", value_parser = duration, value_name = "TIME")]
    keep: Duration,
    /// Delete at once, waiting for running queries · 立即删除，等待正在运行的查询结束
    #[arg(long, conflicts_with = "keep")]
    now: bool,
}

/// Whose records go.
#[derive(Debug, Args)]
pub struct Erase {
    /// Whose number it is · 人员类别
    #[arg(long, value_parser = ["student", "teacher"])]
    person: String,
    /// The number as the sources give it, or `-` to read it from standard input · 号码，- 表示从标准输入读取
    #[arg(long)]
    number: String,
    /// Only in this mapping's number system [default: in all] · 只在此编号体系中
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// Why, for the record; it must not name the person · 原因（会留存，不得含有号码）
    #[arg(long)]
    reason: String,
    /// Only count · 只统计，不删除
    #[arg(long)]
    dry_run: bool,
    /// Delete the old files at once and look through the whole lake for what is left · 立即删除旧文件并全湖查验
    #[arg(long)]
    now: bool,
}

/// Looks at every file; damage is a failure.
pub async fn verify(lake: &Lake, only: Option<&str>, quick: bool, machine: bool) -> anyhow::Result<()> {
    let mut verdicts = Vec::new();
    for name in lake.names().await?.into_iter().filter(|name| only.is_none_or(|only| only == name)) {
        verdicts.push(lake.verify(&name, !quick).await?);
    }
    if let (Some(name), true) = (only, verdicts.is_empty()) {
        let message = format!("there is no table {name}; known are {}", lake.names().await?.join(", "));
        return Err(Failure::new("unknown_table", message).into());
    }
    if machine {
        output::json(&verdicts)?
    } else {
        output::print(&told(&verdicts))?
    }
    let faults: usize = verdicts.iter().map(|verdict| verdict.faults.len()).sum();
    match faults {
        0 => Ok(()),
        _ => Err(Failure::new("lake_damaged", format!("{faults} faults were found · 发现 {faults} 处损坏")).into()),
    }
}

fn told(verdicts: &[Verdict]) -> String {
    let head =
        ["table · 表", "version · 版本", "files · 文件", "rows · 行", "bytes · 字节", "faults · 损坏", "orphans · 孤立文件"];
    let row = |of: &Verdict| {
        let numbers = [of.version.to_string(), of.files.to_string(), of.rows.to_string(), of.bytes.to_string()];
        let found = [of.faults.len().to_string(), of.orphans.len().to_string()];
        [of.table.clone()].into_iter().chain(numbers).chain(found).collect()
    };
    let mut text =
        output::columns(&std::iter::once(head.map(str::to_owned).to_vec()).chain(verdicts.iter().map(row)).collect::<Vec<_>>());
    for of in verdicts {
        for fault in &of.faults {
            let (zh, en) = described(fault.kind);
            text += &format!("\n\n{}/{}\n  {zh}\n  {en}\n  {}", of.table, fault.path, fault.detail);
        }
        for orphan in &of.orphans {
            text += &format!(
                "\n{}/{}  {} bytes: no version names it; xueqing lake vacuum removes it · 没有版本引用，vacuum 会清理",
                of.table, orphan.path, orphan.bytes
            );
        }
    }
    if verdicts.iter().all(|verdict| verdict.faults.is_empty()) {
        text += "\n\nall is as it was written · 全部与提交记录一致";
    }
    text
}

/// What is wrong, and what to do.
fn described(kind: FaultKind) -> (&'static str, &'static str) {
    let data = "从备份中按原路径恢复此文件；没有备份时，重新导入当天的原始文件";
    match kind {
        FaultKind::Missing => {
            ("文件丢失。请从备份中按原路径恢复", "the file is missing: put it back from a backup, under the same path")
        }
        FaultKind::Size => (
            "文件长度与写入时不同，可能被截断。请从备份恢复",
            "its length is not what was written, it may be cut: put it back from a backup",
        ),
        FaultKind::Rows => {
            ("行数与写入时不同。请从备份恢复", "it holds another number of rows than was written: put it back from a backup")
        }
        FaultKind::Footer | FaultKind::Checksum | FaultKind::Page => (
            data,
            "its bytes are not those that were written: put it back from a backup, check the disk; without a backup, take that day's files in again",
        ),
        FaultKind::Unreadable => ("无法读取。请检查磁盘和权限", "it cannot be read: check the disk and permissions"),
        FaultKind::LogGap => {
            ("日志缺少一个版本。请从备份恢复此日志文件", "a version is missing from the log: put this file back from a backup")
        }
        FaultKind::LogEntry => {
            ("日志无法读取。请从备份恢复此日志文件", "the log cannot be read here: put this file back from a backup")
        }
        FaultKind::Table => {
            ("数据表无法打开。请从备份恢复其 _delta_log", "the table cannot be opened: put its _delta_log back from a backup")
        }
    }
}

/// Closes days.
pub async fn close(what: Close, lake: &Lake, house: &House, machine: bool) -> anyhow::Result<()> {
    let day = what.day.as_deref().map(day_of).transpose()?;
    let ingest = house.ingest(lake, Rolling::WhenAsked).await?;
    let closed = ingest.close_days(what.table.as_deref(), day).await;
    ingest.shutdown().await;
    let names = ["table", "day", "files_before", "files", "rows_before", "rows", "bytes_before", "bytes"];
    show(&values(&closed?)?, &names, machine)
}

fn day_of(text: &str) -> anyhow::Result<i32> {
    let refused = || Failure::new("day", format!("\"{text}\" is no day; write it as 2026-11-20"));
    Ok(parse_date(text, &[]).ok_or_else(refused)?)
}

/// Lets days go that are older than their kind's term.
pub async fn retain(dry_run: bool, lake: &Lake, house: &House, machine: bool) -> anyhow::Result<()> {
    let ingest = house.ingest(lake, Rolling::WhenAsked).await?;
    let expired = ingest.retain(dry_run).await;
    ingest.shutdown().await;
    let expired = expired?;
    if expired.is_empty() && !machine {
        return output::print(
            "every kind is kept for ever; set [retention] in xueqing.toml · 所有数据永久保留，可在 xueqing.toml 的 [retention] 中设置",
        );
    }
    show(&values(&expired)?, &["table", "retention_days", "from", "days", "files", "rows", "bytes"], machine)
}

/// Deletes what no reader needs.
pub async fn vacuum(what: &Clean, lake: &Lake, machine: bool) -> anyhow::Result<()> {
    let options = VacuumOptions { keep: if what.now { Duration::ZERO } else { what.keep }, dry_run: what.dry_run };
    let mut done = Vec::new();
    for name in lake.names().await? {
        let Some(table) = lake.existing(&name).await? else { continue };
        let of = table.vacuum(options).await?;
        done.push(json!({ "table": name, "files": of.deleted.len(), "bytes": of.bytes, "kept": of.kept }));
    }
    lake.sweep().await?;
    show(&done, &["table", "files", "bytes", "kept"], machine)
}

/// Erases one person's records.
pub async fn erase(what: Erase, lake: &Lake, house: &House, machine: bool) -> anyhow::Result<()> {
    let Erase { person, mut number, namespace, reason, dry_run, now } = what;
    if number == "-" {
        number.clear();
        std::io::stdin().read_to_string(&mut number).context("standard input is no UTF-8 text")?;
    }
    let erasure = Erasure { person, number, namespace, reason, receipt: receipt()?, dry_run, at_once: now };
    let ingest = house.ingest(lake, Rolling::WhenAsked).await?;
    let erased = ingest.erase(&erasure).await;
    ingest.shutdown().await;
    let erased = erased?;
    if machine {
        output::json(&erased)?
    } else {
        output::print(&proof(&erased, &erasure)?)?
    }
    let found = erased.search.as_ref().is_some_and(|search| !search.found.is_empty() || !search.unreadable.is_empty());
    if erased.left > 0 || found {
        let message = "something of the person is left, or came in meanwhile: erase again · 仍有残留或期间又有新数据，请再次执行";
        return Err(Failure::new("erasure_incomplete", message).into());
    }
    Ok(())
}

fn proof(erased: &Erased, erasure: &Erasure) -> anyhow::Result<String> {
    let head = ["table · 表", "files · 文件", "rows · 行", "version · 版本"].map(str::to_owned).to_vec();
    let row = |table: &xueqing_pipeline::ErasedTable| {
        vec![table.table.clone(), table.files.to_string(), table.rows.to_string(), table.version.to_string()]
    };
    let mut text = output::columns(&std::iter::once(head).chain(erased.tables.iter().map(row)).collect::<Vec<_>>());
    if erasure.dry_run {
        return Ok(text + &format!("\n\n{0} rows would go · 将删除 {0} 行", erased.rows));
    }
    text += &format!(
        "\n\n{0} rows are gone, {1} are left in the newest versions · 已删除 {0} 行，最新版本中剩余 {1} 行",
        erased.rows, erased.left
    );
    if let Some(receipt) = &erased.receipt {
        text += &format!("\nrecord · 记录编号: {receipt}");
    }
    match &erased.search {
        Some(search) => {
            text += &format!(
                "\ndeleted at once: {} old files, {} log entries; looked through {} files of the lake, found in {} · 已清除旧文件与日志并全湖查验",
                erased.files_deleted,
                erased.log_entries_deleted,
                search.files,
                search.found.len()
            );
            search.found.iter().chain(&search.unreadable).for_each(|file| text += &format!("\n  {file}"));
        }
        None => {
            text += "\nolder versions and their files still hold the rows; the same again with --now deletes them · 旧版本文件仍在，加 --now 再执行一次即可清除"
        }
    }
    text += "\nbackups and the vendors' own files are not reached · 备份与厂商原始文件不在此范围";
    Ok(text)
}

fn receipt() -> anyhow::Result<String> {
    Ok(format!("{:016x}", rand::rngs::OsRng.try_next_u64()?))
}

fn values<T: serde::Serialize>(rows: &[T]) -> anyhow::Result<Vec<Value>> {
    Ok(rows.iter().map(serde_json::to_value).collect::<Result<_, _>>()?)
}

/// `90s`, `30m`, `12h`.
fn duration(text: &str) -> Result<Duration, String> {
    let refused = || format!("\"{text}\" is no time; use 90s, 30m or 12h");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(refused)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        _ => return Err(refused()),
    };
    let number: u64 = number.parse().map_err(|_| refused())?;
    number.checked_mul(seconds).map(Duration::from_secs).filter(|time| time.as_secs() <= 24 * 60 * 60).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_days_are_read_or_refused() {
        assert_eq!(duration("30m"), Ok(Duration::from_secs(1800)));
        assert_eq!(duration("24h"), Ok(Duration::from_secs(86_400)));
        for text in ["", "30", "m", "25h", "-1s", "时"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!(day_of("1970-01-02").expect("a day"), 1);
        assert!(day_of("yesterday").is_err());
    }
}
