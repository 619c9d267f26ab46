//! The Cholesky factor of a large sparse matrix, and those entries of its inverse that the factor has a place for.
//!
//! The order is one of approximately minimum degree (Amestoy, Davis, Duff 1996), the factor is built row by row along the elimination
//! tree (Davis 2006, "Direct methods for sparse linear systems", chapter 4), and the selected inverse is the recursion of Takahashi,
//! Fagan and Chin (1973), which costs about as much as the factor.

/// A symmetric matrix's pattern with its factor's, both in the order of elimination.
pub(crate) struct Pattern {
    n: usize,
    /// Where each index goes in the order of elimination.
    place: Vec<usize>,
    /// The upper triangle by columns: where each column starts, the rows, and which of the caller's entries each one is.
    columns: Vec<usize>,
    rows: Vec<usize>,
    entry: Vec<usize>,
    /// The elimination tree: the first index that needs each one; `NONE` at a root.
    parent: Vec<usize>,
    /// The factor by columns, the diagonal first, rows ascending.
    starts: Vec<usize>,
    below: Vec<usize>,
}

/// The values of `L`, in the pattern's places.
pub(crate) struct Factor {
    values: Vec<f64>,
}

const NONE: usize = usize::MAX;

impl Pattern {
    /// `entries` are (column, row), row ≤ column, sorted, each once, every diagonal among them. None when there is no such order.
    pub fn new(n: usize, entries: &[(usize, usize)]) -> Option<Self> {
        let mut starts = vec![0; n + 1];
        entries.iter().for_each(|(column, _)| starts[column + 1] += 1);
        (0..n).for_each(|j| starts[j + 1] += starts[j]);
        let rows: Vec<usize> = entries.iter().map(|(_, row)| *row).collect();
        let (_, place, _) = amd::order(n, &starts, &rows, &amd::Control::default()).ok()?;
        let moved = |(at, &(column, row)): (usize, &(usize, usize))| {
            let (a, b) = (place[column], place[row]);
            (a.max(b), a.min(b), at)
        };
        let mut ordered: Vec<(usize, usize, usize)> = entries.iter().enumerate().map(moved).collect();
        ordered.sort_unstable();
        let mut columns = vec![0; n + 1];
        ordered.iter().for_each(|(column, ..)| columns[column + 1] += 1);
        (0..n).for_each(|j| columns[j + 1] += columns[j]);
        let rows = ordered.iter().map(|(_, row, _)| *row).collect();
        let entry = ordered.iter().map(|(.., entry)| *entry).collect();
        let mut pattern =
            Self { n, place, columns, rows, entry, parent: vec![NONE; n], starts: vec![0; n + 1], below: Vec::new() };
        pattern.grow_tree();
        pattern.lay_out();
        Some(pattern)
    }

    fn grow_tree(&mut self) {
        let mut ancestor = vec![NONE; self.n];
        for k in 0..self.n {
            for at in self.columns[k]..self.columns[k + 1] {
                let mut i = self.rows[at];
                while i < k {
                    let next = std::mem::replace(&mut ancestor[i], k);
                    if next == NONE {
                        self.parent[i] = k;
                        break;
                    }
                    i = next;
                }
            }
        }
    }

    fn lay_out(&mut self) {
        let (mut reach, mut seen) = (Vec::new(), vec![NONE; self.n]);
        for k in 0..self.n {
            self.starts[k + 1] += 1;
            self.reach(k, &mut reach, &mut seen);
            reach.iter().for_each(|&j| self.starts[j + 1] += 1);
        }
        (0..self.n).for_each(|j| self.starts[j + 1] += self.starts[j]);
        self.below = vec![0; self.starts[self.n]];
        let mut next = self.starts.clone();
        seen.fill(NONE);
        for k in 0..self.n {
            self.reach(k, &mut reach, &mut seen);
            for j in reach.iter().copied().chain([k]) {
                self.below[next[j]] = k;
                next[j] += 1;
            }
        }
    }

