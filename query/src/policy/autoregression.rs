//! Least squares whose errors are related from day to day, with honest intervals in short series.
//!
//! Promise: the autocorrelation is not known, and the intervals say so. Errors are autoregressive of order one or two; the
//! likelihood is taken exactly (also of the first days), with coefficients and variance integrated out, at each point of a grid of
//! partial autocorrelations, and the answers of all points are put together by their weight. A fitted autocorrelation put in
//! as if it were the true one gives intervals that are too short, for it is biased towards zero in short series.
//!
//! Source: restricted likelihood as an integral over the coefficients, Harville 1974; autoregressions by partial autocorrelations,
//! Barndorff-Nielsen & Schou 1973; orders are averaged by their integrated likelihoods, Kass & Raftery 1995. Before
//! the data, partial autocorrelations weigh as 1 / √(1 − r²) (Jeffreys, order one) and both orders the same.

use std::f64::consts::PI;

use super::least_squares::{self, Design, Fit};
use super::products::{Factor, Products};
use super::refusal::Refusal;

/// Points of the grid of the first partial autocorrelation.
const FIRST: usize = 64;
/// And of the second.
const SECOND: usize = 24;
/// Points that weigh less beside the best are left out.
const LIGHTEST: f64 = 1e-7;

/// The answer, over all autocorrelations.
#[derive(Clone, Debug)]
pub(super) struct Autoregressive {
    pub coefficients: Vec<f64>,
    /// Of the coefficients, in the scale of Student's law of `degrees`.
    pub covariance: Vec<Vec<f64>>,
    /// n − columns.
    pub degrees: f64,
    /// The correlation of one day's error with the next's: its mean, and its standard deviation.
    pub autocorrelation: (f64, f64),
    /// The partial autocorrelations that the series speaks for most.
    best: Partial,
}

/// Partial autocorrelations at lags one and two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Partial {
    pub first: f64,
    pub second: f64,
}

/// One point of the grid.
struct Point {
    partial: Partial,
    weight: f64,
    factor: Factor,
}

impl Autoregressive {
    /// Fits `y` on `design`; rows of different `stretches` (their first rows, ascending) are not related.
    pub fn fit(design: &Design, y: &[f64], stretches: &[usize]) -> Result<Self, Refusal> {
        let plain = design.fit(y)?;
        if least_squares::perfect(&plain, y) {
            return Err(Refusal::PerfectFit);
        }
        let products = Products::new(orthonormal(design, &plain), &plain.residuals, stretches);
        let degrees = y.len() as f64 - design.columns.len() as f64;
        let points = weighed(&products, degrees)?;
        let sum = |of: &dyn Fn(&Point) -> f64| points.iter().map(|point| point.weight * of(point)).sum::<f64>();
        let mean = sum(&|point| point.partial.first);
        let deviation = sum(&|point| (point.partial.first - mean).powi(2)).sqrt();
        let best = points.iter().max_by(|a, b| a.weight.total_cmp(&b.weight)).map(|point| point.partial);
        let (shift, spread) = together(&points, degrees);
        let back = |vector: &[f64]| times(&plain.inverse, vector);
        let half: Vec<Vec<f64>> = spread.iter().map(|row| back(row)).collect();
        let covariance = (0..half.len()).map(|at| back(&half.iter().map(|row| row[at]).collect::<Vec<_>>())).collect();
        Ok(Self {
            coefficients: plain.coefficients.iter().zip(back(&shift)).map(|(plain, shift)| plain + shift).collect(),
            covariance,
            degrees,
            autocorrelation: (mean, deviation),
            best: best.ok_or_else(|| Refusal::NoModel("no autocorrelation fits".to_owned()))?,
        })
    }

    /// What is left of `left` at each row beyond what the rows before it foretell.
    pub fn innovations(&self, left: &[f64], stretches: &[usize]) -> Vec<f64> {
        self.best.whiten(left, stretches)
    }
}

/// The columns of Q of X = QR.
fn orthonormal(design: &Design, fit: &Fit) -> Vec<Vec<f64>> {
    let column = |at: usize| {
        let entry = |row: usize| (0..=at).map(|from| design.columns[from][row] * fit.inverse[from][at]).sum();
        (0..design.rows()).map(entry).collect()
    };
    (0..design.columns.len()).map(column).collect()
}

/// The points of the grid that matter, with their weights; these add up to 1.
fn weighed(products: &Products, degrees: f64) -> Result<Vec<Point>, Refusal> {
    let one = nodes(FIRST).map(|first| (Partial { first, second: 0.0 }, 1.0));
    let even = 1.0 / SECOND as f64;
    let two = nodes(FIRST).flat_map(|first| nodes(SECOND).map(move |second| (Partial { first, second }, even)));
    let point = |(partial, prior): (Partial, f64)| {
        let factor = products.at(partial).ok_or_else(|| Refusal::NoModel("the errors have no covariance".to_owned()))?;
        let likelihood = products.log_determinant(partial) + factor.log_determinant() + degrees * factor.residual_squares().ln();
        Ok(Point { partial, weight: prior.ln() - likelihood / 2.0, factor })
    };
    let mut points: Vec<Point> = one.chain(two).map(point).collect::<Result<_, Refusal>>()?;
    let best = points.iter().map(|point| point.weight).fold(f64::NEG_INFINITY, f64::max);
    points.iter_mut().for_each(|point| point.weight = (point.weight - best).exp());
    points.retain(|point| point.weight > LIGHTEST);
    let whole: f64 = points.iter().map(|point| point.weight).sum();
    points.iter_mut().for_each(|point| point.weight /= whole);
    Ok(points)
}

