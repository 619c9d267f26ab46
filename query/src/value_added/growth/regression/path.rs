//! The way along τ: from the middle to both ends, each fit from its neighbour's vertex.

use std::thread;

use super::Unsolved;
use super::design::Design;
use super::near::{End, Near};
use super::vertex::{Vertex, dot};

/// How far scores are moved apart while the vertex is sought, as a share of the width of the middle half of least squares' residuals,
/// and at least as a share of the scores' range, above what is lost in rounding.
const APART: f64 = 1e-9;
const APART_AT_LEAST: f64 = 1e-12;

/// The share of the rows that count as near the surface of the neighbouring τ, and of the first guess; more are taken where needed.
const NEAR: f64 = 0.05;
const NEAR_AT_START: f64 = 0.3;

/// One regression quantile.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    pub tau: f64,
    /// One per column of the design; zero for those left out.
    pub coefficients: Vec<f64>,
    /// Σ ρ_τ of the residuals.
    pub objective: f64,
    /// The rows that are fitted exactly and determine the fit.
    pub vertex: Vec<usize>,
    of_basis: Vec<f64>,
}

impl Fit {
    /// The fitted value of a row of the design it was fitted on.
    pub fn fitted(&self, design: &Design, row: usize) -> f64 {
        dot(design.row(row), &self.of_basis)
    }
}

/// Fits `y` on `design` at each of `taus`, which must ascend.
pub fn path(design: &Design, y: &[f64], taus: &[f64], threads: usize) -> Result<Vec<Fit>, Unsolved> {
    if y.len() != design.rows() {
        return Err(Unsolved::Lengths { rows: design.rows(), scores: y.len() });
    }
    if let Some(row) = y.iter().position(|score| !score.is_finite()) {
        return Err(Unsolved::NotFinite { row });
    }
    let within = |tau: f64| tau > 0.0 && tau < 1.0;
    let wrong = taus.iter().enumerate().find(|&(i, &tau)| !within(tau) || (i > 0 && taus[i - 1] >= tau));
    if let Some((_, &tau)) = wrong {
        return Err(Unsolved::Tau { tau });
    }
    let middle = taus.len() / 2;
    let Some(&first) = taus.get(middle) else { return Ok(Vec::new()) };
    let mut start = Walk::start(design, y, first)?;
    let first = start.fit(first)?;
    let mut down = start.clone();
    let mut below = || taus[..middle].iter().rev().map(|&tau| down.fit(tau)).collect::<Result<Vec<_>, _>>();
    let mut above = || taus[middle + 1..].iter().map(|&tau| start.fit(tau)).collect::<Result<Vec<_>, _>>();
    let (below, above) = if threads > 1 {
        thread::scope(|scope| {
            let below = scope.spawn(below);
            let above = above();
            (below.join().expect("a walk does not panic"), above)
        })
    } else {
        (below(), above())
    };
    Ok(below?.into_iter().rev().chain([first]).chain(above?).collect())
}

/// Where one walk along τ stands.
#[derive(Clone)]
struct Walk<'a> {
    design: &'a Design,
    y: &'a [f64],
    /// The scores moved apart.
    apart: Vec<f64>,
    /// Of the scores moved apart, at the vertex.
    residuals: Vec<f64>,
    vertex: Vertex,
    /// Sum of all rows.
    total: Vec<f64>,
    /// The share of the rows that count as near at the next fit.
    share: f64,
}

impl<'a> Walk<'a> {
    fn start(design: &'a Design, y: &'a [f64], tau: f64) -> Result<Self, Unsolved> {
        let mut total = vec![0.0; design.rank()];
        design.each_row().for_each(|row| total.iter_mut().zip(row).for_each(|(sum, value)| *sum += value));
        let (_, mut residuals) = design.least_squares(y);
        let mut ascending = residuals.clone();
        ascending.sort_unstable_by(f64::total_cmp);
        let at = |part: f64| ascending[(part * y.len() as f64) as usize];
        let apart = moved_apart(y, at(0.75) - at(0.25));
        let shift = at(tau);
        residuals.iter_mut().for_each(|residual| *residual -= shift);
        let mut rows: Vec<usize> = (0..y.len()).collect();
        rows.sort_by(|&a, &b| residuals[a].abs().total_cmp(&residuals[b].abs()));
        let vertex = Vertex::crash(design, rows).ok_or(Unsolved::Unstable { tau })?;
        Ok(Self { design, y, apart, residuals, vertex, total, share: NEAR_AT_START })
    }

