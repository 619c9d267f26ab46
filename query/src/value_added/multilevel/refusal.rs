//! Why a figure is not given. A refusal names what the data cannot support, and what would help.

use super::minimise::Convergence;
use crate::value_added::refusal::Reason;

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

    /// The reason in 简体中文.
    pub fn chinese(&self) -> String {
        match self {
            Self::BadModel { reason } => format!("模型文件无法读取：{reason}"),
            Self::MatrixSampled { grouping } => {
                format!("矩阵抽样的测试中每名学生只参加一部分，不能说明 {grouping}：请使用学校或更大的组")
            }
            Self::NothingComplete { pupils, no_response, no_prior } => {
                format!("{pupils} 名学生中没有一人具备成绩、全部协变量和分组：{no_response} 名没有成绩，{no_prior} 名缺协变量")
            }
            Self::TooFewPupils { n, minimum } => format!("只有 {n} 名学生可用，至少需要 {minimum} 名：请合并多年或多校"),
            Self::LinkingTooThin { share, minimum } => format!(
                "只有 {:.1} % 的参考学生具备全部先前成绩，至少需要 {:.1} %：关联到的学生太少",
                100.0 * share,
                100.0 * minimum
            ),
            Self::OneGroup { grouping } => format!("{grouping} 只有一个组，组效应至少需要两个：请去掉该分组"),
            Self::NoRepetition { grouping, effects, n } => {
                format!("{n} 名学生却有 {effects} 个 {grouping} 效应，无法与学生差异分开：请去掉或使用更大的组")
            }
            Self::SameGroups { fine, coarse } => format!("每个 {coarse} 只有一个 {fine}，两者效应无法区分：请去掉其中一个"),
            Self::ConstantResponse { column } => format!("所有学生的 {column} 完全相同"),
            Self::ConstantCovariate { column } => format!("所有学生的协变量 {column} 完全相同：请去掉"),
            Self::Collinear { column, with } => format!("协变量 {column} 可由 {} 推出：请去掉其中一个", with.join("、")),
            Self::NoResidual => "给定协变量后组内没有差异，效应无法有误差".to_owned(),
            Self::UnreliablePriors { columns } => {
                format!("对这些数据而言 {} 的信度过低：校正误差后没有剩余变异", columns.join("、"))
            }
            Self::DidNotConverge(convergence) => {
                format!("迭代 {} 步仍未收敛：请简化随机部分或增加组数", convergence.iterations)
            }
        }
    }
}

impl serde::Serialize for Refusal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Reason { code: self.code(), zh: self.chinese(), en: self.to_string() }.serialize(serializer)
    }
}
