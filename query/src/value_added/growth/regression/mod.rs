//! Quantile regression, exactly: every fit is a vertex of Koenker and Bassett's problem at which no edge leads down.
//!
//! Promise: the coefficients minimise Σ ρ_τ(y − x'β); where several do, they are a vertex of those that do. The same input gives
//! the same output, on any number of threads.
//!
//! ```text
//!   Design: columns made orthonormal, determined ones left out
//!     └─► start: least squares, moved to the τ-quantile of its residuals ─► the vertex of the rows nearest to it
//!           └─► for each τ from its neighbour's vertex:
//!                 rows near the surface ─► simplex with long steps (Barrodale and Roberts) ─► did a far row change sides? ─► again
//! ```
//!
//! Far rows take part only with the side they are on (Portnoy and Koenker 1997). Scores are moved apart by a few parts in a
//! thousand million while the vertex is sought, so that ties cannot make it go in circles; the vertex found is then evaluated at the scores.

#[cfg(test)]
mod against_quantreg;
mod design;
mod near;
mod path;
mod vertex;

pub use design::Design;
pub use path::{Fit, path};

/// Why a regression has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unsolved {
    #[error("there are no rows to fit")]
    NoRows,
    #[error("row {row} holds a value that is no number")]
    NotFinite { row: usize },
    #[error("{rows} rows cannot determine {columns} coefficients")]
    TooFewRows { rows: usize, columns: usize },
    #[error("there are {scores} scores for {rows} rows")]
    Lengths { rows: usize, scores: usize },
    #[error("τ is {tau}: it must lie between 0 and 1, and each must be greater than the one before")]
    Tau { tau: f64 },
    #[error("the regression at τ = {tau} could not be solved: its columns nearly determine each other")]
    Unstable { tau: f64 },
}
