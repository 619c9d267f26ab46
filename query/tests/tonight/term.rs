//! A generated term whose truth is known: how long every pupil of a school really takes for every piece, and what of it the lake sees.
//!
//! The true minutes of a piece are the teacher's estimate × that teacher's, subject's and class's habit of misjudging × chance; a pupil's
//! are that × the pupil's pace × a good or bad evening × chance. Awkward on purpose: estimates in steps of five minutes, some left out;
//! teachers who misjudge by half; a teacher who comes in the middle and one on the last days; slow pupils, who hand in less and whose
//! minutes are missing more often; heavy Mondays and Thursdays; pieces of a layer that reach a third of the class; oral and reading work.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde_json::{Value, json};

use crate::support::District;

pub const SCHOOL: &str = "s1";
const SUBJECTS: [(&str, f64, f64); 5] =
    [("chinese", 0.9, 16.0), ("math", 0.9, 17.0), ("english", 0.6, 12.0), ("science", 0.25, 12.0), ("politics", 0.15, 8.0)];
const CLASSES: usize = 12;
const PUPILS: usize = 36;
const DAYS: usize = 80;

/// A generator of its own: the same numbers whatever else changes (SplitMix64).
pub struct Chance(u64);

impl Chance {
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self, deviation: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        deviation * radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    fn often(&mut self, share: f64) -> bool {
        self.unit() < share
    }
}

struct Pupil {
    name: String,
    pace: f64,
    /// How often a piece is handed in, and how often its minutes are known.
    hands_in: f64,
    timed: f64,
}

struct Class {
    name: String,
    grade: &'static str,
    habit: f64,
    pupils: Vec<Pupil>,
}

/// The term: what the lake sees, and the truth beside it.
pub struct Term {
    pub days: Vec<NaiveDate>,
    pub assignments: Vec<Value>,
    assigned: Vec<Value>,
    pieces: Vec<Value>,
    student_days: Vec<Value>,
    roster: Vec<Value>,
    /// True minutes of all that is set for a pupil, by (day, class) and pupil.
    pub truth: BTreeMap<(String, String), BTreeMap<String, f64>>,
}

impl Term {
    pub fn generate(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let classes: Vec<Class> = (0..CLASSES).map(|index| class(&mut chance, index)).collect();
        let subjects: Vec<f64> = SUBJECTS.iter().map(|_| chance.normal(0.12)).collect();
        let mut teachers = BTreeMap::new();
        let mut term = Self {
            days: school_days(),
            assignments: Vec::new(),
            assigned: Vec::new(),
            pieces: Vec::new(),
            student_days: Vec::new(),
            roster: Vec::new(),
            truth: BTreeMap::new(),
        };
        for class in &classes {
            let row = |pupil: &Pupil| json!({"school": SCHOOL, "class": class.name, "grade": class.grade, "student": pupil.name});
            term.roster.extend(class.pupils.iter().map(row));
        }
        for place in 0..term.days.len() {
            for (index, class) in classes.iter().enumerate() {
                let mut evening = Evening::begin(&mut chance, term.days[place], class);
                for (subject, own) in subjects.iter().enumerate() {
                    let teacher = teacher(index, subject, place);
                    let habit = *teachers.entry(teacher.clone()).or_insert_with(|| 0.12 + chance.normal(0.3));
                    evening.set(&mut chance, &mut term, (subject, teacher), habit + own + class.habit);
                }
                evening.end(&mut term);
            }
        }
        term
    }

    /// The lake as it is at the end of the term.
    pub async fn district(&self) -> District {
        self.district_before("9999").await
    }

    /// The lake as it was before anything of this day or later had come, but for what was set on it.
    pub async fn district_before(&self, day: &str) -> District {
        let before = |row: &&Value| row["day"].as_str().is_none_or(|of| of < day);
        let until = |row: &&Value| row["day"].as_str().is_none_or(|of| of <= day);
        let rows = |rows: &[Value], kept: &dyn Fn(&&Value) -> bool| Value::Array(rows.iter().filter(kept).cloned().collect());
        let district = District::empty().await.with("student", rows(&self.roster, &before)).await;
        let district = district.with("assignment", rows(&self.assignments, &until)).await;
        let district = district.with("assigned_day", rows(&self.assigned, &until)).await;
        let district = district.with("assignment_day", rows(&self.pieces, &before)).await;
        district.with("student_day", rows(&self.student_days, &before)).await
    }
}

fn class(chance: &mut Chance, index: usize) -> Class {
    let pupil = |chance: &mut Chance, number: usize| {
        let slow = chance.often(0.08);
        let pace = chance.normal(0.22) + if slow { 0.6 } else { 0.0 };
        let name = format!("{index}-{number}");
        Pupil { name, pace, hands_in: if slow { 0.85 } else { 0.97 }, timed: if slow { 0.8 } else { 0.93 } }
    };
    let grade = ["13", "14", "15", "16", "21", "22"][index / 2];
    let habit = chance.normal(0.1);
    Class { name: format!("c{index:02}"), grade, habit, pupils: (0..PUPILS).map(|number| pupil(chance, number)).collect() }
}

