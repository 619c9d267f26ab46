//! Homework as its two vendors send it: one times the work and streams JSON, the other mails a sheet that pupils filled in.

use chrono::NaiveDateTime;

use super::district::{Class, School};
use super::homework::{Assignment, Work};
use super::record::Record;
use super::subjects::grade_name;

/// A row of the platform that times the work: pinyin initials, seconds, numbers for states, a revision.
pub fn timed_row(school: &School, class: &Class, work: &Work) -> Record {
    let state: i64 = match work.status {
        "submitted" => 2,
        "late" => 3,
        "missing" => 0,
        _ => 9,
    };
    Record::default()
        .with("hwId", work.assignment.id.as_str())
        .with("schoolCode", school.code.as_str())
        .with("classCode", class.code.as_str())
        .with("grade", i64::from(class.grade))
        .with("xk", work.assignment.subject.initials)
        .with("stuNo", work.student.as_str())
        .with("assignTime", iso(work.assignment.assigned_at))
        .with("form", work.assignment.form)
        .with("state", state)
        .with("beginTime", work.started_at.map(iso))
        .with("commitTime", work.submitted_at.map(iso))
        .with("costSeconds", work.seconds)
        .with("scoreRate", work.score_rate)
        .with("marked", work.marked)
        .with("corrected", work.corrected)
        .with("place", work.place)
        .with("rev", work.revision)
        .with("checkTime", work.marked_at.map(iso))
}

/// A row of the sheet that pupils and teachers fill in: Chinese headers, whole minutes, mostly rounded to five.
pub fn reported_row(school: &School, class: &Class, work: &Work) -> Record {
    let (minutes, source) = reported_minutes(work);
    let state = match work.status {
        "submitted" => "已交",
        "late" => "补交",
        "missing" => "未交",
        _ => "免做",
    };
    let place = if work.place == "home" { "家中" } else { "课后服务" };
    Record::default()
        .with("作业编号", work.assignment.id.as_str())
        .with("学校标识码", school.code.as_str())
        .with("班级编号", class.code.as_str())
        .with("年级", grade_name(class.grade))
        .with("科目", work.assignment.subject.name)
        .with("学籍号", work.student.as_str())
        .with("布置时间", slashed(work.assignment.assigned_at))
        .with("作业形式", form(work.assignment.form))
        .with("完成情况", state)
        .with("提交时间", work.submitted_at.map(slashed))
        .with("用时(分钟)", minutes)
        .with("时长来源", source)
        .with("得分率", work.score_rate.map(|rate| (rate * 100.0).round()))
        .with("批改", yes_no(work.marked))
        .with("订正", yes_no(work.corrected))
        .with("完成地点", place)
        .with("修订号", work.revision)
}

/// Pupils round to five minutes; where one forgot, the teacher's estimate stands in and says so.
fn reported_minutes(work: &Work) -> (Option<i64>, &'static str) {
    match (work.seconds, work.submitted_at) {
        (Some(seconds), _) => (Some(((seconds as f64 / 300.0).round().max(1.0)) as i64 * 5), "自报"),
        (None, Some(_)) => (Some(work.assignment.estimated), "估计"),
        (None, None) => (None, ""),
    }
}

/// A row of the list of what was set, as both vendors publish it.
pub fn assignment_row(school: &School, class: &Class, set: &Assignment) -> Record {
    let layer = match set.layer {
        "basic" => "基础",
        "consolidate" => "巩固",
        _ => "拓展",
    };
    Record::default()
        .with("作业ID", set.id.as_str())
        .with("学校", school.code.as_str())
        .with("班级", class.code.as_str())
        .with("年级", grade_name(class.grade))
        .with("科目", set.subject.name)
        .with("教师工号", set.teacher.as_str())
        .with("标题", format!("{}作业", set.subject.name))
        .with("发布时间", slashed(set.assigned_at))
        .with("截止时间", slashed(set.due_at))
        .with("预计时长", set.estimated)
        .with("形式", form(set.form))
        .with("分层", layer)
        .with("公示", yes_no(set.published))
}

fn form(code: &str) -> &'static str {
    match code {
        "written" => "书面",
        "reading" => "阅读",
        "oral" => "口头",
        _ => "实践",
    }
}

fn yes_no(value: bool) -> &'static str {
    if value { "是" } else { "否" }
}

fn iso(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%dT%H:%M:%S+08:00").to_string()
}

fn slashed(time: NaiveDateTime) -> String {
    time.format("%Y/%m/%d %H:%M").to_string()
}
