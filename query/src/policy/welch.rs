//! Means of schools compared, each school counting once: Welch's test, whose groups may vary unequally.

use super::estimate::Estimate;
use super::refusal::Refusal;
use crate::sample::{mean, variance};

/// The mean of `one` less that of `other`, each of two or more; Satterthwaite's degrees of freedom.
pub(super) fn difference(one: &[f64], other: &[f64], confidence: f64) -> Result<Estimate, Refusal> {
    let part = |values: &[f64]| variance(values) / values.len() as f64;
    let (a, b) = (part(one), part(other));
    if a + b == 0.0 {
        return Err(Refusal::NoVariance { n: one.len() + other.len() });
    }
    let share = |part: f64, values: &[f64]| part * part / (values.len() as f64 - 1.0);
    let degrees = (a + b).powi(2) / (share(a, one) + share(b, other));
    Estimate::student(mean(one) - mean(other), (a + b).sqrt(), degrees, confidence)
}

/// The mean of two or more values that vary.
pub(super) fn one(values: &[f64], confidence: f64) -> Result<Estimate, Refusal> {
    let error = (variance(values) / values.len() as f64).sqrt();
    if error == 0.0 {
        return Err(Refusal::NoVariance { n: values.len() });
    }
    Estimate::student(mean(values), error, values.len() as f64 - 1.0, confidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn welch_is_that_of_scipy() {
        // scipy.stats.ttest_ind([-9.5, -7, -12, -4.5, -8], [-1, 0.5, -2.5, 1], equal_var=False), confidence_interval(0.95)
        let found = difference(&[-9.5, -7.0, -12.0, -4.5, -8.0], &[-1.0, 0.5, -2.5, 1.0], 0.95).unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-8, "{a} against {b}");
        near(found.value, -7.7);
        near(found.p_value, 0.0016026438381262639);
        near(found.low, -11.25959429792542);
        near(found.high, -4.140405702074579);
        assert_eq!(difference(&[1.0, 1.0], &[2.0, 2.0], 0.95), Err(Refusal::NoVariance { n: 4 }));
    }
}
