//! `xueqing ingest` – files and folders in.
//!
//! Promise: when it returns, every row is committed or in quarantine, and the rollups have caught up. Files of one mapping go in
//! the order given; mappings go side by side. Doing it again changes no figure.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use futures::{StreamExt, stream};
use indicatif::ProgressBar;
use serde::Serialize;
use xueqing_pipeline::{Feed, Format, Identity, Ingest, Origin, Rolling};

use crate::failure::{self, Failure};
use crate::output;
use crate::wiring::House;

/// Mappings that are read at once; each holds a few batches in memory.
const SIDE_BY_SIDE: usize = 4;
const EXAMPLES: &str = "\
Examples · 例子:
  xueqing ingest sample-data                                    a folder with <mapping>/<file> · 子文件夹名即映射名
  xueqing ingest --vendor demo_banpai kaoqin.csv                one vendor's export · 某厂商的导出文件
  xueqing ingest --kind homework --encoding gb18030 a.csv b.csv the standard's own headers, in GBK
  gunzip -c day.ndjson.gz | xueqing ingest --kind interaction - from standard input

Mappings and kinds: xueqing schema list. Rows that break the standard go to quarantine and are no error: xueqing quarantine list.
不合标准的行进入隔离区，不算失败。";

/// Arguments of `xueqing ingest`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Files (CSV, NDJSON, JSON; plain, .gz or .zst), folders, or `-` · 文件、文件夹或 -
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The vendor's mapping that reads them · 厂商映射
    #[arg(long, conflicts_with = "kind", value_name = "NAME")]
    pub vendor: Option<String>,
    /// The kind of event, for files with the standard's own headers · 数据类别
    #[arg(long, value_name = "NAME")]
    pub kind: Option<String>,
    /// The encoding, when it is told wrong: utf-8, gb18030, utf-16le … · 指定编码
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// What the quarantine calls the sender [default: the file's name] · 来源名称
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
}

/// One file and how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub path: PathBuf,
    pub mapping: String,
    pub source: String,
    pub encoding: Option<String>,
}

/// What came of one file.
#[derive(Debug, Clone, Serialize)]
pub struct Taken {
    pub source: String,
    pub mapping: String,
    pub read: u64,
    pub accepted: u64,
    pub rejected: u64,
    /// The version of the kind's table in which it is visible.
    pub version: i64,
}

/// What came of all.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub read: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub version: i64,
    pub seconds: f64,
    pub files: Vec<Taken>,
    /// Files that could not be read to their end, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<Failed>,
}

/// A file that was not taken in whole.
#[derive(Debug, Serialize)]
pub struct Failed {
    pub source: String,
    pub mapping: String,
    pub code: &'static str,
    pub error: String,
    #[serde(skip)]
    cause: anyhow::Error,
}

/// Takes the files in.
pub async fn run(arguments: Arguments, house: &House, machine: bool) -> anyhow::Result<()> {
    let jobs = jobs(&arguments, house)?;
    let ingest = house.ingest(&house.lake()?, Rolling::WhenAsked).await?;
    let report = take(&ingest, jobs, machine).await;
    ingest.shutdown().await;
    let mut report = report?;
    // One file that fails alone needs no table.
    if report.files.is_empty()
        && report.failed.len() == 1
        && let Some(failed) = report.failed.pop()
    {
        return Err(failed.cause);
    }
    if machine {
        output::json(&report)?
    } else {
        output::print(&summary(&report))?
    }
    told(&report.failed)
}

/// An error that names every file that failed, when any did.
pub fn told(failed: &[Failed]) -> anyhow::Result<()> {
    let Some(first) = failed.first() else { return Ok(()) };
    let lines: Vec<&str> = failed.iter().map(|failed| failed.error.as_str()).collect();
    Err(Failure::new(first.code, format!("not taken in whole · 未能完整导入: {}\n  {}", failed.len(), lines.join("\n  "))).into())
}

fn jobs(arguments: &Arguments, house: &House) -> anyhow::Result<Vec<Job>> {
    let named = arguments.vendor.as_ref().or(arguments.kind.as_ref());
    if let Some(kind) = &arguments.kind {
        house.standard.kind(kind)?;
    }
    let mut jobs = Vec::new();
    for path in &arguments.files {
        if path.is_dir() && named.is_none() {
            jobs.extend(folder(path, house)?);
        } else if path.is_dir() {
            jobs.extend(
                files(path)?
                    .into_iter()
                    .map(|file| job(&file, named.map(String::as_str), house))
                    .collect::<Result<Vec<_>, _>>()?,
            );
        } else {
            jobs.push(job(path, named.map(String::as_str), house)?);
        }
    }
    for job in &mut jobs {
        job.encoding.clone_from(&arguments.encoding);
        job.source = arguments.source.clone().unwrap_or(std::mem::take(&mut job.source));
    }
    Ok(jobs)
}

/// One file; without a name for its mapping, its folder's name is tried.
fn job(path: &Path, mapping: Option<&str>, house: &House) -> anyhow::Result<Job> {
    let parent = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let known = |name: &String| house.standard.mapping(name).is_ok();
    let Some(mapping) = mapping.map(str::to_owned).or_else(|| parent.filter(known)) else {
        let message =
            format!("how to read {} is not told; add --vendor NAME or --kind NAME (xueqing schema list)", path.display());
        return Err(Failure::new("mapping_missing", message).into());
    };
    house.standard.mapping(&mapping)?;
    let source = path.file_name().map_or_else(|| "-".into(), |name| name.to_string_lossy().into_owned());
    Ok(Job { path: path.to_owned(), mapping, source, encoding: None })
}

