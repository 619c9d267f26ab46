//! A fitted model, as people and doors read it: nothing in it is NaN, and no group below the minimum n shows.

use serde::Serialize;

use super::discovery::Judgement;
use super::likelihood::Method;
use super::minimise::Convergence;
use super::model::{Arrangement, Grain};
use super::moments::Coverage;
use super::profile::Interval;
use super::residuals::{Heterogeneity, Shape};

/// A model with its estimates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fit {
    pub method: Method,
    pub arrangement: Arrangement,
    pub response: String,
    pub coverage: Coverage,
    pub outcome: Outcome,
    pub fixed: Vec<FixedEffect>,
    /// The residual first, then by grouping.
    pub variances: Vec<Variance>,
    pub covariances: Vec<Covariance>,
    /// By grouping: its share of the whole variance, that of a pupil whose covariates with slopes are at their centre.
    pub intraclass: Vec<Intraclass>,
    /// Of the restricted likelihood under REML: compare only models with the same fixed effects.
    pub log_likelihood: f64,
    pub convergence: Convergence,
    pub groupings: Vec<GroupingFit>,
    pub heterogeneity: Option<Heterogeneity>,
    /// What must be said with the figures.
    pub notes: Vec<Note>,
}

/// The response of the pupils of a model, before anything is taken into account.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Outcome {
    pub n: u64,
    pub mean: f64,
    /// With n − 1.
    pub deviation: f64,
}

/// How a group stands, whatever its pupils came with: the mean response and its error, s / √n.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Attainment {
    pub mean: f64,
    pub error: f64,
}

/// One fixed effect, in units of the response per unit of the term.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FixedEffect {
    pub term: String,
    pub estimate: f64,
    pub error: f64,
    pub low: f64,
    pub high: f64,
}

/// One variance component; the deviation is its root, in units of the response per unit of the term.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Variance {
    /// None for the residual.
    pub grouping: Option<String>,
    pub term: String,
    pub variance: f64,
    pub deviation: f64,
    /// Of the deviation, 95 %, from the profile of the likelihood.
    pub interval: Option<Interval>,
}

/// How two effects of the same groups go together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Covariance {
    pub grouping: String,
    pub terms: [String; 2],
    pub covariance: f64,
    /// None when one of the variances is zero.
    pub correlation: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Intraclass {
    pub grouping: String,
    /// 0 to 1.
    pub share: f64,
}

/// The groups of one grouping.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupingFit {
    pub grouping: String,
    pub grain: Grain,
    /// The intercept, and the covariates with slopes.
    pub terms: Vec<String>,
    pub groups: usize,
    /// Groups below the minimum n: in the model, not shown.
    pub hidden: usize,
    /// The mean over all groups of the reliability of the effect on the intercept, 0 to 1.
    pub reliability: f64,
    pub shape: Option<Shape>,
    /// None for groups that are single pupils: pupils are not compared.
    pub effects: Option<Vec<GroupEffect>>,
}

/// A group, with its effects when it has pupils enough.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupEffect {
    pub group: String,
    /// Nested: the groups it lies in, finest first.
    pub within: Vec<String>,
    pub shown: Option<Shown>,
}

/// What is known of a group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// Pupils.
    pub n: u64,
    pub attainment: Attainment,
    /// One for each term; the first is the value added at the centre of the covariates, beyond the groups it lies in.
    pub effects: Vec<Effect>,
    /// Of the first effect, 0 to 1: the share of its variance that is not error.
    pub reliability: f64,
    /// Of the first effect.
    pub judgement: Judgement,
}

/// A shrunken effect of a group, in units of the response per unit of the term.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Effect {
    pub estimate: f64,
    /// With the fixed effects and the variances taken as known.
    pub conditional_error: f64,
    /// With the error of the fixed effects.
    pub error: f64,
    /// 95 %, from `error`.
    pub low: f64,
    pub high: f64,
}

/// Something to be said with the figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// Always: what groups add is not what they cause.
    NotCausal,
    /// Tested pupils who are left out, lacking a prior.
    WithoutPriors { pupils: u64, share: f64 },
    /// Pupils who changed school between the tests and count where they were tested.
    Moved { pupils: u64, share: f64 },
    /// The data do not say who changed school.
    MobilityUnknown,
    /// A variance is zero, or two effects go together entirely: the groups do not differ by more than chance.
    Singular { grouping: String },
    /// With so few groups intervals are too narrow.
    FewGroups { grouping: String, groups: usize },
    /// The error of priors is taken out; the log-likelihood is that of the residuals and is no maximum.
    ErrorInPriors { columns: Vec<String> },
}

impl GroupingFit {
    /// The groups with effects that are shown.
    pub fn shown(&self) -> impl Iterator<Item = (&GroupEffect, &Shown)> {
        self.effects.iter().flatten().filter_map(|group| Some((group, group.shown.as_ref()?)))
    }
}
