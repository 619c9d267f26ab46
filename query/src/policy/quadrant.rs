//! Load against quality: which schools and subjects have much homework and which have good results, as far as the data can tell.
//!
//! Promise: both axes have their uncertainty; a unit is put into a quadrant only when its place is certain enough, and small groups
//! are shown without figures. Units are compared with two lines, never ranked.
//!
//! Source: estimates shrunk towards the mean of all units by their reliability (empirical Bayes, Morris 1983; the variance between
//! units by Paule & Mandel 1982); the chance of each quadrant from the two shrunk normal laws.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

use super::agreement::rank_estimate;
use super::estimate::{self, Estimate};
use super::refusal::Refusal;
use crate::sample::{correlation, mean, ranks, variance};

/// Smallest group whose load is shown, and whose quality: means of scores need more (RULES G).
pub const FEWEST_FOR_LOAD: usize = 10;
pub const FEWEST_FOR_QUALITY: usize = 20;
/// Fewer units show no pattern.
pub const FEWEST_UNITS: usize = 4;

/// The mean of one axis for one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    pub mean: f64,
    pub standard_error: f64,
    /// Students behind it.
    pub students: usize,
    /// How many more were drawn than one, days or students: what the error is known by.
    pub degrees: f64,
}

impl Mean {
    /// Of one value for each student.
    pub fn of(values: &[f64]) -> Self {
        Self {
            mean: mean(values),
            standard_error: (variance(values) / values.len().max(1) as f64).sqrt(),
            students: values.len(),
            degrees: values.len() as f64 - 1.0,
        }
    }
}

/// One school × subject × term.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// What it is: its school and subject, or whatever units are asked for.
    pub names: Vec<String>,
    /// Minutes a day, and a standard score.
    pub load: Mean,
    pub quality: Mean,
}

/// The lines between much and little load, and between good and poor quality.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Lines {
    pub load: f64,
    pub quality: f64,
}

/// Where a unit lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quadrant {
    LightGood,
    HeavyGood,
    LightPoor,
    HeavyPoor,
    /// No quadrant is as likely as the answer's confidence asks for.
    Uncertain,
    /// Too few students, or days.
    Withheld,
}

/// All units of one picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Picture {
    pub confidence: f64,
    pub lines: Lines,
    /// Units with enough students on both axes.
    pub n: usize,
    /// Their share of all units, 0 to 1.
    pub coverage: f64,
    /// The share of the variance between units' means that is not chance, 0 to 1, by axis.
    pub load_reliability: f64,
    pub quality_reliability: f64,
    /// Spearman's correlation of load and quality over units; the errors of the axes draw it towards zero.
    pub rank_correlation: Estimate,
    /// In the order given.
    pub units: Vec<Placed>,
}

/// One unit in the picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Placed {
    pub names: Vec<String>,
    pub quadrant: Quadrant,
    /// None of a unit with too few students.
    pub place: Option<Place>,
}

/// Where a unit lies, and how certainly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Place {
    /// As observed: minutes a day.
    pub load: Estimate,
    /// As observed: standard score.
    pub quality: Estimate,
    /// Shrunk towards all units.
    pub shrunk_load: f64,
    pub shrunk_quality: f64,
    /// The chance of the likeliest quadrant, 0 to 1.
    pub chance: f64,
    pub load_students: usize,
    pub quality_students: usize,
}

