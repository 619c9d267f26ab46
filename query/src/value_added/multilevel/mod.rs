//! Multilevel models by restricted or full maximum likelihood: what schools, classes and counties add, with honest intervals.
//!
//! Promise: the same estimates as lme4's to the precision of its search, at a cost that does not grow with the pupils once their moments
//! are gathered; every figure with its error, n, coverage and convergence; a model that the data cannot support gives a [`Refusal`].
//!
//! ```text
//!   rows ──► Moments ──► admit ──► Likelihood over Nested | Crossed ──► search ──► profile, effects, judgement ──► Fit
//!            (one aggregate)  └──────────────────────── Refusal ◄──────────┘
//! ```

mod admit;
mod crossed;
mod dense;
mod discovery;
mod estimate;
mod fit;
mod groups;
mod likelihood;
mod minimise;
mod model;
mod moments;
mod nested;
mod normal;
mod profile;
mod refusal;
mod residuals;
mod search;
mod sparse;
mod structure;

pub use discovery::Judgement;
pub use fit::{
    Attainment, Covariance, Effect, Fit, FixedEffect, GroupEffect, GroupingFit, Intraclass, Note, Outcome, Shown, Variance,
};
pub use likelihood::Method;
pub use minimise::Convergence;
pub use model::{Arrangement, Centre, Covariate, Grain, Grouping, INTERCEPT, Model, Sampling, Settings};
pub use moments::{CellMoments, Coverage, Factor, Moments};
pub use profile::Interval;
pub use refusal::Refusal;
pub use residuals::{Heterogeneity, Shape};
