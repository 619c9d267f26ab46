//! Groups that cross: pupils who change school, primary × secondary.
//!
//! The random effects of all groups are eliminated together: `M = Λ'Z'ZΛ + I` is sparse, since two groups meet only where a cell of
//! pupils belongs to both, and is factored anew at each Λ. Gradient and errors need the inverse only where groups meet.

use std::collections::HashMap;

use super::dense;
use super::moments::Moments;
use super::sparse::{Factor, Pattern};
use super::structure::{Belief, Predictions, Reduced, Structure};

pub(crate) struct Crossed {
    width: usize,
    groupings: Vec<Grouping>,
    /// Where groups meet, each pair once, a group with itself included.
    blocks: Vec<Block>,
    /// `Z'W`, `width` values an effect.
    cross: Vec<f64>,
    /// `W'W`.
    total: Vec<f64>,
    pattern: Pattern,
    /// After [`Structure::reduce`].
    solved: Option<Solved>,
}

struct Grouping {
    design: Vec<usize>,
    groups: usize,
    /// The place of its first effect.
    first: usize,
}

/// `Z'Z` of two groups.
struct Block {
    left: Group,
    right: Group,
    products: Vec<f64>,
    /// For each entry, where `M` has it; none below the diagonal.
    into: Vec<Option<usize>>,
    /// For each entry, where the selected inverse has it.
    inverse: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Group {
    grouping: usize,
    group: usize,
}

/// What is known at one Λ.
struct Solved {
    factor: Factor,
    /// `M⁻¹Λ'Z'W`, `width` values an effect, in the effects' own order.
    spread: Vec<f64>,
}

impl Crossed {
    /// None when the factor would not fit into memory.
    pub fn new(moments: &Moments, designs: Vec<Vec<usize>>) -> Option<Self> {
        let mut first = 0;
        let grouping = |(design, factor): (Vec<usize>, &super::moments::Factor)| {
            let grouping = Grouping { groups: factor.names.len(), first, design };
            first += grouping.groups * grouping.design.len();
            grouping
        };
        let groupings: Vec<Grouping> = designs.into_iter().zip(&moments.factors).map(grouping).collect();
        let effects = first;
        let m = moments.width;
        let mut meetings: HashMap<(Group, Group), Vec<f64>> = HashMap::new();
        let mut cross = vec![0.0; effects * m];
        for (cell, a) in moments.products.chunks_exact(m * m).enumerate() {
            for (i, left) in groupings.iter().enumerate() {
                let one = Group { grouping: i, group: moments.factors[i].of_cell[cell] as usize };
                for (k, &z) in left.design.iter().enumerate() {
                    let at = left.effect(one.group, k) * m;
                    cross[at..at + m].iter_mut().zip(&a[z * m..(z + 1) * m]).for_each(|(sum, value)| *sum += value);
                }
                for (j, right) in groupings.iter().enumerate().skip(i) {
                    let other = Group { grouping: j, group: moments.factors[j].of_cell[cell] as usize };
                    let sums = meetings.entry((one, other)).or_insert_with(|| vec![0.0; left.design.len() * right.design.len()]);
                    let pairs = left.design.iter().flat_map(|&y| right.design.iter().map(move |&z| a[y * m + z]));
                    sums.iter_mut().zip(pairs).for_each(|(sum, value)| *sum += value);
                }
            }
        }
        let (blocks, pattern) = lay_out(&groupings, effects, meetings)?;
        Some(Self { width: m, total: moments.total(), groupings, blocks, cross, pattern, solved: None })
    }

    fn effects(&self) -> usize {
        self.cross.len() / self.width
    }

    /// The effects of all groups, each handed with Λ's row: `by[e]` = Σ Λ[e, f] · `values[f]` within a group, or with Λ' instead.
    fn scaled(&self, lambdas: &[Vec<f64>], values: &[f64], transposed: bool) -> Vec<f64> {
        let m = self.width;
        let mut scaled = vec![0.0; values.len()];
        for (grouping, lambda) in self.groupings.iter().zip(lambdas) {
            let q = grouping.design.len();
            for group in 0..grouping.groups {
                for (i, j) in (0..q).flat_map(|i| (0..q).map(move |j| (i, j))) {
                    let factor = if transposed { lambda[j * q + i] } else { lambda[i * q + j] };
                    let (to, from) = (grouping.effect(group, i) * m, grouping.effect(group, j) * m);
                    (0..m).for_each(|column| scaled[to + column] += factor * values[from + column]);
                }
            }
        }
        scaled
    }

