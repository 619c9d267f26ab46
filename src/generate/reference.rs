//! What changes seldom: schools, classes, the roster, who teaches what, the calendar.

use chrono::{Days, NaiveDate};

use super::days::{is_school_day, term};
use super::district::{Class, District, School};
use super::record::Record;
use super::subjects::grade_name;

/// The schools.
pub fn schools(district: &District) -> Vec<Record> {
    let row = |school: &School| {
        Record::default()
            .with("学校标识码", school.code.as_str())
            .with("学校名称", school.name.as_str())
            .with("行政区划", "320900")
            .with("办学类型", school.kind.type_code())
            .with("城乡分类", school.location)
            .with("公办", "是")
    };
    district.schools.iter().map(row).collect()
}

/// The classes, in this term.
pub fn classes(district: &District) -> Vec<Record> {
    let term = this_term(district);
    let row = |(school, class): (&School, &Class)| {
        Record::default()
            .with("school", school.code.as_str())
            .with("class", class.code.as_str())
            .with("name", class.name.as_str())
            .with("grade", i64::from(class.grade))
            .with("term", term.as_str())
    };
    district.classes().map(row).collect()
}

/// The roster: who is in which class. There is no name in it.
pub fn roster(district: &District) -> Vec<Record> {
    let entry = |day: NaiveDate| super::days::school_year(day);
    let since = district.days.last().map(|day| format!("{}-09-01", entry(*day))).unwrap_or_default();
    let mut rows = Vec::new();
    for (school, class) in district.classes() {
        for student in &class.students {
            let mut dice = district.dice(&["residence", &student.number]);
            let rural = dice.chance(if school.location == "220" { 0.7 } else { 0.18 });
            rows.push(
                Record::default()
                    .with("学校标识码", school.code.as_str())
                    .with("所在班级", class.code.as_str())
                    .with("所在年级", grade_name(class.grade))
                    .with("学籍号", student.number.as_str())
                    .with("性别", if student.boy { "男" } else { "女" })
                    .with("户口性质", if rural { "农村" } else { "城镇" })
                    .with("是否住宿", if student.boarder { "是" } else { "否" })
                    .with("入班日期", since.as_str()),
            );
        }
    }
    rows
}

/// Who teaches which subject to which class.
pub fn teaching(district: &District) -> Vec<Record> {
    let term = this_term(district);
    let mut rows = Vec::new();
    for (school, class) in district.classes() {
        rows.extend(class.teachers.iter().map(|teacher| {
            Record::default()
                .with("学期", term.as_str())
                .with("学校标识码", school.code.as_str())
                .with("班级编号", class.code.as_str())
                .with("班级名称", class.name.as_str())
                .with("年级", grade_name(class.grade))
                .with("学科", teacher.subject.name)
                .with("工号", teacher.number.as_str())
        }));
    }
    rows
}

/// Every date from the first school day to the last, and whether there was school.
pub fn calendar(district: &District) -> Vec<Record> {
    let (Some(first), Some(last)) = (district.days.first(), district.days.last()) else { return Vec::new() };
    let dates = (0..).map(|ahead| *first + Days::new(ahead)).take_while(|date| date <= last);
    let row = |date: NaiveDate| {
        Record::default()
            .with("date", date.to_string())
            .with("term", term(date))
            .with("day_kind", if is_school_day(&date) { "school_day" } else { "weekend" })
    };
    dates.map(row).collect()
}

fn this_term(district: &District) -> String {
    district.days.last().map(|day| term(*day)).unwrap_or_default()
}
