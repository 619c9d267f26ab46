//! What happens in the lessons that use the devices of a smart classroom: quizzes, calls, praise, pushes.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::absence::absence;
use super::days::{at, moment};
use super::dice::Dice;
use super::district::{Class, District, School, Student, Teacher};
use super::record::Record;

const STARTS: [i64; 5] = [at(8, 20), at(9, 15), at(10, 20), at(14, 0), at(14, 55)];
const POINTS: [&str; 6] = ["分数的意义", "一元一次方程", "阅读理解", "一般过去时", "力与运动", "古诗鉴赏"];

/// A lesson with devices.
struct Lesson<'a> {
    id: String,
    school: &'a School,
    class: &'a Class,
    teacher: &'a Teacher,
    start: NaiveDateTime,
    present: Vec<&'a Student>,
}

/// Everything that was recorded in the district's lessons on a day, lesson by lesson.
pub fn rows(district: &District, day: NaiveDate) -> Vec<Record> {
    let mut rows = Vec::new();
    for (school, class) in district.classes() {
        for lesson in lessons(district, school, class, day) {
            let mut dice = district.dice(&["lesson", &lesson.id]);
            rows.extend(acts(&lesson, &mut dice));
        }
    }
    rows
}

fn lessons<'a>(district: &District, school: &'a School, class: &'a Class, day: NaiveDate) -> Vec<Lesson<'a>> {
    let mut dice = district.dice(&["timetable", &class.code, &day.to_string()]);
    let mut lessons: Vec<Lesson> = Vec::new();
    for (period, start) in STARTS.iter().enumerate() {
        let teacher = dice.pick(&class.teachers);
        if !dice.chance(0.08 + 0.5 * teacher.devices) || lessons.len() == 3 {
            continue;
        }
        lessons.push(Lesson {
            id: format!("{}-{}-{}", class.code, day.format("%y%m%d"), period + 1),
            school,
            class,
            teacher,
            start: moment(day, *start),
            present: class.students.iter().filter(|student| absence(district, student, day).is_none()).collect(),
        });
    }
    lessons
}

fn acts(lesson: &Lesson, dice: &mut Dice) -> Vec<Record> {
    let mut rows = vec![row(lesson, 0, None, "PUSH", 300, None)];
    let quiz = dice.chance(0.75);
    let point = *dice.pick(&POINTS);
    for student in &lesson.present {
        if quiz && dice.chance(0.93) {
            rows.push(answer(lesson, rows.len(), student, dice, "QUIZ", point));
        }
        if dice.chance(0.16 + 0.3 * (student.ability - 0.6)) {
            rows.push(row(lesson, rows.len(), Some(student), "HAND", dice.between(600, 2_300), None));
        }
        if dice.chance(0.07) {
            rows.push(answer(lesson, rows.len(), student, dice, "ANSWER", point));
        }
    }
    for act in ["CALL", "CALL", "CALL", "LIKE", "LIKE"] {
        if !lesson.present.is_empty() {
            let student = *dice.pick(&lesson.present);
            rows.push(row(lesson, rows.len(), Some(student), act, dice.between(600, 2_300), None));
        }
    }
    rows
}

fn answer(lesson: &Lesson, number: usize, student: &Student, dice: &mut Dice, act: &'static str, point: &'static str) -> Record {
    let right = dice.chance(student.ability);
    let spent = (9_000.0 * student.pace * dice.log_normal(0.45)) as i64;
    let seconds = dice.between(900, 2_100);
    row(lesson, number, Some(student), act, seconds, Some((right, spent, point)))
}

fn row(
    lesson: &Lesson,
    number: usize,
    student: Option<&Student>,
    act: &'static str,
    seconds: i64,
    answer: Option<(bool, i64, &'static str)>,
) -> Record {
    let time = lesson.start + TimeDelta::seconds(seconds);
    let (right, spent, point) = answer.map_or((None, None, None), |(r, s, p)| (Some(i64::from(r)), Some(s), Some(p)));
    Record::default()
        .with("eid", format!("{}-{number:03}", lesson.id))
        .with("school", lesson.school.code.as_str())
        .with("cls", lesson.class.code.as_str())
        .with("grd", i64::from(lesson.class.grade))
        .with("sub", lesson.teacher.subject.initials)
        .with("lesson", lesson.id.as_str())
        .with("stu", student.map(|student| student.number.as_str()))
        .with("tch", lesson.teacher.number.as_str())
        .with("ts", time.format("%Y-%m-%dT%H:%M:%S+08:00").to_string())
        .with("act", act)
        .with("ok", right)
        .with("ms", spent)
        .with("kp", point)
}
