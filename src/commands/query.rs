//! `xueqing query` – SQL over the lake, read only.

use std::io::Read;

use anyhow::Context;
use clap::Args;
use xueqing_query::Scope;

use super::answer::{self, Format};
use crate::wiring::House;

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing query 'SHOW TABLES'
  xueqing query 'SELECT subject, count(*) AS pieces FROM assignment GROUP BY subject ORDER BY pieces DESC'
  xueqing query --format csv - < report.sql > report.csv

Names: the kinds of event (homework, attendance …) with the newest revision of each row, the rollups (class_day …), the code
sets (code_grades …). Nothing can be changed here. · 可查各类事件的最新版本、汇总表与代码表，只读。";

/// Arguments of `xueqing query`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// One SELECT, or `-` to read it from standard input · 一条 SELECT 语句
    pub sql: String,
    /// How to write the answer [default: table] · 输出格式
    #[arg(long, value_enum)]
    pub format: Option<Format>,
}

/// Runs the query.
pub async fn run(arguments: Arguments, house: &House, machine: bool) -> anyhow::Result<()> {
    let mut sql = arguments.sql;
    if sql == "-" {
        sql.clear();
        std::io::stdin().read_to_string(&mut sql).context("standard input is no UTF-8 text")?;
    }
    let engine = house.engine(&house.existing_lake()?)?;
    let answer = engine.sql(&sql, &Scope::District).await?;
    answer::write(&answer, Format::choose(arguments.format, machine))
}
