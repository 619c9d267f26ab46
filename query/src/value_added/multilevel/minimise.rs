//! Newton's method for a smooth function with a gradient: few variables, dear evaluations.
//!
//! Promise: the minimum found has a zero gradient to the precision of the function and a positive definite matrix of second
//! derivatives, or the record says that it did not converge. Second derivatives are central differences of the gradient.

use super::dense;

/// A function's value and gradient at a point; none where it is not defined.
pub(crate) type Value = Option<(f64, Vec<f64>)>;

/// How a search went.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Convergence {
    pub converged: bool,
    pub iterations: usize,
    pub evaluations: usize,
    /// The largest part of the gradient of the deviance, in the scaled parameters.
    pub gradient: f64,
    /// What one more step would take off the deviance.
    pub decrement: f64,
}

pub(crate) struct Minimum {
    pub at: Vec<f64>,
    pub value: f64,
    pub convergence: Convergence,
}

const STEP: f64 = 1e-4;
const LONGEST_STEP: f64 = 2.0;
const DECREMENT: f64 = 1e-12;

/// Goes downhill from `start`; the variables are scaled so that 1 is a usual size. None when `f` is not defined there.
pub(crate) fn minimise(mut f: impl FnMut(&[f64]) -> Value, start: Vec<f64>, most: usize) -> Option<Minimum> {
    let mut evaluations = 0;
    let mut f = |x: &[f64]| {
        evaluations += 1;
        f(x).filter(|(value, gradient)| value.is_finite() && gradient.iter().all(|g| g.is_finite()))
    };
    let (mut x, (mut value, mut gradient)) = (start.clone(), f(&start)?);
    let (mut iterations, mut converged, mut decrement) = (0, x.is_empty(), 0.0);
    while !converged && iterations < most {
        iterations += 1;
        let Some((step, definite)) = newton(&mut f, &x, &gradient) else { break };
        decrement = -0.5 * dense::dot(&step, &gradient);
        let near = definite && decrement < DECREMENT;
        let Some((next, found)) = go(&mut f, &x, value, &step, 2.0 * decrement) else {
            converged = near;
            break;
        };
        (x, value, gradient) = (next, found.0, found.1);
        converged = near;
    }
    let gradient = gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
    Some(Minimum { at: x, value, convergence: Convergence { converged, iterations, evaluations, gradient, decrement } })
}

/// The step of Newton, and whether the second derivatives were positive definite as they are.
fn newton(f: &mut impl FnMut(&[f64]) -> Value, x: &[f64], gradient: &[f64]) -> Option<(Vec<f64>, bool)> {
    let n = x.len();
    let mut second = vec![0.0; n * n];
    for i in 0..n {
        let h = STEP * x[i].abs().max(0.1);
        let mut shifted = |by: f64| {
            let mut moved = x.to_vec();
            moved[i] += by;
            Some(f(&moved)?.1)
        };
        let (up, down) = (shifted(h)?, shifted(-h)?);
        (0..n).for_each(|j| second[i * n + j] = (up[j] - down[j]) / (2.0 * h));
    }
    let symmetric: Vec<f64> = (0..n * n).map(|k| 0.5 * (second[k] + second[(k % n) * n + k / n])).collect();
    let size = symmetric.iter().fold(1e-8, |most: f64, s| most.max(s.abs()));
    let mut shift = 0.0;
    loop {
        let mut factor = symmetric.clone();
        (0..n).for_each(|i| factor[i * n + i] += shift);
        if dense::cholesky(&mut factor, n) {
            let mut step: Vec<f64> = gradient.iter().map(|g| -g).collect();
            dense::solve(&factor, n, &mut step);
            let longest = step.iter().fold(0.0, |most: f64, s| most.max(s.abs()));
            let cut = (LONGEST_STEP / longest).min(1.0);
            step.iter_mut().for_each(|s| *s *= cut);
            return Some((step, shift == 0.0));
        }
        shift = if shift == 0.0 { 1e-3 * size } else { 4.0 * shift };
    }
}

type Found = (Vec<f64>, (f64, Vec<f64>));

/// Along `step` until the value falls; `promised` is what the gradient says that the whole step takes off.
fn go(f: &mut impl FnMut(&[f64]) -> Value, x: &[f64], value: f64, step: &[f64], promised: f64) -> Option<Found> {
    let noise = 1e-13 * value.abs();
    let mut share = 1.0;
    for _ in 0..40 {
        let next: Vec<f64> = x.iter().zip(step).map(|(x, s)| x + share * s).collect();
        if let Some(found) = f(&next).filter(|(now, _)| *now <= value - 1e-4 * share * promised + noise) {
            return Some((next, found));
        }
        share *= 0.5;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crooked_valley_is_followed_to_its_end() {
        let valley = |x: &[f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            Some((a * a + 100.0 * b * b, vec![-2.0 * a - 400.0 * b * x[0], 200.0 * b]))
        };
        let minimum = minimise(valley, vec![-1.2, 1.0], 100).expect("defined");
        assert!(minimum.convergence.converged, "{:?}", minimum.convergence);
        assert!(minimum.at.iter().all(|x| (x - 1.0).abs() < 1e-8));
    }

    #[test]
    fn a_ridge_is_left_and_no_end_is_no_convergence() {
        let ridge = |x: &[f64]| Some((x[0].powi(4) - x[0].powi(2), vec![4.0 * x[0].powi(3) - 2.0 * x[0]]));
        let minimum = minimise(ridge, vec![0.1], 100).expect("defined");
        assert!(minimum.convergence.converged && (minimum.at[0].abs() - 0.5f64.sqrt()).abs() < 1e-8);
        let endless = |x: &[f64]| Some((-x[0], vec![-1.0]));
        assert!(!minimise(endless, vec![0.0], 20).expect("defined").convergence.converged);
    }
}
