//! Invented series for tests.

use chrono::{Datelike, NaiveDate};
use rand::Rng;
use rand::rngs::StdRng;

/// A standard normal number, by Box and Muller.
pub(crate) fn normal(dice: &mut StdRng) -> f64 {
    let (radius, angle): (f64, f64) = (dice.random_range(f64::EPSILON..1.0), dice.random_range(0.0..std::f64::consts::TAU));
    (-2.0 * radius.ln()).sqrt() * angle.cos()
}

/// The first `count` days from Monday to Friday from 1 September 2026 on.
pub(crate) fn school_days(count: usize) -> Vec<NaiveDate> {
    let start: NaiveDate = "2026-09-01".parse().unwrap();
    start.iter_days().filter(|day| day.weekday().num_days_from_monday() < 5).take(count).collect()
}

/// Errors of an autoregression of order two.
pub(crate) struct Walk {
    phi: [f64; 2],
    scale: f64,
    last: [f64; 2],
}

impl Walk {
    /// Long under way, so that where it began no longer matters.
    pub fn new(phi: [f64; 2], scale: f64, dice: &mut StdRng) -> Self {
        let mut walk = Self { phi, scale, last: [0.0; 2] };
        for _ in 0..100 {
            walk.next(dice);
        }
        walk
    }

    pub fn next(&mut self, dice: &mut StdRng) -> f64 {
        let now = self.phi[0] * self.last[0] + self.phi[1] * self.last[1] + self.scale * normal(dice);
        self.last = [now, self.last[0]];
        now
    }
}
