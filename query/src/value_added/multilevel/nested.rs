//! Groups within groups: the likelihood from sufficient statistics, level by level.
//!
//! Write `A = W'V⁻¹W` of a group's columns `W` (constant, covariates, response), with `V` the covariance of what is finer, over
//! the residual variance. A group's random effects with relative covariance `S = ΛΛ'` turn it into `A' = A − A E K E' A`, where `E`
//! picks the columns with random effects and `K = S (I + E'AE S)⁻¹`; the sum of the `A'` of a group's children is its own `A`. What
//! arrives at the top is all that the likelihood knows of the data. On the way down, the same quantities give the gradient, the
//! effects and their errors. Each pass costs one step per group, whatever the number of pupils.

use super::dense;
use super::structure::{Belief, Predictions, Reduced, Structure};

pub(crate) struct Nested {
    width: usize,
    /// Finest first.
    levels: Vec<Level>,
}

struct Level {
    /// The columns with random effects; the constant is 0.
    design: Vec<usize>,
    /// The place of each group's parent in the next level; 0 at the top.
    parent: Vec<u32>,
    /// `A` of each group.
    products: Vec<f64>,
}

/// A group whose random effects are integrated out.
struct Absorbed {
    /// `ΛM^-½`, so that `K` is its square.
    root: Vec<f64>,
    /// `A E` times `root`.
    spread: Vec<f64>,
}

impl Nested {
    /// `products` are of the finest groups, `width`×`width` each; `parents[l]` holds the parent of each group of level `l`.
    pub fn new(products: Vec<f64>, width: usize, designs: Vec<Vec<usize>>, parents: Vec<Vec<u32>>) -> Self {
        let size = width * width;
        let mut levels: Vec<Level> = designs
            .into_iter()
            .zip(parents)
            .enumerate()
            .map(|(l, (design, parent))| Level {
                design,
                products: vec![0.0; if l > 0 { parent.len() * size } else { 0 }],
                parent,
            })
            .collect();
        levels[0].products = products;
        Self { width, levels }
    }

    /// Takes the groups of level `l` together into the matrices of the next level, or into `top`; gives `ln |V|`'s part.
    fn absorb_level(&mut self, l: usize, lambda: &[f64], top: &mut [f64]) -> f64 {
        let m = self.width;
        let (finer, coarser) = self.levels.split_at_mut(l + 1);
        let level = &finer[l];
        let sums = coarser.first_mut().map_or(top, |next| &mut next.products[..]);
        sums.fill(0.0);
        let mut absorbed = Absorbed::new(m, level.design.len());
        let mut log_det = 0.0;
        for (a, &parent) in level.products.chunks_exact(m * m).zip(&level.parent) {
            log_det += absorbed.absorb(a, m, &level.design, lambda);
            let at = parent as usize * m * m;
            absorbed.add_rest(a, m, &mut sums[at..at + m * m]);
        }
        log_det
    }

    /// Goes from the top to the finest groups, handing each to `visit` with what is believed of the groups around it.
    fn descend(&self, lambdas: &[Vec<f64>], belief: &Belief, mut visit: impl FnMut(usize, &Place<'_>)) {
        let m = self.width;
        let mut above = vec![belief.clone()];
        for (l, level) in self.levels.iter().enumerate().rev() {
            let mut here = Vec::with_capacity(if l > 0 { level.parent.len() } else { 0 });
            let mut absorbed = Absorbed::new(m, level.design.len());
            for (a, &parent) in level.products.chunks_exact(m * m).zip(&level.parent) {
                absorbed.absorb(a, m, &level.design, &lambdas[l]);
                let place = Place { m, a, design: &level.design, absorbed: &absorbed, around: &above[parent as usize] };
                visit(l, &place);
                if l > 0 {
                    here.push(place.belief_within());
                }
            }
            above = here;
        }
    }
}

impl Absorbed {
    fn new(m: usize, q: usize) -> Self {
        Self { root: vec![0.0; q * q], spread: vec![0.0; m * q] }
    }

    /// Fills in the group's matrices and gives `ln |I + Λ'E'AEΛ|`.
    fn absorb(&mut self, a: &[f64], m: usize, design: &[usize], lambda: &[f64]) -> f64 {
        let q = design.len();
        if q == 1 {
            let det = 1.0 + lambda[0] * lambda[0] * a[design[0] * m + design[0]];
            self.root[0] = lambda[0] / det.sqrt();
            (0..m).for_each(|i| self.spread[i] = a[i * m + design[0]] * self.root[0]);
            return det.ln();
        }
        let mut inner = vec![0.0; q * q];
        let entry = |i: usize, j: usize| -> f64 {
            let row = |k: usize| (0..q).map(|h| a[design[k] * m + design[h]] * lambda[h * q + j]).sum::<f64>();
            (0..q).map(|k| lambda[k * q + i] * row(k)).sum()
        };
        (0..q * q).for_each(|at| inner[at] = entry(at / q, at % q) + f64::from(at / q == at % q));
        dense::cholesky(&mut inner, q);
        for i in 0..q {
            // Row i of ΛL⁻ᵀ solves L x = (row i of Λ).
            self.root[i * q..(i + 1) * q].copy_from_slice(&lambda[i * q..(i + 1) * q]);
            dense::solve_lower(&inner, q, &mut self.root[i * q..(i + 1) * q]);
        }
        for i in 0..m {
            for j in 0..q {
                self.spread[i * q + j] = (0..q).map(|k| a[i * m + design[k]] * self.root[k * q + j]).sum();
            }
        }
        dense::log_determinant(&inner, q)
    }

