//! The school's own plan: the timetable of each class, the hours of each weekday, and the exams that it means to hold.
//!
//! The odd schools break a rule now and then: lessons before eight on Mondays in the junior grades, a PE lesson too few, a monthly exam that
//! nobody registered.

use chrono::{Datelike, NaiveDate};

use super::days::{at, school_year, term};
use super::district::{Class, District, School};
use super::exam::exams;
use super::record::Record;
use super::subjects::{MATH, examined, grade_name, loads};

const STARTS: [i64; 7] = [at(8, 20), at(9, 15), at(10, 20), at(11, 10), at(14, 0), at(14, 55), at(15, 50)];
const OTHERS: [&str; 5] = ["音乐", "美术", "信息科技", "劳动", "综合实践活动"];
const PE: &str = "体育与健康";

/// The lessons of every class in its week.
pub fn timetable(district: &District) -> Vec<Record> {
    let since = first_of_term(district);
    let mut rows = Vec::new();
    for (index, school) in district.schools.iter().enumerate() {
        for class in &school.classes {
            for weekday in 1..=5 {
                rows.extend(
                    lessons(index, class, weekday).into_iter().map(|lesson| lesson_row(school, class, weekday, lesson, &since)),
                );
            }
        }
    }
    rows
}

/// Number, subject and beginning of a lesson.
type Lesson = (usize, &'static str, i64);

fn lessons(school: usize, class: &Class, weekday: usize) -> Vec<Lesson> {
    let subjects: Vec<&str> = loads(class.grade).iter().map(|load| load.subject.name).chain(OTHERS).collect();
    let count = per_day(class.grade, weekday);
    let lesson = |period: usize| {
        let pe = period + 1 == count && weekday <= pe_lessons(school, class.grade);
        let subject = if pe { PE } else { subjects[(weekday * 7 + period * 3) % subjects.len()] };
        (period + 1, subject, if period == 0 { first_start(school, class.grade, weekday) } else { STARTS[period] })
    };
    (0..count).map(lesson).collect()
}

/// 26 lessons a week in grades 1 and 2, 30 in 3 to 6, 34 above.
fn per_day(grade: u8, weekday: usize) -> usize {
    match grade {
        11 | 12 => 5 + usize::from(weekday == 1),
        13..=16 => 6,
        _ => 7 - usize::from(weekday == 5),
    }
}

fn pe_lessons(school: usize, grade: u8) -> usize {
    let asked = if grade < 13 { 4 } else { 3 };
    asked - usize::from(school % 2 == 1 && grade == 22)
}

fn first_start(school: usize, grade: u8, weekday: usize) -> i64 {
    if school % 2 == 1 && grade > 20 && weekday == 1 { at(7, 50) } else { STARTS[0] }
}

fn lesson_row(school: &School, class: &Class, weekday: usize, (period, subject, start): Lesson, since: &str) -> Record {
    let minutes = if class.grade < 20 { 40 } else { 45 };
    Record::default()
        .with("学校标识码", school.code.as_str())
        .with("班级", class.code.as_str())
        .with("年级", grade_name(class.grade))
        .with("星期", weekday as i64)
        .with("节次", format!("第{period}节"))
        .with("学科", subject)
        .with("上课时间", clock(start))
        .with("下课时间", clock(start + minutes * 60))
        .with("生效日期", since)
}

/// The hours of every weekday of every grade; Wednesday is the primary grades' day without homework.
pub fn day_plan(district: &District) -> Vec<Record> {
    let since = first_of_term(district);
    let mut rows = Vec::new();
    for (index, school) in district.schools.iter().enumerate() {
        for grade in grades(school) {
            rows.extend((1..=5).map(|weekday| {
                let first = first_start(index, grade, weekday);
                Record::default()
                    .with("学校标识码", school.code.as_str())
                    .with("年级", grade_name(grade))
                    .with("星期", weekday as i64)
                    .with("到校时间", clock(first - 20 * 60))
                    .with("第一节课时间", clock(first))
                    .with("课后服务结束时间", "18:00")
                    .with("作业系统关闭时间", school.closes.map(clock).unwrap_or_default())
                    .with("无作业日", if weekday == 3 && grade < 20 { "是" } else { "否" })
                    .with("生效日期", since.as_str())
            }));
        }
    }
    rows
}

/// The exams of the term, one row for each grade and subject.
pub fn exam_plan(district: &District) -> Vec<Record> {
    let Some(today) = district.days.last().copied() else { return Vec::new() };
    let midterm = exams(&district.days).into_iter().find(|exam| exam.kind == "期中");
    let mut rows = Vec::new();
    for (index, school) in district.schools.iter().enumerate() {
        for grade in grades(school) {
            let mut plan = |id: String, name: &str, kind: &str, day: NaiveDate, subject: &str, registered: bool| {
                rows.push(
                    exam_row(school, grade, &id, name, kind, day)
                        .with("学科", subject)
                        .with("是否备案", if registered { "是" } else { "否" }),
                );
            };
            for subject in examined(grade) {
                if let Some(exam) = midterm.as_ref().filter(|_| grade > 20) {
                    plan(exam.id.clone(), exam.name, exam.kind, exam.day, subject.name, true);
                }
                plan(format!("{}-期末", term(today)), "期末学业质量监测", "期末", end_of_term(today), subject.name, true);
            }
            if index % 2 == 1 && grade == 22 {
                plan(format!("{}-月考", term(today)), "月考", "其他", today, MATH.name, false);
            }
        }
    }
    rows
}

fn exam_row(school: &School, grade: u8, id: &str, name: &str, kind: &str, day: NaiveDate) -> Record {
    Record::default()
        .with("学校标识码", school.code.as_str())
        .with("年级", grade_name(grade))
        .with("考试编号", id)
        .with("考试名称", name)
        .with("考试类型", kind)
        .with("考试日期", day.to_string())
        .with("全年级统一", "是")
}

fn grades(school: &School) -> Vec<u8> {
    let mut grades: Vec<u8> = school.classes.iter().map(|class| class.grade).collect();
    grades.dedup();
    grades
}

fn end_of_term(day: NaiveDate) -> NaiveDate {
    let (month, date) = if (2..9).contains(&day.month()) { (6, 25) } else { (1, 20) };
    NaiveDate::from_ymd_opt(school_year(day) + 1, month, date).unwrap_or(day)
}

fn first_of_term(district: &District) -> String {
    let year = district.days.last().map(|day| school_year(*day)).unwrap_or_default();
    format!("{year}-09-01")
}

fn clock(seconds: i64) -> String {
    format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_has_the_lessons_that_the_curriculum_names() {
        let week = |grade| (1..=5).map(|weekday| per_day(grade, weekday)).sum::<usize>();
        assert_eq!([week(11), week(15), week(23)], [26, 30, 34]);
    }

    #[test]
    fn terms_end_in_january_and_june() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        assert_eq!(end_of_term(day("2026-11-20")), day("2027-01-20"));
        assert_eq!(end_of_term(day("2027-03-20")), day("2027-06-25"));
    }
}
