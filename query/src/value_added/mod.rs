//! Value-added evaluation (增值评价): what pupils gained beyond what was to be expected of them, by school, class or county.
//!
//! Promise: every estimate comes with its error, its n, its coverage and its method; a figure that the data cannot support is
//! refused with the reason; groups are never shown below the minimum n, and pupils are never ranked. Nothing here is causal.

pub mod agreement;
pub mod asked;
pub mod caveat;
pub mod chart;
mod comoments;
pub mod compare;
pub mod document;
pub mod drift;
pub mod evaluation;
pub mod exams;
pub mod figures;
pub mod gain;
mod gather;
pub mod group;
pub mod growth;
pub mod multilevel;
pub mod pupil;
pub mod refusal;
pub mod release;
pub mod report;
pub mod reported;
pub mod sensitivity;
pub mod series;

pub use comoments::comoments;
pub use gather::gather;
