//! The lake from outside: real folders, real Parquet, real queries.

mod district;
mod proto;
mod reading;
mod upkeep;
mod writing;
