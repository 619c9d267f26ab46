//! What must hold of the data before a model is fitted; everything else is refused with its reason.

use super::dense;
use super::groups::Groups;
use super::model::{Arrangement, Model};
use super::moments::Moments;
use super::refusal::Refusal;

/// The share of a column's variation that must not follow from the other columns.
const INDEPENDENT: f64 = 1e-9;
/// The least deviation over the size of the values.
const VARIES: f64 = 1e-10;

/// Pupils enough, linked well enough.
pub(crate) fn pupils(model: &Model, moments: &Moments) -> Result<(), Refusal> {
    let coverage = moments.coverage;
    let (n, settings) = (coverage.complete, &model.settings);
    if n == 0 {
        let (no_response, no_prior) = (coverage.no_response, coverage.no_prior);
        return Err(Refusal::NothingComplete { pupils: coverage.pupils, no_response, no_prior });
    }
    // Two more than the fixed effects is what an error needs.
    let minimum = settings.minimum_n.max(moments.width as u64 + 2);
    if n < minimum {
        return Err(Refusal::TooFewPupils { n, minimum });
    }
    match coverage.linked().filter(|share| *share < settings.minimum_linked) {
        Some(share) => Err(Refusal::LinkingTooThin { share, minimum: settings.minimum_linked }),
        None => Ok(()),
    }
}

/// Columns that vary, each in a way of its own; `moments` are about the means.
pub(crate) fn columns(model: &Model, moments: &Moments) -> Result<(), Refusal> {
    let (m, total) = (moments.width, moments.total());
    let deviation = |column: usize| (total[column * m + column] / moments.n()).sqrt();
    let constant = |column: &usize| deviation(*column) <= VARIES * moments.means[*column].abs();
    if constant(&(m - 1)) {
        return Err(Refusal::ConstantResponse { column: model.response.clone() });
    }
    if let Some(column) = (1..m - 1).find(constant) {
        return Err(Refusal::ConstantCovariate { column: model.term(column) });
    }
    let correlation = |i: usize, j: usize| total[i * m + j] / (total[i * m + i] * total[j * m + j]).sqrt();
    for column in 2..m - 1 {
        let p = column - 1;
        let mut factor: Vec<f64> = (0..p * p).map(|at| correlation(at / p + 1, at % p + 1)).collect();
        let mut weights: Vec<f64> = (0..p).map(|i| correlation(i + 1, column)).collect();
        let own = weights.clone();
        dense::cholesky(&mut factor, p);
        dense::solve(&factor, p, &mut weights);
        if 1.0 - dense::dot(&own, &weights) < INDEPENDENT {
            let with = (0..p).filter(|i| weights[*i].abs() > 1e-6).map(|i| format!("\"{}\"", model.term(i + 1)));
            return Err(Refusal::Collinear { column: model.term(column), with: with.collect() });
        }
    }
    Ok(())
}

/// Groups enough, and fewer effects than pupils.
pub(crate) fn groups(model: &Model, moments: &Moments, groups: &Groups) -> Result<(), Refusal> {
    let designs = model.designs();
    for ((grouping, own), design) in model.groupings.iter().zip(&groups.of).zip(&designs) {
        let (name, effects) = (grouping.column.clone(), own.len() * design.len());
        if own.len() < 2 {
            return Err(Refusal::OneGroup { grouping: name });
        }
        if effects as u64 >= moments.coverage.complete {
            return Err(Refusal::NoRepetition { grouping: name, effects, n: moments.coverage.complete });
        }
    }
    let same = |(fine, coarse): (usize, usize)| match model.arrangement {
        Arrangement::Nested => groups.of[fine].len() == groups.of[coarse].len(),
        Arrangement::Crossed => same_partition(&groups.of_cell[fine], &groups.of_cell[coarse]),
    };
    let levels = groups.of.len();
    let mut pairs = (0..levels).flat_map(|fine| (fine + 1..levels).map(move |coarse| (fine, coarse)));
    match pairs.find(|pair| same(*pair)) {
        Some((fine, coarse)) => {
            let name = |at: usize| model.groupings[at].column.clone();
            Err(Refusal::SameGroups { fine: name(fine), coarse: name(coarse) })
        }
        None => Ok(()),
    }
}

/// Something is left to differ within the finest groups once the covariates are known.
pub(crate) fn residual(model: &Model, moments: &Moments) -> Result<(), Refusal> {
    if model.arrangement == Arrangement::Crossed {
        return Ok(());
    }
    let (m, y) = (moments.width, moments.width - 1);
    let mut within = vec![0.0; m * m];
    for cell in moments.products.chunks_exact(m * m) {
        (0..m * m).for_each(|at| within[at] += cell[at] - cell[at / m * m] * cell[at % m] / cell[0]);
    }
    let whole = moments.total()[y * m + y];
    dense::semi_cholesky(&mut within, m);
    if within[y * m + y].powi(2) > INDEPENDENT * whole { Ok(()) } else { Err(Refusal::NoResidual) }
}

fn same_partition(one: &[u32], other: &[u32]) -> bool {
    let pairs: std::collections::HashSet<_> = one.iter().zip(other).collect();
    let distinct = |of_cell: &[u32]| of_cell.iter().collect::<std::collections::HashSet<_>>().len();
    pairs.len() == distinct(one) && pairs.len() == distinct(other)
}
