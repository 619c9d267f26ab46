//! Residual gain: what a group's pupils scored beyond a least-squares line through everyone's two scores.
//!
//! Source: y = a + b x (+ c x²) + controls; the mean residual of a group with SE = s / √n. The group's own pupils are part of the
//! line, and an error in the first score flattens it: it says less than a multilevel model, and more than a bare gain.

use super::Pair;
use super::standard::both;
use crate::value_added::group::{GroupRules, Level, Mean};
use crate::value_added::growth::regression::{Design, Unsolved};
use crate::value_added::refusal::Refusal;

/// The scores expected of all pupils by their earlier ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// Pupils with both scores and all controls.
    pub n: usize,
    /// Of 1, the earlier score, its square where asked for, and the controls; zero for those left out.
    pub coefficients: Vec<f64>,
    /// Columns that earlier ones determine.
    pub left_out: Vec<usize>,
    pub r_squared: f64,
    /// Of the residuals, with n − columns degrees of freedom; in points of the second test.
    pub deviation: f64,
    /// By pupil as given; `None` without both scores and all controls.
    pub residuals: Vec<Option<f64>>,
}

/// Fits everyone's second score on the first; `controls` has a row for each pupil, or none at all.
pub fn expectation(pairs: &[Pair], controls: &[Vec<f64>], square: bool) -> Result<Expectation, Refusal> {
    let width = controls.first().map_or(0, Vec::len);
    if !controls.is_empty() && (controls.len() != pairs.len() || controls.iter().any(|row| row.len() != width)) {
        return Err(Refusal::Settings("controls must be as many for every pupil".to_owned()));
    }
    let controls = |pupil: usize| controls.get(pupil).map_or(&[][..], Vec::as_slice);
    let complete = |pupil: &usize| both(&pairs[*pupil]) && controls(*pupil).iter().all(|value| value.is_finite());
    let pupils: Vec<usize> = (0..pairs.len()).filter(complete).collect();
    let n = pupils.len();
    // Centred, so that the square is not nearly the score itself.
    let centre = pupils.iter().map(|&pupil| pairs[pupil].before).sum::<f64>() / n.max(1) as f64;
    let row = |&pupil: &usize| {
        let x = pairs[pupil].before - centre;
        [1.0, x].into_iter().chain(square.then_some(x * x)).chain(controls(pupil).iter().copied())
    };
    let columns = 2 + usize::from(square) + width;
    let design = Design::new(columns, &pupils.iter().flat_map(row).collect::<Vec<_>>())?;
    if n <= design.rank() {
        return Err(Unsolved::TooFewRows { rows: n, columns: design.rank() + 1 }.into());
    }
    let y: Vec<f64> = pupils.iter().map(|&pupil| pairs[pupil].after).collect();
    let (mut coefficients, left) = design.least_squares(&y);
    uncentre(&mut coefficients, centre, square);
    let total = Mean::of(&y, 0.95);
    let squares = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let (unexplained, all) = (squares(&mut left.iter().copied()), squares(&mut y.iter().map(|y| y - total.mean)));
    if all == 0.0 {
        return Err(Refusal::AllSame { students: n });
    }
    let mut residuals = vec![None; pairs.len()];
    pupils.iter().zip(&left).for_each(|(&pupil, &left)| residuals[pupil] = Some(left));
    let deviation = (unexplained / (n - design.rank()) as f64).sqrt();
    Ok(Expectation { n, coefficients, left_out: design.left_out(), r_squared: 1.0 - unexplained / all, deviation, residuals })
}

/// From a line in x − centre to one in x.
fn uncentre(coefficients: &mut [f64], centre: f64, square: bool) {
    let bend = if square { coefficients[2] } else { 0.0 };
    coefficients[0] += centre * (bend * centre - coefficients[1]);
    coefficients[1] -= 2.0 * bend * centre;
}

impl Expectation {
    /// The mean residual of the pupils at `members`, out of `tested`, in points of the second test.
    pub fn group(&self, members: &[usize], tested: usize, level: Level, rules: &GroupRules) -> Result<Mean, Refusal> {
        let residuals: Vec<f64> = members.iter().filter_map(|&pupil| self.residuals.get(pupil).copied().flatten()).collect();
        rules.allow(level, residuals.len(), tested)?;
        Ok(Mean::of(&residuals, rules.confidence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs() -> Vec<Pair> {
        (0..60)
            .map(|i| Pair {
                before: f64::from(i * 17 % 41),
                after: f64::from((i * 29 + i * i) % 53) + 0.5 * f64::from(i * 17 % 41),
            })
            .collect()
    }

    #[test]
    fn the_line_is_that_of_r() {
        // R: i <- 0:59; x <- (i * 17) %% 41; y <- (i * 29 + i * i) %% 53 + 0.5 * x; summary(lm(y ~ x + I(x^2)))
        let line = expectation(&pairs(), &[], true).unwrap();
        for (ours, theirs) in line.coefficients.iter().chain([&line.r_squared, &line.deviation]).zip([
            15.574_089_739_51,
            1.897_126_591_135,
            -0.037_658_432_723_96,
            0.181_166_615_263_7,
            14.814_828_071_01,
        ]) {
            assert!((ours - theirs).abs() < 1e-9, "{ours} against {theirs}");
        }
        let sum: f64 = line.residuals.iter().flatten().sum();
        assert!(sum.abs() < 1e-9);
    }

    #[test]
    fn a_group_that_scores_more_than_expected_shows_it() {
        let mut pairs: Vec<Pair> =
            (0..200).map(|i| Pair { before: f64::from(i % 50), after: f64::from(i % 50) + f64::from(i % 7) }).collect();
        pairs[..30].iter_mut().for_each(|pair| pair.after += 10.0);
        let line = expectation(&pairs, &[], false).unwrap();
        let members: Vec<usize> = (0..30).collect();
        let mean = line.group(&members, 31, Level::Class, &GroupRules::default()).unwrap();
        assert!(mean.interval[0] > 5.0, "{mean:?}");
        assert_eq!(line.group(&members, 60, Level::Class, &GroupRules::default()).unwrap_err().code(), "too_few_linked");
    }

    #[test]
    fn collinear_controls_are_left_out_and_missing_ones_leave_the_pupil_out() {
        let pairs = pairs();
        let controls: Vec<Vec<f64>> = pairs
            .iter()
            .enumerate()
            .map(|(i, pair)| vec![3.0 - pair.before, if i == 4 { f64::NAN } else { (i % 2) as f64 }])
            .collect();
        let line = expectation(&pairs, &controls, false).unwrap();
        assert_eq!((line.n, line.left_out.as_slice(), line.residuals[4]), (59, &[2][..], None));
    }

    #[test]
    fn too_few_or_equal_scores_are_refused() {
        assert_eq!(expectation(&pairs()[..2], &[], false).unwrap_err().code(), "no_regression");
        assert_eq!(expectation(&[], &[], false).unwrap_err().code(), "no_regression");
        let same = [Pair { before: 1.0, after: 5.0 }, Pair { before: 2.0, after: 5.0 }, Pair { before: 3.0, after: 5.0 }];
        assert_eq!(expectation(&same, &[], false).unwrap_err(), Refusal::AllSame { students: 3 });
    }
}
