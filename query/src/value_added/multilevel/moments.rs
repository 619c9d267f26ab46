//! What a multilevel model needs of the data: for the pupils who share all their groups, how many, and the cross products.
//!
//! Promise: the products are taken about the means of all pupils, so that no digits are lost to the size of the scores; a pupil
//! lacking any value that the model needs is counted, never guessed.

use std::collections::HashMap;

/// One kind of group – class, school, county – and which group each cell belongs to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Factor {
    pub names: Vec<String>,
    /// For each cell, the place of its group in `names`.
    pub of_cell: Vec<u32>,
}

/// Of all pupils, how many could be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Coverage {
    /// All rows, usable or not.
    pub pupils: u64,
    /// With the response, every covariate and every group.
    pub complete: u64,
    /// Without the response.
    pub no_response: u64,
    /// With the response, yet without one of the covariates: those whom the linking did not reach.
    pub no_prior: u64,
    /// With the response and every covariate, yet without one of the groups.
    pub no_group: u64,
    /// Of the complete, those who changed school between the tests; none when the data do not say.
    pub moved: Option<u64>,
}

/// Sufficient statistics by cell; a cell is the pupils who share all their groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// One for each grouping, in the model's order.
    pub factors: Vec<Factor>,
    /// The columns: the constant, the covariates, and the response last.
    pub width: usize,
    /// The mean of each column over all complete pupils.
    pub means: Vec<f64>,
    /// One `width`×`width` matrix a cell: cross products about `means`; its first entry is n.
    pub products: Vec<f64>,
    pub coverage: Coverage,
}

/// What one cell has to tell, about its own means.
#[derive(Clone, Copy, Debug)]
pub struct CellMoments<'a> {
    pub n: f64,
    /// The mean of each column but the constant.
    pub means: &'a [f64],
    /// Cross products about these means, lower triangle by rows.
    pub products: &'a [f64],
}

impl Moments {
    /// From cells that know their groups' places, each about its own means.
    pub fn from_cells<'a>(
        factors: Vec<Factor>,
        columns: usize,
        cells: impl Iterator<Item = CellMoments<'a>> + Clone,
        coverage: Coverage,
    ) -> Self {
        let width = columns + 1;
        let mut means = vec![0.0; width];
        let mut n = 0.0;
        for cell in cells.clone().filter(|cell| cell.n > 0.0) {
            n += cell.n;
            means[1..].iter_mut().zip(cell.means).for_each(|(mean, own)| *mean += (own - *mean) * cell.n / n);
        }
        let mut products = Vec::with_capacity(factors.first().map_or(0, |f| f.of_cell.len()) * width * width);
        for cell in cells {
            let about = |i: usize| if i == 0 { 1.0 } else { cell.means[i - 1] - means[i] };
            for i in 0..width {
                for j in 0..width {
                    let (a, b) = (i.max(j), i.min(j));
                    let own = if b == 0 { 0.0 } else { cell.products[(a - 1) * a / 2 + b - 1] };
                    products.push(own + cell.n * about(i) * about(j));
                }
            }
        }
        means[0] = 0.0;
        Self { factors, width, means, products, coverage }
    }

    /// From rows in memory; `keys` and `columns` hold one slice a grouping and a column, the response last. NaN is missing.
    pub fn from_rows<'a>(keys: &'a [Vec<String>], columns: &[Vec<f64>]) -> Self {
        let rows = columns.first().map_or(0, Vec::len);
        let mut places: HashMap<Vec<u32>, usize> = HashMap::new();
        let mut factors = vec![Factor::default(); keys.len()];
        let mut groups: Vec<HashMap<&str, u32>> = vec![HashMap::new(); keys.len()];
        let mut cells: Vec<Welford> = Vec::new();
        let mut coverage = Coverage { pupils: rows as u64, ..Coverage::default() };
        for row in 0..rows {
            let values: Vec<f64> = columns.iter().map(|column| column[row]).collect();
            if !coverage.count(&values) {
                continue;
            }
            let place = |(factor, known): (usize, &mut HashMap<&'a str, u32>)| {
                let name: &'a str = &keys[factor][row];
                let next = known.len() as u32;
                *known.entry(name).or_insert_with(|| {
                    factors[factor].names.push(name.to_owned());
                    next
                })
            };
            let key: Vec<u32> = groups.iter_mut().enumerate().map(place).collect();
            let cell = *places.entry(key.clone()).or_insert_with(|| {
                factors.iter_mut().zip(&key).for_each(|(factor, group)| factor.of_cell.push(*group));
                cells.push(Welford::new(columns.len()));
                cells.len() - 1
            });
            cells[cell].add(&values);
        }
        Self::from_cells(factors, columns.len(), cells.iter().map(Welford::moments), coverage)
    }

    /// The number of complete pupils.
    pub fn n(&self) -> f64 {
        self.coverage.complete as f64
    }

    pub fn cells(&self) -> usize {
        self.products.len() / (self.width * self.width)
    }

    /// The sum over all cells.
    pub(crate) fn total(&self) -> Vec<f64> {
        let mut total = vec![0.0; self.width * self.width];
        for cell in self.products.chunks_exact(total.len()) {
            total.iter_mut().zip(cell).for_each(|(sum, value)| *sum += value);
        }
        total
    }

    /// Moves the zero of the columns: afterwards column `i` is measured from `means[i] - by[i]`.
    pub(crate) fn shift(&mut self, by: &[f64]) {
        let m = self.width;
        for cell in self.products.chunks_exact_mut(m * m) {
            for i in 1..m {
                (0..m).for_each(|j| cell[i * m + j] += by[i] * cell[j]);
            }
            for j in 1..m {
                (0..m).for_each(|i| cell[i * m + j] += by[j] * cell[i * m]);
            }
        }
    }
}

