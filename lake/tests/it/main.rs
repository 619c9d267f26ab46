//! The lake from outside: real folders, real Parquet, real queries.

mod checking;
mod cleaning;
mod closing;
mod district;
mod narrow;
mod proto;
mod reading;
mod upkeep;
mod writing;