    /// The columns of `L` with an entry in row `k`, ascending.
    fn reach(&self, k: usize, reach: &mut Vec<usize>, seen: &mut [usize]) {
        reach.clear();
        seen[k] = k;
        for &row in &self.rows[self.columns[k]..self.columns[k + 1]] {
            let mut i = row;
            while seen[i] != k {
                seen[i] = k;
                reach.push(i);
                i = self.parent[i];
            }
        }
        reach.sort_unstable();
    }

    /// How many values the upper triangle has.
    pub fn entries(&self) -> usize {
        self.rows.len()
    }

    pub fn place(&self, index: usize) -> usize {
        self.place[index]
    }

    /// Where the entry of two indices stands among the values of the factor, and of the selected inverse.
    pub fn position(&self, a: usize, b: usize) -> Option<usize> {
        let (column, row) = (self.place[a].min(self.place[b]), self.place[a].max(self.place[b]));
        let (from, to) = (self.starts[column], self.starts[column + 1]);
        Some(from + self.below[from..to].binary_search(&row).ok()?)
    }

    /// Factors row by row; `values` are those of the entries. None when the matrix is not positive definite.
    pub fn factor(&self, values: &[f64]) -> Option<Factor> {
        let mut factor = vec![0.0; self.below.len()];
        let mut next = self.starts.clone();
        let (mut reach, mut seen, mut row) = (Vec::new(), vec![NONE; self.n], vec![0.0; self.n]);
        for k in 0..self.n {
            self.reach(k, &mut reach, &mut seen);
            (self.columns[k]..self.columns[k + 1]).for_each(|at| row[self.rows[at]] = values[self.entry[at]]);
            let mut diagonal = std::mem::take(&mut row[k]);
            for &j in &reach {
                let value = std::mem::take(&mut row[j]) / factor[self.starts[j]];
                for at in self.starts[j] + 1..next[j] {
                    row[self.below[at]] -= factor[at] * value;
                }
                diagonal -= value * value;
                factor[next[j]] = value;
                next[j] += 1;
            }
            if !(diagonal > 0.0 && diagonal.is_finite()) {
                return None;
            }
            factor[self.starts[k]] = diagonal.sqrt();
            next[k] += 1;
        }
        Some(Factor { values: factor })
    }

    pub fn log_determinant(&self, factor: &Factor) -> f64 {
        let starts = &self.starts;
        2.0 * (0..self.n).map(|j| factor.values[starts[j]].ln()).sum::<f64>()
    }

    /// Solves `L X = B` in place; `b` holds `width` values a row, in the order of elimination.
    pub fn solve_lower(&self, factor: &Factor, b: &mut [f64], width: usize) {
        let (starts, rows) = (&self.starts, &self.below);
        for j in 0..self.n {
            let (above, below) = b.split_at_mut((j + 1) * width);
            let own = &mut above[j * width..];
            own.iter_mut().for_each(|value| *value /= factor.values[starts[j]]);
            let column = starts[j] + 1..starts[j + 1];
            for (row, value) in rows[column.clone()].iter().zip(&factor.values[column]) {
                let from = (row - j - 1) * width;
                below[from..from + width].iter_mut().zip(&*own).for_each(|(b, x)| *b -= value * x);
            }
        }
    }

    /// Solves `L' X = B` in place.
    pub fn solve_upper(&self, factor: &Factor, b: &mut [f64], width: usize) {
        let (starts, rows) = (&self.starts, &self.below);
        for j in (0..self.n).rev() {
            let (above, below) = b.split_at_mut((j + 1) * width);
            let own = &mut above[j * width..];
            let column = starts[j] + 1..starts[j + 1];
            for (row, value) in rows[column.clone()].iter().zip(&factor.values[column]) {
                let from = (row - j - 1) * width;
                own.iter_mut().zip(&below[from..from + width]).for_each(|(x, b)| *x -= value * b);
            }
            own.iter_mut().for_each(|value| *value /= factor.values[starts[j]]);
        }
    }

    /// The entries of `(L L')⁻¹` at the places of the factor.
    pub fn selected_inverse(&self, factor: &Factor) -> Vec<f64> {
        let (starts, rows) = (&self.starts, &self.below);
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
