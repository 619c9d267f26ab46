//! Value-added evaluation (增值评价): what pupils gained beyond what was to be expected of them, by school, class or county.
//!
//! Promise: every estimate comes with its error, its n, its coverage and its method; a figure that the data cannot support is
//! refused with the reason; groups are never shown below the minimum n, and pupils are never ranked. Nothing here is causal.

pub mod agreement;
pub mod caveat;
mod comoments;
pub mod exams;
pub mod gain;
mod gather;
pub mod group;
pub mod growth;
pub mod multilevel;
pub mod refusal;
pub mod release;
pub mod report;

pub use comoments::comoments;
pub use gather::gather;
