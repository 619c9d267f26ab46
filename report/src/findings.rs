//! What stands out, in plain words; each number in them is one of the call that is told beside.

use serde_json::Value;
use xueqing_query::policy::estimate::Estimate;

use crate::words::{Language, Pair, percent};
use crate::{Found, Report};

/// One sentence, and the call that its numbers are of.
pub struct Finding {
    pub parts: Vec<Part>,
    /// The section that shows more.
    pub key: &'static str,
    pub call: Option<String>,
    /// Something is not as it should be.
    pub warns: bool,
}

/// A piece of a sentence.
pub enum Part {
    Words(String),
    /// A number as it is read, exactly, and where it stands in the answer of the call.
    Number {
        text: String,
        value: f64,
        at: String,
    },
}

impl Finding {
    pub fn text(&self) -> String {
        let text = |part: &Part| match part {
            Part::Words(text) | Part::Number { text, .. } => text.clone(),
        };
        self.parts.iter().map(text).collect()
    }
}

/// The findings, what most people are touched by first.
pub fn findings(report: &Report, language: Language) -> Vec<Finding> {
    let all = [load, change, grades, early, compliance, late, free, exams, silent];
    all.iter().filter_map(|one| one(report, language)).collect()
}

/// A sentence with `{}` for each number.
fn sentence(pattern: &str, numbers: Vec<Part>) -> Vec<Part> {
    let mut numbers = numbers.into_iter();
    let mut parts = Vec::new();
    for (at, words) in pattern.split("{}").enumerate() {
        if at > 0 {
            parts.extend(numbers.next());
        }
        parts.push(Part::Words(words.to_owned()));
    }
    parts
}

/// A cell of a figure that is not withheld.
fn cell(found: &Found, row: usize, column: &str, text: impl Fn(f64) -> String) -> Option<Part> {
    let cells = found.rows.get(row).filter(|row| row.get("suppressed") != Some(&Value::Bool(true)))?;
    let value = cells.get(column)?.as_f64()?;
    Some(Part::Number { text: text(value), value, at: format!("/rows/{row}/{column}") })
}

fn value(part: &Part) -> f64 {
    if let Part::Number { value, .. } = part { *value } else { 0.0 }
}

fn minutes(value: f64) -> String {
    format!("{value:.1}")
}

fn count(value: f64) -> String {
    format!("{value:.0}")
}

fn finding(found: &Found, key: &'static str, warns: bool, parts: Vec<Part>) -> Finding {
    Finding { parts, key, call: Some(found.call.clone()), warns }
}

fn load(report: &Report, language: Language) -> Option<Finding> {
    let found = report.found("load")?;
    let (mean, coverage) = (cell(found, 0, "mean_minutes", minutes)?, cell(found, 0, "coverage", percent)?);
    let over = cell(found, 0, "over_limit_share", percent);
    let parts = match over {
        Some(over) => {
            let pattern = language.say((
                "人均每日作业 {} 分钟；书面作业超过上限的学生日占 {}（时长覆盖 {}）。",
                "A pupil's homework takes {} minutes a day; {} of student-days are over the limit (minutes cover {}).",
            ));
            sentence(pattern, vec![mean, over, coverage])
        }
        None => {
            let pattern = language
                .say(("人均每日作业 {} 分钟（时长覆盖 {}）。", "A pupil's homework takes {} minutes a day (minutes cover {})."));
            sentence(pattern, vec![mean, coverage])
        }
    };
    Some(finding(found, "load", false, parts))
}

fn change(report: &Report, language: Language) -> Option<Finding> {
    let change = report.change.as_ref()?;
    let recent = match &change.recent {
        Ok(recent) => recent,
        Err(reason) => {
            let start =
                language.say(("近两周与此前几周相比：无法给出，", "The last two weeks against the weeks before: no answer, "));
            let parts = vec![Part::Words(format!("{start}{}{}", language.part(reason), language.say(("。", "."))))];
            return Some(Finding { parts, key: "days", call: Some(change.call.clone()), warns: false });
        }
    };
    let Estimate { value, low, high, .. } = recent.change;
    let number =
        |value: f64, name: &str| Part::Number { text: format!("{value:+.1}"), value, at: format!("/result/change/{name}") };
    let (since, level) =
        (recent.since, Part::Number { text: minutes(recent.before), value: recent.before, at: "/result/before".to_owned() });
    let clear: Pair = match (low > 0.0, high < 0.0) {
        (true, _) => ("比此前几周多", "more than in the weeks before"),
        (_, true) => ("比此前几周少", "less than in the weeks before"),
        _ => ("与此前几周没有明显差别", "not clearly different from the weeks before"),
    };
    let pattern = language.say((
        "{since} 以来的人均每日作业{clear}：{} 分钟（95% 区间 {} 至 {}；此前 {} 分钟）。",
        "Homework since {since} is {clear}: {} minutes a day (interval of 95%: {} to {}; {} before).",
    ));
    let pattern = pattern.replace("{since}", &since.to_string()).replace("{clear}", language.say(clear));
    let parts = sentence(&pattern, vec![number(value, "value"), number(low, "low"), number(high, "high"), level]);
    Some(Finding { parts, key: "days", call: Some(change.call.clone()), warns: low > 0.0 })
}