    /// Adds `A'` to `sum`.
    fn add_rest(&self, a: &[f64], m: usize, sum: &mut [f64]) {
        let q = self.spread.len() / m;
        for i in 0..m {
            let own = &self.spread[i * q..(i + 1) * q];
            for j in 0..m {
                sum[i * m + j] += a[i * m + j] - dense::dot(own, &self.spread[j * q..(j + 1) * q]);
            }
        }
    }
}

/// A group on the way down.
struct Place<'a> {
    m: usize,
    a: &'a [f64],
    design: &'a [usize],
    absorbed: &'a Absorbed,
    around: &'a Belief,
}

impl Place<'_> {
    /// `F = K E'A`: what turns the residuals of the group into its effects.
    fn gain(&self) -> Vec<f64> {
        let (m, q) = (self.m, self.design.len());
        let Absorbed { root, spread } = self.absorbed;
        (0..q * m).map(|at| dense::dot(&root[at / m * q..at / m * q + q], &spread[at % m * q..at % m * q + q])).collect()
    }

    /// `K`.
    fn own_covariance(&self) -> Vec<f64> {
        let q = self.design.len();
        let root = &self.absorbed.root;
        (0..q * q).map(|at| dense::dot(&root[at / q * q..at / q * q + q], &root[at % q * q..at % q * q + q])).collect()
    }

    fn predict(&self, into: &mut Predictions) {
        let (m, q) = (self.m, self.design.len());
        let gain = self.gain();
        into.effects.extend(gain.chunks_exact(m).map(|row| dense::dot(row, &self.around.weights)));
        let own = self.own_covariance();
        for (i, left) in gain.chunks_exact(m).enumerate() {
            for (j, right) in gain.chunks_exact(m).enumerate() {
                into.covariances.push(own[i * q + j] + dense::form(&self.around.covariance, m, left, right));
            }
        }
    }

    /// What is believed of the residuals once this group's effects are taken off.
    fn belief_within(&self) -> Belief {
        let (m, q) = (self.m, self.design.len());
        let (gain, own) = (self.gain(), self.own_covariance());
        let mut weights = self.around.weights.clone();
        let mut covariance = self.around.covariance.clone();
        for (k, &z) in self.design.iter().enumerate() {
            weights[z] -= dense::dot(&gain[k * m..(k + 1) * m], &self.around.weights);
        }
        // T D T' with T = I − E F, by rows and then by columns.
        let before = covariance.clone();
        for (k, &z) in self.design.iter().enumerate() {
            for j in 0..m {
                covariance[z * m + j] -= (0..m).map(|i| gain[k * m + i] * before[i * m + j]).sum::<f64>();
            }
        }
        let before = covariance.clone();
        for (k, &z) in self.design.iter().enumerate() {
            for i in 0..m {
                covariance[i * m + z] -= dense::dot(&gain[k * m..(k + 1) * m], &before[i * m..(i + 1) * m]);
            }
        }
        for i in 0..q {
            (0..q).for_each(|j| covariance[self.design[i] * m + self.design[j]] += own[i * q + j]);
        }
        Belief { weights, covariance }
    }

    /// The group's part in the derivative of the deviance by `S`.
    fn add_slope(&self, residual_variance: f64, slope: &mut [f64]) {
        let (m, q) = (self.m, self.design.len());
        let spread = &self.absorbed.spread;
        let rest = |i: usize, k: usize| {
            let z = self.design[k];
            self.a[i * m + z] - dense::dot(&spread[i * q..(i + 1) * q], &spread[z * q..(z + 1) * q])
        };
        let columns: Vec<f64> = (0..q * m).map(|at| rest(at % m, at / m)).collect();
        let Belief { weights, covariance } = self.around;
        for i in 0..q {
            let left = &columns[i * m..(i + 1) * m];
            for j in 0..q {
                let right = &columns[j * m..(j + 1) * m];
                let squares = dense::dot(left, weights) * dense::dot(right, weights) / residual_variance;
                slope[i * q + j] += left[self.design[j]] - squares - dense::form(covariance, m, left, right);
            }
        }
    }
}

impl Structure for Nested {
    fn reduce(&mut self, lambdas: &[Vec<f64>]) -> Option<Reduced> {
        let mut products = vec![0.0; self.width * self.width];
        let log_det = (0..self.levels.len()).map(|l| self.absorb_level(l, &lambdas[l], &mut products)).sum();
        Some(Reduced { products, log_det })
    }

    fn slopes(&self, lambdas: &[Vec<f64>], belief: &Belief, residual_variance: f64) -> Vec<Vec<f64>> {
        let mut slopes: Vec<Vec<f64>> = lambdas.iter().map(|lambda| vec![0.0; lambda.len()]).collect();
        self.descend(lambdas, belief, |l, place| place.add_slope(residual_variance, &mut slopes[l]));
        slopes.iter().zip(lambdas).map(|(slope, lambda)| by_root(slope, lambda)).collect()
    }

    fn predict(&self, lambdas: &[Vec<f64>], belief: &Belief) -> Vec<Predictions> {
        let of_level = |level: &Level| Predictions::with_capacity(level.design.len(), level.parent.len());
        let mut all: Vec<Predictions> = self.levels.iter().map(of_level).collect();
        self.descend(lambdas, belief, |l, place| place.predict(&mut all[l]));
        all
    }
}

/// The derivative by Λ, from that by ΛΛ'.
fn by_root(slope: &[f64], lambda: &[f64]) -> Vec<f64> {
    let q = lambda.len().isqrt();
    let entry = |i: usize, j: usize| 2.0 * (0..q).map(|k| slope[i * q + k] * lambda[k * q + j]).sum::<f64>();
    (0..q * q).map(|at| entry(at / q, at % q)).collect()
}
