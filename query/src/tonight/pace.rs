//! How fast the pupils of a class are, against those with the same work on the same day.
//!
//! ln(own minutes / mean of the class's minutes) = centre + pupil + rest; a day's rest varies with how many pieces share it, which its
//! weight says. Variances by moments (one-way analysis of variance), pupils shrunken to the centre; a new pupil is at the centre with
//! the whole variance between pupils.

use super::Pupil;

/// Fewer degrees of freedom than this within pupils do not tell how a pupil varies.
const FEWEST: f64 = 20.0;

/// A class's paces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Paces {
    centre: f64,
    between: f64,
    within: f64,
}

/// One pupil's factor: the logarithm's mean, what is not known of it, and how a day of a single piece varies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    pub mean_log: f64,
    pub unsure: f64,
    pub daily: f64,
}

impl Paces {
    /// None when the past does not tell.
    pub fn of(pupils: &[&Pupil]) -> Option<Self> {
        let seen: Vec<&&Pupil> = pupils.iter().filter(|pupil| pupil.weight > 0.0).collect();
        let freedom = seen.iter().map(|pupil| pupil.days - 1.0).sum::<f64>();
        if seen.len() < 2 || freedom < FEWEST {
            return None;
        }
        let own = |pupil: &Pupil| pupil.sum * pupil.sum / pupil.weight;
        let within = seen.iter().map(|pupil| pupil.squares - own(pupil)).sum::<f64>().max(0.0) / freedom;
        let weight: f64 = seen.iter().map(|pupil| pupil.weight).sum();
        let sum: f64 = seen.iter().map(|pupil| pupil.sum).sum();
        let squares = seen.iter().map(|pupil| own(pupil)).sum::<f64>() - sum * sum / weight;
        let spare = weight - seen.iter().map(|pupil| pupil.weight * pupil.weight).sum::<f64>() / weight;
        let between = ((squares - (seen.len() as f64 - 1.0) * within) / spare).max(0.0);
        let mut paces = Self { centre: 0.0, between, within };
        let trust = |pupil: &Pupil| pupil.weight / (pupil.weight * between + within).max(f64::MIN_POSITIVE);
        let trusted: f64 = seen.iter().map(|pupil| trust(pupil)).sum();
        paces.centre = seen.iter().map(|pupil| trust(pupil) * pupil.sum / pupil.weight).sum::<f64>() / trusted;
        paces.centre.is_finite().then_some(paces)
    }

    pub fn pace(&self, pupil: &Pupil) -> Pace {
        let Self { centre, between, within } = *self;
        let total = (between * pupil.weight + within).max(f64::MIN_POSITIVE);
        let own = if pupil.weight > 0.0 { pupil.sum / pupil.weight - centre } else { 0.0 };
        let mean_log = centre + between * pupil.weight / total * own;
        Pace { mean_log, unsure: between * within / total, daily: within }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pupil(student: &str, values: &[f64]) -> Pupil {
        let squares = values.iter().map(|value| value * value).sum();
        let n = values.len() as f64;
        Pupil { class: "1".into(), student: student.into(), days: n, weight: n, sum: values.iter().sum(), squares }
    }

    #[test]
    fn a_pupil_is_drawn_to_the_centre_by_how_little_is_known() {
        let around = |centre: f64| (0..12).map(|day| centre + if day % 2 == 0 { 0.2 } else { -0.2 }).collect::<Vec<f64>>();
        let pupils = [pupil("slow", &around(0.4)), pupil("quick", &around(-0.4)), pupil("new", &[])];
        let paces = Paces::of(&pupils.iter().collect::<Vec<_>>()).unwrap();
        // Within: 24 × 0.04 over 22; between: 12 × 0.16 × 2 over 1, less the within, over 24 − 288 / 24.
        let within = 0.96 / 22.0;
        let between = (3.84 - within) / 12.0;
        let slow = paces.pace(&pupils[0]);
        assert!((slow.daily - within).abs() < 1e-12 && (paces.between - between).abs() < 1e-12, "{paces:?}");
        assert!((slow.mean_log - 0.4 * between * 12.0 / (between * 12.0 + within)).abs() < 1e-12, "{slow:?}");
        let new = paces.pace(&pupils[2]);
        assert!(new.mean_log.abs() < 1e-12 && (new.unsure - between).abs() < 1e-12, "{new:?}");
    }

    #[test]
    fn pupils_who_are_all_alike_have_one_pace() {
        let values: Vec<f64> = (0..15).map(|day| f64::from(day % 3) * 0.1).collect();
        let pupils = [pupil("a", &values), pupil("b", &values)];
        let paces = Paces::of(&pupils.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(paces.between, 0.0);
        assert!((paces.pace(&pupils[0]).mean_log - 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_few_days_do_not_tell() {
        let pupils = [pupil("a", &[0.1; 10]), pupil("b", &[0.2; 10])];
        assert_eq!(Paces::of(&pupils.iter().collect::<Vec<_>>()), None);
    }
}
