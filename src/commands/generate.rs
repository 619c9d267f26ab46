//! `xueqing generate` – an invented district as files.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;
use serde::Serialize;

use crate::generate::{Plan, SAMPLE_DAY, Written, generate};
use crate::output;
use crate::wiring::{House, now};

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing generate --out district                     4 schools, 2,000 students, 20 school days up to today
  xueqing generate --out big --schools 40 --students 26000 --days 5
  xueqing generate --out sample-data --small          exactly the committed sample data · 与仓库中的样例数据逐字节相同
  xueqing ingest district                             takes it in · 导入";

/// Arguments of `xueqing generate`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The folder to write to; files go to `<mapping>/<file>` · 输出文件夹
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    #[command(flatten)]
    pub size: Size,
    /// The small district of the committed sample data · 仓库中的小样例
    #[arg(long, conflicts_with_all = ["seed", "schools", "students", "days", "today"])]
    pub small: bool,
}

/// How large the district is.
#[derive(Debug, Clone, Args)]
pub struct Size {
    /// The same seed gives the same district · 随机种子
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Schools: primary, primary, junior, nine-year, and so on · 学校数
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    pub schools: u16,
    /// Students in all · 学生总数
    #[arg(long, default_value_t = 2_000)]
    pub students: u32,
    /// School days (Monday to Friday) · 上学日数
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    pub days: u16,
    /// The last day [default: today in the district's time zone] · 最后一天
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub today: Option<NaiveDate>,
}

impl Size {
    /// The plan of this size; `today` where no day is given.
    pub fn plan(&self, today: NaiveDate) -> Plan {
        Plan {
            seed: self.seed,
            schools: self.schools.into(),
            students: self.students as usize,
            days: self.days.into(),
            today: self.today.unwrap_or(today),
            small: false,
        }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    files: usize,
    rows: usize,
    broken: usize,
    bytes: u64,
    written: &'a [Written],
}

/// Generates.
pub fn run(arguments: &Arguments, house: &House, machine: bool) -> anyhow::Result<()> {
    let plan = if arguments.small { sample() } else { arguments.size.plan(today(house)) };
    let written = write(&plan, &arguments.out, machine)?;
    let report = report(&written);
    if machine {
        return output::json(&report);
    }
    let Report { files, rows, broken, bytes, .. } = report;
    let place = arguments.out.display();
    output::print(&format!(
        "{files} files, {rows} rows, {bytes} bytes in {place}; {broken} rows are broken on purpose\n\
         在 {place} 写了 {files} 个文件、{rows} 行，其中 {broken} 行是有意弄坏的\n\
         next · 下一步: xueqing ingest {place}"
    ))
}

/// Generates below `out`, with a bar.
pub fn write(plan: &Plan, out: &std::path::Path, machine: bool) -> anyhow::Result<Vec<Written>> {
    let bar = output::bar(plan.days as u64, "generating · 生成  {bar:30} day {pos}/{len}", machine);
    let written = generate(plan, out, |done, _| bar.set_position(done as u64));
    bar.finish_and_clear();
    written
}

/// Today in the district's time zone.
pub fn today(house: &House) -> NaiveDate {
    now().with_timezone(&house.timezone).date_naive()
}

fn sample() -> Plan {
    let today = SAMPLE_DAY.parse().unwrap_or_default();
    Plan { seed: 7, schools: 2, students: 0, days: 6, today, small: true }
}

fn report(written: &[Written]) -> Report<'_> {
    Report {
        files: written.len(),
        rows: written.iter().map(|file| file.rows).sum(),
        broken: written.iter().map(|file| file.broken).sum(),
        bytes: written.iter().map(|file| file.bytes).sum(),
        written,
    }
}