/// The files of a generated folder: those in subfolders that are named after a mapping. The rest is named and left.
pub fn folder(path: &Path, house: &House) -> anyhow::Result<Vec<Job>> {
    let mut jobs = Vec::new();
    for inner in entries(path)? {
        let name = inner.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if inner.is_dir() && house.standard.mapping(&name).is_ok() {
            for file in files(&inner)? {
                let source = format!("{name}/{}", file.file_name().unwrap_or_default().to_string_lossy());
                jobs.push(Job { path: file, mapping: name.clone(), source, encoding: None });
            }
        } else if inner.extension().is_none_or(|extension| extension != "md") {
            output::note(&format!("left out, as no mapping has this name · 未找到同名映射，已跳过: {}", inner.display()));
        }
    }
    if jobs.is_empty() {
        let message = format!("{} has no folder that is named after a mapping; add --vendor NAME or --kind NAME", path.display());
        return Err(Failure::new("mapping_missing", message).into());
    }
    Ok(jobs)
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_file()).collect())
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("the folder {} cannot be read", folder.display());
    let entries = std::fs::read_dir(folder).with_context(unreadable)?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>().with_context(unreadable)?;
    paths.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
    paths.sort();
    Ok(paths)
}

/// Takes all files in and waits for the rollups.
pub async fn take(ingest: &Ingest, jobs: Vec<Job>, machine: bool) -> anyhow::Result<Report> {
    let begun = Instant::now();
    let total = jobs.iter().filter_map(|job| Some(std::fs::metadata(&job.path).ok()?.len())).sum();
    let bar = output::bar(total, "taking in · 导入  {bar:30} {bytes}/{total_bytes}  {msg}", machine);
    let mut queues: BTreeMap<String, Vec<Job>> = BTreeMap::new();
    for job in jobs {
        queues.entry(job.mapping.clone()).or_default().push(job);
    }
    let queues = stream::iter(queues.into_values()).map(|queue| in_order(ingest, queue, &bar)).buffered(SIDE_BY_SIDE);
    let outcomes: Vec<Vec<Result<Taken, Failed>>> = queues.collect().await;
    bar.set_message("rollups · 汇总");
    let settled = ingest.settled().await;
    bar.finish_and_clear();
    settled?;
    Ok(report(outcomes.into_iter().flatten(), begun.elapsed().as_secs_f64()))
}

/// One file after the other; a file that cannot be read does not keep the next ones out.
async fn in_order(ingest: &Ingest, queue: Vec<Job>, bar: &ProgressBar) -> Vec<Result<Taken, Failed>> {
    let mut outcomes = Vec::new();
    for job in queue {
        let (place, source, mapping) = (job.path.display().to_string(), job.source.clone(), job.mapping.clone());
        let outcome = one(ingest, job, bar).await.with_context(|| format!("{place} was not taken in whole"));
        outcomes.push(outcome.map_err(|cause| {
            let (code, error) = (failure::code(&cause), failure::describe(&cause));
            Failed { source, mapping, code, error, cause }
        }));
    }
    outcomes
}

async fn one(ingest: &Ingest, job: Job, bar: &ProgressBar) -> anyhow::Result<Taken> {
    let Job { path, mapping, source, encoding } = job;
    let feed = feed(path, bar)?;
    bar.set_message(source.clone());
    let origin =
        Origin { mapping: mapping.clone(), format: Format::Auto, encoding, source: source.clone(), identity: Identity::Content };
    let receipt = ingest.submit_file(feed, origin, |_| {}).await?;
    let xueqing_pipeline::Receipt { read, accepted, rejected, version, .. } = receipt;
    Ok(Taken { source, mapping, read, accepted, rejected, version })
}

/// A file is opened anew when it must be read from the beginning again; standard input cannot be.
fn feed(path: PathBuf, bar: &ProgressBar) -> anyhow::Result<Feed> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(std::io::stdin()) as Box<dyn Read + Send>).into());
    }
    File::open(&path)?;
    let bar = bar.clone();
    Ok(Feed::Again(Box::new(move || Ok(Box::new(bar.wrap_read(File::open(&path)?))))))
}

fn report(outcomes: impl Iterator<Item = Result<Taken, Failed>>, seconds: f64) -> Report {
    let mut report = Report { seconds: (seconds * 1e3).round() / 1e3, ..Report::default() };
    for outcome in outcomes {
        match outcome {
            Ok(file) => {
                report.read += file.read;
                report.accepted += file.accepted;
                report.rejected += file.rejected;
                report.version = report.version.max(file.version);
                report.files.push(file);
            }
            Err(failed) => report.failed.push(failed),
        }
    }
    report
}

fn summary(report: &Report) -> String {
    let Report { read, accepted, rejected, seconds, files, .. } = report;
    let row =
        |file: &Taken| vec![file.source.clone(), file.read.to_string(), file.accepted.to_string(), file.rejected.to_string()];
    let head = ["file · 文件", "read · 读入", "accepted · 接收", "rejected · 隔离"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(files.iter().map(row)).collect();
    let mut text = output::columns(&rows);
    text += &format!(
        "\n\n{read} rows read, {accepted} accepted, {rejected} rejected in {seconds:.1} s\n\
         读入 {read} 行，接收 {accepted} 行，隔离 {rejected} 行，用时 {seconds:.1} 秒"
    );
    if *rejected > 0 {
        text += "\nwhy · 原因: xueqing quarantine list";
    }
    text
}
