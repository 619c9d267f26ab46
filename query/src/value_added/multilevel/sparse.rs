//! The Cholesky factor of a large sparse matrix, and those entries of its inverse that the factor has a place for.
//!
//! Ordering, symbolic analysis and factorisation are faer's; the selected inverse is the recursion of Takahashi, Fagan and Chin (1973),
//! which costs about as much as the factor.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::linalg::SupernodalThreshold;
use faer::sparse::linalg::cholesky::{
    CholeskySymbolicParams, SymbolicCholesky, SymbolicCholeskyRaw, SymmetricOrdering, factorize_symbolic_cholesky,
};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};
use faer::{Par, Side};

/// A symmetric matrix's pattern – its upper triangle by columns, rows ascending – with its factor's.
pub(crate) struct Pattern {
    n: usize,
    columns: Vec<usize>,
    rows: Vec<usize>,
    symbolic: SymbolicCholesky<usize>,
    /// Where each index goes in the order of elimination.
    place: Vec<usize>,
}

/// `L` in the order of elimination: by columns, the diagonal first.
pub(crate) struct Factor {
    pub values: Vec<f64>,
}

impl Pattern {
    /// `entries` are (column, row), row ≤ column, sorted, each once. None when the factor would not fit into memory.
    pub fn new(n: usize, entries: &[(usize, usize)]) -> Option<Self> {
        let mut columns = vec![0; n + 1];
        entries.iter().for_each(|(column, _)| columns[column + 1] += 1);
        (0..n).for_each(|j| columns[j + 1] += columns[j]);
        let rows: Vec<usize> = entries.iter().map(|(_, row)| *row).collect();
        let params =
            CholeskySymbolicParams { supernodal_flop_ratio_threshold: SupernodalThreshold::FORCE_SIMPLICIAL, ..Default::default() };
        let matrix = SymbolicSparseColMatRef::new_checked(n, n, &columns, None, &rows);
        let symbolic = factorize_symbolic_cholesky(matrix, Side::Upper, SymmetricOrdering::Amd, params).ok()?;
        let place = symbolic.perm().map_or_else(|| (0..n).collect(), |perm| perm.arrays().1.to_vec());
        Some(Self { n, columns, rows, symbolic, place })
    }

    /// How many values the upper triangle has.
    pub fn entries(&self) -> usize {
        self.rows.len()
    }

    pub fn place(&self, index: usize) -> usize {
        self.place[index]
    }

    /// The factor's column starts and rows.
    fn layout(&self) -> (&[usize], &[usize]) {
        match self.symbolic.raw() {
            SymbolicCholeskyRaw::Simplicial(simplicial) => (simplicial.col_ptr(), simplicial.row_idx()),
            SymbolicCholeskyRaw::Supernodal(_) => (&[], &[]),
        }
    }

    /// Where the entry of two indices stands among the values of the factor, and of the selected inverse.
    pub fn position(&self, a: usize, b: usize) -> Option<usize> {
        let (column, row) = (self.place[a].min(self.place[b]), self.place[a].max(self.place[b]));
        let (starts, rows) = self.layout();
        let within = rows[starts[column]..starts[column + 1]].binary_search(&row).ok()?;
        Some(starts[column] + within)
    }

    /// None when the matrix is not positive definite.
    pub fn factor(&self, values: &[f64]) -> Option<Factor> {
        let mut factor = vec![0.0; self.symbolic.len_val()];
        let pattern = SymbolicSparseColMatRef::new_checked(self.n, self.n, &self.columns, None, &self.rows);
        let matrix = SparseColMatRef::new(pattern, values);
        let mut memory = MemBuffer::new(self.symbolic.factorize_numeric_llt_scratch::<f64>(Par::Seq, Default::default()));
        let stack = MemStack::new(&mut memory);
        let done = self.symbolic.factorize_numeric_llt(
            &mut factor,
            matrix,
            Side::Upper,
            Default::default(),
            Par::Seq,
            stack,
            Default::default(),
        );
        done.ok()?;
        Some(Factor { values: factor })
    }

    pub fn log_determinant(&self, factor: &Factor) -> f64 {
        let (starts, _) = self.layout();
        2.0 * (0..self.n).map(|j| factor.values[starts[j]].ln()).sum::<f64>()
    }