    /// The upper triangle of `M`, in the pattern's order.
    fn matrix(&self, lambdas: &[Vec<f64>]) -> Vec<f64> {
        let mut values = vec![0.0; self.pattern.entries()];
        for block in &self.blocks {
            let (left, right) = (&lambdas[block.left.grouping], &lambdas[block.right.grouping]);
            let (p, q) = (left.len().isqrt(), right.len().isqrt());
            for (at, into) in block.into.iter().enumerate().filter_map(|(at, into)| Some((at, (*into)?))) {
                let (i, j) = (at / q, at % q);
                let row = |k: usize| (0..q).map(|h| block.products[k * q + h] * right[h * q + j]).sum::<f64>();
                let scaled: f64 = (0..p).map(|k| left[k * p + i] * row(k)).sum();
                values[into] += scaled + f64::from(block.left == block.right && i == j);
            }
        }
        values
    }

    /// Adds the derivative of `ln |M|` by each Λ: twice the diagonal blocks of `Z'ZΛM⁻¹`.
    fn add_determinant_slopes(&self, lambdas: &[Vec<f64>], inverse: &[f64], slopes: &mut [Vec<f64>]) {
        for block in &self.blocks {
            let (l, r) = (block.left.grouping, block.right.grouping);
            let (p, q) = (lambdas[l].len().isqrt(), lambdas[r].len().isqrt());
            let meeting = |i: usize, j: usize| inverse[block.inverse[i * q + j]];
            for (k, h) in (0..p).flat_map(|k| (0..q).map(move |h| (k, h))) {
                let product = 2.0 * block.products[k * q + h];
                for i in 0..p {
                    let row: f64 = (0..q).map(|j| lambdas[r][h * q + j] * meeting(i, j)).sum();
                    slopes[l][k * p + i] += product * row;
                }
                if block.left != block.right {
                    for j in 0..q {
                        let row: f64 = (0..p).map(|i| lambdas[l][k * p + i] * meeting(i, j)).sum();
                        slopes[r][h * q + j] += product * row;
                    }
                }
            }
        }
    }

    /// `Z'V⁻¹W`.
    fn residual_cross(&self, lambdas: &[Vec<f64>], solved: &Solved) -> Vec<f64> {
        let m = self.width;
        let spread = self.scaled(lambdas, &solved.spread, false);
        let mut rest = self.cross.clone();
        for block in &self.blocks {
            let (left, right) = (&self.groupings[block.left.grouping], &self.groupings[block.right.grouping]);
            let q = right.design.len();
            for (at, product) in block.products.iter().enumerate() {
                let one = left.effect(block.left.group, at / q) * m;
                let other = right.effect(block.right.group, at % q) * m;
                (0..m).for_each(|column| rest[one + column] -= product * spread[other + column]);
                if block.left != block.right {
                    (0..m).for_each(|column| rest[other + column] -= product * spread[one + column]);
                }
            }
        }
        rest
    }

    /// The covariance of a group's effects in the scale of `M`: `M⁻¹` and what the weights' errors add.
    fn covariance(&self, grouping: &Grouping, group: usize, inverse: &[f64], spread: &[f64], belief: &Belief) -> Vec<f64> {
        let (m, q) = (self.width, grouping.design.len());
        let entry = |at: usize| {
            let (one, other) = (grouping.effect(group, at / q), grouping.effect(group, at % q));
            let own = self.pattern.position(one, other).map_or(0.0, |at| inverse[at]);
            own + dense::form(&belief.covariance, m, &spread[one * m..(one + 1) * m], &spread[other * m..(other + 1) * m])
        };
        (0..q * q).map(entry).collect()
    }
}

impl Grouping {
    fn effect(&self, group: usize, column: usize) -> usize {
        self.first + group * self.design.len() + column
    }
}

/// Gives each meeting its places in `M` and in its inverse.
fn lay_out(groupings: &[Grouping], effects: usize, meetings: HashMap<(Group, Group), Vec<f64>>) -> Option<(Vec<Block>, Pattern)> {
    let mut meetings: Vec<((Group, Group), Vec<f64>)> = meetings.into_iter().collect();
    meetings.sort_unstable_by_key(|(groups, _)| *groups);
    let pairs = |(left, right): (Group, Group)| {
        let (one, other) = (&groupings[left.grouping], &groupings[right.grouping]);
        let rows = (0..one.design.len()).map(move |i| one.effect(left.group, i));
        rows.flat_map(move |row| (0..other.design.len()).map(move |j| (other.effect(right.group, j), row)))
    };
    let mut entries: Vec<(usize, usize)> = meetings.iter().flat_map(|(groups, _)| pairs(*groups)).collect();
    entries.retain(|(column, row)| row <= column);
    entries.sort_unstable();
    let pattern = Pattern::new(effects, &entries)?;
    let block = |((left, right), products): ((Group, Group), Vec<f64>)| {
        let into = pairs((left, right)).map(|entry| entries.binary_search(&entry).ok()).collect();
        let inverse = pairs((left, right)).map(|(column, row)| pattern.position(column, row)).collect::<Option<_>>()?;
        Some(Block { left, right, products, into, inverse })
    };
    let blocks = meetings.into_iter().map(block).collect::<Option<_>>()?;
    Some((blocks, pattern))
}

impl Structure for Crossed {
    fn reduce(&mut self, lambdas: &[Vec<f64>]) -> Option<Reduced> {
        let m = self.width;
        let factor = self.pattern.factor(&self.matrix(lambdas))?;
        let scaled = self.scaled(lambdas, &self.cross, true);
        let mut solved = vec![0.0; scaled.len()];
        for effect in 0..self.effects() {
            let place = self.pattern.place(effect);
            solved[place * m..(place + 1) * m].copy_from_slice(&scaled[effect * m..(effect + 1) * m]);
        }
        self.pattern.solve_lower(&factor, &mut solved, m);
        let mut products = self.total.clone();
        for row in solved.chunks_exact(m) {
            for (i, value) in row.iter().enumerate() {
                products[i * m..(i + 1) * m].iter_mut().zip(row).for_each(|(sum, other)| *sum -= value * other);
            }
        }
        self.pattern.solve_upper(&factor, &mut solved, m);
        let place = |effect: usize| self.pattern.place(effect) * m;
        let spread = (0..self.effects()).flat_map(|effect| &solved[place(effect)..place(effect) + m]).copied().collect();
        let log_det = self.pattern.log_determinant(&factor);
        self.solved = Some(Solved { factor, spread });
        Some(Reduced { products, log_det })
    }

