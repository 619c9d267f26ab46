//! Homework of one day: what was set, and what every pupil made of it.
//!
//! Minutes are the usual minutes of the subject × the class's load × the teacher's style × the pupil's pace × chance. A
//! pupil works through the pieces one after the other, in after-school service or in the evening at home. Where the system closes, what is
//! not done by then is handed in as it is, and what was not begun is missing.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::absence::absence;
use super::days::{at, moment, next_school_day};
use super::dice::Dice;
use super::district::{Class, District, School, Student};
use super::subjects::{Load, Subject, loads};

/// A piece of homework that a teacher set.
#[derive(Debug, Clone)]
pub struct Assignment {
    pub id: String,
    pub subject: Subject,
    pub teacher: String,
    pub assigned_at: NaiveDateTime,
    pub due_at: NaiveDateTime,
    /// The teacher's own estimate.
    pub estimated: i64,
    pub form: &'static str,
    pub layer: &'static str,
    pub published: bool,
    /// The minutes of a middling pupil, which nobody in the district knows.
    median: f64,
}

/// One pupil's work on one assignment.
#[derive(Debug, Clone)]
pub struct Work {
    pub assignment: Assignment,
    pub student: String,
    pub status: &'static str,
    pub started_at: Option<NaiveDateTime>,
    pub submitted_at: Option<NaiveDateTime>,
    pub seconds: Option<i64>,
    pub score_rate: Option<f64>,
    pub marked: bool,
    pub marked_at: Option<NaiveDateTime>,
    pub corrected: bool,
    pub place: &'static str,
    pub revision: i64,
}

/// What was set for a class on a day.
pub fn assignments(district: &District, class: &Class, day: NaiveDate) -> Vec<Assignment> {
    loads(class.grade).iter().filter_map(|load| assignment(district, class, day, load)).collect()
}

fn assignment(district: &District, class: &Class, day: NaiveDate, load: &Load) -> Option<Assignment> {
    let id = format!("{}-{}-{}", class.code, day.format("%m%d"), load.subject.initials);
    let mut dice = district.dice(&["assignment", &id]);
    if !dice.chance(load.often) {
        return None;
    }
    let teacher = class.teacher(load.subject)?;
    let median = load.minutes * class.load * teacher.style * dice.log_normal(0.2);
    let estimated = ((median * (0.85 + 0.1 * dice.normal())) / 5.0).round().max(1.0) as i64 * 5;
    let due = next_school_day(day);
    Some(Assignment {
        subject: load.subject,
        teacher: teacher.number.clone(),
        assigned_at: moment(day, at(15, 0) + dice.between(0, 7_200)),
        due_at: moment(due, at(8, 0)),
        estimated,
        form: if load.form == "written" && dice.chance(0.06) { "reading" } else { load.form },
        layer: dice.weighted(&[("basic", 0.72), ("consolidate", 0.2), ("extend", 0.08)]),
        published: dice.chance(0.93),
        median,
        id,
    })
}

/// The work of a class on what was set on a day, pupil by pupil.
pub fn works(district: &District, school: &School, class: &Class, day: NaiveDate) -> Vec<Work> {
    let set = assignments(district, class, day);
    class.students.iter().flat_map(|student| evening(district, school, class, student, day, &set)).collect()
}

/// One pupil's evening: where and when the work is done, piece after piece.
struct Evening<'a> {
    school: &'a School,
    student: &'a Student,
    away: bool,
    place: &'static str,
    clock: NaiveDateTime,
}

fn evening(
    district: &District,
    school: &School,
    class: &Class,
    student: &Student,
    day: NaiveDate,
    set: &[Assignment],
) -> Vec<Work> {
    let mut dice = district.dice(&["evening", &student.number, &day.to_string()]);
    let after_school = dice.chance(if class.grade < 20 { 0.55 } else { 0.3 });
    let begin = if after_school { at(16, 40) } else { at(18, 40) };
    let clock = moment(day, begin + dice.between(0, 2_700));
    let away = absence(district, student, day).is_some();
    let place = if after_school { "after_school" } else { "home" };
    let mut evening = Evening { school, student, away, place, clock };
    set.iter().map(|assignment| work(district, assignment, &mut evening)).collect()
}

