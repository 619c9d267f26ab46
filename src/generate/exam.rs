//! Exam results as schools hand them in: one wide sheet, one column for each subject, numbers below zero for those who have no score.
//!
//! Grades 1 and 2 sit no paper exams; primary schools have one final a term, junior schools may add a mid-term.

use chrono::{Datelike, NaiveDate};

use super::days::term;
use super::dice::Dice;
use super::district::{Class, District, School, Student};
use super::record::{Cell, Record};
use super::subjects::{SHEET, Subject, examined};

/// An exam of a district.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exam {
    pub id: String,
    pub name: &'static str,
    pub kind: &'static str,
    pub day: NaiveDate,
}

/// The exams that the data knows: last summer's final, and the mid-term within the last days.
pub fn exams(days: &[NaiveDate]) -> Vec<Exam> {
    let Some(today) = days.last() else { return Vec::new() };
    let summer = NaiveDate::from_ymd_opt(today.year(), 6, 25).unwrap_or_default();
    let summer = if summer < *today { summer } else { summer.with_year(today.year() - 1).unwrap_or_default() };
    let midterm = days[days.len() / 3];
    vec![
        Exam { id: format!("{}-期末", term(summer)), name: "期末学业质量监测", kind: "期末", day: summer },
        Exam { id: format!("{}-期中", term(midterm)), name: "期中学业质量监测", kind: "期中", day: midterm },
    ]
}

/// The sheet of one exam: a row for each pupil who was to sit it.
pub fn sheet(district: &District, exam: &Exam) -> Vec<Record> {
    let mut rows = Vec::new();
    for (school, class) in district.classes() {
        let Some(grade) = grade_then(class, exam) else { continue };
        rows.extend(class.students.iter().map(|student| row(district, school, class, student, exam, grade)));
    }
    rows
}

/// The grade in which a class sat this exam, when it sat it at this school.
fn grade_then(class: &Class, exam: &Exam) -> Option<u8> {
    match (exam.kind, class.grade) {
        ("期中", 21..=23) => Some(class.grade),
        ("期末", 14..=16 | 22..=23) => Some(class.grade - 1),
        _ => None,
    }
}

fn row(district: &District, school: &School, class: &Class, student: &Student, exam: &Exam, grade: u8) -> Record {
    let row = Record::default()
        .with("考试编号", exam.id.as_str())
        .with("考试名称", exam.name)
        .with("考试类型", exam.kind)
        .with("考试日期", exam.day.format("%Y年%m月%d日").to_string())
        .with("学期", term(exam.day))
        .with("学校标识码", school.code.as_str())
        .with("班级", class.code.as_str())
        .with("年级", i64::from(grade))
        .with("学籍号", student.number.as_str());
    let mut dice = district.dice(&["exam", &exam.id, &student.number]);
    let away = dice.chance(0.008);
    let exempt = dice.chance(0.003);
    SHEET.iter().fold(row, |row, subject| {
        let sat = examined(grade).contains(subject);
        row.with(subject.name, if sat { mark(&mut dice, student, class, *subject, away, exempt) } else { Cell::Null })
    })
}

/// A mark out of 100; −1 cheating, −2 absent, −3 exempt.
fn mark(dice: &mut Dice, student: &Student, class: &Class, subject: Subject, away: bool, exempt: bool) -> Cell {
    let style = class.teacher(subject).map_or(1.0, |teacher| teacher.style);
    let expected = 100.0 * student.ability + 3.0 * (1.0 - style) - 4.0;
    let score = (2.0 * (expected + 7.0 * dice.normal())).round().clamp(0.0, 200.0) / 2.0;
    match (exempt, away, dice.chance(0.001)) {
        (true, _, _) => Cell::from(-3i64),
        (_, true, _) => Cell::from(-2i64),
        (_, _, true) => Cell::from(-1i64),
        _ => Cell::from(score),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_final_is_the_last_one_held() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let exams = exams(&[day("2026-11-19"), day("2026-11-20")]);
        assert_eq!(exams[0].id, "2025-2026-2-期末");
        assert_eq!(exams[1].id, "2026-2027-1-期中");
    }
}