    fn slopes(&self, lambdas: &[Vec<f64>], belief: &Belief, residual_variance: f64) -> Vec<Vec<f64>> {
        let mut slopes: Vec<Vec<f64>> = lambdas.iter().map(|lambda| vec![0.0; lambda.len()]).collect();
        let Some(solved) = &self.solved else { return slopes };
        let inverse = self.pattern.selected_inverse(&solved.factor);
        self.add_determinant_slopes(lambdas, &inverse, &mut slopes);
        let (m, rest) = (self.width, self.residual_cross(lambdas, solved));
        for ((grouping, lambda), slope) in self.groupings.iter().zip(lambdas).zip(&mut slopes) {
            let q = grouping.design.len();
            let mut by_covariance = vec![0.0; q * q];
            for group in 0..grouping.groups {
                let row = |k: usize| &rest[grouping.effect(group, k) * m..grouping.effect(group, k) * m + m];
                for (at, sum) in by_covariance.iter_mut().enumerate() {
                    let (left, right) = (row(at / q), row(at % q));
                    let squares = dense::dot(left, &belief.weights) * dense::dot(right, &belief.weights) / residual_variance;
                    *sum -= squares + dense::form(&belief.covariance, m, left, right);
                }
            }
            for (i, j) in (0..q).flat_map(|i| (0..q).map(move |j| (i, j))) {
                slope[i * q + j] += 2.0 * (0..q).map(|k| by_covariance[i * q + k] * lambda[k * q + j]).sum::<f64>();
            }
        }
        slopes
    }

    fn predict(&self, lambdas: &[Vec<f64>], belief: &Belief) -> Vec<Predictions> {
        let of_grouping = |grouping: &Grouping| Predictions::with_capacity(grouping.design.len(), grouping.groups);
        let mut all: Vec<Predictions> = self.groupings.iter().map(of_grouping).collect();
        let Some(solved) = &self.solved else { return all };
        let (m, inverse) = (self.width, self.pattern.selected_inverse(&solved.factor));
        for ((grouping, lambda), into) in self.groupings.iter().zip(lambdas).zip(&mut all) {
            let q = grouping.design.len();
            for group in 0..grouping.groups {
                let spread = |k: usize| &solved.spread[grouping.effect(group, k) * m..grouping.effect(group, k) * m + m];
                let raw: Vec<f64> = (0..q).map(|k| dense::dot(spread(k), &belief.weights)).collect();
                into.effects.extend((0..q).map(|i| dense::dot(&lambda[i * q..(i + 1) * q], &raw)));
                let covariance = self.covariance(grouping, group, &inverse, &solved.spread, belief);
                let rows = (0..q).flat_map(|i| (0..q).map(move |j| (i, j)));
                into.covariances.extend(rows.map(|(i, j)| dense::form(&covariance, q, &lambda[i * q..], &lambda[j * q..])));
            }
        }
        all
    }
}