/// Places the units; without `lines`, the means of the axes divide them. A quadrant needs a chance of at least `certain`.
pub fn picture(units: &[Unit], lines: Option<Lines>, certain: f64, confidence: f64) -> Result<Picture, Refusal> {
    estimate::check_confidence(confidence)?;
    let shown = |unit: &&Unit| sound(&unit.load, FEWEST_FOR_LOAD) && sound(&unit.quality, FEWEST_FOR_QUALITY);
    let kept: Vec<&Unit> = units.iter().filter(shown).collect();
    let n = kept.len();
    if n < FEWEST_UNITS {
        return Err(Refusal::SmallGroup { n, least: FEWEST_UNITS });
    }
    let loads: Vec<Mean> = kept.iter().map(|unit| unit.load).collect();
    let qualities: Vec<Mean> = kept.iter().map(|unit| unit.quality).collect();
    let (load, quality) = (Axis::of(&loads)?, Axis::of(&qualities)?);
    let lines = lines.unwrap_or(Lines { load: load.mean, quality: quality.mean });
    let place = |unit: &Unit| {
        let (x, y) = (load.shrink(&unit.load), quality.shrink(&unit.quality));
        let (heavy, good) = (above(x, lines.load), above(y, lines.quality));
        let chances = [
            (Quadrant::LightGood, (1.0 - heavy) * good),
            (Quadrant::HeavyGood, heavy * good),
            (Quadrant::LightPoor, (1.0 - heavy) * (1.0 - good)),
            (Quadrant::HeavyPoor, heavy * (1.0 - good)),
        ];
        let (quadrant, chance) =
            chances.into_iter().fold((Quadrant::Uncertain, 0.0), |best, one| if one.1 > best.1 { one } else { best });
        let own = |mean: &Mean| Estimate::student(mean.mean, mean.standard_error, mean.degrees, confidence);
        let place = Place {
            load: own(&unit.load)?,
            quality: own(&unit.quality)?,
            shrunk_load: x.0,
            shrunk_quality: y.0,
            chance,
            load_students: unit.load.students,
            quality_students: unit.quality.students,
        };
        Ok((if chance >= certain { quadrant } else { Quadrant::Uncertain }, place))
    };
    let placed = |unit: &Unit| {
        let found = if shown(&unit) { Some(place(unit)?) } else { None };
        let quadrant = found.map_or(Quadrant::Withheld, |(quadrant, _)| quadrant);
        Ok(Placed { names: unit.names.clone(), quadrant, place: found.map(|(_, place)| place) })
    };
    Ok(Picture {
        confidence,
        lines,
        n,
        coverage: n as f64 / units.len() as f64,
        load_reliability: load.reliability,
        quality_reliability: quality.reliability,
        rank_correlation: related(&loads, &qualities, confidence)?,
        units: units.iter().map(placed).collect::<Result<_, Refusal>>()?,
    })
}

fn sound(mean: &Mean, least: usize) -> bool {
    mean.students >= least && mean.mean.is_finite() && mean.standard_error.is_finite() && mean.standard_error > 0.0
}

fn related(loads: &[Mean], qualities: &[Mean], confidence: f64) -> Result<Estimate, Refusal> {
    let of = |means: &[Mean]| ranks(&means.iter().map(|mean| mean.mean).collect::<Vec<_>>());
    let value = correlation(&of(loads), &of(qualities)).ok_or(Refusal::NoVariance { n: loads.len() })?;
    rank_estimate(value.clamp(-0.999_999, 0.999_999), loads.len(), confidence)
}

/// The chance that a normal law lies above a line. Where units do not differ beyond chance, all lie on their mean: an even chance.
fn above((value, error): (f64, f64), line: f64) -> f64 {
    match value - line {
        0.0 => 0.5,
        distance if error > 0.0 => Normal::standard().cdf(distance / error),
        distance => f64::from(distance > 0.0),
    }
}

/// The law of the units' true means on one axis.
struct Axis {
    mean: f64,
    /// Between units.
    variance: f64,
    reliability: f64,
}

impl Axis {
    fn of(means: &[Mean]) -> Result<Self, Refusal> {
        if estimate::all_same(&means.iter().map(|mean| mean.mean).collect::<Vec<_>>()) {
            return Err(Refusal::NoVariance { n: means.len() });
        }
        // Paule & Mandel: the variance at which the weighted squares are as many as the degrees of freedom.
        let excess = |between: f64| weighted(means, between).1 - (means.len() as f64 - 1.0);
        let (mut low, mut high) = (0.0, variance(&means.iter().map(|mean| mean.mean).collect::<Vec<_>>()) * 2.0);
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if excess(middle) > 0.0 { low = middle } else { high = middle }
        }
        let between = if excess(0.0) <= 0.0 { 0.0 } else { high };
        let chance = mean(&means.iter().map(|mean| mean.standard_error.powi(2)).collect::<Vec<_>>());
        Ok(Self { mean: weighted(means, between).0, variance: between, reliability: between / (between + chance) })
    }

    /// A unit's value and error, drawn towards all units by what it lacks in certainty.
    fn shrink(&self, mean: &Mean) -> (f64, f64) {
        let chance = mean.standard_error.powi(2);
        let share = self.variance / (self.variance + chance);
        (self.mean + share * (mean.mean - self.mean), (share * chance).sqrt())
    }
}

