//! A regression's columns, made orthonormal so that every later step is well conditioned whatever the columns' scales.
//!
//! Promise: columns that the ones before them determine are named and left out (their coefficient is zero); the fitted values are
//! those of all columns.

use super::Unsolved;
use super::vertex::dot;

/// A column counts as determined by the ones before it when what they leave of it is below this share of its sum of squares.
const DEPENDENT: f64 = 1e-10;

/// The rows of a regression in an orthonormal basis of their columns: the mean product of two basis columns is 1 or 0.
pub struct Design {
    rows: usize,
    columns: usize,
    /// The columns kept, ascending.
    kept: Vec<usize>,
    /// `kept` × `kept`, upper triangle by rows: basis row = kept columns of the row × this.
    to_basis: Vec<f64>,
    basis: Vec<f64>,
}

impl Design {
    /// `values` are the rows one after another, `columns` numbers each.
    pub fn new(columns: usize, values: &[f64]) -> Result<Self, Unsolved> {
        let rows = values.len().checked_div(columns).unwrap_or(0);
        if rows == 0 || values.len() != rows * columns {
            return Err(Unsolved::NoRows);
        }
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            return Err(Unsolved::NotFinite { row: place / columns });
        }
        let (kept, factor) = factor(&gram(columns, values), columns);
        if rows < kept.len() {
            return Err(Unsolved::TooFewRows { rows, columns: kept.len() });
        }
        let to_basis = inverse_upper(&factor, kept.len());
        let mut design = Self { rows, columns, kept, to_basis, basis: Vec::new() };
        design.basis = design.in_basis(values);
        Ok(design)
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns are kept: the rank.
    pub fn rank(&self) -> usize {
        self.kept.len()
    }

    /// The columns that the ones before them determine.
    pub fn left_out(&self) -> Vec<usize> {
        (0..self.columns).filter(|column| !self.kept.contains(column)).collect()
    }

    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.basis[row * self.rank()..][..self.rank()]
    }

    pub(super) fn each_row(&self) -> std::slice::ChunksExact<'_, f64> {
        self.basis.chunks_exact(self.rank())
    }

    /// The coefficients of all columns, from those of the basis.
    pub(super) fn coefficients(&self, of_basis: &[f64]) -> Vec<f64> {
        let rank = self.rank();
        let mut all = vec![0.0; self.columns];
        for (place, &column) in self.kept.iter().enumerate() {
            let row = &self.to_basis[place * rank..][..rank];
            all[column] = row.iter().zip(of_basis).map(|(a, b)| a * b).sum();
        }
        all
    }

    /// The coefficients of least squares and what they leave of `y`, with one step of refinement.
    pub(crate) fn least_squares(&self, y: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut of_basis = vec![0.0; self.rank()];
        let mut left = y.to_vec();
        for _ in 0..2 {
            let mut step = vec![0.0; self.rank()];
            for (row, left) in self.each_row().zip(&left) {
                step.iter_mut().zip(row).for_each(|(sum, value)| *sum += value * left / self.rows as f64);
            }
            of_basis.iter_mut().zip(&step).for_each(|(sum, step)| *sum += step);
            left.iter_mut().zip(self.each_row()).for_each(|(left, row)| *left -= dot(row, &step));
        }
        (self.coefficients(&of_basis), left)
    }

    fn in_basis(&self, values: &[f64]) -> Vec<f64> {
        let rank = self.rank();
        let mut basis = vec![0.0; self.rows * rank];
        for (row, out) in values.chunks_exact(self.columns).zip(basis.chunks_exact_mut(rank)) {
            for (place, &column) in self.kept.iter().enumerate() {
                let value = row[column];
                if value != 0.0 {
                    let from = &self.to_basis[place * rank..][..rank];
                    out[place..].iter_mut().zip(&from[place..]).for_each(|(out, from)| *out += value * from);
                }
            }
        }
        basis
    }
}

/// The mean products of the columns.
fn gram(columns: usize, values: &[f64]) -> Vec<f64> {
    let mut gram = vec![0.0; columns * columns];
    for row in values.chunks_exact(columns) {
        for (i, &value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            gram[i * columns + i..(i + 1) * columns].iter_mut().zip(&row[i..]).for_each(|(sum, other)| *sum += value * other);
        }
    }
    let rows = (values.len() / columns) as f64;
    gram.iter_mut().for_each(|sum| *sum /= rows);
    gram
}

/// Cholesky's factor (upper, by rows) of the columns that are not determined by earlier ones, and which those are.
fn factor(gram: &[f64], columns: usize) -> (Vec<usize>, Vec<f64>) {
    let mut kept: Vec<usize> = Vec::new();
    let mut lower: Vec<Vec<f64>> = Vec::new();
    for column in 0..columns {
        let mut row: Vec<f64> = Vec::with_capacity(kept.len() + 1);
        for (place, &earlier) in kept.iter().enumerate() {
            let known: f64 = row.iter().zip(&lower[place]).map(|(a, b)| a * b).sum();
            row.push((gram[earlier * columns + column] - known) / lower[place][place]);
        }
        let square = gram[column * columns + column];
        let left = square - row.iter().map(|value| value * value).sum::<f64>();
        if square > 0.0 && left > DEPENDENT * square {
            row.push(left.sqrt());
            lower.push(row);
            kept.push(column);
        }
    }
    let rank = kept.len();
    let mut upper = vec![0.0; rank * rank];
    for (j, row) in lower.iter().enumerate() {
        row.iter().enumerate().for_each(|(i, &value)| upper[i * rank + j] = value);
    }
    (kept, upper)
}

fn inverse_upper(upper: &[f64], rank: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; rank * rank];
    for j in 0..rank {
        inverse[j * rank + j] = 1.0 / upper[j * rank + j];
        for i in (0..j).rev() {
            let known: f64 = (i + 1..=j).map(|k| upper[i * rank + k] * inverse[k * rank + j]).sum();
            inverse[i * rank + j] = -known / upper[i * rank + i];
        }
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn determined_columns_are_left_out_and_the_basis_is_orthonormal() {
        let rows = (0..50).flat_map(|i| {
            let x = f64::from(i) / 10.0;
            [1.0, x, 3.0 - 2.0 * x, x * x, 0.0]
        });
        let design = Design::new(5, &rows.collect::<Vec<_>>()).unwrap();
        assert_eq!(design.left_out(), [2, 4]);
        for (a, b) in [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)] {
            let product: f64 = design.each_row().map(|row| row[a] * row[b]).sum::<f64>() / 50.0;
            assert!((product - f64::from(u8::from(a == b))).abs() < 1e-10, "{a} {b}: {product}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_row() {
        assert_eq!(Design::new(2, &[1.0, 2.0, 1.0, f64::NAN]).err(), Some(Unsolved::NotFinite { row: 1 }));
        assert_eq!(Design::new(2, &[]).err(), Some(Unsolved::NoRows));
    }
}
