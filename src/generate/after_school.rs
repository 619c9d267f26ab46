//! After-school service of one day: who stayed, for what, until when.
//!
//! About seven pupils in ten have signed up. Homework help comes first, a club or sport may follow; junior grades also have evening study, which
//! has not counted as after-school service since the end of 2023. Now and then nobody notes when a pupil left.

use chrono::{Datelike, NaiveDate};

use super::absence::absence;
use super::days::{at, moment};
use super::district::{Class, District, School, Student};
use super::record::Record;

/// The rows of a day, class by class.
pub fn rows(district: &District, day: NaiveDate) -> Vec<Record> {
    let mut rows = Vec::new();
    for (school, class) in district.classes() {
        for student in &class.students {
            rows.extend(stay(district, school, class, student, day));
        }
    }
    rows
}

fn stay(district: &District, school: &School, class: &Class, student: &Student, day: NaiveDate) -> Vec<Record> {
    let signed_up = district.dice(&["after_school", &student.number]).chance(0.72);
    let mut dice = district.dice(&["after_school", &student.number, &day.to_string()]);
    if !signed_up || absence(district, student, day).is_some() || !dice.chance(0.92) {
        return Vec::new();
    }
    let second = *dice.pick(&["社团活动", "体育活动", "自主阅读"]);
    let mut services = vec![("作业辅导", at(16, 20), at(17, 40))];
    if dice.chance(0.45) {
        services.push((second, at(17, 40), at(18, 20)));
    }
    if class.grade > 20 && dice.chance(0.3) {
        services.push(("晚自习", at(18, 40), at(20, 20)));
    }
    let teacher = &class.teachers[day.weekday().num_days_from_monday() as usize % class.teachers.len()];
    let row = |(service, start, end): (&'static str, i64, i64)| {
        let left = if dice.chance(0.1) { end - dice.between(60, 1_200) } else { end };
        let noted = dice.chance(0.98);
        Record::default()
            .with("学校标识码", school.code.as_str())
            .with("班级", class.code.as_str())
            .with("年级", i64::from(class.grade))
            .with("学籍号", student.number.as_str())
            .with("服务类型", service)
            .with("签到时间", time(day, start))
            .with("签退时间", noted.then(|| time(day, left)))
            .with("教师编号", teacher.number.as_str())
    };
    services.into_iter().map(row).collect()
}

fn time(day: NaiveDate, seconds: i64) -> String {
    moment(day, seconds).format("%Y/%m/%d %H:%M").to_string()
}