    /// The fit at `tau`, from where the walk stands.
    fn fit(&mut self, tau: f64) -> Result<Fit, Unsolved> {
        let mut share = std::mem::replace(&mut self.share, NEAR);
        self.look();
        let mut near = self.select(share);
        loop {
            let mut gradient = self.gradient(tau);
            let mut work = Near::new(self.design, tau, near, &self.residuals, &self.vertex);
            let end = work.descend(&mut self.vertex, &mut gradient)?;
            near = work.rows;
            let crossed = self.crossed(&near);
            match end {
                End::Open if near.len() == self.residuals.len() => return Err(Unsolved::Unstable { tau }),
                End::Open => {
                    share *= 2.0;
                    near = self.select(share);
                }
                End::Optimal if crossed.is_empty() => return Ok(self.evaluate(tau)),
                End::Optimal => near.extend(crossed),
            }
        }
    }

    /// Looks at the vertex reached, and which rows that are not near have changed sides on the way.
    fn crossed(&mut self, near: &[usize]) -> Vec<usize> {
        let mut far: Vec<Option<bool>> = self.residuals.iter().map(|residual| Some(*residual >= 0.0)).collect();
        near.iter().for_each(|&row| far[row] = None);
        self.look();
        let changed =
            |(row, above): (usize, &Option<bool>)| above.filter(|above| *above != (self.residuals[row] >= 0.0)).map(|_| row);
        far.iter().enumerate().filter_map(changed).collect()
    }

    /// Computes the residuals at the vertex.
    fn look(&mut self) {
        let coefficients = self.vertex.coefficients(self.design, &self.apart);
        for ((residual, row), y) in self.residuals.iter_mut().zip(self.design.each_row()).zip(&self.apart) {
            *residual = y - dot(row, &coefficients);
        }
        self.vertex.members.iter().for_each(|&member| self.residuals[member] = 0.0);
    }

    fn select(&self, share: f64) -> Vec<usize> {
        let count = ((self.residuals.len() as f64 * share) as usize + 20 * self.design.rank()).min(self.residuals.len());
        let mut sizes: Vec<f64> = self.residuals.iter().map(|r| r.abs()).collect();
        let (_, &mut cut, _) = sizes.select_nth_unstable_by(count - 1, f64::total_cmp);
        (0..self.residuals.len()).filter(|&row| self.residuals[row].abs() <= cut).collect()
    }

    fn gradient(&self, tau: f64) -> Vec<f64> {
        let mut gradient: Vec<f64> = self.total.iter().map(|sum| tau * sum).collect();
        for (row, residual) in self.design.each_row().zip(&self.residuals) {
            if *residual < 0.0 {
                gradient.iter_mut().zip(row).for_each(|(sum, value)| *sum -= value);
            }
        }
        for &member in &self.vertex.members {
            gradient.iter_mut().zip(self.design.row(member)).for_each(|(sum, value)| *sum -= tau * value);
        }
        gradient
    }

    fn evaluate(&self, tau: f64) -> Fit {
        let of_basis = self.vertex.coefficients(self.design, self.y);
        let loss = |residual: f64| residual * if residual < 0.0 { tau - 1.0 } else { tau };
        let objective = self.design.each_row().zip(self.y).map(|(row, y)| loss(y - dot(row, &of_basis))).sum();
        Fit { tau, coefficients: self.design.coefficients(&of_basis), objective, vertex: self.vertex.members.clone(), of_basis }
    }
}

/// The scores, each moved by its own small amount, the same whenever it is asked for (splitmix64 of the place).
fn moved_apart(y: &[f64], width: f64) -> Vec<f64> {
    let [low, high] = y.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], &y| [low.min(y), high.max(y)]);
    let size = (width * APART).max((high - low) * APART_AT_LEAST);
    let amount = |place: u64| {
        let mut bits = place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) as f64 / u64::MAX as f64 * 2.0 - 1.0
    };
    (0u64..).zip(y).map(|(place, y)| y + size * amount(place)).collect()
}
