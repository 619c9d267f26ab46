//! Who is away on a day, and why. Homework, lessons and attendance all ask here, so they agree.

use chrono::NaiveDate;

use super::district::{District, Student};

/// Why a pupil is away for the whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// Ill, with a symptom.
    Sick(&'static str),
    Personal,
    Official,
    /// Away without leave.
    Truant,
}

/// The absence of a pupil on a day; `None` when at school.
pub fn absence(district: &District, student: &Student, day: NaiveDate) -> Option<Absence> {
    let mut dice = district.dice(&["absence", &student.number, &day.to_string()]);
    if !dice.chance(student.away) {
        return None;
    }
    let symptom = dice.weighted(&[("发热", 0.4), ("咳嗽", 0.3), ("腹泻", 0.12), ("头痛", 0.1), ("其他", 0.08)]);
    let kinds = [(Absence::Sick(symptom), 0.6), (Absence::Personal, 0.28), (Absence::Official, 0.05), (Absence::Truant, 0.07)];
    Some(dice.weighted(&kinds))
}
