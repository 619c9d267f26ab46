//! Value-added evaluation (增值评价): what pupils gained beyond what was to be expected of them, by school, class or county.
//!
//! Promise: every estimate comes with its error, its n, its coverage and its method; a figure that the data cannot support is
//! refused with the reason; groups are never shown below the minimum n, and pupils are never ranked. Nothing here is causal.

mod comoments;
mod gather;
pub mod multilevel;

pub use comoments::comoments;
pub use gather::gather;
