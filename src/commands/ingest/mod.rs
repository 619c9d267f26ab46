//! `xueqing ingest` – files, folders, archives and workbooks in.
//!
//! Promise: when it returns, every row is committed or in quarantine, and the rollups have caught up. Files of one mapping go in
//! the order given; mappings go side by side. Doing it again changes no figure, and goes on where an interrupted call stood.

mod gauge;
mod jobs;
mod report;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use futures::{StreamExt, stream};
use tokio::task::spawn_blocking;
use xueqing_pipeline::{Format, Identity, Ingest, Item, Origin, Parcel, Rolling};
use xueqing_schema::Standard;

use crate::output;
use crate::wiring::House;
use gauge::Gauge;
use jobs::Job;
pub use jobs::folder;
pub use report::{Report, told};

/// Mappings that are read at once; each holds a few batches in memory.
const SIDE_BY_SIDE: usize = 4;
const EXAMPLES: &str = "\
Examples · 例子:
  xueqing ingest sample-data                                    a folder with <mapping>/<file> · 子文件夹名即映射名
  xueqing ingest --vendor demo_banpai kaoqin.csv                one vendor's export · 某厂商的导出文件
  xueqing ingest --vendor demo_chengji 'exports/**/*.xlsx'      all workbooks below a folder · 文件夹内全部工作簿
  xueqing ingest --vendor demo_zuoye_gbk 作业.zip               every file in an archive · 压缩包内的每个文件
  xueqing ingest --kind homework --encoding gb18030 a.csv b.csv the standard's own headers, in GBK
  gunzip -c day.ndjson.gz | xueqing ingest --kind interaction - from standard input

Reads · 可读: CSV, TSV, NDJSON, JSON; XLSX, XLS, XLSB, ODS (every sheet whose header fits · 表头相符的每个工作表); plain, gz, zst, zip.
Interrupted? Run it again: it goes on where the last commit stood · 中断后重新运行即可续传，不会重复。
Mappings and kinds: xueqing schema list. Rows that break the standard go to quarantine and are no error: xueqing quarantine list.
不合标准的行进入隔离区，不算失败。";

/// Arguments of `xueqing ingest`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Files (text, workbooks, Parquet, Arrow; plain, .gz, .zst or .zip), folders, quoted patterns, or `-` · 文件、文件夹、通配符或 -
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The vendor's mapping that reads them · 厂商映射
    #[arg(long, conflicts_with = "kind", value_name = "NAME")]
    pub vendor: Option<String>,
    /// The kind of event, for files with the standard's own headers · 数据类别
    #[arg(long, value_name = "NAME")]
    pub kind: Option<String>,
    /// The encoding of text files, when it is told wrong: utf-8, gb18030, utf-16le … · 指定编码
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// What the quarantine calls the sender [default: the file's name] · 来源名称
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
}

/// Takes the files in.
pub async fn run(arguments: Arguments, house: &House, machine: bool) -> anyhow::Result<()> {
    let jobs = jobs::of(&arguments, house)?;
    let ingest = house.ingest(&house.lake()?, Rolling::WhenAsked).await?;
    let report = take(&ingest, jobs, house, machine).await;
    ingest.shutdown().await;
    let mut report = report?;
    // One file that fails alone needs no table.
    if let Some(cause) = report.only_failure() {
        return Err(cause);
    }
    if machine {
        output::json(&report)?;
    } else if !report.files.is_empty() {
        output::print(&report.summary())?;
    }
    told(&report.failed)
}

/// Takes all files in and waits for the rollups.
pub async fn take(ingest: &Ingest, jobs: Vec<Job>, house: &House, machine: bool) -> anyhow::Result<Report> {
    let begun = Instant::now();
    let gauge = Gauge::new(&jobs, machine);
    let mut queues: BTreeMap<String, Vec<Job>> = BTreeMap::new();
    for job in jobs {
        // What names no mapping is a queue of its own.
        let queue = job.mapping.clone().unwrap_or_else(|| format!("by folder {}", job.path.display()));
        queues.entry(queue).or_default().push(job);
    }
    let in_order = |queue| in_order(ingest, queue, &house.standard, &gauge);
    let reports: Vec<Report> = stream::iter(queues.into_values()).map(in_order).buffered(SIDE_BY_SIDE).collect().await;
    let committed = begun.elapsed().as_secs_f64();
    gauge.rolling_up();
    let settled = ingest.settled().await;
    gauge.done();
    settled?;
    Ok(Report::of(reports, committed, begun.elapsed().as_secs_f64()))
}

/// One file after the other; a file that cannot be read does not keep the next ones out.
async fn in_order(ingest: &Ingest, queue: Vec<Job>, standard: &Standard, gauge: &Gauge) -> Report {
    let mut report = Report::default();
    for job in queue {
        match open(&job, gauge).await {
            Err(cause) => report.fail(&job, cause),
            Ok(parcel) => {
                let count = gauge.count();
                let origin = |item: &Item| origin(&job, item, standard);
                let delivery = ingest.submit_parcel(parcel, origin, |source, state| count.tell(source, state.read)).await;
                report.add(&job, delivery);
            }
        }
    }
    report
}

async fn open(job: &Job, gauge: &Gauge) -> anyhow::Result<Parcel> {
    let (path, source, watch) = (job.path.clone(), job.source.clone(), gauge.watch());
    let parcel = spawn_blocking(move || -> anyhow::Result<Parcel> {
        if path == Path::new("-") {
            return Ok(Parcel::of_reader(Box::new(std::io::stdin()), &source)?);
        }
        Ok(Parcel::of_file(File::open(&path)?, &source, Some(watch))?)
    });
    parcel.await.context("reading stopped unexpectedly")?
}

/// How an item is read: as the job says, else as the name of its folder in the archive says.
fn origin(job: &Job, item: &Item, standard: &Standard) -> Option<Origin> {
    let folder = || item.folder().filter(|name| standard.mapping(name).is_ok()).map(str::to_owned);
    let mapping = job.mapping.clone().or_else(folder)?;
    let (encoding, source) = (job.encoding.clone(), item.source.clone());
    Some(Origin { mapping, format: Format::Auto, encoding, source, identity: Identity::Content })
}