fn work(district: &District, assignment: &Assignment, evening: &mut Evening) -> Work {
    let student = evening.student;
    let mut dice = district.dice(&["work", &assignment.id, &student.number]);
    let closed = evening.school.closes.map(|closes| moment(evening.clock.date(), closes));
    let status = match status(&mut dice, student, evening.away) {
        "submitted" if closed.is_some_and(|closed| closed <= evening.clock) => "missing",
        status => status,
    };
    let done = matches!(status, "submitted" | "late");
    let seconds = (assignment.median * student.pace * dice.log_normal(0.22) * 60.0).round().clamp(90.0, 10_800.0) as i64;
    let started = evening.clock;
    let left = closed.filter(|_| status == "submitted").map(|closed| (closed - started).num_seconds());
    let seconds = left.map_or(seconds, |left| seconds.min(left));
    let submitted = done.then(|| handed_in(&mut dice, assignment, status, started, seconds));
    if done {
        evening.clock += TimeDelta::seconds(seconds + dice.between(60, 600));
    }
    let rate = (student.ability + 0.09 * dice.normal()).clamp(0.0, 1.0);
    let marked = done && dice.chance(0.95);
    let timed = if evening.school.measured { 0.96 } else { 0.88 };
    Work {
        student: student.number.clone(),
        status,
        started_at: done.then_some(started),
        submitted_at: submitted,
        seconds: (done && dice.chance(timed)).then_some(seconds),
        score_rate: (marked && assignment.form == "written").then(|| (rate * 100.0).round() / 100.0),
        marked,
        marked_at: submitted.filter(|_| marked).map(|handed_in| marked_at(district, assignment, student, handed_in)),
        corrected: marked && rate < 0.9 && dice.chance(0.7),
        place: evening.place,
        revision: 0,
        assignment: assignment.clone(),
    }
}

fn status(dice: &mut Dice, student: &Student, away: bool) -> &'static str {
    if away {
        return dice.weighted(&[("exempt", 0.5), ("missing", 0.35), ("submitted", 0.15)]);
    }
    if !dice.chance(student.diligence) {
        return if dice.chance(0.45) { "late" } else { "missing" };
    }
    dice.weighted(&[("submitted", 0.968), ("late", 0.022), ("missing", 0.006), ("exempt", 0.004)])
}

/// In time: when the work is done. Late: the next school day, after the hour at which it was due.
fn handed_in(dice: &mut Dice, assignment: &Assignment, status: &str, started: NaiveDateTime, seconds: i64) -> NaiveDateTime {
    let done = started + TimeDelta::seconds(seconds);
    if status == "late" { done.max(assignment.due_at + TimeDelta::seconds(dice.between(60, 14_400))) } else { done }
}

/// Marked on the day on which it was due, or after it came in late.
fn marked_at(district: &District, assignment: &Assignment, student: &Student, handed_in: NaiveDateTime) -> NaiveDateTime {
    let mut dice = district.dice(&["marked_at", &assignment.id, &student.number]);
    handed_in.max(assignment.due_at) + TimeDelta::seconds(dice.between(600, 28_800))
}

/// Corrections that a platform sends a day later: a better score or other minutes, with a higher revision.
pub fn corrections(district: &District, works: &[Work]) -> Vec<Work> {
    let corrected = works.iter().filter_map(|work| {
        let mut dice = district.dice(&["correction", &work.assignment.id, &work.student]);
        if work.submitted_at.is_none() || !dice.chance(0.025) {
            return None;
        }
        let score_rate = work.score_rate.map(|rate| ((rate + 0.05).min(1.0) * 100.0).round() / 100.0);
        let seconds = work.seconds.map(|seconds| if dice.chance(0.4) { (seconds * 9) / 10 } else { seconds });
        Some(Work { score_rate, seconds, corrected: true, revision: 1, ..work.clone() })
    });
    corrected.collect()
}

/// Rows that a platform sends twice, as they were.
pub fn resends(district: &District, works: &[Work]) -> Vec<Work> {
    let again = |work: &&Work| district.dice(&["resend", &work.assignment.id, &work.student]).chance(0.012);
    works.iter().filter(again).cloned().collect()
}
