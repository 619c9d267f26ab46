//! The search for the most likely variances, and what is done about variances of zero and about priors measured with error.

use super::dense;
use super::likelihood::{Likelihood, Solved};
use super::minimise::{Convergence, Minimum, minimise};
use super::refusal::Refusal;

/// Below this share of its usual size a deviation is zero.
const ZERO: f64 = 1e-5;
/// Where it is tried whether a deviation that went to zero should have.
const PROBE: f64 = 0.05;
/// The share of the response's variation that must be left within the groups.
const LEFT: f64 = 1e-12;
const CORRECTIONS: usize = 100;

/// The most likely model.
pub(crate) struct Found {
    pub lambdas: Vec<Vec<f64>>,
    pub solved: Solved,
    /// `(X'V⁻¹X)⁻¹` times whatever priors with error add: the covariance of the fixed effects over the residual variance.
    pub errors: Vec<f64>,
    pub convergence: Convergence,
}

/// The most likely model; `error_variances` are those of the columns' measurement errors, 0 for columns without.
pub(crate) fn find(
    likelihood: &mut Likelihood,
    error_variances: &[f64],
    total: f64,
    iterations: usize,
) -> Result<Found, Refusal> {
    let start = likelihood.start().ok_or(Refusal::NoResidual)?;
    let mut minimum = descend(likelihood, start, total, iterations)?;
    let corrected = error_variances.iter().any(|variance| *variance > 0.0);
    if corrected {
        minimum = correct(likelihood, error_variances, minimum, total, iterations)?;
    }
    let lambdas = likelihood.lambdas(&minimum.at);
    let solved = likelihood.solve(&lambdas, None).ok_or(Refusal::NoResidual)?;
    let errors = match corrected {
        true => corrected_errors(likelihood, error_variances, &lambdas, &solved),
        false => Some(solved.unscaled.clone()),
    };
    let errors = errors.ok_or(Refusal::UnreliablePriors { columns: Vec::new() })?;
    Ok(Found { lambdas, solved, errors, convergence: minimum.convergence })
}

fn descend(likelihood: &mut Likelihood, start: Vec<f64>, total: f64, iterations: usize) -> Result<Minimum, Refusal> {
    let search = |likelihood: &mut Likelihood, from: Vec<f64>| {
        let minimum = minimise(|theta| likelihood.deviance(theta, None), from, iterations).ok_or(Refusal::NoResidual)?;
        let lambdas = likelihood.lambdas(&minimum.at);
        let left = likelihood.solve(&lambdas, None).map_or(0.0, |solved| solved.residual_variance * likelihood.n);
        if left <= LEFT * total {
            return Err(Refusal::NoResidual);
        }
        if minimum.convergence.converged { Ok(minimum) } else { Err(Refusal::DidNotConverge(minimum.convergence)) }
    };
    let mut minimum = search(likelihood, start)?;
    for parameter in diagonals(&likelihood.scales) {
        if minimum.at[parameter].abs() >= ZERO {
            continue;
        }
        minimum.at[parameter] = 0.0;
        let mut probe = minimum.at.clone();
        probe[parameter] = PROBE;
        let lower = likelihood.deviance(&probe, None).is_some_and(|(value, _)| value < minimum.value);
        if lower {
            minimum = search(likelihood, probe)?;
        }
    }
    Ok(minimum)
}

/// The parameters on the diagonals of Λ: zero at the edge of what covariances can be.
fn diagonals(scales: &[Vec<f64>]) -> Vec<usize> {
    let mut next = 0;
    let mut place = |i: usize| {
        next += i + 1;
        next - 1
    };
    scales.iter().flat_map(|scales| 0..scales.len()).map(&mut place).collect()
}

