//! Attendance of one day, as class boards and gates record it.
//!
//! A board writes a row for every pupil in the lessons that it checks, with the vendor's own numbers (1 not swiped, 2 late,
//! 3 leave, 4 normal). A gate writes only those who pass, with numbers of its own (1 in, 2 out): nobody's absence shows there.

use chrono::{NaiveDate, NaiveDateTime};

use super::absence::{Absence, absence};
use super::days::{at, moment};
use super::district::{Class, District, School, Student};
use super::record::Record;

/// The lessons that boards check: number, and when it starts.
const LESSONS: [(i64, i64); 3] = [(1, at(8, 20)), (3, at(10, 20)), (5, at(14, 0))];

/// Vendors write `2026/11/20 7:58:03`, without leading zeros.
fn vendor_time(time: NaiveDateTime) -> String {
    time.format("%Y/%-m/%-d %-H:%M:%S").to_string()
}

/// The rows of the class boards: every pupil at every checked lesson.
pub fn board_rows(district: &District, day: NaiveDate, term: &str) -> Vec<Record> {
    let mut rows = Vec::new();
    for (school, class) in district.classes() {
        for (lesson, start) in LESSONS {
            rows.extend(
                class
                    .students
                    .iter()
                    .map(|student| board_row(district, school, class, student, day, (lesson, start)).with("学期", term)),
            );
        }
    }
    rows
}

fn board_row(
    district: &District,
    school: &School,
    class: &Class,
    student: &Student,
    day: NaiveDate,
    (lesson, start): (i64, i64),
) -> Record {
    let mut dice = district.dice(&["board", &student.number, &day.to_string(), &lesson.to_string()]);
    let late = dice.chance(if lesson == 1 { 0.012 } else { 0.004 });
    let skipped = lesson == 5 && dice.chance(0.003);
    let (status, leave, symptom, minutes): (i64, &str, &str, Option<i64>) = match absence(district, student, day) {
        Some(Absence::Sick(symptom)) => (3, "病假", symptom, None),
        Some(Absence::Personal) => (3, "事假", "", None),
        Some(Absence::Official) => (3, "公假", "", None),
        Some(Absence::Truant) => (1, "0", "", None),
        None if skipped => (1, "0", "", None),
        None if late => (2, "0", "", Some(dice.between(1, 20))),
        None => (4, "0", "", None),
    };
    let seconds = match (status, minutes) {
        (_, Some(minutes)) => start + minutes * 60,
        (4, _) => start - dice.between(60, 1_500),
        _ => start,
    };
    Record::default()
        .with("学校标识码", school.code.as_str())
        .with("班牌班级", class.code.as_str())
        .with("年级", i64::from(class.grade))
        .with("学籍号", student.number.as_str())
        .with("节次", format!("第{lesson}节"))
        .with("考勤时间", vendor_time(moment(day, seconds)))
        .with("考勤状态", status)
        .with("请假类别", leave)
        .with("症状", symptom)
        .with("迟到分钟", minutes)
}

/// The rows of the gates: those who come in, in the order of their passing.
pub fn gate_rows(district: &District, day: NaiveDate) -> Vec<Record> {
    let mut passed: Vec<(NaiveDateTime, Record)> = Vec::new();
    for (school, class) in district.classes() {
        for student in class.students.iter().filter(|student| !student.boarder) {
            let mut dice = district.dice(&["gate", &student.number, &day.to_string()]);
            if absence(district, student, day).is_some() || !dice.chance(0.985) {
                continue;
            }
            let time = moment(day, at(7, 35) + (900.0 * dice.normal().abs()) as i64);
            passed.push((time, gate_row(school, class, student, time)));
        }
    }
    passed.sort_by_key(|(time, _)| *time);
    passed.into_iter().map(|(_, row)| row).collect()
}

fn gate_row(school: &School, class: &Class, student: &Student, time: NaiveDateTime) -> Record {
    Record::default()
        .with("XXBSM", school.code.as_str())
        .with("BJDM", class.code.as_str())
        .with("XJH", student.number.as_str())
        .with("DKSJ", vendor_time(time))
        .with("ZJH", "南门1号")
        .with("FX", 1i64)
}
