//! Figures of groups of pupils: when one may be given, and means and rates with their intervals.
//!
//! Promise: no figure of fewer pupils than the rule says, none where too few of those tested could be linked, none below the
//! school when each pupil took a subject drawn at random, and no "none" or "all" of a small group.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::refusal::Refusal;

/// What a figure is about, the smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Student,
    Class,
    School,
    County,
    Region,
}

/// How the pupils tested were chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// Everyone took the subject.
    #[default]
    Census,
    /// Everyone took one subject drawn at random (as in Suzhou since 2015).
    Matrix,
}

/// When a group's figure may be given, and how sure its interval is. The defaults are choices, save for 20 pupils (Colorado's rule
/// for medians of growth percentiles).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupRules {
    pub sampling: Sampling,
    pub fewest: usize,
    /// Per cent of the pupils tested who must have an earlier score.
    pub least_linked: u8,
    pub confidence: f64,
    /// A rate of 0 % or 100 % is given of no fewer pupils than this.
    pub fewest_for_extremes: usize,
}

impl Default for GroupRules {
    fn default() -> Self {
        Self { sampling: Sampling::Census, fewest: 20, least_linked: 80, confidence: 0.95, fewest_for_extremes: 100 }
    }
}

impl GroupRules {
    /// Whether any figure may be given at `level`.
    pub fn check(&self, level: Level) -> Result<(), Refusal> {
        if !(0.5..1.0).contains(&self.confidence) || self.least_linked > 100 {
            return Err(Refusal::Settings("confidence must be from 0.5 to below 1, least_linked at most 100".to_owned()));
        }
        if self.sampling == Sampling::Matrix && level < Level::School {
            return Err(Refusal::MatrixSampled);
        }
        Ok(())
    }

    /// Whether a figure of `linked` pupils of the `tested` may be given at `level`.
    pub fn allow(&self, level: Level, linked: usize, tested: usize) -> Result<(), Refusal> {
        self.check(level)?;
        let least = self.fewest.max(2);
        if linked < least {
            return Err(Refusal::SmallGroup { n: linked, least });
        }
        if linked * 100 < tested * usize::from(self.least_linked) {
            return Err(Refusal::TooFewLinked { linked, tested, least: self.least_linked });
        }
        Ok(())
    }
}

/// A mean with its error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mean {
    pub n: usize,
    pub mean: f64,
    /// s / √n.
    pub error: f64,
    /// Student's.
    pub interval: [f64; 2],
}

impl Mean {
    /// Of at least two values; not a number of fewer.
    pub(super) fn of(values: &[f64], confidence: f64) -> Self {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let square = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n as f64 - 1.0);
        let error = (square / n as f64).sqrt();
        let student = StudentsT::new(0.0, 1.0, n as f64 - 1.0).expect("two values or more");
        let reach = error * student.inverse_cdf(f64::midpoint(1.0, confidence));
        Self { n, mean, error, interval: [mean - reach, mean + reach] }
    }

    /// Whether the interval leaves out `value`.
    pub fn differs_from(&self, value: f64) -> bool {
        !(self.interval[0]..=self.interval[1]).contains(&value)
    }
}

/// A share of pupils with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    pub count: usize,
    pub of: usize,
    pub share: f64,
    /// Wilson's.
    pub interval: [f64; 2],
}

impl Rate {
    pub(super) fn of(count: usize, of: usize, rules: &GroupRules) -> Result<Self, Refusal> {
        let least = rules.fewest.max(1);
        if of < least {
            return Err(Refusal::SmallGroup { n: of, least });
        }
        if (count == 0 || count == of) && of < rules.fewest_for_extremes {
            return Err(Refusal::NoneOrAll { n: of, least: rules.fewest_for_extremes });
        }
        Ok(Self::wilson(count, of, rules.confidence))
    }

    /// Whatever the numbers; not of pupils.
    pub(super) fn wilson(count: usize, of: usize, confidence: f64) -> Self {
        let (n, share) = (of as f64, count as f64 / of as f64);
        let z = Normal::standard().inverse_cdf(f64::midpoint(1.0, confidence));
        let middle = share + z * z / (2.0 * n);
        let reach = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + z * z / n;
        Self { count, of, share, interval: [((middle - reach) / scale).max(0.0), ((middle + reach) / scale).min(1.0)] }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::small(Sampling::Census, Level::Class, 19, 19, Some("small_group"))]
    #[case::enough(Sampling::Census, Level::Class, 20, 25, None)]
    #[case::unlinked(Sampling::Census, Level::School, 79, 100, Some("too_few_linked"))]
    #[case::class_of_matrix(Sampling::Matrix, Level::Class, 500, 500, Some("matrix_sampled"))]
    #[case::school_of_matrix(Sampling::Matrix, Level::School, 60, 60, None)]
    fn figures_are_allowed_by_size_linking_and_sampling(
        #[case] sampling: Sampling,
        #[case] level: Level,
        #[case] linked: usize,
        #[case] tested: usize,
        #[case] code: Option<&str>,
    ) {
        let rules = GroupRules { sampling, ..GroupRules::default() };
        assert_eq!(rules.allow(level, linked, tested).err().map(|refusal| refusal.code()), code);
    }

    #[test]
    fn a_mean_has_students_interval() {
        // R: t.test(c(3, -1, 4, 1, 5, -9, 2, 6))
        let mean = Mean::of(&[3.0, -1.0, 4.0, 1.0, 5.0, -9.0, 2.0, 6.0], 0.95);
        assert_eq!((mean.n, mean.mean), (8, 1.375));
        assert!((mean.interval[0] - -2.595_313_566).abs() < 1e-6 && (mean.interval[1] - 5.345_313_566).abs() < 1e-6, "{mean:?}");
        assert!(!mean.differs_from(0.0) && mean.differs_from(6.0));
    }

    #[test]
    fn a_rate_has_wilsons_interval_and_no_extreme_of_a_small_group() {
        // R: prop.test(8, 40, correct = FALSE)
        let rate = Rate::of(8, 40, &GroupRules::default()).unwrap();
        assert!((rate.interval[0] - 0.104_999_90).abs() < 1e-5 && (rate.interval[1] - 0.347_573_06).abs() < 1e-5, "{rate:?}");
        assert_eq!(Rate::of(40, 40, &GroupRules::default()), Err(Refusal::NoneOrAll { n: 40, least: 100 }));
        assert_eq!(Rate::of(0, 400, &GroupRules::default()).unwrap().interval[0], 0.0);
    }
}