/// Finds fixed effects and variances in turn until neither moves: the fixed effects from cross products less what measurement errors
/// add to them, the variances from the residuals that these leave (Fuller 1987, "Measurement error models", chapter 2, with the
/// groups' covariance for weights).
fn correct(
    likelihood: &mut Likelihood,
    error_variances: &[f64],
    mut minimum: Minimum,
    total: f64,
    iterations: usize,
) -> Result<Minimum, Refusal> {
    for _ in 0..CORRECTIONS {
        let lambdas = likelihood.lambdas(&minimum.at);
        let before = likelihood.solve(&lambdas, None).ok_or(Refusal::NoResidual)?;
        let factor = corrected_factor(likelihood, error_variances, &lambdas, &before);
        let factor = factor.ok_or(Refusal::UnreliablePriors { columns: Vec::new() })?;
        let (m, p) = (likelihood.width, likelihood.fixed);
        let mut beta: Vec<f64> = (0..p).map(|i| before.products[i * m + m - 1]).collect();
        dense::solve(&factor, p, &mut beta);
        let gap = |(new, old): (&f64, &f64)| (new - old).abs() / (1e-8 + new.abs());
        let moved = beta.iter().zip(&before.beta).map(gap).fold(0.0, f64::max);
        likelihood.known = Some(beta);
        minimum = descend(likelihood, minimum.at, total, iterations)?;
        if moved < 1e-9 {
            return Ok(minimum);
        }
    }
    let convergence = Convergence { converged: false, iterations: CORRECTIONS, ..minimum.convergence };
    Err(Refusal::DidNotConverge(convergence))
}

/// `trace V⁻¹`: the weight of the pupils' own errors in `X'V⁻¹X`.
fn trace(likelihood: &Likelihood, lambdas: &[Vec<f64>]) -> f64 {
    let mut nothing = likelihood.belief(&[], None);
    nothing.weights.fill(0.0);
    let slopes = likelihood.structure.slopes(lambdas, &nothing, 1.0);
    // V = I + Σ ZΛΛ'Z', and so n = trace V⁻¹V = trace V⁻¹ + Σ ½ ⟨Λ, ∂ ln|V| / ∂Λ⟩.
    likelihood.n - 0.5 * slopes.iter().zip(lambdas).map(|(slope, lambda)| dense::dot(slope, lambda)).sum::<f64>()
}

/// The Cholesky factor of `X'V⁻¹X` less what measurement errors add; none when nothing is left.
fn corrected_factor(likelihood: &Likelihood, errors: &[f64], lambdas: &[Vec<f64>], solved: &Solved) -> Option<Vec<f64>> {
    let (p, trace) = (likelihood.fixed, trace(likelihood, lambdas));
    let mut factor = dense::block(&solved.products, likelihood.width, &(0..p).collect::<Vec<_>>());
    (0..p).for_each(|i| factor[i * p + i] -= trace * errors[i]);
    dense::cholesky(&mut factor, p).then_some(factor)
}

/// `M⁻¹ (X'V⁻¹X + t Δββ'Δ/σ²) M⁻¹`, with `M` the corrected cross products, Δ the error variances and t the trace of `V⁻¹`.
fn corrected_errors(likelihood: &Likelihood, errors: &[f64], lambdas: &[Vec<f64>], solved: &Solved) -> Option<Vec<f64>> {
    let (m, p) = (likelihood.width, likelihood.fixed);
    let inverse = dense::inverse(&corrected_factor(likelihood, errors, lambdas, solved)?, p);
    let weight = trace(likelihood, lambdas) / solved.residual_variance;
    let pull: Vec<f64> = errors.iter().zip(&solved.beta).map(|(variance, beta)| variance * beta).collect();
    let middle: Vec<f64> =
        (0..p * p).map(|at| solved.products[at / p * m + at % p] + weight * pull[at / p] * pull[at % p]).collect();
    let row = |i: usize| &inverse[i * p..(i + 1) * p];
    Some((0..p * p).map(|at| dense::form(&middle, p, row(at / p), row(at % p))).collect())
}
