//! Where growth leads: the scores that a percentile kept up every year arrives at, and the percentile that a target needs.
//!
//! Promise: a percentile needed is by the rule that percentiles are measured by: who then scores the target gets it. Every year's
//! scores stay within the range seen on that test.

use super::Growth;
use super::model::{PERCENTILES, Predictions, percentile};
use crate::value_added::refusal::Refusal;

/// The growth of the next grades, the nearest first: of each, that of the latest norm group whose target test it is.
pub type Step<'a> = &'a Growth;

/// For each step the scores that a pupil with `earlier` scores (the latest first) arrives at, growing every year at 0.5, 1.5 … 99.5;
/// ascending.
pub fn trajectories(steps: &[Step<'_>], earlier: &[f64]) -> Result<Vec<Predictions>, Refusal> {
    if earlier.is_empty() || !earlier.iter().all(|score| score.is_finite()) {
        return Err(Refusal::Settings(
            "a projection starts from at least one earlier score, and each must be a number".to_owned(),
        ));
    }
    let mut space = Vec::new();
    let mut ahead: Vec<Predictions> = Vec::with_capacity(steps.len());
    for growth in steps {
        let known = ahead.len() + earlier.len();
        let model = growth.model(known).ok_or_else(|| Refusal::Settings("no model takes so few earlier scores".to_owned()))?;
        let mut next = [0.0; PERCENTILES];
        for (rank, score) in next.iter_mut().enumerate() {
            let reached = ahead.iter().rev().map(|scores| scores[rank]);
            let history: Vec<f64> = reached.chain(earlier.iter().copied()).take(model.priors()).collect();
            *score = model.predict_one(&history, rank, &mut space).clamp(model.range[0], model.range[1]);
        }
        next.sort_unstable_by(f64::total_cmp);
        ahead.push(next);
    }
    Ok(ahead)
}

/// The percentile (1 to 99) that, kept up every year, arrives at `target`; `None` when the highest falls short.
pub fn growth_needed(arrivals: &Predictions, target: f64) -> Option<u8> {
    (arrivals[PERCENTILES - 1] >= target).then(|| percentile(arrivals, target))
}
