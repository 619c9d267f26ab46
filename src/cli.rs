//! What can be typed. Each verb's own arguments stand with the verb, in `commands`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    alert, completions, demo, generate, ingest, lake, metric, policy, quarantine, query, report, schema, serve, value_added,
};

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing demo                                              an invented district in your browser · 一条命令看示例学区
  xueqing ingest sample-data                                a folder <mapping>/<file> · 按文件夹名选映射
  xueqing ingest --vendor ningbo_kaoqin --json kaoqin.csv   one vendor's file · 单个厂商文件
  xueqing quarantine list --rule code --limit 5             rows that were not taken, and why · 查看被隔离的行
  xueqing metric workload/daily_minutes --by day,grade      a published figure · 已发布的指标
  xueqing query 'SELECT day, sum(homework_missing) FROM class_day GROUP BY day ORDER BY day'
  xueqing serve                                             dashboard and API at http://127.0.0.1:8080 · 启动服务

Configuration · 配置: xueqing.toml (see xueqing.toml.example), XUEQING_LAKE and its like, or the flags.";

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "xueqing",
    version,
    about = "学情: a school district's homework, attendance, lessons and exams as one trusted set of figures",
    after_help = EXAMPLES,
    max_term_width = 110,
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every verb takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Everywhere · 通用")]
pub struct Globals {
    /// Write one JSON document to standard output, and no progress · 输出 JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// The lake's folder or URL [env: XUEQING_LAKE] [default: ./xueqing-lake] · 数据湖位置
    #[arg(long, global = true, value_name = "PLACE")]
    pub lake: Option<String>,
    /// The configuration file [env: XUEQING_CONFIG] [default: ./xueqing.toml when there is one] · 配置文件
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an invented district, take it in and serve it · 生成示例学区并启动
    Demo(demo::Arguments),
    /// Serve the dashboard and the API · 启动看板与接口
    Serve(serve::Arguments),
    /// Take files or folders in · 导入文件或文件夹
    Ingest(ingest::Arguments),
    /// Write an invented district to files · 生成示例数据文件
    Generate(generate::Arguments),
    /// Run SQL, read only · 只读 SQL 查询
    Query(query::Arguments),
    /// List the published figures, or compute one · 列出或计算指标
    Metric(metric::Arguments),
    /// Growth percentiles and gains of classes and schools · 增值评价
    ValueAdded(value_added::Arguments),
    /// One HTML page and one workbook over a scope · 报告
    Report(report::Arguments),
    /// Did it work? A figure before and after a date · 政策前后对比
    Policy(policy::Arguments),
    /// Show the data standard · 查看数据标准
    Schema(schema::Arguments),
    /// Look into the lake, and look after it · 查看与维护数据湖
    Lake(lake::Arguments),
    /// Rows that were not taken: list, count, read again · 被隔离的行
    Quarantine(quarantine::Arguments),
    /// What there is to act on: alerts, rules, a try · 预警
    Alert(alert::Arguments),
    /// Write shell completions · 生成命令补全脚本
    Completions(completions::Arguments),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_flags_may_follow_the_verb() {
        let cli = Cli::try_parse_from(["xueqing", "lake", "tables", "--json", "--lake", "x"]).expect("parses");
        assert!(cli.globals.json);
        assert_eq!(cli.globals.lake.as_deref(), Some("x"));
    }
}
