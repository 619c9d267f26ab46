//! Whether two sources of minutes say the same: a platform's measure, a student's or parent's report, a teacher's estimate.
//!
//! Promise: agreement is told from mere correlation – how far apart two sources of one student are, on average and at the ends.
//! One pair for each student (such as means over days), for pairs of one student are not independent.
//!
//! Source: limits of agreement, Bland & Altman 1999; concordance, Lin 1989 with the variance as corrected in 2000; intervals of rank
//! correlation, Bonett & Wright 2000.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

use super::estimate::{self, Estimate};
use super::least_squares::Design;
use super::refusal::Refusal;
use crate::sample::{correlation, mean, ranks, variance};

/// Fewer pairs show nothing that may be shown.
pub const FEWEST_PAIRS: usize = 10;

/// Where minutes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Measured,
    Reported,
    Estimated,
}

/// One student's minutes by source.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Student {
    pub measured: Option<f64>,
    pub reported: Option<f64>,
    pub estimated: Option<f64>,
}

/// Two sources compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub one: Source,
    pub other: Source,
    pub agreement: Result<Agreement, Refusal>,
}

/// How far two sources agree. Differences are of the first less the second, in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Agreement {
    pub confidence: f64,
    /// Students with both.
    pub n: usize,
    /// Their share of the students with either, 0 to 1.
    pub coverage: f64,
    /// The mean difference.
    pub bias: Estimate,
    /// The deviation of the differences.
    pub deviation: f64,
    /// Between these lie 95 of 100 differences.
    pub lower_limit: Estimate,
    pub upper_limit: Estimate,
    /// How much the difference grows with each minute of the mean of both: far from zero, the limits do not hold for all.
    pub growth: Estimate,
    /// Lin's concordance, −1 to 1: correlation, less what the sources differ in place and scale.
    pub concordance: Estimate,
    /// Spearman's correlation of ranks, −1 to 1.
    pub rank_correlation: Estimate,
}

/// Compares the three sources, two and two.
pub fn sources(students: &[Student], confidence: f64) -> Vec<Comparison> {
    let of = |source: Source| {
        move |student: &Student| match source {
            Source::Measured => student.measured,
            Source::Reported => student.reported,
            Source::Estimated => student.estimated,
        }
    };
    let two =
        [(Source::Measured, Source::Reported), (Source::Measured, Source::Estimated), (Source::Reported, Source::Estimated)];
    let compare = |(one, other): (Source, Source)| {
        let pairs: Vec<(Option<f64>, Option<f64>)> =
            students.iter().map(|student| (of(one)(student), of(other)(student))).collect();
        Comparison { one, other, agreement: agreement(&pairs, confidence) }
    };
    two.into_iter().map(compare).collect()
}

/// Compares two sources, student by student.
pub fn agreement(pairs: &[(Option<f64>, Option<f64>)], confidence: f64) -> Result<Agreement, Refusal> {
    estimate::check_confidence(confidence)?;
    let finite = |value: &Option<f64>| value.filter(|value| value.is_finite());
    let either = pairs.iter().filter(|(a, b)| finite(a).or(finite(b)).is_some()).count();
    let (one, other): (Vec<f64>, Vec<f64>) = pairs.iter().filter_map(|(a, b)| Some((finite(a)?, finite(b)?))).unzip();
    let n = one.len();
    if n < FEWEST_PAIRS {
        return Err(Refusal::SmallGroup { n, least: FEWEST_PAIRS });
    }
    let differences: Vec<f64> = one.iter().zip(&other).map(|(a, b)| a - b).collect();
    if [&one, &other, &differences].into_iter().any(|values| estimate::all_same(values)) {
        return Err(Refusal::NoVariance { n });
    }
    let middles: Vec<f64> = one.iter().zip(&other).map(|(a, b)| f64::midpoint(*a, *b)).collect();
    let (bias, deviation, count) = (mean(&differences), variance(&differences).sqrt(), n as f64);
    let student = |value: f64, error: f64| Estimate::student(value, error, count - 1.0, confidence);
    let wide = Normal::standard().inverse_cdf(0.975);
    let limit_error = deviation * (1.0 / count + wide * wide / (2.0 * (count - 1.0))).sqrt();
    Ok(Agreement {
        confidence,
        n,
        coverage: count / either as f64,
        bias: student(bias, deviation / count.sqrt())?,
        deviation,
        lower_limit: student(bias - wide * deviation, limit_error)?,
        upper_limit: student(bias + wide * deviation, limit_error)?,
        growth: growth(&middles, &differences, confidence)?,
        concordance: concordance(&one, &other, confidence)?,
        rank_correlation: rank_correlation(&one, &other, confidence)?,
    })
}

fn growth(middles: &[f64], differences: &[f64], confidence: f64) -> Result<Estimate, Refusal> {
    let mut line = Design::default();
    line.push("one", vec![1.0; middles.len()]);
    line.push("the mean of both sources", middles.to_vec());
    let fit = line.fit(differences)?;
    let degrees = middles.len() as f64 - 2.0;
    Estimate::student(fit.coefficients[1], (fit.residual_squares / degrees * fit.bread[1][1]).sqrt(), degrees, confidence)
}

