//! A vertex: as many rows as there are columns, fitted exactly, and the inverse of their matrix.

use super::design::Design;

/// A pivot below this share of the largest is not taken.
const SMALL_PIVOT: f64 = 1e-3;

/// The rows that are fitted exactly and the directions that leave each of them.
#[derive(Clone)]
pub(super) struct Vertex {
    pub members: Vec<usize>,
    /// Direction `j` raises the fitted value of member `j` by one and leaves those of the others (inverse, by columns).
    directions: Vec<f64>,
}

impl Vertex {
    /// Takes independent rows from `candidates` in their order; `None` if there are not enough.
    pub fn crash(design: &Design, candidates: impl IntoIterator<Item = usize>) -> Option<Self> {
        let rank = design.rank();
        let (mut members, mut reduced) = (Vec::new(), Vec::<(usize, Vec<f64>)>::new());
        for candidate in candidates {
            let mut row = design.row(candidate).to_vec();
            let size = largest(&row).1;
            for (pivot, earlier) in &reduced {
                let share = row[*pivot] / earlier[*pivot];
                row.iter_mut().zip(earlier).for_each(|(value, earlier)| *value -= share * earlier);
                row[*pivot] = 0.0;
            }
            let (pivot, left) = largest(&row);
            if left > SMALL_PIVOT * size {
                reduced.push((pivot, row));
                members.push(candidate);
            }
            if members.len() == rank {
                let mut vertex = Self { members, directions: Vec::new() };
                return vertex.refresh(design).then_some(vertex);
            }
        }
        None
    }

    pub fn direction(&self, j: usize) -> &[f64] {
        let rank = self.members.len();
        &self.directions[j * rank..][..rank]
    }

    /// The coefficients at which the members are fitted exactly, with one step of refinement.
    pub fn coefficients(&self, design: &Design, y: &[f64]) -> Vec<f64> {
        let mut coefficients = vec![0.0; self.members.len()];
        for _ in 0..2 {
            let left: Vec<f64> = self.members.iter().map(|&row| y[row] - dot(design.row(row), &coefficients)).collect();
            for (j, left) in left.into_iter().enumerate() {
                coefficients.iter_mut().zip(self.direction(j)).for_each(|(sum, step)| *sum += left * step);
            }
        }
        coefficients
    }

    /// Puts `row` in the place of member `j`.
    pub fn exchange(&mut self, design: &Design, j: usize, row: usize) {
        let rank = self.members.len();
        let entering = design.row(row);
        let shares: Vec<f64> = (0..rank).map(|k| dot(entering, self.direction(k))).collect();
        let mut pivot = self.direction(j).to_vec();
        pivot.iter_mut().for_each(|value| *value /= shares[j]);
        for (k, direction) in self.directions.chunks_exact_mut(rank).enumerate() {
            let share = if k == j { 0.0 } else { shares[k] };
            direction.iter_mut().zip(&pivot).for_each(|(value, pivot)| *value -= share * pivot);
        }
        self.directions[j * rank..][..rank].copy_from_slice(&pivot);
        self.members[j] = row;
    }

    /// Inverts the members' matrix anew; false if they are not independent.
    pub fn refresh(&mut self, design: &Design) -> bool {
        let rank = self.members.len();
        let rows = self.members.iter().map(|&member| design.row(member).to_vec()).collect();
        let Some(inverse) = invert(rows) else { return false };
        self.directions = (0..rank * rank).map(|place| inverse[place % rank][place / rank]).collect();
        true
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a4.zip(b4) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest
}

fn largest(row: &[f64]) -> (usize, f64) {
    row.iter()
        .enumerate()
        .fold((0, 0.0), |(place, size), (i, value)| if value.abs() > size { (i, value.abs()) } else { (place, size) })
}

/// Gauss and Jordan with row exchanges.
fn invert(mut left: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    let size = left.len();
    let unit = |i: usize| (0..size).map(|j| f64::from(u8::from(i == j))).collect::<Vec<_>>();
    let mut right: Vec<Vec<f64>> = (0..size).map(unit).collect();
    for k in 0..size {
        let best = (k..size).max_by(|&a, &b| left[a][k].abs().total_cmp(&left[b][k].abs()))?;
        left.swap(k, best);
        right.swap(k, best);
        let pivot = left[k][k];
        if pivot.abs() < f64::EPSILON {
            return None;
        }
        left[k].iter_mut().chain(&mut right[k]).for_each(|value| *value /= pivot);
        let (row, unit) = (left[k].clone(), right[k].clone());
        for i in (0..size).filter(|&i| i != k) {
            let share = left[i][k];
            left[i].iter_mut().zip(&row).for_each(|(value, pivot)| *value -= share * pivot);
            right[i].iter_mut().zip(&unit).for_each(|(value, pivot)| *value -= share * pivot);
        }
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchanged_vertex_is_the_one_made_anew() {
        let rows: Vec<f64> = (0..40).flat_map(|i| [1.0, f64::from(i), f64::from(i * i % 17)]).collect();
        let y: Vec<f64> = (0..40).map(|i| f64::from(i * 7 % 11)).collect();
        let design = Design::new(3, &rows).unwrap();
        let mut vertex = Vertex::crash(&design, [3, 3, 8, 21, 30]).unwrap();
        assert_eq!(vertex.members, [3, 8, 21]);
        vertex.exchange(&design, 1, 33);
        let fitted = vertex.coefficients(&design, &y);
        for row in [3, 33, 21] {
            assert!((dot(design.row(row), &fitted) - y[row]).abs() < 1e-12);
        }
        let exchanged = vertex.directions.clone();
        assert!(vertex.refresh(&design));
        assert!(exchanged.iter().zip(&vertex.directions).all(|(a, b)| (a - b).abs() < 1e-12));
    }
}
