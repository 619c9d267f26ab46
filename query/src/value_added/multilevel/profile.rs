//! Intervals of variance components from the profile of the deviance: every other parameter is fitted anew at each tried value, so that
//! the intervals are as lopsided as the data make them, and can end at zero.

use super::likelihood::Likelihood;
use super::minimise::minimise;
use super::normal::WIDTH_95;

/// A 95 % interval of a standard deviation.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

const ROUNDS: usize = 40;
const STEPS: usize = 30;
/// How near to the 95 % the ends lie, in standard errors.
const PRECISION: f64 = 1e-5;

/// The best model, from which profiles start.
pub(crate) struct Best<'a> {
    /// The covariances of the effects over the residual variance.
    pub covariances: &'a [Vec<f64>],
    pub residual_variance: f64,
    pub deviance: f64,
}

/// The interval of the deviation of one random column of one grouping; none when the profile cannot be followed.
pub(crate) fn of_effect(likelihood: &mut Likelihood, best: &Best<'_>, grouping: usize, row: usize) -> Option<Interval> {
    let usual = likelihood.orders.clone();
    likelihood.orders[grouping].retain(|own| *own != row);
    likelihood.orders[grouping].insert(0, row);
    let theta = likelihood.theta(best.covariances);
    let fixed = likelihood.scales[..grouping].iter().map(|scales| scales.len() * (scales.len() + 1) / 2).sum::<usize>();
    let scale = likelihood.scales[grouping][row];
    let mut rest = theta.clone();
    rest.remove(fixed);
    rest.push(best.residual_variance.ln());
    let deviation = theta[fixed].abs() * scale * best.residual_variance.sqrt();
    let mut at = |tried: f64| {
        let point = |x: &[f64]| {
            let variance = x[x.len() - 1].exp();
            let mut theta = x[..x.len() - 1].to_vec();
            theta.insert(fixed, tried / (scale * variance.sqrt()));
            (theta, variance)
        };
        let value = |x: &[f64]| {
            let (theta, variance) = point(x);
            let (deviance, mut gradient) = likelihood.deviance(&theta, Some(variance))?;
            let own = gradient.remove(fixed);
            let last = gradient.len() - 1;
            gradient[last] -= 0.5 * theta[fixed] * own;
            Some((deviance, gradient))
        };
        let minimum = minimise(value, rest.clone(), STEPS)?;
        minimum.convergence.converged.then(|| rest = minimum.at);
        Some(minimum.value - best.deviance)
    };
    let step = if deviation > 0.0 { 0.2 * deviation } else { 0.05 * scale * best.residual_variance.sqrt() };
    let interval = ends(&mut at, deviation, step);
    likelihood.orders = usual;
    interval
}

/// The interval of the residual deviation.
pub(crate) fn of_residual(likelihood: &mut Likelihood, best: &Best<'_>) -> Option<Interval> {
    let mut theta = likelihood.theta(best.covariances);
    let deviation = best.residual_variance.sqrt();
    let step = 1.4 * deviation / likelihood.n.sqrt();
    let mut at = |tried: f64| {
        let value = |theta: &[f64]| {
            let (deviance, mut gradient) = likelihood.deviance(theta, Some(tried * tried))?;
            gradient.pop();
            Some((deviance, gradient))
        };
        let minimum = minimise(value, theta.clone(), STEPS)?;
        minimum.convergence.converged.then(|| theta = minimum.at);
        Some(minimum.value - best.deviance)
    };
    ends(&mut at, deviation, step)
}

fn ends(at: &mut impl FnMut(f64) -> Option<f64>, best: f64, step: f64) -> Option<Interval> {
    let high = end(at, best, step)?;
    let low = if best <= 0.0 || at(0.0).is_some_and(|rise| rise < WIDTH_95 * WIDTH_95) { 0.0 } else { end(at, best, -step)? };
    Some(Interval { low, high })
}

/// Where the root of the rise is that of 95 %: nearly a line in the deviation, and so followed by secants within a bracket.
fn end(at: &mut impl FnMut(f64) -> Option<f64>, best: f64, step: f64) -> Option<f64> {
    let (mut inner, mut outer): ((f64, f64), Option<(f64, f64)>) = ((best, 0.0), None);
    let mut tried = best + step;
    for _ in 0..ROUNDS {
        let root = at(tried.max(0.0))?.max(0.0).sqrt();
        if (root - WIDTH_95).abs() < PRECISION {
            return Some(tried);
        }
        if root < WIDTH_95 {
            inner = (tried, root)
        } else {
            outer = Some((tried, root))
        }
        tried = match outer {
            Some((far, high)) => {
                let share = (WIDTH_95 - inner.1) / (high - inner.1);
                inner.0 + share.clamp(0.02, 0.98) * (far - inner.0)
            }
            None => {
                let ahead = best + (tried - best) * (WIDTH_95 / root.max(1e-3)).clamp(1.2, 4.0);
                if step < 0.0 { ahead.max(0.5 * inner.0) } else { ahead }
            }
        };
    }
    None
}