impl Coverage {
    fn count(&mut self, values: &[f64]) -> bool {
        let Some((response, priors)) = values.split_last() else { return false };
        let complete = response.is_finite() && priors.iter().all(|value| value.is_finite());
        self.complete += u64::from(complete);
        self.no_response += u64::from(!response.is_finite());
        self.no_prior += u64::from(response.is_finite() && !complete);
        complete
    }

    /// The share of those with a response who could be used; none when there is no response at all.
    pub fn linked(&self) -> Option<f64> {
        let tested = self.pupils - self.no_response;
        (tested > 0).then(|| self.complete as f64 / tested as f64)
    }
}

/// Means and cross products of a stream of rows, by Welford's update.
#[derive(Clone, Debug)]
struct Welford {
    n: f64,
    means: Vec<f64>,
    products: Vec<f64>,
}

impl Welford {
    fn new(columns: usize) -> Self {
        Self { n: 0.0, means: vec![0.0; columns], products: vec![0.0; columns * (columns + 1) / 2] }
    }

    fn add(&mut self, values: &[f64]) {
        self.n += 1.0;
        let before: Vec<f64> = values.iter().zip(&self.means).map(|(value, mean)| value - mean).collect();
        self.means.iter_mut().zip(&before).for_each(|(mean, gap)| *mean += gap / self.n);
        let pairs = before.iter().enumerate().flat_map(|(i, gap)| (0..=i).map(move |j| (gap, j)));
        for (product, (gap, j)) in self.products.iter_mut().zip(pairs) {
            *product += gap * (values[j] - self.means[j]);
        }
    }

    fn moments(&self) -> CellMoments<'_> {
        CellMoments { n: self.n, means: &self.means, products: &self.products }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_about_the_means_and_can_be_moved() {
        let keys = vec![["a", "b", "a", "b"].map(str::to_owned).to_vec()];
        let columns = vec![vec![1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0, f64::NAN], vec![5.0, 7.0, 9.0, 1.0]];
        let mut moments = Moments::from_rows(&keys, &columns);
        assert_eq!(moments.coverage, Coverage { pupils: 4, complete: 3, no_response: 0, no_prior: 1, no_group: 0, moved: None });
        assert_eq!(moments.means, [0.0, 1e9 + 2.0, 7.0]);
        assert_eq!(moments.products[..9], [2.0, 0.0, 0.0, 0.0, 2.0, 4.0, 0.0, 4.0, 8.0]);
        moments.shift(&[0.0, 1.0, 0.0]);
        assert_eq!(moments.total(), [3.0, 3.0, 0.0, 3.0, 5.0, 4.0, 0.0, 4.0, 8.0]);
    }
}
