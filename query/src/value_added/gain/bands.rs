//! Movement across bands (等级, 分数段): how many of a group's pupils rose, stayed and fell.

use super::standard::both;
use super::{Group, Pair, Reference};
use crate::value_added::group::{GroupRules, Rate};
use crate::value_added::refusal::Refusal;

/// The fewest pupils in a cell of the table that is given.
const SMALLEST_CELL: usize = 10;

/// Where the bands of one test begin, highest first: a score that reaches a cut is in its band, one that reaches none in the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Bands {
    cuts: Vec<f64>,
}

impl Bands {
    /// Bands that begin at these scores.
    pub fn at_scores(mut cuts: Vec<f64>) -> Result<Self, Refusal> {
        if cuts.is_empty() || !cuts.iter().all(|cut| cut.is_finite()) {
            return Err(Refusal::Settings("bands need at least one cut, and each must be a number".to_owned()));
        }
        cuts.sort_unstable_by(|a, b| b.total_cmp(a));
        Ok(Self { cuts })
    }

    /// Bands of the top shares of those tested, such as 0.25, 0.6, 0.9 for A, B, C and D.
    pub fn of_shares(shares: &[f64], reference: &Reference) -> Result<Self, Refusal> {
        let ascending = shares.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascending || !shares.iter().all(|share| *share > 0.0 && *share < 1.0) {
            return Err(Refusal::Settings("bands are shares from the top that grow, each between 0 and 1".to_owned()));
        }
        Self::at_scores(shares.iter().map(|&share| reference.top(share)).collect())
    }

    /// How many bands there are.
    pub fn count(&self) -> usize {
        self.cuts.len() + 1
    }

    /// The band of a score, 0 the highest.
    pub fn band(&self, score: f64) -> usize {
        self.cuts.iter().position(|cut| score >= *cut).unwrap_or(self.cuts.len())
    }
}

/// How a group's pupils moved between bands.
#[derive(Clone, Debug, PartialEq)]
pub struct Movement {
    /// Pupils with both scores.
    pub n: usize,
    pub tested: usize,
    /// Rose, stayed and fell; each may be refused on its own.
    pub rose: Result<Rate, Refusal>,
    pub stayed: Result<Rate, Refusal>,
    pub fell: Result<Rate, Refusal>,
    /// Pupils by band before (rows) and after; only when no cell is about one to nine pupils.
    pub table: Option<Vec<Vec<usize>>>,
}

/// The movement of `group` from the bands of the first test to those of the second, which must be as many.
pub fn movement([before, after]: [&Bands; 2], group: Group<'_>, rules: &GroupRules) -> Result<Movement, Refusal> {
    if before.count() != after.count() {
        return Err(Refusal::Settings("the two tests must have as many bands".to_owned()));
    }
    let pairs: Vec<&Pair> = group.pairs.iter().filter(|pair| both(pair)).collect();
    let n = pairs.len();
    rules.allow(group.level, n, group.tested)?;
    let mut table = vec![vec![0; before.count()]; before.count()];
    for pair in pairs {
        table[before.band(pair.before)][after.band(pair.after)] += 1;
    }
    let sum = |which: fn(usize, usize) -> bool| {
        let cells = table.iter().enumerate().flat_map(|(i, row)| row.iter().enumerate().map(move |(j, count)| (i, j, count)));
        cells.filter(|(i, j, _)| which(*i, *j)).map(|(_, _, count)| count).sum::<usize>()
    };
    let rate = |which| Rate::of(sum(which), n, rules);
    let (rose, stayed, fell) = (rate(|i, j| j < i), rate(|i, j| j == i), rate(|i, j| j > i));
    let small = table.iter().flatten().any(|cell| (1..SMALLEST_CELL).contains(cell));
    Ok(Movement { n, tested: group.tested, rose, stayed, fell, table: (!small).then_some(table) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value_added::group::Level;

    fn pairs(of: &[(f64, f64, usize)]) -> Vec<Pair> {
        of.iter().flat_map(|&(before, after, times)| std::iter::repeat_n(Pair { before, after }, times)).collect()
    }

    #[test]
    fn bands_begin_at_their_cut() {
        let bands = Bands::at_scores(vec![60.0, 85.0]).unwrap();
        assert_eq!([85.0, 84.9, 60.0, 59.0].map(|score| bands.band(score)), [0, 1, 1, 2]);
        let reference = Reference::of((1..=101).map(f64::from)).unwrap();
        assert_eq!(Bands::of_shares(&[0.25, 0.6], &reference).unwrap(), Bands::at_scores(vec![76.0, 41.0]).unwrap());
        assert_eq!(Bands::of_shares(&[0.6, 0.25], &reference).unwrap_err().code(), "bad_settings");
    }

    #[test]
    fn pupils_rise_stay_and_fall() {
        let bands = Bands::at_scores(vec![60.0]).unwrap();
        let pairs = pairs(&[(50.0, 70.0, 12), (50.0, 55.0, 20), (80.0, 75.0, 30), (65.0, 59.0, 10)]);
        let group = Group { pairs: &pairs, tested: 80, level: Level::School };
        let moved = movement([&bands, &bands], group, &GroupRules::default()).unwrap();
        assert_eq!([moved.rose, moved.stayed, moved.fell].map(|rate| rate.unwrap().count), [12, 50, 10]);
        assert_eq!(moved.table, Some(vec![vec![30, 10], vec![12, 20]]));
    }

    #[test]
    fn a_small_cell_hides_the_table() {
        let bands = Bands::at_scores(vec![60.0]).unwrap();
        let pairs = pairs(&[(50.0, 70.0, 3), (50.0, 55.0, 20), (80.0, 75.0, 30)]);
        let group = Group { pairs: &pairs, tested: 53, level: Level::Class };
        let moved = movement([&bands, &bands], group, &GroupRules::default()).unwrap();
        assert_eq!(moved.table, None);
        assert_eq!(moved.fell.unwrap_err().code(), "none_or_all");
    }
}
