//! The hundred regression quantiles of one number of earlier scores, and what they predict.

use super::panel::{Panel, at};
use super::regression::{Design, path};
use super::spline::Spline;
use super::{KnotsFrom, Occasion, Score, Settings};
use crate::sample::round;
use crate::value_added::refusal::Refusal;

/// How many regression quantiles a model has: at 0.005, 0.015 … 0.995.
pub const PERCENTILES: usize = 100;
/// Decimals to which predictions are rounded.
const DIGITS: i32 = 5;

/// What the regression quantiles predict for one history, ascending, rounded to five decimals.
pub type Predictions = [f64; PERCENTILES];

/// Growth given a number of earlier scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Pupils whose scores it was fitted on.
    pub students: usize,
    /// One of each earlier test, the latest first.
    pub splines: Vec<Spline>,
    /// The lowest and the highest score on the target test.
    pub range: [f64; 2],
    /// Columns of the splines that others determine: they have no coefficient of their own.
    pub left_out: Vec<usize>,
    /// A row of [`PERCENTILES`] numbers for the intercept and for each column of the splines.
    coefficients: Vec<f64>,
}

impl Model {
    pub(super) fn fit(panel: &Panel, scores: &[Score], priors: usize, settings: &Settings) -> Result<Self, Refusal> {
        let students = panel.complete(priors).count();
        if students < settings.fewest_pupils.max(1) {
            return Err(Refusal::SmallPanel { priors, students, least: settings.fewest_pupils.max(1) });
        }
        let splines = (0..priors).map(|ago| spline(panel, scores, ago, settings));
        let splines = splines.collect::<Result<Vec<_>, _>>()?;
        let columns = 1 + splines.iter().map(Spline::columns).sum::<usize>();
        let mut rows = vec![0.0; students * columns];
        let mut target = Vec::with_capacity(students);
        for ((score, earlier), row) in panel.complete(priors).zip(rows.chunks_exact_mut(columns)) {
            fill_row(&splines, earlier, row);
            target.push(score);
        }
        let range = target.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], &y| [low.min(y), high.max(y)]);
        if range[0] == range[1] {
            return Err(Refusal::AllSame { students });
        }
        let design = Design::new(columns, &rows)?;
        drop(rows);
        let taus: Vec<f64> = (0..PERCENTILES).map(|i| (i as f64 * 10.0 + 5.0) / 1000.0).collect();
        let fits = path(&design, &target, &taus, settings.threads)?;
        let coefficients = (0..columns).flat_map(|column| fits.iter().map(move |fit| fit.coefficients[column])).collect();
        Ok(Self { students, splines, range, left_out: design.left_out(), coefficients })
    }

    /// How many earlier scores it takes.
    pub fn priors(&self) -> usize {
        self.splines.len()
    }

    /// The predictions for `earlier` scores, the latest first; `space` is scratch that calls may share.
    pub fn predict(&self, earlier: &[f64], space: &mut Vec<f64>) -> Predictions {
        space.resize(self.coefficients.len() / PERCENTILES, 0.0);
        fill_row(&self.splines, earlier, space);
        let mut predictions = [0.0; PERCENTILES];
        for (value, coefficients) in
            space.iter().zip(self.coefficients.chunks_exact(PERCENTILES)).filter(|(value, _)| **value != 0.0)
        {
            predictions.iter_mut().zip(coefficients).for_each(|(sum, coefficient)| *sum += value * coefficient);
        }
        predictions.iter_mut().for_each(|prediction| *prediction = round(*prediction, DIGITS));
        predictions.sort_unstable_by(f64::total_cmp);
        predictions
    }

    /// The prediction of one regression quantile alone, rounded, not put in order with the others.
    pub(super) fn predict_one(&self, earlier: &[f64], rank: usize, space: &mut Vec<f64>) -> f64 {
        space.resize(self.coefficients.len() / PERCENTILES, 0.0);
        fill_row(&self.splines, earlier, space);
        let coefficients = self.coefficients[rank..].iter().step_by(PERCENTILES);
        round(space.iter().zip(coefficients).map(|(value, coefficient)| value * coefficient).sum(), DIGITS)
    }
}

/// How many predictions lie strictly below `score`; 1 for none and 99 for all.
pub fn percentile(predictions: &Predictions, score: f64) -> u8 {
    let below = predictions.partition_point(|prediction| *prediction < score);
    below.clamp(1, PERCENTILES - 1) as u8
}

/// The intercept and the splines of the earlier scores.
fn fill_row(splines: &[Spline], earlier: &[f64], row: &mut [f64]) {
    row[0] = 1.0;
    let mut rest = &mut row[1..];
    for (spline, &score) in splines.iter().zip(earlier) {
        let (here, after) = rest.split_at_mut(spline.columns());
        spline.row(score, here);
        rest = after;
    }
}

fn spline(panel: &Panel, scores: &[Score], ago: usize, settings: &Settings) -> Result<Spline, Refusal> {
    let occasion = panel.occasion(ago);
    let (test, all): (Occasion, Vec<f64>) = match settings.knots_from {
        KnotsFrom::YearBefore => {
            let before = Occasion { year: panel.group().target().year - 1, ..occasion };
            (before, at(scores, before).map(|(_, score)| score).collect())
        }
        KnotsFrom::NormGroup => {
            let own = at(scores, occasion).filter(|(student, _)| panel.holds(*student));
            (occasion, own.map(|(_, score)| score).collect())
        }
    };
    let spline = Spline::of_scores(&all, &settings.knots, settings.margin);
    spline.ok_or_else(|| Refusal::NoSpread { test: panel.group().name(test) })
}
