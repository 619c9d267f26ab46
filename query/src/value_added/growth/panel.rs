//! The pupils of a norm group: everyone with a score on the target test, and the earlier scores of each.

use std::collections::HashMap;
use std::thread;

use super::model::{Model, percentile};
use super::{Growth, NormGroup, Occasion, Score, StudentGrowth};
use crate::value_added::refusal::Refusal;

pub(super) struct Panel {
    /// By key, ascending.
    students: Vec<u64>,
    target: Vec<f64>,
    /// The latest earlier test first.
    occasions: Vec<Occasion>,
    group: NormGroup,
    /// `occasions` numbers a pupil; missing is no number.
    earlier: Vec<f64>,
}

impl Panel {
    pub fn new(scores: &[Score], group: &NormGroup, most_priors: usize) -> Result<Self, Refusal> {
        let mut occasions: Vec<Occasion> = group.sequence.iter().rev().copied().take(most_priors + 1).collect();
        let target = occasions.remove(0);
        let mut tested: Vec<(u64, f64)> = at(scores, target).collect();
        tested.sort_unstable_by_key(|(student, _)| *student);
        let repeated = tested.windows(2).filter(|pair| pair[0].0 == pair[1].0).count();
        let test = group.name(target);
        if tested.is_empty() {
            return Err(Refusal::NoScores { test });
        }
        if repeated > 0 {
            return Err(Refusal::ManyScores { students: repeated, test });
        }
        let (students, target): (Vec<u64>, Vec<f64>) = tested.into_iter().unzip();
        let mut panel =
            Self { earlier: vec![f64::NAN; students.len() * occasions.len()], students, target, occasions, group: group.clone() };
        panel.fill(scores)?;
        Ok(panel)
    }

    fn fill(&mut self, scores: &[Score]) -> Result<(), Refusal> {
        let places: HashMap<u64, usize> = self.students.iter().enumerate().map(|(place, &student)| (student, place)).collect();
        for (ago, &occasion) in self.occasions.iter().enumerate() {
            let mut repeated = 0;
            for (student, score) in at(scores, occasion) {
                let Some(place) = places.get(&student) else { continue };
                let cell = &mut self.earlier[place * self.occasions.len() + ago];
                repeated += usize::from(!cell.is_nan());
                *cell = score;
            }
            let test = self.group.name(occasion);
            if repeated > 0 {
                return Err(Refusal::ManyScores { students: repeated, test });
            }
        }
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.students.len()
    }

    pub fn group(&self) -> &NormGroup {
        &self.group
    }

    /// Whether a pupil has a score on the target test.
    pub fn holds(&self, student: u64) -> bool {
        self.students.binary_search(&student).is_ok()
    }

    /// The most earlier scores that a pupil can have.
    pub fn priors(&self) -> usize {
        self.occasions.len()
    }

    pub fn occasion(&self, ago: usize) -> Occasion {
        self.occasions[ago]
    }

    /// The earlier scores of the pupil at `place`, the latest first, up to the first that is missing.
    fn earlier(&self, place: usize) -> &[f64] {
        let all = &self.earlier[place * self.priors()..][..self.priors()];
        let known = all.iter().position(|score| score.is_nan()).unwrap_or(all.len());
        &all[..known]
    }

    /// The target scores and the latest `priors` earlier scores of those who have them all.
    pub fn complete(&self, priors: usize) -> impl Iterator<Item = (f64, &[f64])> {
        let complete = (0..self.len()).filter(move |&place| self.earlier(place).len() >= priors);
        complete.map(move |place| (self.target[place], &self.earlier(place)[..priors]))
    }

    /// Everyone's percentile by the model with the most earlier scores that the pupil has.
    pub fn percentiles(&self, growth: &Growth, threads: usize) -> Vec<StudentGrowth> {
        let places: Vec<usize> = (0..self.len()).collect();
        let share = places.len().div_ceil(threads).max(1);
        let part = |places: &[usize]| {
            let mut space = Vec::new();
            places.iter().filter_map(|&place| self.percentile(growth, place, &mut space)).collect::<Vec<_>>()
        };
        thread::scope(|scope| {
            let workers: Vec<_> = places.chunks(share).map(|places| scope.spawn(move || part(places))).collect();
            workers.into_iter().flat_map(|worker| worker.join().expect("a prediction does not panic")).collect()
        })
    }

    fn percentile(&self, growth: &Growth, place: usize, space: &mut Vec<f64>) -> Option<StudentGrowth> {
        let earlier = self.earlier(place);
        let model: &Model = growth.model(earlier.len())?;
        let predictions = model.predict(&earlier[..model.priors()], space);
        let percentile = percentile(&predictions, self.target[place]);
        Some(StudentGrowth { student: self.students[place], percentile, priors: model.priors() })
    }
}

/// The scores of an occasion that are numbers.
pub(super) fn at(scores: &[Score], Occasion { year, grade }: Occasion) -> impl Iterator<Item = (u64, f64)> {
    let there = scores.iter().filter(move |score| score.year == year && score.grade == grade && score.score.is_finite());
    there.map(|score| (score.student, score.score))
}
