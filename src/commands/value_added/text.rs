//! Results of value added as people read them on a screen, in 简体中文 and English.

use xueqing_query::Evaluation;
use xueqing_query::value_added::agreement::{Agreement, Calls};
use xueqing_query::value_added::caveat::Caveat;
use xueqing_query::value_added::compare::{Comparison, Level};
use xueqing_query::value_added::evaluation::Outcome;
use xueqing_query::value_added::group::{Mean, Rate};
use xueqing_query::value_added::multilevel::{Fit, Grain, GroupingFit, Judgement, Note, Shown};
use xueqing_query::value_added::refusal::{Reason, Refusal};
use xueqing_query::value_added::report::{GainReport, Gains, GrowthReport};
use xueqing_query::value_added::reported::{Against, Reported};
use xueqing_query::value_added::sensitivity::{Run, Sensitivity};
use xueqing_query::value_added::series::Changed;

use crate::output;

/// The figures of what was computed, and what must be said with them.
pub(super) fn evaluation(evaluation: &Evaluation) -> String {
    let figures = match &evaluation.outcome {
        Outcome::Model(fit) => model(fit),
        Outcome::Growth(report) => growth(report),
        Outcome::Gain(report) => gain(report),
    };
    match &evaluation.sensitivity {
        Some(it) => format!("{figures}\n\n{}", sensitivity(it)),
        None => figures,
    }
}

fn sensitivity(of: &Sensitivity) -> String {
    let line = |title: &str, run: &Result<Run, Reason>| match run {
        Ok(run) => {
            let changes = run.changes.iter().map(|it| {
                format!(
                    "\n  {}: 最大变化 largest change {:.2} SE，均方根 RMS {:.2} SE，判断改变 calls changed {}/{}",
                    grain(it.grain),
                    it.largest,
                    it.root_mean_square,
                    it.calls_changed,
                    it.groups
                )
            });
            format!("{title} ({}){}", run.pupils, changes.collect::<String>())
        }
        Err(reason) => format!("{title}: – {} · {}", reason.zh, reason.en),
    };
    [
        "敏感性 sensitivity".to_owned(),
        line("只用未转学（转班）的学生 only pupils who stayed", &of.stayed),
        line("补入缺以前成绩的学生 pupils without priors kept in", &of.missing_priors),
    ]
    .join("\n")
}

fn grain(grain: Grain) -> &'static str {
    match grain {
        Grain::Pupil => "学生 pupils",
        Grain::Class => "班级 classes",
        Grain::Cohort => "届 cohorts",
        Grain::School => "学校 schools",
        Grain::County => "区县 counties",
        Grain::City => "市 cities",
        Grain::Province => "省 provinces",
    }
}

/// Stability and consistency of a release.
pub(super) fn reported(reported: &Reported) -> String {
    let told = |against: &Against| {
        let of = format!("{} ({} {})", against.release, against.title.zh, against.title.en);
        match &against.comparison {
            Ok(comparison) => format!("{of}\n{}", levels(comparison)),
            Err(refusal) => format!("{of}: {}", said_of(refusal)),
        }
    };
    let stability = reported.stability.as_ref().map_or_else(said_of, told);
    let consistent = |all: &Vec<Against>| all.iter().map(told).collect::<Vec<_>>().join("\n");
    let subjects = reported.subjects.as_ref().map_or_else(said_of, consistent);
    format!("年度稳定性 stability from year to year: {stability}\n学科一致性 consistency of subjects: {subjects}")
}

fn said_of(refusal: &Refusal) -> String {
    format!("{} · {refusal}", refusal.chinese())
}

/// Two results side by side.
pub(super) fn comparison(of: &Comparison) -> String {
    let relation = of.relation.text();
    let mut parts = vec![format!("{} ↔ {}\n{}\n{}", of.names[0], of.names[1], relation.zh, relation.en), levels(of)];
    parts.extend(of.drift.as_ref().map(drift));
    parts.push("只比较两者都给出的组；按组比较，不排名 · only groups that both show, and no ranking".to_owned());
    parts.join("\n\n")
}

fn levels(of: &Comparison) -> String {
    of.levels.iter().map(level).collect::<Vec<_>>().join("\n")
}

