//! Student growth percentiles (Betebenner 2009): where a pupil's score lies among those of pupils with the same earlier scores.
//!
//! Promise: percentiles are those of the method with exact regression quantiles, on any number of threads; a pupil without an
//! earlier score has none, and an order that the data cannot carry is left out with the reason. Nothing here orders pupils.
//!
//! ```text
//!   scores of one subject ──► Panel (the sequence's target, up to three priors) ──► for each order k: splines of the priors
//!        └─► regression quantiles at 0.005 … 0.995 ──► 100 predictions, ordered ──► percentile ──► medians of groups, projections
//! ```
//!
//! Source: D. Betebenner, Norm- and criterion-referenced student growth, Educational Measurement: Issues and Practice 28 (2009).

#[cfg(test)]
mod against_r;
#[cfg(test)]
mod awkward;
mod model;
mod panel;
mod projection;
pub mod regression;
mod spline;
mod summary;

pub use model::{Model, PERCENTILES, Predictions, percentile};
pub use projection::{Step, growth_needed, trajectories};
pub use spline::Spline;
pub use summary::{GroupGrowth, group_growth};

use std::fmt;

use super::refusal::Refusal;
use panel::Panel;

/// One score of one pupil in one subject. A score that is no number counts as missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Any key of the pupil, the same in every year.
    pub student: u64,
    /// The year of the test.
    pub year: i32,
    pub grade: u8,
    pub score: f64,
}

/// A test in the sequence of a norm group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occasion {
    pub year: i32,
    pub grade: u8,
}

/// The tests that pupils are compared on, oldest first; the last is the one whose growth is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormGroup {
    pub sequence: Vec<Occasion>,
    /// What people call them, in the same order; empty for year and grade.
    pub names: Vec<String>,
}

impl NormGroup {
    /// One grade a year, the last in `target_year`.
    pub fn yearly(target_year: i32, grades: &[u8]) -> Self {
        let years = (0..grades.len() as i32).rev().map(|ago| target_year - ago);
        Self { sequence: years.zip(grades).map(|(year, &grade)| Occasion { year, grade }).collect(), names: Vec::new() }
    }

    /// The test whose growth is asked for.
    fn target(&self) -> Occasion {
        *self.sequence.last().expect("a sequence was checked to have two tests")
    }

    fn name(&self, test: Occasion) -> String {
        let place = self.sequence.iter().position(|other| *other == test);
        place.and_then(|place| self.names.get(place).cloned()).unwrap_or_else(|| test.to_string())
    }
}

impl fmt::Display for Occasion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} grade {}", self.year, self.grade)
    }
}

/// Whose scores place the knots of a grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnotsFrom {
    /// All pupils who were in the grade in the year before the target year: the method's rule.
    YearBefore,
    /// The pupils of the norm group who sat the test of the sequence itself: for a single cohort.
    NormGroup,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The quantiles of a grade's scores at which the inner knots lie.
    pub knots: Vec<f64>,
    /// The share of the range of scores added on both sides for the boundary.
    pub margin: f64,
    pub knots_from: KnotsFrom,
    /// The most earlier scores used.
    pub most_priors: usize,
    /// The fewest pupils for a regression.
    pub fewest_pupils: usize,
    pub threads: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            knots: vec![0.2, 0.4, 0.6, 0.8],
            margin: 0.1,
            knots_from: KnotsFrom::YearBefore,
            most_priors: 3,
            fewest_pupils: 250,
            threads: 1,
        }
    }
}

/// A pupil's growth percentile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StudentGrowth {
    pub student: u64,
    /// 1 to 99.
    pub percentile: u8,
    /// How many earlier scores it takes into account.
    pub priors: usize,
}

/// The growth of a norm group.
#[derive(Clone, Debug)]
pub struct Growth {
    /// By number of earlier scores, ascending.
    pub models: Vec<Model>,
    /// The numbers of earlier scores that have no model, and why.
    pub left_out: Vec<(usize, Refusal)>,
    /// Pupils with a percentile, by key.
    pub students: Vec<StudentGrowth>,
    /// Pupils with a score on the target test.
    pub tested: usize,
}

impl Growth {
    /// The model that uses the most earlier scores of those that a pupil has.
    pub fn model(&self, priors: usize) -> Option<&Model> {
        self.models.iter().rev().find(|model| model.priors() <= priors)
    }
}

/// The growth percentiles of `group` among `scores` of one subject.
pub fn growth(scores: &[Score], group: &NormGroup, settings: &Settings) -> Result<Growth, Refusal> {
    check(group, settings)?;
    let panel = Panel::new(scores, group, settings.most_priors)?;
    let (mut models, mut left_out) = (Vec::new(), Vec::new());
    for priors in 1..=panel.priors() {
        match Model::fit(&panel, scores, priors, settings) {
            Ok(model) => models.push(model),
            Err(reason) => left_out.push((priors, reason)),
        }
    }
    if models.is_empty() {
        return Err(left_out.swap_remove(0).1);
    }
    let mut growth = Growth { models, left_out, students: Vec::new(), tested: panel.len() };
    growth.students = panel.percentiles(&growth, settings.threads);
    Ok(growth)
}

fn check(group: &NormGroup, settings: &Settings) -> Result<(), Refusal> {
    let wrong = |reason: &str| Err(Refusal::Settings(reason.to_owned()));
    if group.sequence.len() < 2 {
        return wrong("the sequence of grades has no earlier test: name at least two");
    }
    if group.sequence.windows(2).any(|pair| (pair[0].year, pair[0].grade) >= (pair[1].year, pair[1].grade)) {
        return wrong("the sequence of grades must go forward in time");
    }
    if settings.most_priors == 0 || settings.threads == 0 {
        return wrong("most_priors and threads must be at least 1");
    }
    if !settings.knots.iter().all(|knot| (0.0..=1.0).contains(knot)) || !(0.0..=10.0).contains(&settings.margin) {
        return wrong("knots must be quantiles between 0 and 1, the margin a share between 0 and 10");
    }
    Ok(())
}
