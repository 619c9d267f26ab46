//! Partial pooling: what a piece of this teacher, subject and class will be, from all pieces of the school.
//!
//! The best linear unbiased prediction of Henderson's mixed-model equations: each effect is drawn towards zero by as much as its level
//! has few pieces and levels differ little; a level without pieces is zero, with the whole variance of its factor. The equations are
//! solved for the asked combinations only, by conjugate gradients: nothing grows with the square of the school's teachers.

use std::collections::BTreeMap;

use super::spread::{Cell, FACTORS, Spread};
use super::{By, Sums};

/// Fewer pieces than this say nothing of the next.
const FEWEST: f64 = 10.0;
/// From so many pieces on a teacher counts as known.
const KNOWN: f64 = 5.0;

/// A school's past pieces and how they vary.
pub(super) struct Pooled {
    cells: Vec<Cell>,
    levels: BTreeMap<(usize, String), usize>,
    spread: Spread,
}

/// What is expected of some pieces: the means, and the covariances of what may come – what is not known of the effects, and the rest.
#[derive(Debug, PartialEq)]
pub(super) struct Prediction {
    pub means: Vec<f64>,
    pub covariance: Vec<Vec<f64>>,
}

impl Pooled {
    /// None when there are too few pieces. `asked` are the combinations that may be predicted.
    pub fn fit(past: &[(&By, Sums)], asked: &[&By]) -> Option<Self> {
        let mut sorted: Vec<_> = past.iter().filter(|(_, sums)| sums.n > 0.0).collect();
        sorted.sort_by(|a, b| a.0.cmp(b.0));
        let mut levels = BTreeMap::new();
        let cells: Vec<Cell> = sorted.into_iter().map(|(by, sums)| cell(&mut levels, by, *sums)).collect();
        for by in asked {
            numbers(&mut levels, by);
        }
        let enough = cells.iter().map(|cell| cell.n).sum::<f64>() >= FEWEST;
        enough.then(|| Self { spread: Spread::of(&cells), cells, levels })
    }

    /// Past pieces of the school.
    pub fn n(&self) -> f64 {
        self.cells.iter().map(|cell| cell.n).sum()
    }

    /// Past pieces of a piece's teacher.
    pub fn of_teacher(&self, by: &By) -> f64 {
        let [teacher, ..] = names(by);
        let level = self.levels.get(&(0, teacher));
        self.cells.iter().filter(|cell| Some(&cell.levels[0]) == level).map(|cell| cell.n).sum()
    }

    /// Whether a piece's teacher has enough past pieces.
    pub fn knows_teacher(&self, by: &By) -> bool {
        self.of_teacher(by) >= KNOWN
    }

    /// The forecast of pieces that were named to [`Pooled::fit`].
    pub fn predict(&self, pieces: &[&By]) -> Prediction {
        let columns: Vec<Vec<usize>> = pieces.iter().map(|by| self.columns(self.known(by))).collect();
        let mut right = vec![0.0; self.size()];
        self.cells.iter().for_each(|cell| self.columns(cell.levels).iter().for_each(|column| right[*column] += cell.sum));
        let effects = self.solve(&right);
        let at = |columns: &[usize], of: &[f64]| columns.iter().map(|column| of[*column]).sum::<f64>();
        let means = columns.iter().map(|columns| at(columns, &effects)).collect();
        let unit = |columns: &[usize]| {
            let mut unit = vec![0.0; self.size()];
            columns.iter().for_each(|column| unit[*column] += 1.0);
            unit
        };
        let inverse: Vec<Vec<f64>> = columns.iter().map(|columns| self.solve(&unit(columns))).collect();
        let rest = self.spread.rest;
        let covariance = |i: usize, j: usize| rest * (at(&columns[i], &inverse[j]) + f64::from(u8::from(i == j)));
        let size = 0..pieces.len();
        Prediction { means, covariance: size.clone().map(|i| size.clone().map(|j| covariance(i, j)).collect()).collect() }
    }

    fn known(&self, by: &By) -> [usize; FACTORS] {
        let names = names(by);
        std::array::from_fn(|factor| {
            self.levels.get(&(factor, names[factor].clone())).copied().expect("the piece was named when the past was looked at")
        })
    }

    fn size(&self) -> usize {
        self.levels.len() + 1
    }

    /// The unknowns that a combination adds up: the mean, and the effects that there are.
    fn columns(&self, levels: [usize; FACTORS]) -> Vec<usize> {
        let effects = levels.into_iter().enumerate().filter(|(factor, _)| self.spread.factors[*factor] > 0.0);
        [0].into_iter().chain(effects.map(|(_, level)| level)).collect()
    }

    /// How strongly each unknown is drawn to zero: the rest's variance by the factor's; the mean is free.
    fn draws(&self) -> Vec<f64> {
        let mut draws = vec![0.0; self.size()];
        for ((factor, _), level) in &self.levels {
            let variance = self.spread.factors[*factor];
            draws[*level] = if variance > 0.0 { self.spread.rest / variance } else { 1.0 };
        }
        draws
    }

    /// Solves the mixed-model equations for a right side: conjugate gradients, scaled by the diagonal.
    fn solve(&self, right: &[f64]) -> Vec<f64> {
        let draws = self.draws();
        let cells: Vec<(f64, Vec<usize>)> = self.cells.iter().map(|cell| (cell.n, self.columns(cell.levels))).collect();
        let apply = |x: &[f64]| {
            let mut out: Vec<f64> = x.iter().zip(&draws).map(|(x, draw)| x * draw).collect();
            for (n, columns) in &cells {
                let value = n * columns.iter().map(|column| x[*column]).sum::<f64>();
                columns.iter().for_each(|column| out[*column] += value);
            }
            out
        };
        let mut diagonal = draws.clone();
        cells.iter().for_each(|(n, columns)| columns.iter().for_each(|column| diagonal[*column] += n));
        conjugate_gradients(apply, &diagonal, right)
    }
}