fn level(level: &Level) -> String {
    let agreement = level.agreement.as_ref().map_or_else(said_of, numbers);
    let calls = level.calls.as_ref().map_or_else(said_of, called);
    let (one, other) = (level.only[0], level.only[1]);
    format!("{}: {} （仅一方 only in one {one}, {other}）\n  {agreement}\n  {calls}", grain(level.grain), level.both)
}

fn numbers(it: &Agreement) -> String {
    let interval = |of: [f64; 2]| format!("[{:.2}, {:.2}]", of[0], of[1]);
    format!(
        "相关 Pearson {:.2} {}，秩相关 Spearman {:.2} {}，平均绝对差 mean absolute difference {:.2} SD",
        it.correlation,
        interval(it.interval),
        it.rank_correlation,
        interval(it.rank_interval),
        it.mean_difference
    )
}

fn called(it: &Calls) -> String {
    let kappa = match (it.kappa, it.kappa_interval) {
        (Some(kappa), Some([low, high])) => format!("{kappa:.2} [{low:.2}, {high:.2}]"),
        _ => "– （全部同一判断 all one call）".to_owned(),
    };
    let (share, [low, high]) = (it.same.share * 100.0, it.same.interval.map(|end| end * 100.0));
    format!("判断相同 same call {share:.0} % [{low:.0}, {high:.0}]，κ {kappa}")
}

fn drift(of: &xueqing_query::value_added::drift::Drift) -> String {
    let optional = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.2}"));
    let mut lines = vec!["漂移（由早到晚；试卷未等值时含试卷难度） drift from the earlier to the later year; without equating it is the paper's too".to_owned()];
    lines.extend(of.scores.map(|it| {
        format!(
            "  成绩均值 mean score {:.2} → {:.2} ({:+.2}, {} SD)，方差比 variance ratio {}",
            it.earlier.mean,
            it.later.mean,
            it.mean_change,
            optional(it.standardised_change),
            optional(it.variance_ratio)
        )
    }));
    lines.extend(of.intercept.map(|it| {
        format!("  截距 intercept {:.2} → {:.2} ({:+.2} [{:+.2}, {:+.2}])", it.earlier, it.later, it.change, it.low, it.high)
    }));
    lines.extend(of.variances.iter().map(|it| {
        let apart = match it.apart {
            Some(true) => "，区间不重叠 intervals apart",
            Some(false) => "，区间重叠 intervals overlap",
            None => "",
        };
        let name = it.grouping.as_deref().unwrap_or("残差 residual");
        let ratio = optional(it.variance_ratio);
        format!(
            "  标准差 deviation {name} {}: {:.3} → {:.3}，方差比 variance ratio {ratio}{apart}",
            it.term, it.earlier, it.later
        )
    }));
    lines.join("\n")
}

fn changed(of: Changed) -> String {
    format!("\n上次考试以来 since the exam before: 转学 changed school {}，换班 changed class {}", of.school, of.class)
}

fn growth(report: &GrowthReport) -> String {
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
    let earlier = |it| format!("\n与上次增值的相关 with growth one exam earlier {}", agreed(it));
    let stability = report.stability.as_ref().map_or(String::new(), earlier);
    let left_out = report.left_out.iter().map(|(priors, reason)| format!("\n! {priors}: {} · {reason}", reason.chinese()));
    format!(
        "{}\n\n{} · 有以前成绩 linked {}/{} · 以前考试次数 × 学生数 priors × pupils: {models}{stability}{}\n{}",
        output::columns(&rows),
        report.exams.join(" → "),
        report.linked,
        report.tested,
        left_out.collect::<String>() + &changed(report.changed),
        notes(&report.caveats)
    )
}

fn gain(report: &GainReport) -> String {
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
        agreed(&report.agreement) + &changed(report.changed),
        notes(&report.caveats)
    )
}

fn agreed(agreement: &Result<Agreement, Refusal>) -> String {
    match agreement {
        Ok(it) => format!("r = {:.2} [{:.2}, {:.2}], {} 组 groups", it.correlation, it.interval[0], it.interval[1], it.groups),
        Err(reason) => format!("– {}", reason.code()),
    }
}

fn notes(caveats: &[Caveat]) -> String {
    caveats.iter().map(|caveat| format!("· {}\n  {}", caveat.chinese(), caveat.english())).collect::<Vec<_>>().join("\n")
}

