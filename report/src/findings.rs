//! What stands out, in plain words, each with the numbers it is from.

use serde_json::Value;

use crate::words::{Language, percent};
use crate::{Found, Report};

/// One sentence, and the figure that it is from.
pub struct Finding {
    pub text: String,
    pub key: &'static str,
    /// Something is not as it should be.
    pub warns: bool,
}

/// The findings, what most people are touched by first.
pub fn findings(report: &Report, language: Language) -> Vec<Finding> {
    let all = [load, grades, early, compliance, late, free, exams, coverage];
    all.iter().filter_map(|one| one(report, language)).collect()
}

fn value(found: &Found, column: &str) -> Option<f64> {
    found.shown().next()?.get(column)?.as_f64()
}

fn load(report: &Report, language: Language) -> Option<Finding> {
    let found = report.found("load")?;
    let (mean, coverage) = (value(found, "mean_minutes")?, value(found, "coverage")?);
    let over = value(found, "over_limit_share").map(percent);
    let text = match (language, over) {
        (Language::Chinese, Some(over)) => {
            format!("人均每日作业 {mean:.1} 分钟；书面作业超过上限的学生日占 {over}（时长覆盖 {}）。", percent(coverage))
        }
        (Language::Chinese, None) => format!("人均每日作业 {mean:.1} 分钟（时长覆盖 {}）。", percent(coverage)),
        (Language::English, Some(over)) => format!(
            "A pupil's homework takes {mean:.1} minutes a day; {over} of student-days are over the limit (minutes cover {}).",
            percent(coverage)
        ),
        (Language::English, None) => {
            format!("A pupil's homework takes {mean:.1} minutes a day (minutes cover {}).", percent(coverage))
        }
    };
    Some(Finding { text, key: "load", warns: false })
}

fn grades(report: &Report, language: Language) -> Option<Finding> {
    let found = report.found("grades")?;
    let limited = found.shown().filter_map(|row| {
        let (mean, limit) = (row.get("mean_minutes")?.as_f64()?, row.get("limit_minutes")?.as_f64()?);
        Some((report.names.of("grade", row.get("grade")?.as_str()?, language), mean, limit))
    });
    let limited: Vec<(String, f64, f64)> = limited.collect();
    if limited.is_empty() {
        return None;
    }
    let over = limited.iter().filter(|(_, mean, limit)| mean > limit);
    let over: Vec<String> = over.map(|(grade, mean, limit)| format!("{grade} {mean:.1} > {limit:.0}")).collect();
    let warns = !over.is_empty();
    let text = match (language, warns) {
        (Language::Chinese, true) => {
            format!("人均作业（全部形式）超过书面作业上限的年级：{}（分钟）。上限只针对书面作业。", over.join("；"))
        }
        (Language::Chinese, false) => "各年级人均作业都在书面作业上限以内。".to_owned(),
        (Language::English, true) => format!(
            "Grades whose mean of all homework is above the limit of written homework: {} (minutes). The limit is for written work only.",
            over.join("; ")
        ),
        (Language::English, false) => "In every grade the mean of homework is within the limit of written homework.".to_owned(),
    };
    Some(Finding { text, key: "grades", warns })
}

fn early(report: &Report, language: Language) -> Option<Finding> {
    let found = report.found("early")?;
    let times: f64 = found.shown().filter_map(|row| row.get("written_times")?.as_f64()).sum();
    let warns = times > 0.0;
    let text = match language {
        Language::Chinese => format!("一二年级布置书面作业 {times:.0} 次，规定为 0。"),
        Language::English => format!("Written homework was set {times:.0} times in grades 1 and 2, where there should be none."),
    };
    (!found.is_empty()).then_some(Finding { text, key: "early", warns })
}

fn compliance(report: &Report, language: Language) -> Option<Finding> {
    let found = report.found("compliance")?;
    let sum = |column: &str| found.shown().filter_map(|row| row.get(column).and_then(Value::as_f64)).sum::<f64>();
    let within: f64 = found
        .shown()
        .filter_map(|row| Some(row.get("class_days")?.as_f64()? * row.get("class_days_within_share")?.as_f64()?))
        .sum();
    let days = sum("class_days");
    let share = percent(within / days);
    let text = match language {
        Language::Chinese => format!("{days:.0} 个有上限的班级日中，{share} 的书面作业均值在上限以内。"),
        Language::English => format!("Of {days:.0} class-days with a limit, {share} have a mean of written homework within it."),
    };
    (days > 0.0).then_some(Finding { text, key: "compliance", warns: within < days })
}

fn late(report: &Report, language: Language) -> Option<Finding> {
    let found = report.found("late")?;
    let sum = |column: &str| found.shown().filter_map(|row| row.get(column).and_then(Value::as_f64)).sum::<f64>();
    let (late, pieces) = (sum("late_pieces"), sum("pieces"));
    let share = percent(late / pieces);
    let text = match language {
        Language::Chinese => format!("{share} 的作业在就寝时间之后提交（有时间的 {pieces:.0} 份）。"),
        Language::English => format!("{share} of {pieces:.0} pieces with a time were handed in after bedtime."),
    };
    (pieces > 0.0).then_some(Finding { text, key: "late", warns: late > 0.0 })
}

fn free(report: &Report, language: Language) -> Option<Finding> {
    let found = report.found("free")?;
    let sum = |column: &str| found.shown().filter_map(|row| row.get(column).and_then(Value::as_f64)).sum::<f64>();
    let (kept, planned) = (sum("kept"), sum("planned_class_days"));
    let share = percent(kept / planned);
    let text = match language {
        Language::Chinese => format!("计划的 {planned:.0} 个无作业班级日中，执行了 {share}。"),
        Language::English => format!("Of {planned:.0} planned class-days without homework, {share} were kept."),
    };
    (planned > 0.0).then_some(Finding { text, key: "free", warns: kept < planned })
}

fn exams(report: &Report, language: Language) -> Option<Finding> {
    let found = report.found("exams")?;
    let sum = |column: &str| found.shown().filter_map(|row| row.get(column).and_then(Value::as_f64)).sum::<f64>();
    let (over, units) = (sum("units_over"), sum("units"));
    let text = match language {
        Language::Chinese => format!("{units:.0} 个年级 × 学科 × 学期中，{over:.0} 个的考试次数超过规定。"),
        Language::English => format!("In {over:.0} of {units:.0} grade × subject × terms there were more exams than allowed."),
    };
    (units > 0.0).then_some(Finding { text, key: "exams", warns: over > 0.0 })
}

fn coverage(report: &Report, language: Language) -> Option<Finding> {
    let silent: Vec<&str> = report
        .told
        .iter()
        .filter(|told| told.answer.as_ref().map_or(true, Found::is_empty))
        .map(|told| language.say(told.asked.title))
        .collect();
    let text = match language {
        Language::Chinese => format!("这一范围与时段没有数据的指标：{}。没有数据不是零。", silent.join("、")),
        Language::English => {
            format!("Indicators without data in this scope and time: {}. No data is not zero.", silent.join(", "))
        }
    };
    (!silent.is_empty()).then_some(Finding { text, key: "coverage", warns: false })
}
