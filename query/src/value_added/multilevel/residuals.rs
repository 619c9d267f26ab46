//! Whether the residuals look as the model supposes: one variance for all groups, effects that are normal, no lone outliers. All from the
//! sufficient statistics; what a single pupil's residual looks like is not known here.

use super::dense;
use super::groups::Groups;
use super::moments::Moments;
use super::normal;
use super::structure::Predictions;

/// The least degrees of freedom of a group whose residual variance is compared with the others'.
const FREEDOM: f64 = 10.0;

/// Do the groups' residual variances differ by more than chance? (Raudenbush and Bryk 2002, "Hierarchical linear models", 9.2.)
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Heterogeneity {
    /// Groups that share all their groupings, with at least eleven pupils.
    pub groups: usize,
    /// χ² with `groups - 1` degrees of freedom if the variances were the same and the residuals normal.
    pub statistic: f64,
    pub probability: f64,
}

/// The shape of the effects of one grouping, each over the deviation that its estimate should have.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Shape {
    /// 0 for a normal distribution.
    pub skewness: f64,
    /// 0 for a normal distribution.
    pub excess_kurtosis: f64,
    /// The largest, either way.
    pub largest: f64,
    /// Groups beyond three deviations; about 0.3 % are to be expected.
    pub beyond_three: usize,
}

/// Compares the residual variances within the cells; `weights` turn the columns into residuals before the groups' effects.
pub(crate) fn heterogeneity(moments: &Moments, groups: &Groups, weights: &[f64], effects: &Effects<'_>) -> Option<Heterogeneity> {
    let m = moments.width;
    let mut own = vec![0.0; m];
    let mut logs: Vec<(f64, f64)> = Vec::new();
    for (cell, a) in moments.products.chunks_exact(m * m).enumerate().filter(|(_, a)| a[0] > FREEDOM) {
        own.copy_from_slice(weights);
        for (k, predictions) in effects.predictions.iter().enumerate() {
            let effect = predictions.effect(groups.of_cell[k][cell] as usize);
            effects.designs[k].iter().zip(effect).for_each(|(&column, effect)| own[column] -= effect);
        }
        let squares = dense::form(a, m, &own, &own) - dense::dot(&a[..m], &own).powi(2) / a[0];
        if squares > 0.0 {
            logs.push((a[0] - 1.0, (squares / (a[0] - 1.0)).ln()));
        }
    }
    let freedom: f64 = logs.iter().map(|(freedom, _)| freedom).sum();
    // E ln χ²_f/f ≈ −1/f, var ≈ 2/f.
    let mean = logs.iter().map(|(own, log)| own * (log + 1.0 / own)).sum::<f64>() / freedom;
    let statistic = logs.iter().map(|(own, log)| (log + 1.0 / own - mean).powi(2) * own / 2.0).sum();
    let groups = logs.len();
    let probability = normal::chi_square_above(statistic, groups as f64 - 1.0)?;
    Some(Heterogeneity { groups, statistic, probability })
}

/// The effects of all groupings and the columns they stand on.
pub(crate) struct Effects<'a> {
    pub predictions: &'a [Predictions],
    pub designs: &'a [Vec<usize>],
}

/// The shape of effects, given each with the deviation that its estimate should have.
pub(crate) fn shape(effects: impl Iterator<Item = (f64, f64)>) -> Option<Shape> {
    let standard: Vec<f64> =
        effects.filter(|(_, deviation)| *deviation > 0.0).map(|(effect, deviation)| effect / deviation).collect();
    let n = standard.len() as f64;
    if n < 3.0 {
        return None;
    }
    let mean = standard.iter().sum::<f64>() / n;
    let moment = |power: i32| standard.iter().map(|z| (z - mean).powi(power)).sum::<f64>() / n;
    let variance = moment(2);
    (variance > 0.0).then(|| Shape {
        skewness: moment(3) / variance.powf(1.5),
        excess_kurtosis: moment(4) / variance.powi(2) - 3.0,
        largest: standard.iter().fold(0.0, |most: f64, z| most.max(z.abs())),
        beyond_three: standard.iter().filter(|z| z.abs() > 3.0).count(),
    })
}
