//! `xueqing value-added` – multilevel models by a model file, growth percentiles and simple gains of classes and schools, and what of them was
//! published.

mod fit;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use xueqing_query::Scope;
use xueqing_query::value_added::agreement::Agreement;
use xueqing_query::value_added::caveat::Caveat;
use xueqing_query::value_added::exams::{ExamRequest, read};
use xueqing_query::value_added::group::{GroupRules, Level, Mean, Rate, Sampling};
use xueqing_query::value_added::growth::Settings;
use xueqing_query::value_added::refusal::Refusal;
use xueqing_query::value_added::report::{ExamScores, GainReport, Gains, GrowthReport, Row, gain_report, growth_report};

use crate::failure::Failure;
use crate::output;
use crate::wiring::House;

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing value-added sgp --subject math --exams 2024-期末,2025-期末,2026-期末            each class's median growth percentile
  xueqing value-added sgp --subject math --exams 2025-期末,2026-期末 --by school --json
  xueqing value-added gain --subject english --exams 2025-期末,2026-期末 --bands 0.2,0.5,0.8
  xueqing value-added fit model.toml                     a multilevel model (see value-added.toml.example) · 多水平模型
  xueqing value-added fit model.toml --publish           and keeps it with its model and the versions of its data · 并发布
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
    /// A multilevel model by a model file: shrunken effects with intervals · 按模型文件拟合多水平模型
    Fit {
        /// The model file (TOML): title, sql and the table `model` · 模型文件
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
        What::Fit { file, publish } => fit::fit(file, publish, house, machine).await,
        What::List => fit::list(house, machine).await,
        What::Show { release } => fit::show(&release, house).await,
        What::Reproduce { release } => fit::reproduce(&release, house, machine).await,
        What::Sgp { series, priors, min_panel } => {
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            let settings = Settings { most_priors: priors, fewest_pupils: min_panel, threads, ..Settings::default() };
            let (scores, rules) = series.read(house).await?;
            let report = growth_report(&scores, &rules, &settings).map_err(refused)?;
            if machine { output::json(&growth_document(&report)) } else { output::print(&growth_text(&report)) }
        }
        What::Gain { series, bands } => {
            let (scores, rules) = series.read(house).await?;
            let report = gain_report(&scores, &rules, &bands).map_err(refused)?;
            if machine { output::json(&gain_document(&report)) } else { output::print(&gain_text(&report)) }
        }
    }
}

impl Series {
    async fn read(self, house: &House) -> anyhow::Result<(ExamScores, GroupRules)> {
        let sampling = if self.matrix_sampled { Sampling::Matrix } else { Sampling::Census };
        let rules =
            GroupRules { sampling, fewest: usize::from(self.min_n), least_linked: self.min_linked, ..GroupRules::default() };
        let level = if self.by == By::Class { Level::Class } else { Level::School };
        let Self { subject, exams, school, grade, classes, .. } = self;
        if exams.len() < 2 {
            return Err(Failure::new(
                "bad_settings",
                "growth and gain need two exams or more: --exams FIRST,LAST · 至少需要两次考试",
            )
            .into());
        }
        let engine = house.engine(&house.existing_lake()?)?;
        let request = ExamRequest { subject, exams, school, grade, classes, level };
        Ok((read(&engine, &request, &Scope::District).await?, rules))
    }
}

fn refused(refusal: Refusal) -> Failure {
    Failure::new(refusal.code(), format!("{refusal} · {}", refusal.chinese()))
}

fn growth_text(report: &GrowthReport) -> String {
    let mut rows =
        vec![["组 group", "n", "考 tested", "中位数 median", "区间 interval", "平均 mean"].map(str::to_owned).to_vec()];
    rows.extend(report.rows.iter().map(|row| match &row.figure {
        Ok(it) => vec![
            row.unit.clone(),
            it.n.to_string(),
            it.tested.to_string(),
            format!("{:.1}", it.median),
            format!("{:.0}–{:.0} ({:.1} %)", it.interval[0], it.interval[1], it.confidence * 100.0),
            format!("{:.1}", it.mean),
        ],
        Err(reason) => vec![row.unit.clone(), format!("– {}", reason.code())],
    }));
    let models = report.models.iter().map(|(priors, students)| format!("{priors} × {students}")).collect::<Vec<_>>().join(", ");
    let stability = report
        .stability
        .as_ref()
        .map_or(String::new(), |it| format!("\n与上次增值的相关 with growth one exam earlier {}", agreed(it)));
    let left_out = report.left_out.iter().map(|(priors, reason)| format!("\n! {priors}: {} · {reason}", reason.chinese()));
    format!(
        "{}\n\n{} · 有以前成绩 linked {}/{} · 以前考试次数 × 学生数 priors × pupils: {models}{stability}{}\n{}",
        output::columns(&rows),
        report.exams.join(" → "),
        report.linked,
        report.tested,
        left_out.collect::<String>(),
        notes(&report.caveats)
    )
}

