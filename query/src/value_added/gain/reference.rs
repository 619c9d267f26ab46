//! The pupils that a score is placed among: everyone who sat the test, linked or not.

use crate::sample::quantile;
use crate::value_added::refusal::Refusal;

#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    ascending: Vec<f64>,
    pub mean: f64,
    /// σ of those tested, as standard scores use it: divided by n.
    pub deviation: f64,
}

impl Reference {
    /// Scores that are no numbers are left out. Refused when the scores do not differ.
    pub fn of(scores: impl IntoIterator<Item = f64>) -> Result<Self, Refusal> {
        let mut ascending: Vec<f64> = scores.into_iter().filter(|score| score.is_finite()).collect();
        ascending.sort_unstable_by(f64::total_cmp);
        let students = ascending.len();
        if ascending.first() == ascending.last() {
            return Err(Refusal::AllSame { students });
        }
        let n = students as f64;
        let mean = ascending.iter().sum::<f64>() / n;
        let deviation = (ascending.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / n).sqrt();
        Ok(Self { ascending, mean, deviation })
    }

    pub fn n(&self) -> usize {
        self.ascending.len()
    }

    /// z = (x − μ) / σ.
    pub fn z(&self, score: f64) -> f64 {
        (score - self.mean) / self.deviation
    }

    /// T = 50 + 10 z.
    pub fn t(&self, score: f64) -> f64 {
        50.0 + 10.0 * self.z(score)
    }

    /// Per cent of those tested who scored less, and half of those who scored the same.
    pub fn percentile_rank(&self, score: f64) -> f64 {
        let below = self.ascending.partition_point(|other| *other < score);
        let up_to = self.ascending.partition_point(|other| *other <= score);
        100.0 * f64::midpoint(below as f64, up_to as f64) / self.n() as f64
    }

    /// The highest score.
    pub fn highest(&self) -> f64 {
        *self.ascending.last().expect("a reference has scores")
    }

    /// The score that the top `share` (0 to 1) of those tested reach.
    pub fn top(&self, share: f64) -> f64 {
        quantile(&self.ascending, 1.0 - share).expect("a reference has scores")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_placed_among_those_tested() {
        let reference = Reference::of([60.0, 70.0, 70.0, 80.0, f64::NAN]).unwrap();
        assert_eq!((reference.n(), reference.mean, reference.deviation), (4, 70.0, 50f64.sqrt()));
        assert_eq!(reference.t(70.0), 50.0);
        assert_eq!(reference.percentile_rank(70.0), 50.0);
        assert_eq!(reference.percentile_rank(60.0), 12.5);
        assert_eq!(reference.percentile_rank(99.0), 100.0);
        assert_eq!(reference.top(0.5), 70.0);
    }

    #[test]
    fn scores_that_do_not_differ_place_nobody() {
        assert_eq!(Reference::of([70.0; 9]), Err(Refusal::AllSame { students: 9 }));
        assert_eq!(Reference::of([f64::NAN]), Err(Refusal::AllSame { students: 0 }));
    }
}