/// Each teacher has one subject in two classes; two of them are replaced, one in the middle of the term and one near its end.
fn teacher(class: usize, subject: usize, place: usize) -> String {
    let replaced = match (class / 2, subject) {
        (0, 0) => place >= DAYS / 2,
        (1, 1) => place >= DAYS - 12,
        _ => false,
    };
    format!("{}-{}{}", SUBJECTS[subject].0, class / 2, if replaced { "-new" } else { "" })
}

/// Monday to Friday from 1 September 2026, without the first week of October.
fn school_days() -> Vec<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2026, 9, 1).unwrap();
    let holiday = |day: &NaiveDate| day.month() == 10 && day.day() <= 7;
    let days = (0..).map(|ahead| first + Days::new(ahead));
    days.filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !holiday(day)).take(DAYS).collect()
}

/// One class's evening while it is being drawn.
struct Evening<'a> {
    day: NaiveDate,
    class: &'a Class,
    moods: Vec<f64>,
    truth: Vec<f64>,
    /// Per pupil: pieces expected, pieces timed, seconds.
    seen: Vec<(i64, i64, i64)>,
}

impl<'a> Evening<'a> {
    fn begin(chance: &mut Chance, day: NaiveDate, class: &'a Class) -> Self {
        let moods = class.pupils.iter().map(|_| chance.normal(0.08)).collect();
        Self { day, class, moods, truth: vec![0.0; PUPILS], seen: vec![(0, 0, 0); PUPILS] }
    }

    fn set(&mut self, chance: &mut Chance, term: &mut Term, (subject, teacher): (usize, String), habit: f64) {
        let heavy = matches!(self.day.weekday(), Weekday::Mon | Weekday::Thu);
        let (name, often, minutes) = SUBJECTS[subject];
        if !chance.often(often * if heavy { 1.1 } else { 0.9 }) {
            return;
        }
        let grade = if self.class.grade.starts_with('2') { 1.4 } else { 1.0 };
        let intended = minutes * grade * if heavy { 1.25 } else { 1.0 } * chance.normal(0.25).exp();
        let estimate = ((intended / 5.0).round() * 5.0).max(5.0);
        let typical = intended * (habit + chance.normal(0.18)).exp();
        let layer = if name == "english" && chance.often(0.4) { "extend" } else { "basic" };
        let id = format!("{name}-{}-{}", self.class.name, self.day);
        let known = !chance.often(0.06);
        let form = if name == "politics" || chance.often(0.05) { "reading" } else { "written" };
        let base = json!({"day": self.day.to_string(), "school": SCHOOL, "grade": self.class.grade, "class": self.class.name,
            "subject": name, "assignment": id});
        let with = |more: Value| {
            let mut row = base.clone();
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            row
        };
        let minutes = known.then_some(estimate);
        term.assignments.push(with(json!({"teacher": teacher, "layer": layer, "form": form, "estimated_minutes": minutes})));
        let seconds = minutes.unwrap_or_default() as i64 * 60;
        term.assigned.push(with(json!({"teacher": teacher, "layer": layer, "pieces": 1, "estimated_seconds": seconds})));
        let (records, timed, seconds) = self.work(chance, typical, layer);
        term.pieces
            .push(with(json!({"students": records, "expected": records, "timed_measured": timed, "seconds_measured": seconds})));
    }

    /// What every pupil makes of a piece; gives its records, those with minutes, and their seconds.
    fn work(&mut self, chance: &mut Chance, typical: f64, layer: &str) -> (i64, i64, i64) {
        let mut sums = (0, 0, 0);
        for (place, pupil) in self.class.pupils.iter().enumerate() {
            // The quicker third gets what extends.
            if layer == "extend" && place % 3 != 0 {
                continue;
            }
            let minutes = typical * (pupil.pace + self.moods[place] + chance.normal(0.25)).exp();
            self.truth[place] += minutes;
            let timed = chance.often(pupil.hands_in) && chance.often(pupil.timed);
            let seconds = if timed { (minutes * 60.0).round() as i64 } else { 0 };
            for sum in [&mut sums, &mut self.seen[place]] {
                sum.0 += 1;
                sum.1 += i64::from(timed);
                sum.2 += seconds;
            }
        }
        sums
    }

    fn end(self, term: &mut Term) {
        let Self { day, class, truth, seen, .. } = self;
        let names = class.pupils.iter().map(|pupil| pupil.name.clone());
        term.truth.insert((day.to_string(), class.name.clone()), names.clone().zip(truth).collect());
        for (student, (expected, timed, seconds)) in names.zip(seen).filter(|(_, seen)| seen.0 > 0) {
            term.student_days.push(json!({"day": day.to_string(), "school": SCHOOL, "grade": class.grade, "class": class.name,
                "student": student, "homework_expected": expected, "homework_submitted": timed, "timed_measured": timed,
                "seconds_measured": seconds}));
        }
    }
}
