//! Cubic B-splines as R's `bs()` builds them: no column of their own for the intercept, a basis row for every score.
//!
//! Promise: inside the boundary a row equals that of `splines::bs` to 1e-12; outside it is the polynomial of the outermost piece,
//! as there. A row is always finite for a finite score.

use crate::sample::{quantile, round};

const ORDER: usize = 4;
/// Decimals to which knots and boundaries are rounded.
const DIGITS: i32 = 3;

/// The knots of one grade's scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Spline {
    /// Boundary (four times), inner knots, boundary (four times); ascending.
    knots: Vec<f64>,
}

impl Spline {
    /// Inner knots at the quantiles `at` of `scores` and a boundary that is their range with `margin` of its width added on both
    /// sides, all rounded to three decimals. `None` when the scores are fewer than two or all the same, or not all finite.
    pub fn of_scores(scores: &[f64], at: &[f64], margin: f64) -> Option<Self> {
        let mut ascending = scores.to_vec();
        ascending.sort_unstable_by(f64::total_cmp);
        let (&low, &high) = (ascending.first()?, ascending.last()?);
        let reach = (high - low) * margin;
        let inner = at.iter().filter_map(|&probability| quantile(&ascending, probability));
        let inner = inner.map(|knot| round(knot, DIGITS)).collect();
        Self::new(inner, [round(low - reach, DIGITS), round(high + reach, DIGITS)])
    }

    /// `None` when the boundary has no width, or a knot lies outside it or is not finite.
    pub fn new(mut inner: Vec<f64>, [low, high]: [f64; 2]) -> Option<Self> {
        let within = low < high && low.is_finite() && high.is_finite();
        if !within || !inner.iter().all(|knot| (low..=high).contains(knot)) {
            return None;
        }
        inner.sort_unstable_by(f64::total_cmp);
        let knots = [vec![low; ORDER], inner, vec![high; ORDER]].concat();
        Some(Self { knots })
    }

    /// How many columns a row has.
    pub fn columns(&self) -> usize {
        self.knots.len() - ORDER - 1
    }

    /// Writes the row of `score` into `row`, which has [`columns`](Self::columns) places.
    pub fn row(&self, score: f64, row: &mut [f64]) {
        row.fill(0.0);
        let right = self.right_of(score);
        let first = right - ORDER;
        for (place, value) in (first..).zip(self.pieces(score, right)) {
            // The first function of the basis is left out: the regression has an intercept.
            if let Some(column) = place.checked_sub(1) {
                row[column] = value;
            }
        }
    }

    /// The first knot right of `score`; of a score outside the boundary, the right end of the outermost piece.
    fn right_of(&self, score: f64) -> usize {
        let last = self.knots.len() - ORDER;
        let (low, high) = (self.knots[0], self.knots[last]);
        // R expands a score outside around a quarter of the outermost piece: here only to name the piece.
        let inside = match score {
            score if score < low => 0.75 * low + 0.25 * self.knots[ORDER],
            score if score > high => 0.75 * high + 0.25 * self.knots[last - 1],
            score => score,
        };
        self.knots.partition_point(|&knot| knot <= inside).clamp(ORDER, last)
    }

    /// The four functions that are not zero on the piece that ends at knot `right` (de Boor's recursion).
    fn pieces(&self, score: f64, right: usize) -> [f64; ORDER] {
        let ahead: [f64; ORDER - 1] = std::array::from_fn(|i| self.knots[right + i] - score);
        let behind: [f64; ORDER - 1] = std::array::from_fn(|i| score - self.knots[right - 1 - i]);
        let mut values = [0.0; ORDER];
        values[0] = 1.0;
        for degree in 1..ORDER {
            let mut saved = 0.0;
            for r in 0..degree {
                let width = ahead[r] + behind[degree - 1 - r];
                if width != 0.0 {
                    let term = values[r] / width;
                    values[r] = saved + ahead[r] * term;
                    saved = behind[degree - 1 - r] * term;
                } else {
                    if r != 0 || ahead[r] != 0.0 {
                        values[r] = saved;
                    }
                    saved = 0.0;
                }
            }
            values[degree] = saved;
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `query/tests/value_added/growth/bs.R` makes these.
    const ROWS: &str = include_str!("../../../tests/value_added/growth/bs.txt");

    #[test]
    fn rows_are_those_of_r_inside_on_and_outside_the_boundary() {
        for line in ROWS.lines() {
            let numbers: Vec<f64> = line.split_whitespace().map(|word| word.parse().unwrap()).collect();
            let knots = numbers[2] as usize;
            let spline = Spline::new(numbers[3..3 + knots].to_vec(), [numbers[0], numbers[1]]).unwrap();
            let mut row = vec![0.0; spline.columns()];
            spline.row(numbers[3 + knots], &mut row);
            assert_eq!(row.len(), numbers.len() - knots - 4);
            for (ours, theirs) in row.iter().zip(&numbers[4 + knots..]) {
                assert!((ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0), "{line}: {row:?}");
            }
        }
    }

    #[test]
    fn scores_without_spread_have_no_knots() {
        assert_eq!(Spline::of_scores(&[80.0; 30], &[0.5], 0.1), None);
        assert_eq!(Spline::of_scores(&[], &[0.5], 0.1), None);
        assert_eq!(Spline::of_scores(&[1.0, f64::NAN], &[0.5], 0.1), None);
    }

    #[test]
    fn knots_and_boundary_are_rounded() {
        let spline = Spline::of_scores(&[1.0, 2.0, 4.0, 8.00049], &[0.5], 0.1).unwrap();
        assert_eq!(spline, Spline::new(vec![3.0], [0.3, 8.701]).unwrap());
    }
}
