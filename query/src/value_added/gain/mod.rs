//! The simple gains that districts know: standard scores, percentile ranks, bands, residuals of a line.
//!
//! Promise: a gain compares places among the pupils tested, never raw scores of two papers; each comes with its n, its coverage
//! and an interval, under the rules for figures of groups. Pupils are not ordered.
//!
//! ```text
//!   everyone's scores on a test ──► Reference: mean, deviation, places ─┐
//!   a group's pupils with both tests ──► (before, after) ───────────────┴─► gain (z, T, percentile rank)   standard
//!                                                                       ├─► movement across bands, 巩固率 … bands, rates
//!   all pupils with both tests ──► y = a + b x (+ c x²) + controls ──► residuals of a group               residual
//! ```

mod bands;
mod rates;
mod reference;
mod residual;
mod standard;

pub use bands::{Bands, Movement, movement};
pub use rates::{Line, LineRates, line_rates};
pub use reference::Reference;
pub use residual::{Expectation, expectation};
pub use standard::{GroupGain, Measure, group_gain, pull_to_the_mean};

/// A pupil's scores on the two tests compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    pub before: f64,
    pub after: f64,
}

/// The pupils of a group who have both scores, out of those tested the second time.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    pub pairs: &'a [Pair],
    pub tested: usize,
    pub level: super::group::Level,
}
