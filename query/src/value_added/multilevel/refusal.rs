//! Why a figure is not given. A refusal names what the data cannot support, and what would help.

use super::minimise::Convergence;

/// The reason that a model has no fit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("the model cannot be read: {reason}")]
    BadModel { reason: String },
    #[error(
        "the test was matrix-sampled, each pupil sat only a part: nothing can be said of \"{grouping}\"; use schools or coarser groups"
    )]
    MatrixSampled { grouping: String },
    #[error(
        "none of {pupils} pupils has the response, every covariate and every group: {no_response} lack the response, {no_prior} a covariate"
    )]
    NothingComplete { pupils: u64, no_response: u64, no_prior: u64 },
    #[error("only {n} pupils can be used, fewer than the {minimum} that are needed: take more years or schools together")]
    TooFewPupils { n: u64, minimum: u64 },
    #[error(
        "only {:.1} % of the tested pupils have all their priors, fewer than the {:.1} % that are needed: the linking covers too few",
        100.0 * share, 100.0 * minimum
    )]
    LinkingTooThin { share: f64, minimum: f64 },
    #[error("there is only one \"{grouping}\": effects of groups need at least two; leave this grouping out")]
    OneGroup { grouping: String },
    #[error(
        "\"{grouping}\" has {effects} effects for {n} pupils: they cannot be told from what is left to the pupils; leave it out or take coarser groups"
    )]
    NoRepetition { grouping: String, effects: usize, n: u64 },
    #[error("every \"{coarse}\" has just one \"{fine}\": their effects cannot be told apart; leave one of them out")]
    SameGroups { fine: String, coarse: String },
    #[error("the response \"{column}\" is the same for all pupils")]
    ConstantResponse { column: String },
    #[error("the covariate \"{column}\" is the same for all pupils: leave it out")]
    ConstantCovariate { column: String },
    #[error("the covariate \"{column}\" follows from {}: leave one of them out", with.join(", "))]
    Collinear { column: String, with: Vec<String> },
    #[error("nothing is left to differ within the groups once the covariates are known: an effect cannot have an error")]
    NoResidual,
    #[error(
        "the reliability of {} is too low for these data: taking out its error leaves no variation", columns.join(", ")
    )]
    UnreliablePriors { columns: Vec<String> },
    #[error(
        "the search did not converge in {} steps (gradient {:.1e}): simplify the random part or take more groups", .0.iterations, .0.gradient
    )]
    DidNotConverge(Convergence),
}

impl Refusal {
    /// A stable name of the reason, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadModel { .. } => "bad_model",
            Self::MatrixSampled { .. } => "matrix_sampled",
            Self::NothingComplete { .. } => "nothing_complete",
            Self::TooFewPupils { .. } => "too_few_pupils",
            Self::LinkingTooThin { .. } => "linking_too_thin",
            Self::OneGroup { .. } => "one_group",
            Self::NoRepetition { .. } => "no_repetition",
            Self::SameGroups { .. } => "same_groups",
            Self::ConstantResponse { .. } => "constant_response",
            Self::ConstantCovariate { .. } => "constant_covariate",
            Self::Collinear { .. } => "collinear",
            Self::NoResidual => "no_residual",
            Self::UnreliablePriors { .. } => "unreliable_priors",
            Self::DidNotConverge(_) => "did_not_converge",
        }
    }
}