    /// Solves `L X = B` in place; `b` holds `width` values a row, in the order of elimination.
    pub fn solve_lower(&self, factor: &Factor, b: &mut [f64], width: usize) {
        let (starts, rows) = self.layout();
        for j in 0..self.n {
            let (above, below) = b.split_at_mut((j + 1) * width);
            let own = &mut above[j * width..];
            own.iter_mut().for_each(|value| *value /= factor.values[starts[j]]);
            for at in starts[j] + 1..starts[j + 1] {
                let from = (rows[at] - j - 1) * width;
                below[from..from + width].iter_mut().zip(&*own).for_each(|(b, x)| *b -= factor.values[at] * x);
            }
        }
    }

    /// Solves `L' X = B` in place.
    pub fn solve_upper(&self, factor: &Factor, b: &mut [f64], width: usize) {
        let (starts, rows) = self.layout();
        for j in (0..self.n).rev() {
            let (above, below) = b.split_at_mut((j + 1) * width);
            let own = &mut above[j * width..];
            for at in starts[j] + 1..starts[j + 1] {
                let from = (rows[at] - j - 1) * width;
                own.iter_mut().zip(&below[from..from + width]).for_each(|(x, b)| *x -= factor.values[at] * b);
            }
            own.iter_mut().for_each(|value| *value /= factor.values[starts[j]]);
        }
    }

    /// The entries of `(L L')⁻¹` at the places of the factor.
    pub fn selected_inverse(&self, factor: &Factor) -> Vec<f64> {
        const NONE: usize = usize::MAX;
        let (starts, rows) = self.layout();
        let mut inverse = vec![0.0; factor.values.len()];
        let mut slot = vec![NONE; self.n];
        let mut sums = Vec::new();
        for j in (0..self.n).rev() {
            let below = starts[j] + 1..starts[j + 1];
            let pattern = &rows[below.clone()];
            let own = &factor.values[below.clone()];
            pattern.iter().enumerate().for_each(|(at, &row)| slot[row] = at);
            sums.clear();
            sums.resize(pattern.len(), 0.0);
            for (at, &k) in pattern.iter().enumerate() {
                sums[at] += own[at] * inverse[starts[k]];
                for entry in starts[k] + 1..starts[k + 1] {
                    let other = slot[rows[entry]];
                    if other != NONE {
                        sums[other] += own[at] * inverse[entry];
                        sums[at] += own[other] * inverse[entry];
                    }
                }
            }
            let diagonal = factor.values[starts[j]];
            let off: f64 = own.iter().zip(&sums).map(|(l, sum)| l * sum).sum();
            inverse[starts[j]] = (1.0 / diagonal + off / diagonal) / diagonal;
            inverse[below].iter_mut().zip(&sums).for_each(|(entry, sum)| *entry = -sum / diagonal);
            pattern.iter().for_each(|&row| slot[row] = NONE);
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value_added::multilevel::dense;

    #[test]
    fn the_selected_inverse_is_that_of_the_whole() {
        // A ring with a chord: it fills in, whatever the order.
        let n = 7;
        let mut entries: Vec<(usize, usize)> = (0..n).map(|i| (i, i)).chain((1..n).map(|i| (i, i - 1))).collect();
        entries.extend([(6, 0), (4, 1)]);
        entries.sort_unstable();
        let value = |(i, j): (usize, usize)| if i == j { 5.0 + i as f64 } else { 1.0 + 0.3 * (i * j) as f64 / 10.0 };
        let values: Vec<f64> = entries.iter().map(|&entry| value(entry)).collect();
        let pattern = Pattern::new(n, &entries).expect("fits");
        let factor = pattern.factor(&values).expect("positive definite");
        let inverse = pattern.selected_inverse(&factor);
        let mut full = vec![0.0; n * n];
        entries.iter().zip(&values).for_each(|(&(i, j), v)| (full[i * n + j], full[j * n + i]) = (*v, *v));
        assert!(dense::cholesky(&mut full, n));
        let whole = dense::inverse(&full, n);
        assert!((pattern.log_determinant(&factor) - dense::log_determinant(&full, n)).abs() < 1e-13);
        for &(i, j) in &entries {
            let at = pattern.position(i, j).expect("a place");
            assert!((inverse[at] - whole[i * n + j]).abs() < 1e-14, "{i} {j}");
        }
    }
}
