//! A lognormal law fitted to minutes of which some were cut off, by maximum likelihood.
//!
//! Source: the censored (Tobit) likelihood on the logarithm of minutes; intervals by the delta method on the logarithm (mean, median)
//! and on the normal scale (share). Equal to R's `survreg(dist = "lognormal")`.

use serde::Serialize;
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

use super::super::estimate::Estimate;
use super::super::refusal::Refusal;
use super::{FEWEST, Minutes};
use crate::sample::{mean, variance};

/// The law's parameters and what follows from them. Durations are in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Lognormal {
    /// Students with more than zero minutes, whom the law is of.
    pub n: usize,
    /// Mean and deviation of the natural logarithm of minutes.
    pub location: f64,
    pub scale: f64,
    pub mean: Estimate,
    pub median: Estimate,
    /// The share over the limit, 0 to 1, where there is one.
    pub over_limit: Option<Estimate>,
}

const MOST_STEPS: usize = 100;

/// ln minutes, and whether cut off.
type Log = (f64, bool);

/// Gradient and negative Hessian at a place, in μ and ln σ.
struct Slope {
    gradient: [f64; 2],
    information: [f64; 3],
}

impl Lognormal {
    pub(super) fn of(values: &[Minutes], limit: Option<f64>, confidence: f64) -> Result<Self, Refusal> {
        let logs: Vec<Log> =
            values.iter().filter(|value| value.minutes > 0.0).map(|value| (value.minutes.ln(), value.cut_off)).collect();
        let known: Vec<f64> = logs.iter().filter(|(_, cut_off)| !cut_off).map(|(log, _)| *log).collect();
        if known.len() < FEWEST {
            return Err(Refusal::SmallGroup { n: known.len(), least: FEWEST });
        }
        let all: Vec<f64> = logs.iter().map(|(log, _)| *log).collect();
        if variance(&known) == 0.0 {
            return Err(Refusal::NoVariance { n: known.len() });
        }
        let place = climb(&logs, [mean(&all), variance(&all).sqrt().ln()])?;
        let Slope { information: [a, b, c], .. } = slope(&logs, place);
        let whole = a * c - b * b;
        if !(whole > 0.0 && a > 0.0) {
            return Err(Refusal::NoModel("the lognormal law has no maximum".to_owned()));
        }
        let covariance = [c / whole, -b / whole, a / whole];
        let (location, scale) = (place[0], place[1].exp());
        let reach = Normal::standard().inverse_cdf(f64::midpoint(1.0, confidence));
        let log_scale = |value: f64, by: [f64; 2]| exponential(value, deviation(covariance, by), reach);
        Ok(Self {
            n: logs.len(),
            location,
            scale,
            mean: log_scale(location + scale * scale / 2.0, [1.0, scale * scale])?,
            median: log_scale(location, [1.0, 0.0])?,
            over_limit: limit
                .filter(|limit| *limit > 0.0)
                .map(|limit| over(limit, location, scale, covariance, reach))
                .transpose()?,
        })
    }
}

fn deviation([a, b, c]: [f64; 3], [x, y]: [f64; 2]) -> f64 {
    (a * x * x + 2.0 * b * x * y + c * y * y).sqrt()
}

/// The exponential of an estimate.
fn exponential(log: f64, error: f64, reach: f64) -> Result<Estimate, Refusal> {
    let value = log.exp();
    let (low, high) = ((log - reach * error).exp(), (log + reach * error).exp());
    Estimate { value, standard_error: value * error, low, high, p_value: 0.0 }.finite()
}

fn over(limit: f64, location: f64, scale: f64, covariance: [f64; 3], reach: f64) -> Result<Estimate, Refusal> {
    let law = Normal::standard();
    let place = (location - limit.ln()) / scale;
    let error = deviation(covariance, [1.0 / scale, -place]);
    let (low, high) = (law.cdf(place - reach * error), law.cdf(place + reach * error));
    Estimate { value: law.cdf(place), standard_error: law.pdf(place) * error, low, high, p_value: 0.0 }.finite()
}

/// Newton's way up, halving steps that go down.
fn climb(logs: &[Log], mut place: [f64; 2]) -> Result<[f64; 2], Refusal> {
    let mut height = likelihood(logs, place);
    for _ in 0..MOST_STEPS {
        let Slope { gradient: [u, v], information: [a, b, c] } = slope(logs, place);
        let whole = a * c - b * b;
        // Where the likelihood is not concave, along the gradient.
        let step = if whole > 0.0 && a > 0.0 {
            [(c * u - b * v) / whole, (a * v - b * u) / whole]
        } else {
            [u, v].map(|g| g / logs.len() as f64)
        };
        let halved = (0..40).map(|half| 0.5f64.powi(half)).map(|part| [place[0] + part * step[0], place[1] + part * step[1]]);
        let Some(next) = halved.into_iter().find(|next| likelihood(logs, *next) >= height) else { return Ok(place) };
        let gained = likelihood(logs, next) - height;
        let moved = (next[0] - place[0]).abs() + (next[1] - place[1]).abs();
        (place, height) = (next, height + gained);
        if moved < 1e-12 {
            return Ok(place);
        }
    }
    Err(Refusal::NoModel("the lognormal law was not found in a hundred steps".to_owned()))
}

fn likelihood(logs: &[Log], [location, log_scale]: [f64; 2]) -> f64 {
    let law = Normal::standard();
    let one = |(log, cut_off): &Log| {
        let z = (log - location) / log_scale.exp();
        if *cut_off { law.sf(z).max(f64::MIN_POSITIVE).ln() } else { -log_scale - z * z / 2.0 }
    };
    logs.iter().map(one).sum()
}

fn slope(logs: &[Log], [location, log_scale]: [f64; 2]) -> Slope {
    let (law, scale) = (Normal::standard(), log_scale.exp());
    let mut slope = Slope { gradient: [0.0; 2], information: [0.0; 3] };
    for (log, cut_off) in logs {
        let z = (log - location) / scale;
        // Mills' ratio, and its slope; of the known: z, and 1.
        let (up, bend, less) = if *cut_off {
            let mills = law.pdf(z) / law.sf(z).max(f64::MIN_POSITIVE);
            (mills, mills * (mills - z), 0.0)
        } else {
            (z, 1.0, 1.0)
        };
        slope.gradient[0] += up / scale;
        slope.gradient[1] += up * z - less;
        slope.information[0] += bend / (scale * scale);
        slope.information[1] += (up + z * bend) / scale;
        slope.information[2] += z * (up + z * bend);
    }
    slope
}
