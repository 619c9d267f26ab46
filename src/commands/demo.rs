//! `xueqing demo` – one command from nothing to a district in the browser.
//!
//! Promise: what is shown went the way that real data goes: messy files, decoding, validation, commits, rollups. A folder that the demo
//! did not make is never touched; one that it made today is used again.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::NaiveDate;
use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use super::generate::{self, Size};
use super::{ingest, serve};
use xueqing_pipeline::Rolling;

use crate::cli::Globals;
use crate::config::{Config, Environment};
use crate::failure::Failure;
use crate::output;
use crate::wiring::House;

const MARK: &str = "demo.json";
const PORTS: u16 = 100;
const EXAMPLES: &str = "\
Examples · 例子:
  xueqing demo                                      4 schools, 2,000 students, 20 school days up to today
  xueqing demo --students 20000 --schools 30        a larger district · 更大的学区
  xueqing demo --dir /tmp/demo --address 127.0.0.1:9000
  xueqing demo --no-serve                           only make it · 只生成不启动

Running it again on the same day uses what is there. · 同一天再次运行会直接使用已有数据。";

/// Arguments of `xueqing demo`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The folder for files and lake · 存放文件夹
    #[arg(long, value_name = "FOLDER", default_value = "xueqing-demo")]
    pub dir: PathBuf,
    /// Where to listen [default: 127.0.0.1:8080, or the next free port] · 监听地址
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "no_serve")]
    pub address: Option<String>,
    /// Make the district and stop · 不启动服务
    #[arg(long)]
    pub no_serve: bool,
    #[command(flatten)]
    pub size: Size,
}

/// What the folder holds: written last, so that its presence means that all is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    made_by: String,
    seed: u64,
    schools: u16,
    students: u32,
    days: u16,
    today: String,
    complete: bool,
}

/// Makes, takes in, serves.
pub async fn run(arguments: Arguments, config: Config, globals: &Globals, environment: &Environment) -> anyhow::Result<()> {
    if globals.lake.is_some() {
        return Err(Failure::new("demo_lake", "the demo has a lake of its own; choose its place with --dir").into());
    }
    let dir = &arguments.dir;
    let lake = dir.join("lake").display().to_string();
    let house = House::new(Config { lake, key_file: None, ..config })?;
    let listener = match arguments.no_serve {
        true => None,
        false => Some(listen(&arguments, &house).await?),
    };
    let wanted = mark(&arguments.size, generate::today(&house));
    if read(dir)?.as_ref() != Some(&wanted) {
        make(dir, &wanted, &arguments.size, &house, globals.json).await?;
    } else {
        output::note(&format!("using the district of today in {0} · 使用今天已生成的学区 {0}", dir.display()));
    }
    let Some(listener) = listener else { return Ok(()) };
    let app = serve::app(&house, environment).await?;
    app.alerts.start(Arc::clone(app.ingest.rollups()));
    let alerts = app.alerts.clone();
    serve::announce(&listener, &hints(&listener, dir)?, globals.json)?;
    let stopping = async move {
        serve::stop().await;
        alerts.stop().await;
    };
    Ok(xueqing_api::serve(app, listener, stopping).await?)
}

/// The address given, or the first free port from 8080 on.
async fn listen(arguments: &Arguments, house: &House) -> anyhow::Result<TcpListener> {
    if let Some(given) = &arguments.address {
        return serve::listen(serve::address(given)?).await;
    }
    let first: SocketAddr = serve::address(&house.config.address)?;
    for port in first.port()..first.port().saturating_add(PORTS) {
        if let Ok(listener) = TcpListener::bind((first.ip(), port)).await {
            return Ok(listener);
        }
    }
    serve::listen(first).await
}

fn mark(size: &Size, today: NaiveDate) -> Mark {
    Mark {
        made_by: "xueqing demo".to_owned(),
        seed: size.seed,
        schools: size.schools,
        students: size.students,
        days: size.days,
        today: size.today.unwrap_or(today).to_string(),
        complete: true,
    }
}

/// What the folder holds; a folder with other things in it is refused.
fn read(dir: &Path) -> anyhow::Result<Option<Mark>> {
    let text = std::fs::read_to_string(dir.join(MARK)).unwrap_or_default();
    let found = serde_json::from_str::<Mark>(&text).ok();
    let empty = std::fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none());
    if found.is_none() && !empty {
        let message = format!("{} holds other things; name an empty or new folder with --dir", dir.display());
        return Err(Failure::new("demo_folder", message).into());
    }
    Ok(found)
}

async fn make(dir: &Path, wanted: &Mark, size: &Size, house: &House, machine: bool) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir)?;
    write(dir, &Mark { complete: false, ..wanted.clone() })?;
    for part in ["files", "lake"].map(|part| dir.join(part)) {
        if part.is_dir() {
            std::fs::remove_dir_all(part)?;
        }
    }
    let files = dir.join("files");
    let written = generate::write(&size.plan(generate::today(house)), &files, machine)?;
    let ingest = house.ingest(&house.lake()?, Rolling::WhenAsked).await?;
    let report = ingest::take(&ingest, ingest::folder(&files, house)?, house, machine).await;
    ingest.shutdown().await;
    let report = report?;
    ingest::told(&report.failed)?;
    write(dir, wanted)?;
    let ingest::Report { read, accepted, rejected, seconds, .. } = report;
    output::note(&format!(
        "{} files, {read} rows in {seconds:.1} s: {accepted} accepted, {rejected} in quarantine\n\
         {} 个文件、{read} 行，用时 {seconds:.1} 秒：接收 {accepted} 行，隔离 {rejected} 行",
        written.len(),
        written.len()
    ));
    Ok(())
}

fn write(dir: &Path, mark: &Mark) -> anyhow::Result<()> {
    Ok(std::fs::write(dir.join(MARK), serde_json::to_string(mark)?)?)
}

/// Three commands to try in another window.
fn hints(listener: &TcpListener, dir: &Path) -> anyhow::Result<Vec<String>> {
    let url = format!("http://{}", listener.local_addr()?);
    let lake = dir.join("lake");
    let lake = lake.display();
    Ok(vec![
        "try in another window · 在另一个窗口试试:".to_owned(),
        format!("  curl '{url}/v1/metrics/workload/daily_minutes?by=grade'"),
        format!("  xueqing --lake {lake} metric homework/submission_rate --by subject"),
        format!("  xueqing --lake {lake} quarantine list --limit 5"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_other_things_is_not_touched() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(read(folder.path()).expect("empty").is_none());
        std::fs::write(folder.path().join("thesis.doc"), "x").expect("written");
        assert!(read(folder.path()).is_err());
    }
}
