//! The likelihood of a linear mixed model, profiled over the fixed effects and, when wanted, the residual variance.
//!
//! Definitions are those of Bates, Mächler, Bolker and Walker (2015), "Fitting linear mixed-effects models using lme4", equations
//! 34 to 42, so that deviances can be compared: ML `ln |V| + n ln(2π σ²) + rss/σ²`; REML with n − p for n, and `ln |X'V⁻¹X|` added.

use std::f64::consts::TAU;

use super::dense;
use super::structure::{Belief, Predictions, Reduced, Structure};

const EM_STEPS: usize = 5;

/// How the variances are estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Restricted maximum likelihood: variances free of the loss of degrees of freedom to the fixed effects.
    #[default]
    Reml,
    /// Maximum likelihood.
    Ml,
}

/// A model over its data, as a function of the relative covariances.
pub(crate) struct Likelihood {
    pub structure: Box<dyn Structure + Send>,
    pub method: Method,
    /// Pupils.
    pub n: f64,
    /// Fixed effects: the first columns.
    pub fixed: usize,
    pub width: usize,
    /// The usual size of the effects of each random column of each grouping, over the residual deviation.
    pub scales: Vec<Vec<f64>>,
    /// The order in which Λ takes the random columns of each grouping: only the first one's deviation is a single parameter.
    pub orders: Vec<Vec<usize>>,
    /// Fixed effects that were found otherwise, and stay.
    pub known: Option<Vec<f64>>,
}

/// The fixed effects and the residual variance that are best for given relative covariances.
#[derive(Clone, Debug)]
pub(crate) struct Solved {
    pub beta: Vec<f64>,
    /// `(X'V⁻¹X)⁻¹`.
    pub unscaled: Vec<f64>,
    pub rss: f64,
    /// `W'V⁻¹W`.
    pub products: Vec<f64>,
    pub residual_variance: f64,
    pub deviance: f64,
}

impl Likelihood {
    /// n, or n − p under REML.
    pub fn freedom(&self) -> f64 {
        match self.method {
            Method::Reml => self.n - self.fixed as f64,
            Method::Ml => self.n,
        }
    }

    /// Each Λ from the parameters: lower triangles by rows, scaled.
    pub fn lambdas(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let mut theta = theta.iter();
        let lambda = |(scales, order): (&Vec<f64>, &Vec<usize>)| {
            let q = scales.len();
            let mut lambda = vec![0.0; q * q];
            for (i, &row) in order.iter().enumerate() {
                (0..=i).for_each(|j| lambda[row * q + j] = theta.next().map_or(0.0, |t| t * scales[row]));
            }
            lambda
        };
        self.scales.iter().zip(&self.orders).map(lambda).collect()
    }

    /// The derivatives by the parameters from those by each Λ.
    fn by_theta(&self, slopes: &[Vec<f64>]) -> Vec<f64> {
        let entries = |((slope, scales), order): ((&Vec<f64>, &Vec<f64>), &Vec<usize>)| {
            let q = scales.len();
            let rows = order.iter().enumerate().flat_map(|(i, &row)| (0..=i).map(move |j| (row, j)));
            rows.map(|(row, j)| slope[row * q + j] * scales[row]).collect::<Vec<_>>()
        };
        slopes.iter().zip(&self.scales).zip(&self.orders).flat_map(entries).collect()
    }

    /// The parameters that give the effects of each grouping these covariances over the residual variance.
    pub fn theta(&self, covariances: &[Vec<f64>]) -> Vec<f64> {
        let scaled = |((covariance, scales), order): ((&Vec<f64>, &Vec<f64>), &Vec<usize>)| {
            let q = scales.len();
            let mut root = dense::block(covariance, q, order);
            dense::semi_cholesky(&mut root, q);
            let entries = (0..q).flat_map(|i| (0..=i).map(move |j| (i, j)));
            entries.map(|(i, j)| root[i * q + j] / scales[order[i]]).collect::<Vec<_>>()
        };
        covariances.iter().zip(&self.scales).zip(&self.orders).flat_map(scaled).collect()
    }

