//! Who may be called above or below, when many groups are looked at together.
//!
//! Promise: among the groups that are called, the expected share on whose side of zero the call is wrong stays within the rate, by the
//! step-up procedure of Benjamini and Hochberg (1995). A call is stricter than a 95 % interval without zero, as long as the rate is
//! at most 5 %; and since the effects are shrunken, it is stricter still than the procedure over the raw means.

use super::normal;

/// What is said of a group's effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    Above,
    Below,
    /// The data do not tell on which side of zero the effect lies.
    NotDistinguished,
}

/// Judges effects, each with its error, together.
pub(crate) fn judge(effects: &[(f64, f64)], rate: f64) -> Vec<Judgement> {
    let probability: Vec<f64> = effects.iter().map(|(effect, error)| by_chance(*effect, *error)).collect();
    let mut surest: Vec<usize> = (0..effects.len()).collect();
    surest.sort_by(|a, b| probability[*a].total_cmp(&probability[*b]));
    let allowed = |place: usize| rate * (place + 1) as f64 / effects.len() as f64;
    let called = (0..effects.len()).rev().find(|place| probability[surest[*place]] <= allowed(*place)).map_or(0, |last| last + 1);
    let mut judgements = vec![Judgement::NotDistinguished; effects.len()];
    for &group in &surest[..called] {
        judgements[group] = if effects[group].0 > 0.0 { Judgement::Above } else { Judgement::Below };
    }
    judgements
}

/// The probability of an estimate so far from zero, either way, were the effect zero.
fn by_chance(effect: f64, error: f64) -> f64 {
    if error > 0.0 { 2.0 * normal::at_most(-effect.abs() / error) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Judgement::{Above, Below, NotDistinguished};

    #[test]
    fn the_surest_are_called_until_the_rate_is_used_up() {
        // Probabilities 0.0027, 0.92, 0.0124, 0.036, 1; allowed are 0.01, 0.02, 0.03, 0.04, 0.05.
        let effects = [(3.0, 1.0), (-0.1, 1.0), (-2.5, 1.0), (2.1, 1.0), (0.0, 0.0)];
        assert_eq!(judge(&effects, 0.05), [Above, NotDistinguished, Below, NotDistinguished, NotDistinguished]);
        assert_eq!(judge(&effects, 0.07), [Above, NotDistinguished, Below, Above, NotDistinguished]);
        assert_eq!(judge(&[], 0.05), []);
    }
}
