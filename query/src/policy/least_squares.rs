//! Least squares on a few named columns, by Householder's QR.
//!
//! Promise: a column that earlier ones determine is found and named, never divided by. A few columns of some hundred days need no
//! library of linear algebra: the factor is one page, and as exact as one.

use super::refusal::Refusal;

/// What remains of a column beside the earlier ones, as a share of its length, below which it is determined by them.
const DETERMINED: f64 = 1e-9;

/// Named columns of equal length.
#[derive(Clone, Debug, Default)]
pub(super) struct Design {
    pub names: Vec<String>,
    pub columns: Vec<Vec<f64>>,
}

/// The least-squares answer of one design.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    pub coefficients: Vec<f64>,
    pub residuals: Vec<f64>,
    /// R⁻¹ of X = QR, by rows.
    pub inverse: Vec<Vec<f64>>,
    /// (X′X)⁻¹, by rows.
    pub bread: Vec<Vec<f64>>,
    pub residual_squares: f64,
}

impl Design {
    pub fn push(&mut self, name: impl Into<String>, column: Vec<f64>) {
        self.names.push(name.into());
        self.columns.push(column);
    }

    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    pub fn row(&self, row: usize) -> Vec<f64> {
        self.columns.iter().map(|column| column[row]).collect()
    }

    /// Fits `y`; there must be more rows than columns.
    pub fn fit(&self, y: &[f64]) -> Result<Fit, Refusal> {
        if self.rows() <= self.columns.len() {
            return Err(Refusal::FewDays { days: self.rows(), least: self.columns.len() + 1 });
        }
        let (triangle, turned) = self.triangle(y)?;
        let inverse = inverse(&triangle);
        let columns = self.columns.len();
        let dot = |row: &[f64], other: &[f64]| row.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
        let coefficients: Vec<f64> = inverse.iter().map(|row| dot(row, &turned[..columns])).collect();
        let fitted = |row: usize| self.columns.iter().zip(&coefficients).map(|(column, slope)| column[row] * slope).sum::<f64>();
        let residuals: Vec<f64> = y.iter().enumerate().map(|(row, y)| y - fitted(row)).collect();
        Ok(Fit {
            bread: inverse.iter().map(|row| inverse.iter().map(|other| dot(row, other)).collect()).collect(),
            residual_squares: residuals.iter().map(|left| left * left).sum(),
            inverse,
            coefficients,
            residuals,
        })
    }

    /// R by columns, and Q′y.
    fn triangle(&self, y: &[f64]) -> Result<(Vec<Vec<f64>>, Vec<f64>), Refusal> {
        let mut columns = self.columns.clone();
        let mut turned = y.to_vec();
        for at in 0..columns.len() {
            let whole = length(&self.columns[at]);
            let (done, rest) = columns.split_at_mut(at + 1);
            let mirror = &mut done[at];
            let left = length(&mirror[at..]);
            if left <= DETERMINED * whole || !left.is_finite() {
                return Err(Refusal::Collinear { column: self.names[at].clone() });
            }
            let corner = if mirror[at] > 0.0 { -left } else { left };
            mirror[at] -= corner;
            let scale = length(&mirror[at..]).powi(2) / 2.0;
            rest.iter_mut().chain([&mut turned]).for_each(|other| reflect(&mirror[at..], &mut other[at..], scale));
            mirror[at] = corner;
        }
        Ok((columns, turned))
    }
}

/// Whether nothing is left but what rounding leaves.
pub(super) fn perfect(fit: &Fit, y: &[f64]) -> bool {
    fit.residual_squares <= 1e-20 * y.iter().map(|y| y * y).sum::<f64>()
}

fn length(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

fn reflect(mirror: &[f64], other: &mut [f64], scale: f64) {
    let part = mirror.iter().zip(other.iter()).map(|(a, b)| a * b).sum::<f64>() / scale;
    mirror.iter().zip(other).for_each(|(a, b)| *b -= part * a);
}

/// R⁻¹ by rows, of R by columns.
fn inverse(triangle: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let size = triangle.len();
    let mut inverse = vec![vec![0.0; size]; size];
    for column in 0..size {
        inverse[column][column] = 1.0 / triangle[column][column];
        for row in (0..column).rev() {
            let sum: f64 = (row + 1..=column).map(|between| triangle[between][row] * inverse[between][column]).sum();
            inverse[row][column] = -sum / triangle[row][row];
        }
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(x: &[f64]) -> Design {
        let mut design = Design::default();
        design.push("one", vec![1.0; x.len()]);
        design.push("x", x.to_vec());
        design
    }

    #[test]
    fn a_line_is_fitted() {
        // x̄ = 2.5, Sxx = 5, Sxy = 4: slope 0.8, intercept 1.5; residual squares 5 − 0.8 · 4 = 1.8
        let fit = line(&[1.0, 2.0, 3.0, 4.0]).fit(&[2.0, 4.0, 3.0, 5.0]).unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} against {b}");
        near(fit.coefficients[0], 1.5);
        near(fit.coefficients[1], 0.8);
        near(fit.residual_squares, 1.8);
        near(fit.bread[1][1], 0.2);
        near(fit.bread[0][1], -0.5);
    }

    #[test]
    fn a_determined_column_is_named() {
        let mut design = line(&[1.0, 2.0, 3.0, 4.0]);
        design.push("twice", vec![3.0, 5.0, 7.0, 9.0]);
        assert_eq!(design.fit(&[1.0; 4]).unwrap_err(), Refusal::Collinear { column: "twice".to_owned() });
        assert_eq!(line(&[1.0, 2.0]).fit(&[1.0, 2.0]).unwrap_err().code(), "few_days");
    }
}
