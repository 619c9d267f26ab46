//! Did it work? Statistics of figures before and after a date, between groups of schools, and of where minutes come from.
//!
//! Promise: pure – slices in, structs out. Every estimate comes with its interval, its n, its coverage and its method; what the
//! data cannot support is refused with the reason, and no number is ever not a number. Nothing here ranks students.

mod autoregression;
pub mod estimate;
pub mod interrupted;
mod least_squares;
pub mod newey_west;
mod products;
pub mod refusal;
pub mod series;
mod white_noise;