fn concordance(one: &[f64], other: &[f64], confidence: f64) -> Result<Estimate, Refusal> {
    let n = one.len() as f64;
    let shrink = (n - 1.0) / n;
    let (a, b, apart) = (variance(one) * shrink, variance(other) * shrink, mean(one) - mean(other));
    let r = correlation(one, other).ok_or(Refusal::NoVariance { n: one.len() })?;
    let value = 2.0 * r * (a * b).sqrt() / (a + b + apart * apart);
    if r.abs() < 1e-12 || value.abs() > 1.0 - 1e-12 {
        return Err(Refusal::NoModel("the concordance has no interval".to_owned()));
    }
    let u = apart * apart / (a * b).sqrt();
    let (square, rest) = (value * value, 1.0 - value * value);
    let within = (1.0 - r * r) * square / (rest * r * r);
    let cross = 2.0 * value.powi(3) * (1.0 - value) * u / (r * rest * rest);
    let place = square * square * u * u / (2.0 * r * r * rest * rest);
    fisher(value, ((within + cross - place) / (n - 2.0)).sqrt(), confidence)
}

fn rank_correlation(one: &[f64], other: &[f64], confidence: f64) -> Result<Estimate, Refusal> {
    let value = correlation(&ranks(one), &ranks(other)).ok_or(Refusal::NoVariance { n: one.len() })?;
    if value.abs() > 1.0 - 1e-12 {
        return Err(Refusal::NoModel("the ranks are all alike, so that their correlation has no interval".to_owned()));
    }
    rank_estimate(value, one.len(), confidence)
}

/// A correlation of the ranks of `n` pairs with its interval.
pub(super) fn rank_estimate(value: f64, n: usize, confidence: f64) -> Result<Estimate, Refusal> {
    fisher(value, ((1.0 + value * value / 2.0) / (n as f64 - 3.0)).sqrt(), confidence)
}

/// A correlation whose inverse hyperbolic tangent has the error `error`.
fn fisher(value: f64, error: f64, confidence: f64) -> Result<Estimate, Refusal> {
    let (law, turned) = (Normal::standard(), value.atanh());
    let reach = law.inverse_cdf(f64::midpoint(1.0, confidence)) * error;
    let p_value = if error > 0.0 { 2.0 * law.cdf(-(turned / error).abs()) } else { 0.0 };
    let standard_error = error * (1.0 - value * value);
    Estimate { value, standard_error, low: (turned - reach).tanh(), high: (turned + reach).tanh(), p_value }.finite()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::kept::{Kept, near};

    #[test]
    fn agreement_is_that_of_r() {
        let kept = Kept::new(include_str!("../../tests/policy/agreement.txt"));
        let pairs: Vec<_> = kept.of("measured").into_iter().map(Some).zip(kept.of("reported").into_iter().map(Some)).collect();
        let found = agreement(&pairs, 0.95).unwrap();
        let three = |estimate: Estimate| [estimate.value, estimate.low, estimate.high];
        near("bias", &three(found.bias), &kept.of("bias"), 1e-9);
        near("lower", &three(found.lower_limit), &kept.of("lower"), 1e-9);
        near("upper", &three(found.upper_limit), &kept.of("upper"), 1e-9);
        near("growth", &three(found.growth), &kept.of("growth"), 1e-9);
        near("concordance", &three(found.concordance), &kept.of("concordance"), 1e-9);
        near("ranks", &three(found.rank_correlation), &kept.of("ranks"), 1e-9);
    }

    #[test]
    fn correlation_without_agreement_is_told_apart() {
        // Reports are twice the measure: the ranks agree, the minutes do not.
        let twice: Vec<_> =
            (1..40).map(|minutes| (Some(f64::from(minutes)), Some(f64::from(2 * minutes + minutes % 3)))).collect();
        let found = agreement(&twice, 0.95).unwrap();
        assert!(found.rank_correlation.value > 0.99 && found.concordance.value < 0.6, "{found:?}");
        assert!(found.growth.high < 0.0 && found.bias.high < 0.0, "{found:?}");
    }

    #[test]
    fn each_two_sources_are_compared_or_refused() {
        let student = |at: i32| Student {
            measured: Some(f64::from(at * 7 % 60)),
            reported: (at % 2 == 0).then(|| f64::from(at * 7 % 60 + at * 11 % 17)),
            estimated: Some(45.0),
        };
        let found = sources(&(0..30).map(student).collect::<Vec<_>>(), 0.95);
        let first = found[0].agreement.as_ref().unwrap();
        assert_eq!((first.n, first.coverage), (15, 0.5));
        assert_eq!(found[1].agreement, Err(Refusal::NoVariance { n: 30 }));
        let few = sources(&(0..9).map(student).collect::<Vec<_>>(), 0.95);
        assert_eq!(few[1].agreement, Err(Refusal::SmallGroup { n: 9, least: 10 }));
    }
}