fn conjugate_gradients(apply: impl Fn(&[f64]) -> Vec<f64>, diagonal: &[f64], right: &[f64]) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let scaled = |residual: &[f64]| residual.iter().zip(diagonal).map(|(r, d)| r / d).collect::<Vec<f64>>();
    let mut x = vec![0.0; right.len()];
    let mut residual = right.to_vec();
    let mut step = scaled(&residual);
    let mut size = dot(&residual, &step);
    let enough = size * 1e-30;
    for _ in 0..4 * right.len() {
        if size <= enough {
            break;
        }
        let applied = apply(&step);
        let length = size / dot(&step, &applied);
        x.iter_mut().zip(&step).for_each(|(x, step)| *x += length * step);
        residual.iter_mut().zip(&applied).for_each(|(residual, applied)| *residual -= length * applied);
        let next = scaled(&residual);
        let grown = dot(&residual, &next);
        step.iter_mut().zip(&next).for_each(|(step, next)| *step = next + grown / size * *step);
        size = grown;
    }
    x
}

fn names(by: &By) -> [String; FACTORS] {
    let unknown = || format!("\u{0}{}\u{0}{}", by.class, by.subject);
    [by.teacher.clone().unwrap_or_else(unknown), by.subject.clone(), by.class.clone()]
}

/// The numbers of a combination's levels, from 1; new ones are given.
fn numbers(levels: &mut BTreeMap<(usize, String), usize>, by: &By) -> [usize; FACTORS] {
    let names = names(by);
    std::array::from_fn(|factor| {
        let next = levels.len() + 1;
        *levels.entry((factor, names[factor].clone())).or_insert(next)
    })
}

fn cell(levels: &mut BTreeMap<(usize, String), usize>, by: &By, sums: Sums) -> Cell {
    Cell { levels: numbers(levels, by), n: sums.n, sum: sums.sum, squares: sums.squares }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(teacher: &str, subject: &str, class: &str) -> By {
        By { class: class.to_owned(), subject: subject.to_owned(), teacher: (!teacher.is_empty()).then(|| teacher.to_owned()) }
    }

    fn sums(values: &[f64]) -> Sums {
        Sums { n: values.len() as f64, sum: values.iter().sum(), squares: values.iter().map(|value| value * value).sum() }
    }

    /// Two teachers of one subject, each in a class of their own: 0 ± 0.1 and 1 ± 0.1.
    fn two() -> [(By, Sums); 2] {
        let around = |centre: f64| sums(&[centre - 0.1, centre + 0.1, centre - 0.1, centre + 0.1, centre - 0.1, centre + 0.1]);
        [(by("a", "math", "1"), around(0.0)), (by("b", "math", "2"), around(1.0))]
    }

    fn fitted(past: &[(By, Sums)], asked: &[&By]) -> Pooled {
        Pooled::fit(&past.iter().map(|(by, sums)| (by, *sums)).collect::<Vec<_>>(), asked).unwrap()
    }

    #[test]
    fn the_prediction_is_the_shrunken_mean_of_the_textbook() {
        let past = two();
        let (a, new) = (by("a", "math", "1"), by("c", "math", "9"));
        let prediction = fitted(&past, &[&a, &new]).predict(&[&a, &new]);
        // Rest 0.06 × 2 / 10; between: 6 × 0.25 × 2 = 3 over 1, so (3 − rest) / 6; shrunken by τ² / (τ² + rest / 6) to the mean 0.5.
        let rest = 0.12 / 10.0;
        let teacher = (3.0 - rest) / 6.0;
        let shrunken = 0.5 - 0.5 * teacher / (teacher + rest / 6.0);
        assert!((prediction.means[0] - shrunken).abs() < 1e-9, "{prediction:?}");
        assert!((prediction.means[1] - 0.5).abs() < 1e-9, "{prediction:?}");
        // Of a new teacher nothing is known but the mean of two: τ² + (τ² + rest / 6) / 2 + rest.
        let new = teacher + (teacher + rest / 6.0) / 2.0 + rest;
        assert!((prediction.covariance[1][1] - new).abs() < 1e-9, "{prediction:?}");
        assert!(prediction.covariance[0][0] < 2.0 * rest, "{prediction:?}");
    }

    #[test]
    fn pieces_of_one_new_teacher_vary_together() {
        let past = two();
        let (one, other) = (by("c", "math", "9"), by("c", "art", "8"));
        let prediction = fitted(&past, &[&one, &other]).predict(&[&one, &other]);
        assert!(prediction.covariance[0][1] > 0.4, "{prediction:?}");
        assert_eq!(prediction.covariance[0][1], prediction.covariance[1][0]);
    }

    #[test]
    fn a_piece_without_a_teacher_is_of_whoever_teaches_the_class() {
        let mut past = two();
        past[0].0.teacher = None;
        let asked = by("", "math", "1");
        let pooled = fitted(&past, &[&asked]);
        assert!(pooled.knows_teacher(&asked) && pooled.predict(&[&asked]).means[0] < 0.1);
        assert!(!pooled.knows_teacher(&by("", "math", "2")));
    }

    #[test]
    fn too_few_pieces_say_nothing() {
        let past = [(by("a", "math", "1"), sums(&[0.1; 9]))];
        assert!(Pooled::fit(&[(&past[0].0, past[0].1)], &[]).is_none());
    }
}