/// Mean and covariance of the coefficients over all points, the latter in the scale of Student's law, which is narrower than its
/// deviation: what the points differ by is brought to the same scale.
fn together(points: &[Point], degrees: f64) -> (Vec<f64>, Vec<Vec<f64>>) {
    let answers: Vec<_> = points.iter().map(|point| (point.weight, point.factor.coefficients(), point)).collect();
    let size = answers.first().map_or(0, |(_, coefficients, _)| coefficients.len());
    let mean: Vec<f64> = (0..size).map(|at| answers.iter().map(|(weight, one, _)| weight * one[at]).sum()).collect();
    let scale = (degrees - 2.0) / degrees;
    let mut spread = vec![vec![0.0; size]; size];
    for (weight, one, point) in &answers {
        let inverse = point.factor.inverse();
        let variance = point.factor.residual_squares() / degrees;
        for row in 0..size {
            for column in 0..size {
                let apart = (one[row] - mean[row]) * (one[column] - mean[column]);
                spread[row][column] += weight * (variance * inverse[row][column] + scale * apart);
            }
        }
    }
    (mean, spread)
}

fn times(matrix: &[Vec<f64>], vector: &[f64]) -> Vec<f64> {
    matrix.iter().map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum()).collect()
}

/// Numbers between −1 and 1, at equal angles: closer together towards the ends, as Jeffreys weighs autocorrelations.
fn nodes(count: usize) -> impl Iterator<Item = f64> {
    (0..count).map(move |at| -((2 * at + 1) as f64 / (2 * count) as f64 * PI).cos())
}

impl Partial {
    /// Variances of the first and second value of a stretch, in those of an innovation.
    pub fn early(self) -> (f64, f64) {
        let second = 1.0 / (1.0 - self.second * self.second);
        (second / (1.0 - self.first * self.first), second)
    }

    /// What a value takes from the one before it, and from the one before that.
    pub fn weights(self) -> (f64, f64) {
        (self.first * (1.0 - self.second), self.second)
    }

    /// Each value less what those before it foretell, at equal variance.
    fn whiten(self, values: &[f64], stretches: &[usize]) -> Vec<f64> {
        let (first, second) = self.early();
        let (one, two) = self.weights();
        let mut white = Vec::with_capacity(values.len());
        for (at, &start) in stretches.iter().enumerate() {
            let stretch = &values[start..stretches.get(at + 1).copied().unwrap_or(values.len())];
            white.extend(stretch.first().map(|value| value / first.sqrt()));
            white.extend(stretch.get(1).map(|value| (value - self.first * stretch[0]) / second.sqrt()));
            white.extend(stretch.windows(3).map(|three| three[2] - one * three[1] - two * three[0]));
        }
        white
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitening_is_the_inverse_root_of_the_covariance() {
        // Of order one at 0.5: covariance 4/3 · 0.5^|i − j|; y′V⁻¹y = 12
        let half = Partial { first: 0.5, second: 0.0 };
        let form: f64 = half.whiten(&[1.0, 2.0, 4.0], &[0]).iter().map(|w| w * w).sum();
        assert!((form - 12.0).abs() < 1e-12, "{form}");
        // A stretch begins anew.
        assert!((half.whiten(&[1.0, 2.0, 4.0], &[0, 2])[2] - 12f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn order_two_has_its_variances() {
        // φ = (0.5, 0.3): r₂ = 0.3, r₁ = 0.5 / 0.7; γ₀ = (1 − 0.3) / ((1 + 0.3)((1 − 0.3)² − 0.5²)) = 2.243589743589744
        let partial = Partial { first: 0.5 / 0.7, second: 0.3 };
        assert!((partial.early().0 - 2.243_589_743_589_744).abs() < 1e-12);
        assert!((partial.whiten(&[0.0, 1.0, 1.0], &[0])[2] - 0.5).abs() < 1e-12);
    }

    #[test]
    fn products_are_those_of_whitened_columns() {
        let columns = vec![vec![1.0; 7], vec![0.0, 1.0, 3.0, 2.0, 5.0, 4.0, 7.0]];
        let y = [2.0, 1.0, 4.0, 3.0, 6.0, 9.0, 8.0];
        let partial = Partial { first: 0.6, second: -0.3 };
        let stretches = [0, 3, 4];
        let products = Products::new(columns.clone(), &y, &stretches);
        let white = Design {
            names: vec!["one".to_owned(), "x".to_owned()],
            columns: columns.iter().map(|column| partial.whiten(column, &stretches)).collect(),
        };
        let fit = white.fit(&partial.whiten(&y, &stretches)).unwrap();
        let factor = products.at(partial).unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-10, "{a} against {b}");
        near(factor.residual_squares(), fit.residual_squares);
        factor.coefficients().iter().zip(&fit.coefficients).for_each(|(a, b)| near(*a, *b));
        near(factor.inverse()[0][1], fit.bread[0][1]);
        // Two stretches of three, one of one: the first value of each, and the second of the long ones.
        let (first, second) = partial.early();
        near(products.log_determinant(partial), 3.0 * first.ln() + 2.0 * second.ln());
    }
}