/// The mean of units weighed by certainty, and their weighted squares around it.
fn weighted(means: &[Mean], between: f64) -> (f64, f64) {
    let weight = |mean: &Mean| 1.0 / (between + mean.standard_error.powi(2));
    let whole: f64 = means.iter().map(weight).sum();
    let centre = means.iter().map(|mean| weight(mean) * mean.mean).sum::<f64>() / whole;
    (centre, means.iter().map(|mean| weight(mean) * (mean.mean - centre).powi(2)).sum())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use crate::policy::dice::normal;

    fn unit(at: usize, load: f64, quality: f64, students: usize, dice: &mut StdRng) -> Unit {
        let mut values = |mean: f64, deviation: f64| (0..students).map(|_| mean + deviation * normal(dice)).collect::<Vec<_>>();
        Unit { names: vec![at.to_string()], load: Mean::of(&values(load, 25.0)), quality: Mean::of(&values(quality, 1.0)) }
    }

    #[test]
    fn what_is_called_certain_is_right_as_often_as_it_says() {
        let mut dice = StdRng::seed_from_u64(51);
        let (mut right, mut called, mut uncertain) = (0, 0, 0);
        for _ in 0..20 {
            let truth: Vec<(f64, f64)> = (0..60).map(|_| (60.0 + 8.0 * normal(&mut dice), 0.3 * normal(&mut dice))).collect();
            let units: Vec<Unit> =
                truth.iter().enumerate().map(|(at, (load, quality))| unit(at, *load, *quality, 40, &mut dice)).collect();
            let found = picture(&units, Some(Lines { load: 60.0, quality: 0.0 }), 0.9, 0.95).unwrap();
            for (placed, (load, quality)) in found.units.iter().zip(&truth) {
                let is = match (*load > 60.0, *quality > 0.0) {
                    (false, true) => Quadrant::LightGood,
                    (true, true) => Quadrant::HeavyGood,
                    (false, false) => Quadrant::LightPoor,
                    (true, false) => Quadrant::HeavyPoor,
                };
                uncertain += i32::from(placed.quadrant == Quadrant::Uncertain);
                called += i32::from(placed.quadrant != Quadrant::Uncertain);
                right += i32::from(placed.quadrant == is);
            }
        }
        let share = f64::from(right) / f64::from(called);
        assert!(share > 0.9 && share < 0.995, "{share} of {called}");
        assert!(uncertain > 200, "{uncertain}");
    }

    #[test]
    fn reliability_is_the_share_that_is_not_chance() {
        let mut dice = StdRng::seed_from_u64(52);
        // Between 8² = 64, chance 25² / 40 = 15.6: 0.80.
        let units: Vec<Unit> =
            (0..400).map(|at| unit(at, 60.0 + 8.0 * normal(&mut dice), 0.3 * normal(&mut dice), 40, &mut dice)).collect();
        let found = picture(&units, None, 0.9, 0.95).unwrap();
        assert!((found.load_reliability - 0.8).abs() < 0.05, "{}", found.load_reliability);
        assert!((found.lines.load - 60.0).abs() < 1.5);
        assert!(found.rank_correlation.low < 0.0 && found.rank_correlation.high > 0.0);
    }

    #[test]
    fn where_units_differ_by_chance_only_none_is_placed() {
        let mut dice = StdRng::seed_from_u64(54);
        let mut units: Vec<Unit> = (0..12).map(|at| unit(at, 40.0 + 4.0 * at as f64, 0.0, 40, &mut dice)).collect();
        units.iter_mut().for_each(|unit| unit.quality = Mean { mean: 0.01, standard_error: 0.2, students: 40, degrees: 39.0 });
        units[0].quality.mean = 0.011;
        let found = picture(&units, None, 0.9, 0.95).unwrap();
        assert!(
            found.quality_reliability == 0.0 && found.units.iter().all(|unit| unit.quadrant == Quadrant::Uncertain),
            "{found:?}"
        );
    }

    #[test]
    fn small_groups_are_withheld_and_few_units_refused() {
        let mut dice = StdRng::seed_from_u64(53);
        let mut units: Vec<Unit> = (0..6).map(|at| unit(at, 50.0 + at as f64, 0.1, 30, &mut dice)).collect();
        units.push(unit(6, 50.0, 0.1, 15, &mut dice));
        let found = picture(&units, None, 0.9, 0.95).unwrap();
        assert_eq!((found.n, found.units[6].quadrant, found.units[6].place), (6, Quadrant::Withheld, None));
        assert_eq!(picture(&units[4..], None, 0.9, 0.95), Err(Refusal::SmallGroup { n: 2, least: 4 }));
    }
}