fn gain_text(report: &GainReport) -> String {
    let head = [
        "组 group",
        "n",
        "考 tested",
        "T 前 before",
        "T 后 after",
        "ΔT",
        "Δ百分等级 ΔPR",
        "残差 residual",
        "升/平/降 up/same/down",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mean = |mean: &Mean| format!("{:+.1} [{:+.1}, {:+.1}]", mean.mean, mean.interval[0], mean.interval[1]);
    let share =
        |rate: &Result<Rate, Refusal>| rate.as_ref().map_or("–".to_owned(), |rate| format!("{:.0} %", rate.share * 100.0));
    rows.extend(report.rows.iter().map(|row| match &row.figure {
        Ok(Gains { t, percentile_rank, residual, movement }) => vec![
            row.unit.clone(),
            t.gain.n.to_string(),
            t.tested.to_string(),
            format!("{:.1}", t.before),
            format!("{:.1}", t.after),
            mean(&t.gain),
            mean(&percentile_rank.gain),
            mean(residual),
            [&movement.rose, &movement.stayed, &movement.fell].map(share).join(" / "),
        ],
        Err(reason) => vec![row.unit.clone(), format!("– {}", reason.code())],
    }));
    let pull = report.pull.as_ref().map_or("–".to_owned(), |pull| format!("{pull:.2}"));
    format!(
        "{}\n\n{} · 有以前成绩 linked {}/{} · 增值与起点的相关 gain with start r = {pull} · 回归 R² = {:.2}\nΔT 与残差的相关 ΔT with residual {}\n{}",
        output::columns(&rows),
        report.exams.join(" → "),
        report.linked,
        report.tested,
        report.r_squared,
        agreed(&report.agreement),
        notes(&report.caveats)
    )
}

fn agreed(agreement: &Result<Agreement, Refusal>) -> String {
    match agreement {
        Ok(it) => format!("r = {:.2} [{:.2}, {:.2}], {} 组 groups", it.correlation, it.interval[0], it.interval[1], it.groups),
        Err(reason) => format!("– {}", reason.code()),
    }
}

fn agreement_document(agreement: &Result<Agreement, Refusal>) -> Value {
    match agreement {
        Ok(it) => json!({ "groups": it.groups, "correlation": it.correlation, "interval": it.interval,
            "rank_correlation": it.rank_correlation, "same_side": it.same_side }),
        Err(it) => json!({ "refused": reason(it) }),
    }
}

fn notes(caveats: &[Caveat]) -> String {
    caveats.iter().map(|caveat| format!("· {}\n  {}", caveat.chinese(), caveat.english())).collect::<Vec<_>>().join("\n")
}

fn growth_document(report: &GrowthReport) -> Value {
    let figure = |it: &xueqing_query::value_added::growth::GroupGrowth| {
        json!({ "n": it.n, "tested": it.tested, "median": it.median, "interval": it.interval, "confidence": it.confidence,
            "mean": it.mean, "differs_from_norm": it.differs_from_norm() })
    };
    json!({
        "method": "sgp", "exams": report.exams, "tested": report.tested, "linked": report.linked,
        "models": report.models.iter().map(|(priors, students)| json!({ "priors": priors, "students": students })).collect::<Vec<_>>(),
        "left_out": report.left_out.iter().map(|(priors, it)| json!({ "priors": priors, "refused": reason(it) })).collect::<Vec<_>>(),
        "stability": report.stability.as_ref().map(agreement_document),
        "groups": groups(&report.rows, figure), "caveats": caveats(&report.caveats),
    })
}

fn gain_document(report: &GainReport) -> Value {
    let mean = |mean: &Mean| json!({ "n": mean.n, "mean": mean.mean, "error": mean.error, "interval": mean.interval });
    let rate = |rate: &Result<Rate, Refusal>| match rate {
        Ok(it) => json!({ "count": it.count, "of": it.of, "share": it.share, "interval": it.interval }),
        Err(it) => json!({ "refused": reason(it) }),
    };
    let figure = |it: &Gains| {
        json!({
            "tested": it.t.tested, "t_before": it.t.before, "t_after": it.t.after, "t": mean(&it.t.gain),
            "percentile_rank": mean(&it.percentile_rank.gain), "residual": mean(&it.residual), "at_ceiling": it.t.at_ceiling,
            "rose": rate(&it.movement.rose), "stayed": rate(&it.movement.stayed), "fell": rate(&it.movement.fell),
            "bands": it.movement.table,
        })
    };
    json!({
        "method": "gain", "exams": report.exams, "tested": report.tested, "linked": report.linked,
        "agreement": agreement_document(&report.agreement), "pull_to_the_mean": report.pull.as_ref().ok(), "r_squared": report.r_squared,
        "groups": groups(&report.rows, figure), "caveats": caveats(&report.caveats),
    })
}

fn groups<T>(rows: &[Row<T>], figure: impl Fn(&T) -> Value) -> Vec<Value> {
    let row = |row: &Row<T>| match &row.figure {
        Ok(it) => json!({ "group": row.unit, "figure": figure(it) }),
        Err(it) => json!({ "group": row.unit, "refused": reason(it) }),
    };
    rows.iter().map(row).collect()
}

fn reason(refusal: &Refusal) -> Value {
    json!({ "code": refusal.code(), "zh": refusal.chinese(), "en": refusal.to_string() })
}

fn caveats(caveats: &[Caveat]) -> Vec<Value> {
    caveats.iter().map(|it| json!({ "code": it.code(), "zh": it.chinese(), "en": it.english() })).collect()
}
