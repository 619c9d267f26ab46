//! Student growth percentiles.
pub mod regression;
pub mod sample;
pub mod spline;
