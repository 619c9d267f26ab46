//! The lake from outside: real folders, real Parquet, real queries.

mod district;
#[cfg(feature = "proto")]
mod proto;
mod reading;
mod upkeep;
mod writing;