    /// Where a search starts: independent effects of their usual size, made better by a few steps of expectation–maximisation, which
    /// cannot go astray however far the start is.
    pub fn start(&mut self) -> Option<Vec<f64>> {
        let diagonal = |scales: &Vec<f64>| {
            let q = scales.len();
            (0..q * q).map(|at| if at / q == at % q { scales[at / q].powi(2) } else { 0.0 }).collect::<Vec<_>>()
        };
        let mut covariances: Vec<Vec<f64>> = self.scales.iter().map(diagonal).collect();
        for _ in 0..EM_STEPS {
            let lambdas = self.lambdas(&self.theta(&covariances));
            let solved = self.solve(&lambdas, None)?;
            let errors = (self.method == Method::Reml).then_some(&solved.unscaled[..]);
            let effects = self.structure.predict(&lambdas, &self.belief(&solved.beta, errors));
            covariances = effects.iter().map(|effects| mean_square(effects, solved.residual_variance)).collect();
        }
        Some(self.theta(&covariances))
    }

    /// The solution at `lambdas`, with the residual variance given or the best.
    pub fn solve(&mut self, lambdas: &[Vec<f64>], residual_variance: Option<f64>) -> Option<Solved> {
        let Reduced { products, log_det } = self.structure.reduce(lambdas)?;
        let (m, p, y) = (self.width, self.fixed, self.width - 1);
        let mut factor = dense::block(&products, m, &(0..p).collect::<Vec<_>>());
        if !dense::cholesky(&mut factor, p) {
            return None;
        }
        let mut beta: Vec<f64> = (0..p).map(|i| products[i * m + y]).collect();
        dense::solve_lower(&factor, p, &mut beta);
        let mut rss = products[y * m + y] - dense::dot(&beta, &beta);
        dense::solve_upper(&factor, p, &mut beta);
        if let Some(known) = &self.known {
            beta.clone_from(known);
            let weights = self.belief(known, None).weights;
            rss = dense::form(&products, m, &weights, &weights);
        }
        let freedom = self.freedom();
        let variance = residual_variance.unwrap_or(rss / freedom);
        let fixed = if self.method == Method::Reml { dense::log_determinant(&factor, p) } else { 0.0 };
        let deviance = log_det + fixed + freedom * (TAU * variance).ln() + rss / variance;
        let found = Solved { unscaled: dense::inverse(&factor, p), beta, rss, products, residual_variance: variance, deviance };
        (rss > 0.0 && deviance.is_finite()).then_some(found)
    }

    /// The deviance and its derivatives by the parameters and, last, by the logarithm of a given residual variance.
    pub fn deviance(&mut self, theta: &[f64], residual_variance: Option<f64>) -> Option<(f64, Vec<f64>)> {
        let lambdas = self.lambdas(theta);
        let solved = self.solve(&lambdas, residual_variance)?;
        let errors = (self.method == Method::Reml).then_some(&solved.unscaled[..]);
        let belief = self.belief(&solved.beta, errors);
        let slopes = self.structure.slopes(&lambdas, &belief, solved.residual_variance);
        let mut gradient = self.by_theta(&slopes);
        if residual_variance.is_some() {
            gradient.push(self.freedom() - solved.rss / solved.residual_variance);
        }
        Some((solved.deviance, gradient))
    }

    /// What fixed effects say of the residuals: with their errors, or taken as known.
    pub fn belief(&self, beta: &[f64], errors: Option<&[f64]>) -> Belief {
        let (m, p) = (self.width, self.fixed);
        let mut weights = vec![0.0; m];
        weights.iter_mut().zip(beta).for_each(|(weight, beta)| *weight = -beta);
        weights[m - 1] = 1.0;
        let mut covariance = vec![0.0; m * m];
        if let Some(errors) = errors {
            (0..p).for_each(|i| covariance[i * m..i * m + p].copy_from_slice(&errors[i * p..(i + 1) * p]));
        }
        Belief { weights, covariance }
    }
}

/// The mean over the groups of what the squares and products of their effects are expected to be, over the residual variance.
fn mean_square(effects: &Predictions, residual_variance: f64) -> Vec<f64> {
    let q = effects.q;
    let mut mean = vec![0.0; q * q];
    for group in 0..effects.groups() {
        let (effect, covariance) = (effects.effect(group), effects.covariance(group));
        (0..q * q).for_each(|at| mean[at] += effect[at / q] * effect[at % q] / residual_variance + covariance[at]);
    }
    mean.iter_mut().for_each(|sum| *sum /= effects.groups() as f64);
    mean
}
