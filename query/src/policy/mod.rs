//! Did it work? Statistics of figures before and after a date, between groups of schools, and of where minutes come from.
//!
//! Promise: pure – slices in, structs out. Every estimate comes with its interval, its n, its coverage and its method; what the
//! data cannot support is refused with the reason, and no number is ever not a number. Nothing here ranks students.

pub mod agreement;
mod autoregression;
pub mod censored;
pub mod changes;
mod day_pattern;
#[cfg(test)]
mod dice;
pub mod differences;
pub mod estimate;
pub mod forecast;
pub mod interrupted;
#[cfg(test)]
mod kept;
mod least_squares;
pub mod newey_west;
mod products;
pub mod quadrant;
pub mod recent;
pub mod refusal;
pub mod series;
mod welch;
mod white_noise;
