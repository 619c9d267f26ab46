//! The scores of a series of exams: whose they are, in which units the pupils were, and who moved between them.
//!
//! Promise: pupils are numbers here, and no more; units come in the order of their codes.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::figures::Scores;
use super::group::Level;
use super::multilevel::Attainment;
use crate::sample::{mean, variance};

/// One pupil's score in one of the exams.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExamScore {
    pub student: u64,
    /// Its place in the series.
    pub exam: usize,
    pub score: f64,
}

/// The scores of a series of exams.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExamScores {
    pub exams: Vec<String>,
    pub scores: Vec<ExamScore>,
    /// The pupils of each unit at the last exam, by code.
    pub units: BTreeMap<String, Vec<u64>>,
    /// Schools and known grades with pupils at the last exam.
    pub schools: usize,
    pub grades: usize,
    pub level: Option<Level>,
    /// The number of the pupil who was asked about, if there is one of this pseudonym.
    pub student: Option<u64>,
    /// Pupils of the last exam who were in another school, another class, at the latest of their earlier exams.
    pub changed_school: HashSet<u64>,
    pub changed_class: HashSet<u64>,
}

impl ExamScores {
    pub(super) fn level(&self) -> Level {
        self.level.unwrap_or(Level::School)
    }

    pub(super) fn changed(&self) -> Changed {
        Changed { school: self.changed_school.len(), class: self.changed_class.len() }
    }

    fn last(&self) -> impl Iterator<Item = &ExamScore> {
        self.scores.iter().filter(|it| it.exam + 1 == self.exams.len())
    }

    /// Of all pupils of the last exam.
    pub(super) fn outcome(&self) -> Option<Scores> {
        let scores: Vec<f64> = self.last().map(|it| it.score).collect();
        (scores.len() > 1).then(|| Scores { n: scores.len() as u64, mean: mean(&scores), deviation: variance(&scores).sqrt() })
    }

    /// The mean score of each unit's pupils at the last exam and its error, s / √n.
    pub(super) fn attainment(&self) -> HashMap<&str, Attainment> {
        let scores: HashMap<u64, f64> = self.last().map(|it| (it.student, it.score)).collect();
        let of_unit = |members: &Vec<u64>| {
            let own: Vec<f64> = members.iter().filter_map(|student| scores.get(student).copied()).collect();
            (own.len() > 1).then(|| Attainment { mean: mean(&own), error: (variance(&own) / own.len() as f64).sqrt() })
        };
        self.units.iter().filter_map(|unit| Some((unit.0.as_str(), of_unit(unit.1)?))).collect()
    }

    /// The pupils who were in another of the units that the figures are about at the latest of their earlier exams.
    pub fn moved(&self) -> HashSet<u64> {
        let school = self.changed_school.iter();
        if self.level() == Level::Class {
            school.chain(&self.changed_class).copied().collect()
        } else {
            school.copied().collect()
        }
    }

    /// The scores of the others.
    pub fn without(&self, pupils: &HashSet<u64>) -> Self {
        let mut others = self.clone();
        others.scores.retain(|it| !pupils.contains(&it.student));
        others.units.values_mut().for_each(|members| members.retain(|student| !pupils.contains(student)));
        others.units.retain(|_, members| !members.is_empty());
        others
    }
}

/// Pupils of the last exam who changed between it and the latest of their earlier exams. Where most changed class, classes were formed
/// anew, or their codes were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    pub school: usize,
    pub class: usize,
}