fn grades(report: &Report, language: Language) -> Option<Finding> {
    let found = report.found("grades")?;
    let limited = (0..found.rows.len()).filter_map(|row| {
        let (mean, limit) = (cell(found, row, "mean_minutes", minutes)?, cell(found, row, "limit_minutes", count)?);
        Some((report.names.of("grade", found.rows[row].get("grade")?.as_str()?, language), mean, limit))
    });
    let limited: Vec<(String, Part, Part)> = limited.collect();
    if limited.is_empty() {
        return None;
    }
    let over: Vec<_> = limited.into_iter().filter(|(_, mean, limit)| value(mean) > value(limit)).collect();
    if over.is_empty() {
        let text = language.say((
            "各年级人均作业都在书面作业上限以内。",
            "In every grade the mean of homework is within the limit of written homework.",
        ));
        return Some(finding(found, "grades", false, vec![Part::Words(text.to_owned())]));
    }
    let (start, end) = (
        language.say((
            "人均作业（全部形式）超过书面作业上限的年级：",
            "Grades whose mean of all homework is above the limit of written homework: ",
        )),
        language.say(("（分钟）。上限只针对书面作业。", " (minutes). The limit is for written work only.")),
    );
    let mut parts = vec![Part::Words(start.to_owned())];
    for (at, (grade, mean, limit)) in over.into_iter().enumerate() {
        let between = if at > 0 { language.say(("；", "; ")) } else { "" };
        parts.extend([Part::Words(format!("{between}{grade} ")), mean, Part::Words(" > ".to_owned()), limit]);
    }
    parts.push(Part::Words(end.to_owned()));
    Some(finding(found, "grades", true, parts))
}

fn early(report: &Report, language: Language) -> Option<Finding> {
    let found = report.whole("early")?;
    let times = cell(found, 0, "written_times", count)?;
    let pattern = language.say((
        "一二年级布置书面作业 {} 次，规定为 0。",
        "Written homework was set {} times in grades 1 and 2, where there should be none.",
    ));
    Some(finding(found, "early", value(&times) > 0.0, sentence(pattern, vec![times])))
}

fn compliance(report: &Report, language: Language) -> Option<Finding> {
    let found = report.whole("compliance")?;
    let (days, share) = (cell(found, 0, "class_days", count)?, cell(found, 0, "class_days_within_share", percent)?);
    let pattern = language.say((
        "{} 个有上限的班级日中，{} 的书面作业均值在上限以内。",
        "Of {} class-days with a limit, {} have a mean of written homework within it.",
    ));
    Some(finding(found, "compliance", value(&share) < 1.0, sentence(pattern, vec![days, share])))
}

fn late(report: &Report, language: Language) -> Option<Finding> {
    let found = report.whole("late")?;
    let (share, pieces) = (cell(found, 0, "late_share", percent)?, cell(found, 0, "pieces", count)?);
    let pattern = language
        .say(("{} 的作业在就寝时间之后提交（有时间的 {} 份）。", "{} of {} pieces with a time were handed in after bedtime."));
    Some(finding(found, "late", value(&share) > 0.0, sentence(pattern, vec![share, pieces])))
}

fn free(report: &Report, language: Language) -> Option<Finding> {
    let found = report.whole("free")?;
    let (planned, share) = (cell(found, 0, "planned_class_days", count)?, cell(found, 0, "kept_share", percent)?);
    let pattern =
        language.say(("计划的 {} 个无作业班级日中，执行了 {}。", "Of {} planned class-days without homework, {} were kept."));
    Some(finding(found, "free", value(&share) < 1.0, sentence(pattern, vec![planned, share])))
}

fn exams(report: &Report, language: Language) -> Option<Finding> {
    let found = report.whole("exams")?;
    let (units, over) = (cell(found, 0, "units", count)?, cell(found, 0, "units_over", count)?);
    let warns = value(&over) > 0.0;
    let pattern = language.say((
        "{} 个学校 × 年级 × 学科 × 学期中，{} 个的考试次数超过规定。",
        "Of {} school × grade × subject × terms, {} had more exams than allowed.",
    ));
    Some(finding(found, "exams", warns, sentence(pattern, vec![units, over])))
}

fn silent(report: &Report, language: Language) -> Option<Finding> {
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
    (!silent.is_empty()).then(|| Finding { parts: vec![Part::Words(text)], key: "coverage", call: None, warns: false })
}