fn model(fit: &Fit) -> String {
    let mut rows = vec![["固定效应 fixed effect", "估计 estimate", "标准误 error", "95 %"].map(str::to_owned).to_vec()];
    rows.extend(fit.fixed.iter().map(|it| {
        vec![
            it.term.clone(),
            format!("{:.4}", it.estimate),
            format!("{:.4}", it.error),
            format!("{:.4} … {:.4}", it.low, it.high),
        ]
    }));
    let mut parts = vec![output::columns(&rows)];
    let mut rows = vec![["方差成分 variance", "项 term", "标准差 deviation", "95 %"].map(str::to_owned).to_vec()];
    rows.extend(fit.variances.iter().map(|it| {
        let of = it.grouping.clone().unwrap_or_else(|| "残差 residual".to_owned());
        let interval = it.interval.map_or("–".to_owned(), |it| format!("{:.4} … {:.4}", it.low, it.high));
        vec![of, it.term.clone(), format!("{:.4}", it.deviation), interval]
    }));
    parts.push(output::columns(&rows));
    parts.extend(fit.groupings.iter().filter_map(groups));
    parts.push(about(fit));
    parts.join("\n\n")
}

fn groups(grouping: &GroupingFit) -> Option<String> {
    grouping.effects.as_ref()?;
    let head = [&grouping.grouping, "n", "增值 value added", "95 %", "信度 reliability", "判断 judgement"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(grouping.effects.iter().flatten().map(|group| {
        let name = group.within.iter().rev().chain([&group.group]).cloned().collect::<Vec<_>>().join(" / ");
        match &group.shown {
            Some(shown) => shown_row(name, shown),
            None => vec![name, "–".to_owned(), "人数过少 too few".to_owned()],
        }
    }));
    Some(output::columns(&rows))
}

fn shown_row(name: String, shown: &Shown) -> Vec<String> {
    let judgement = match shown.judgement {
        Judgement::Above => "高于预期 above",
        Judgement::Below => "低于预期 below",
        Judgement::NotDistinguished => "与预期无异 as expected",
    };
    let effect = shown.effects.first();
    vec![
        name,
        shown.n.to_string(),
        effect.map_or("–".to_owned(), |it| format!("{:+.3}", it.estimate)),
        effect.map_or("–".to_owned(), |it| format!("{:+.3} … {:+.3}", it.low, it.high)),
        format!("{:.2}", shown.reliability),
        judgement.to_owned(),
    ]
}

fn about(fit: &Fit) -> String {
    let (coverage, convergence) = (&fit.coverage, &fit.convergence);
    let mut lines = vec![
        format!(
            "学生 pupils {}/{}（无成绩 no response {}，无先前成绩 no prior {}，无分组 no group {}）",
            coverage.complete, coverage.pupils, coverage.no_response, coverage.no_prior, coverage.no_group
        ),
        format!("对数似然 log-likelihood {:.4} · 步数 steps {}", fit.log_likelihood, convergence.iterations),
    ];
    lines.extend(fit.intraclass.iter().map(|it| format!("组内相关 ICC {}: {:.3}", it.grouping, it.share)));
    lines.push("按代码排列，不是排名 · in the order of codes, no ranking".to_owned());
    lines.extend(fit.notes.iter().map(|note| format!("· {}", said(note))));
    lines.join("\n")
}

fn said(note: &Note) -> String {
    match note {
        Note::NotCausal => "增值不等于因果 · what groups add is not what they cause".to_owned(),
        Note::WithoutPriors { pupils, share } => {
            format!("{pupils} 名学生（{:.1} %）没有先前成绩，未计入 · pupils without priors are left out", share * 100.0)
        }
        Note::Moved { pupils, share } => {
            format!("{pupils} 名学生（{:.1} %）期间转学，计入现校 · pupils who moved count where they were tested", share * 100.0)
        }
        Note::MobilityUnknown => "数据未说明谁转学 · the data do not say who changed school".to_owned(),
        Note::Singular { grouping } => format!("{grouping}: 组间差异不超过偶然 · groups differ by no more than chance"),
        Note::FewGroups { grouping, groups } => {
            format!("{grouping}: 只有 {groups} 组，区间偏窄 · with so few groups intervals are too narrow")
        }
        Note::ErrorInPriors { columns } => {
            format!("已校正 {} 的测量误差 · the error of these priors is taken out", columns.join(", "))
        }
    }
}
