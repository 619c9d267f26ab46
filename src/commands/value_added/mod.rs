//! `xueqing value-added` – multilevel models, growth percentiles and simple gains of classes and schools; what of them was published, and
//! how far results agree.

mod compare;
mod release;
mod text;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use xueqing_query::value_added::asked::{self, About, Asked, Method};
use xueqing_query::value_added::group::{Level, Sampling};
use xueqing_schema::Text;

use crate::failure::Failure;
use crate::wiring::House;

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing value-added sgp --subject math --exams 2024-期末,2025-期末,2026-期末            each class's median growth percentile
  xueqing value-added sgp --subject math --exams 2025-期末,2026-期末 --by school --json
  xueqing value-added gain --subject english --exams 2025-期末,2026-期末 --bands 0.2,0.5,0.8
  xueqing value-added fit model.toml                     a multilevel model (see value-added.toml.example) · 多水平模型
  xueqing value-added fit model.toml --publish           and keeps it with its model and the versions of its data · 并发布
  xueqing value-added sgp --subject math --exams 2025-期末,2026-期末 --by school --year 2026 --publish    any method can be published
  xueqing value-added compare 2025-11-26-1 2026-11-26-1  agreement, stability from year to year, drift · 一致性、年度稳定性、漂移
  xueqing value-added reproduce 2026-11-26-1             makes a release again over the same data · 重现发布

The last exam is the one whose growth is asked for; pupils are compared with those who sat it too. Groups are in the order of their
codes: nothing is ranked. · 最后一次考试为增值目标，参照同考学生；按代码排列，不排名。";

/// Arguments of `xueqing value-added`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    pub what: What,
}

/// What to compute.
#[derive(Debug, Subcommand)]
pub enum What {
    /// What a model file asks for: a multilevel model, growth or gain · 按模型文件计算：多水平模型、成长百分位或增值
    Fit {
        /// The model file (TOML), see value-added.toml.example · 模型文件
        file: PathBuf,
        /// Keep it in the lake with its model and the versions of its data · 发布并保存
        #[arg(long)]
        publish: bool,
    },
    /// What has been published · 已发布
    List,
    /// One release, whole, as JSON · 查看发布
    Show {
        /// Such as 2026-11-26-1 · 发布编号
        release: String,
    },
    /// How far two results agree: methods, years or subjects · 两个结果的一致性：方法、年份或学科
    Compare {
        /// A release or a model file · 发布编号或模型文件
        one: String,
        /// Another · 另一个
        other: String,
    },
    /// Makes a release again over the data as they were, and compares every number · 重现发布
    Reproduce {
        /// Such as 2026-11-26-1 · 发布编号
        release: String,
    },
    /// Median student growth percentile, with an interval · 学生成长百分位的中位数
    Sgp {
        #[command(flatten)]
        series: Series,
        /// The most earlier exams used · 最多使用的以前考试次数
        #[arg(long, default_value_t = 3)]
        priors: usize,
        /// The fewest pupils for a regression · 回归所需的最少学生数
        #[arg(long, default_value_t = 250)]
        min_panel: usize,
    },
    /// Gains in T scores, percentile ranks, bands and residuals, from the first exam to the last · 标准分、百分等级、等级与残差增值
    Gain {
        #[command(flatten)]
        series: Series,
        /// The bands, as shares from the top · 等级划分（自高到低的累计比例）
        #[arg(long, value_delimiter = ',', default_value = "0.25,0.6,0.9")]
        bands: Vec<f64>,
    },
}

/// Which exams, whose pupils, what groups.
#[derive(Debug, Args)]
pub struct Series {
    /// The subject's code, such as math · 学科
    #[arg(long)]
    pub subject: String,
    /// Codes of the exams, oldest first · 考试编号，按时间先后
    #[arg(long, value_delimiter = ',', required = true)]
    pub exams: Vec<String>,
    /// What the figures are about · 分组
    #[arg(long, value_enum, default_value_t = By::Class)]
    pub by: By,
    /// Only pupils of this school at the last exam · 学校
    #[arg(long)]
    pub school: Option<String>,
    /// Only pupils of this grade at the last exam · 年级
    #[arg(long)]
    pub grade: Option<String>,
    /// Only pupils of these classes at the last exam · 班级
    #[arg(long, value_delimiter = ',')]
    pub classes: Vec<String>,
    /// The year it is of, a number that grows by one a year · 年份（每年加一）
    #[arg(long)]
    pub year: Option<i32>,
    /// Keep it in the lake with its request and the versions of its data · 发布并保存
    #[arg(long)]
    pub publish: bool,
    /// Each pupil took one subject drawn at random · 每名学生随机参加一个学科（矩阵抽样）
    #[arg(long)]
    pub matrix_sampled: bool,
    /// The fewest pupils of a group, 10 at least · 每组最少学生数，不少于 10
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(10..))]
    pub min_n: u16,
    /// Per cent of a group's pupils who must have an earlier score · 至少有以前成绩的比例（%）
    #[arg(long, default_value_t = 80)]
    pub min_linked: u8,
}

/// The groups that figures are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// Classes · 班级
    Class,
    /// Schools · 学校
    School,
}

/// Computes what was asked for.
pub async fn run(arguments: Arguments, house: &House, machine: bool) -> anyhow::Result<()> {
    match arguments.what {
        What::Fit { file, publish } => release::fit(file, publish, house, machine).await,
        What::List => release::list(house, machine).await,
        What::Show { release } => release::show(&release, house).await,
        What::Reproduce { release } => release::reproduce(&release, house, machine).await,
        What::Compare { one, other } => compare::compare([one, other], house, machine).await,
        What::Sgp { series, priors, min_panel } => {
            let (publish, asked) = series.asked(["成长百分位", "growth percentiles"], |it| {
                Method::Growth(asked::Series { priors: Some(priors), minimum_panel: Some(min_panel), ..it })
            })?;
            release::compute(&asked, asked.write()?, publish, house, machine).await
        }
        What::Gain { series, bands } => {
            let (publish, asked) =
                series.asked(["增值", "gains"], |it| Method::Gain(asked::Series { bands: Some(bands), ..it }))?;
            release::compute(&asked, asked.write()?, publish, house, machine).await
        }
    }
}

impl Series {
    /// What a model file would ask for.
    fn asked(self, [zh, en]: [&str; 2], method: impl FnOnce(asked::Series) -> Method) -> anyhow::Result<(bool, Asked)> {
        if self.exams.len() < 2 {
            return Err(Failure::new(
                "bad_settings",
                "growth and gain need two exams or more: --exams FIRST,LAST · 至少需要两次考试",
            )
            .into());
        }
        let (subject, exams) = (&self.subject, self.exams.join(" → "));
        let title = Text::new(format!("{subject} {zh}：{exams}"), format!("{subject} {en}: {exams}"));
        let about = About { subject: Some(self.subject), grade: self.grade, year: self.year };
        let series = asked::Series {
            exams: self.exams,
            by: if self.by == By::Class { Level::Class } else { Level::School },
            school: self.school,
            classes: self.classes,
            sampling: if self.matrix_sampled { Sampling::Matrix } else { Sampling::Census },
            minimum_n: self.min_n,
            minimum_linked: f64::from(self.min_linked.min(100)) / 100.0,
            priors: None,
            minimum_panel: None,
            bands: None,
        };
        Ok((self.publish, Asked { title, about, method: method(series) }))
    }
}
