//! How much teachers, subjects and classes differ: variance components by moments (Henderson's first method, 1953).
//!
//! A value is y = mean + teacher + subject + class + rest, each drawn with a variance of its own. Every sum of squares between the
//! levels of a factor has an expectation that is linear in the variances; setting the sums equal to their expectations gives as many
//! equations as there are variances. Unbiased for unbalanced data, and needs sums by level only. A variance that comes out negative is
//! zero and leaves the equations, as does a factor that cannot be told from others.

use std::collections::BTreeMap;

/// The factors that values differ by.
pub(super) const FACTORS: usize = 3;
/// Residuals are never taken to be surer than 1 %.
const LEAST: f64 = 1e-4;

/// Values of one combination of levels: a level's number for each factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cell {
    pub levels: [usize; FACTORS],
    pub n: f64,
    pub sum: f64,
    pub squares: f64,
}

/// The variances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    /// Of each factor; 0 where it makes no difference.
    pub factors: [f64; FACTORS],
    pub rest: f64,
}

impl Spread {
    /// From values of which there are at least two.
    pub fn of(cells: &[Cell]) -> Self {
        let mut left: Vec<usize> = (0..FACTORS).filter(|factor| counts(cells, *factor).len() > 1).collect();
        loop {
            let Some(variances) = solve(equations(cells, &left)) else {
                // The last factor cannot be told from the others.
                left.pop();
                continue;
            };
            let lowest = (0..left.len()).min_by(|a, b| variances[*a].total_cmp(&variances[*b]));
            match lowest.filter(|place| variances[*place] < 0.0) {
                Some(place) => drop(left.remove(place)),
                None => {
                    let mut factors = [0.0; FACTORS];
                    left.iter().zip(&variances).for_each(|(factor, variance)| factors[*factor] = *variance);
                    return Self { factors, rest: variances[left.len()].max(LEAST) };
                }
            }
        }
    }
}

/// Number and sum of the values of each level.
fn counts(cells: &[Cell], factor: usize) -> BTreeMap<usize, (f64, f64)> {
    let mut counts = BTreeMap::new();
    for cell in cells {
        let (n, sum) = counts.entry(cell.levels[factor]).or_insert((0.0, 0.0));
        *n += cell.n;
        *sum += cell.sum;
    }
    counts
}

/// Rows of coefficients of the variances (those of `factors`, then the rest) and the observed sum of squares.
fn equations(cells: &[Cell], factors: &[usize]) -> Vec<Vec<f64>> {
    let n: f64 = cells.iter().map(|cell| cell.n).sum();
    let mean_square = cells.iter().map(|cell| cell.sum).sum::<f64>().powi(2) / n;
    let by_chance = |of: usize| counts(cells, of).values().map(|(n, _)| n * n).sum::<f64>() / n;
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for between in factors {
        let levels = counts(cells, *between);
        let squares: f64 = levels.values().map(|(n, sum)| sum * sum / n).sum();
        let shares = factors.iter().map(|of| overlap(cells, *between, *of, &levels) - by_chance(*of));
        rows.push(shares.chain([levels.len() as f64 - 1.0, squares - mean_square]).collect());
    }
    let squares: f64 = cells.iter().map(|cell| cell.squares).sum();
    rows.push(factors.iter().map(|of| n - by_chance(*of)).chain([n - 1.0, squares - mean_square]).collect());
    rows
}

/// Σ over levels of one factor and of another: (values of both)² / (values of the first).
fn overlap(cells: &[Cell], between: usize, of: usize, levels: &BTreeMap<usize, (f64, f64)>) -> f64 {
    let mut both: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    cells.iter().for_each(|cell| *both.entry((cell.levels[between], cell.levels[of])).or_insert(0.0) += cell.n);
    both.iter().map(|((level, _), n)| n * n / levels[level].0).sum()
}

/// Gaussian elimination with the largest pivot; none when an equation says nothing of its own.
fn solve(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let size = rows.len();
    let largest = |column: usize| rows.iter().map(|row| row[column].abs()).fold(0.0, f64::max);
    let scales: Vec<f64> = (0..size).map(largest).collect();
    for column in 0..size {
        let best = (column..size).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        rows.swap(column, best);
        if rows[column][column].abs() <= 1e-9 * scales[column] {
            return None;
        }
        let pivot = rows[column].clone();
        for row in rows.iter_mut().skip(column + 1) {
            let factor = row[column] / pivot[column];
            row.iter_mut().zip(&pivot).for_each(|(value, other)| *value -= factor * other);
        }
    }
    let mut found = vec![0.0; size];
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|column| rows[row][column] * found[column]).sum();
        found[row] = (rows[row][size] - known) / rows[row][row];
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(levels: [usize; FACTORS], values: &[f64]) -> Cell {
        let squares = values.iter().map(|value| value * value).sum();
        Cell { levels, n: values.len() as f64, sum: values.iter().sum(), squares }
    }

    #[test]
    fn one_factor_is_the_analysis_of_variance() {
        // Means 1, 2, 6 of two values each; within: 3 × 0.5 = 1.5 over 3 degrees of freedom; between: 2 × (4 + 1 + 9) over 2.
        let cells = [cell([0, 0, 0], &[0.5, 1.5]), cell([1, 0, 0], &[1.5, 2.5]), cell([2, 0, 0], &[5.5, 6.5])];
        let spread = Spread::of(&cells);
        assert!((spread.rest - 0.5).abs() < 1e-12, "{spread:?}");
        assert!((spread.factors[0] - (14.0 - 0.5) / 2.0).abs() < 1e-12, "{spread:?}");
        assert_eq!(spread.factors[1..], [0.0, 0.0]);
    }

    #[test]
    fn two_crossed_factors_of_a_full_table_are_told_apart() {
        // y = a + b with a in {0, 4}, b in {0, 1, 2}: no rest beyond the least; variances 8 and 1, from the sums of squares.
        let values = [[0.0, 1.0, 2.0], [4.0, 5.0, 6.0]];
        let cells: Vec<Cell> = (0..6).map(|i| cell([i / 3, i % 3, 0], &[values[i / 3][i % 3]])).collect();
        let spread = Spread::of(&cells);
        assert!((spread.factors[0] - 8.0).abs() < 1e-9 && (spread.factors[1] - 1.0).abs() < 1e-9, "{spread:?}");
        assert_eq!(spread.rest, LEAST);
    }

    #[test]
    fn factors_that_say_the_same_are_counted_once() {
        let cells = [cell([0, 0, 0], &[0.0, 0.2]), cell([1, 1, 1], &[1.0, 1.2]), cell([2, 2, 2], &[3.0, 3.2])];
        let spread = Spread::of(&cells);
        assert!(spread.factors[0] > 1.0, "{spread:?}");
        assert_eq!(spread.factors[1..], [0.0, 0.0]);
    }

    #[test]
    fn levels_that_differ_less_than_chance_make_no_difference() {
        let cells = [cell([0, 0, 0], &[-1.0, 1.0]), cell([1, 1, 1], &[-1.0, 1.0])];
        let spread = Spread::of(&cells);
        assert_eq!(spread.factors, [0.0; FACTORS]);
        assert!((spread.rest - 4.0 / 3.0).abs() < 1e-12, "{spread:?}");
    }
}
