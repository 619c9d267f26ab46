//! The sums of squares and products of columns, whitened for any autocorrelation, without going over the days again.
//!
//! Invariant: for one pair of partial autocorrelations, [`Products::at`] is the Cholesky factor of Z′V⁻¹Z with Z the columns and,
//! last, the values. V⁻¹ of an autoregression of order two is a sum of ten fixed matrices, so Z is multiplied out once.

use super::autoregression::Partial;

type Square = Vec<Vec<f64>>;

/// Σ of products at the lags (0,0), (0,1), (0,2), (1,1), (1,2), (2,2) from the third day of each stretch, then of its first day,
/// and of its first, its second, and both where there are two.
pub(super) struct Products {
    sums: [Square; 10],
    /// How many stretches have a first, and a second day.
    firsts: f64,
    seconds: f64,
}

/// A lower triangle L with LL′ = Z′V⁻¹Z.
pub(super) struct Factor(Square);

impl Products {
    pub fn new(mut columns: Vec<Vec<f64>>, y: &[f64], stretches: &[usize]) -> Self {
        columns.push(y.to_vec());
        let days: Vec<Vec<f64>> = (0..y.len()).map(|day| columns.iter().map(|column| column[day]).collect()).collect();
        let empty = vec![vec![0.0; columns.len()]; columns.len()];
        let mut products = Self { sums: std::array::from_fn(|_| empty.clone()), firsts: 0.0, seconds: 0.0 };
        for (at, &start) in stretches.iter().enumerate() {
            products.add(&days[start..stretches.get(at + 1).copied().unwrap_or(days.len())]);
        }
        products
    }

    fn add(&mut self, stretch: &[Vec<f64>]) {
        let [s00, s01, s02, s11, s12, s22, lone, first, second, both] = &mut self.sums;
        if let [one, ..] = stretch {
            self.firsts += 1.0;
            add(lone, one, one);
        }
        if let [one, two, ..] = stretch {
            self.seconds += 1.0;
            add(first, one, one);
            add(second, two, two);
            add(both, one, two);
        }
        for three in stretch.windows(3) {
            let (now, one, two) = (&three[2], &three[1], &three[0]);
            add(s00, now, now);
            add(s01, now, one);
            add(s02, now, two);
            add(s11, one, one);
            add(s12, one, two);
            add(s22, two, two);
        }
    }

    /// The factor at these partial autocorrelations; none when it is not positive.
    pub fn at(&self, partial: Partial) -> Option<Factor> {
        let (one, two) = partial.weights();
        let (first, second) = partial.early();
        let (again, both) = (partial.first.powi(2) / second, -partial.first / second);
        let weights = [1.0, -one, -two, one * one, one * two, two * two, 1.0 / first, again, 1.0 / second, both];
        // The sums of unlike days count both ways round.
        let unlike = [false, true, true, false, true, false, false, false, false, true];
        let size = self.sums[0].len();
        let mut whole = vec![vec![0.0; size]; size];
        for ((sum, weight), unlike) in self.sums.iter().zip(weights).zip(unlike) {
            for row in 0..size {
                for column in 0..=row {
                    let entry = if unlike { sum[row][column] + sum[column][row] } else { sum[row][column] };
                    whole[row][column] += weight * entry;
                }
            }
        }
        factor(whole).map(Factor)
    }

    /// ln |V|, in the variance of an innovation.
    pub fn log_determinant(&self, partial: Partial) -> f64 {
        let (first, second) = partial.early();
        self.firsts * first.ln() + self.seconds * second.ln()
    }
}

/// Adds a b′; of like days the lower half is enough.
fn add(sum: &mut Square, a: &[f64], b: &[f64]) {
    for (row, a) in sum.iter_mut().zip(a) {
        row.iter_mut().zip(b).for_each(|(entry, b)| *entry += a * b);
    }
}

fn factor(mut square: Square) -> Option<Square> {
    for row in 0..square.len() {
        for column in 0..=row {
            let done: f64 = (0..column).map(|at| square[row][at] * square[column][at]).sum();
            let left = square[row][column] - done;
            if row > column {
                square[row][column] = left / square[column][column];
            } else if left > 0.0 {
                square[row][row] = left.sqrt();
            } else {
                return None;
            }
        }
    }
    Some(square)
}

impl Factor {
    fn size(&self) -> usize {
        self.0.len() - 1
    }

    /// ln |X′V⁻¹X|
    pub fn log_determinant(&self) -> f64 {
        (0..self.size()).map(|at| 2.0 * self.0[at][at].ln()).sum()
    }

    pub fn residual_squares(&self) -> f64 {
        self.0[self.size()][self.size()].powi(2)
    }

    /// Of the values on the columns.
    pub fn coefficients(&self) -> Vec<f64> {
        let mut found = self.0[self.size()][..self.size()].to_vec();
        for row in (0..found.len()).rev() {
            let sum: f64 = (row + 1..found.len()).map(|below| self.0[below][row] * found[below]).sum();
            found[row] = (found[row] - sum) / self.0[row][row];
        }
        found
    }

    /// (X′V⁻¹X)⁻¹
    pub fn inverse(&self) -> Square {
        let size = self.size();
        // L⁻¹ by columns.
        let column = |column: usize| {
            let mut solved = vec![0.0; size];
            for row in column..size {
                let done: f64 = (column..row).map(|at| self.0[row][at] * solved[at]).sum();
                solved[row] = (f64::from(row == column) - done) / self.0[row][row];
            }
            solved
        };
        let columns: Vec<Vec<f64>> = (0..size).map(column).collect();
        let entry = |a: usize, b: usize| columns[a].iter().zip(&columns[b]).map(|(a, b)| a * b).sum();
        (0..size).map(|a| (0..size).map(|b| entry(a, b)).collect()).collect()
    }
}
