//! Why a figure of growth or gain is not given: what the data lack, and what to do.
//!
//! Promise: every refusal has a stable code and says its reason in English (`Display`) and in 简体中文.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::growth::regression::Unsolved;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("no student has a score on the test {test}: check the test and the subject")]
    NoScores { test: String },
    #[error("{students} students have more than one score on the test {test}: keep one of each student")]
    ManyScores { students: usize, test: String },
    #[error(
        "only {linked} of {tested} students have an earlier score, {least} % are needed: link changed student numbers or take a later start"
    )]
    TooFewLinked { linked: usize, tested: usize, least: u8 },
    #[error(
        "{students} students have the {priors} earlier scores asked for, {least} are needed: use fewer earlier scores or a larger norm group"
    )]
    SmallPanel { priors: usize, students: usize, least: usize },
    #[error(
        "the scores on the test {test} do not differ, so that no knots can be placed by them: leave it out, or take the knots from others"
    )]
    NoSpread { test: String },
    #[error("all {students} scores compared are the same: nothing can be told apart by them")]
    AllSame { students: usize },
    #[error("the last test was sat by {grades} grades, whose papers differ: name one grade")]
    ManyGrades { grades: usize },
    #[error("the group has {n} students, {least} are needed: pool years or use a larger group")]
    SmallGroup { n: usize, least: usize },
    #[error(
        "none or all of {n} students: a share of 0 or 100 % is given of {least} or more only, for it says something of each of them"
    )]
    NoneOrAll { n: usize, least: usize },
    #[error("{groups} groups can be compared, {least} are needed")]
    FewGroups { groups: usize, least: usize },
    #[error("the two have no kind of group in common: compare classes with classes and schools with schools")]
    NothingShared,
    #[error(
        "no earlier release of the same subject, grade and method: how steady the figures are from year to year is not known"
    )]
    NoEarlierRelease,
    #[error("no release of another subject in the same year, grade and method: whether subjects agree is not known")]
    NoOtherSubject,
    #[error("the model file does not name its subject and year: add `subject = \"math\"` and `year = 2026` (or --year)")]
    NotAbout,
    #[error("the data do not say who changed school: the model without those who did cannot be made; name the column `moved`")]
    MobilityUnknown,
    #[error("nobody moved between the tests: there is nothing to leave out")]
    NoneMoved,
    #[error("nobody lacks a prior: there is nobody to keep in")]
    NoneMissing,
    #[error("the groups do not differ beyond chance, so that their effects have no error to measure a change by")]
    NoErrors,
    #[error("the method compares pupils with an earlier score only: those without one cannot be kept in")]
    PriorsOnly,
    #[error("no pupil of this class sat the last exam under this pseudonym: a teacher sees the growth of the own class only")]
    NotInClass,
    #[error("the pupil has no score on {test}, or none before it that can be used")]
    NoGrowth { test: String },
    #[error("the release has no figures that can be drawn so: it was made by another version of the program")]
    NoFigures,
    #[error(
        "each student took one subject drawn at random: such a test says nothing of one student or class, only of schools and larger"
    )]
    MatrixSampled,
    #[error("{0}")]
    Settings(String),
    #[error("the regression has no answer: {0}")]
    Regression(#[from] Unsolved),
}

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Reason { code: self.code(), zh: self.chinese(), en: self.to_string() }.serialize(serializer)
    }
}

/// A reason as doors write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub code: &'static str,
    pub zh: String,
    pub en: String,
}

/// What is given, or `{"refused": reason}`: for fields that may each be refused on their own.
pub fn given<T: Serialize, R: Serialize, S: Serializer>(what: &Result<T, R>, serializer: S) -> Result<S::Ok, S::Error> {
    match what {
        Ok(given) => given.serialize(serializer),
        Err(reason) => BTreeMap::from([("refused", reason)]).serialize(serializer),
    }
}

impl Refusal {
    /// A stable name of the reason, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoScores { .. } => "no_scores",
            Self::ManyScores { .. } => "many_scores",
            Self::TooFewLinked { .. } => "too_few_linked",
            Self::SmallPanel { .. } => "small_panel",
            Self::NoSpread { .. } => "no_spread",
            Self::AllSame { .. } => "all_same",
            Self::ManyGrades { .. } => "many_grades",
            Self::SmallGroup { .. } => "small_group",
            Self::NoneOrAll { .. } => "none_or_all",
            Self::FewGroups { .. } => "few_groups",
            Self::NothingShared => "nothing_shared",
            Self::NoEarlierRelease => "no_earlier_release",
            Self::NoOtherSubject => "no_other_subject",
            Self::NotAbout => "subject_or_year_unknown",
            Self::MobilityUnknown => "mobility_unknown",
            Self::NoneMoved => "none_moved",
            Self::NoneMissing => "none_missing",
            Self::NoErrors => "no_errors",
            Self::PriorsOnly => "priors_only",
            Self::NotInClass => "not_in_class",
            Self::NoGrowth { .. } => "no_growth",
            Self::NoFigures => "no_figures",
            Self::MatrixSampled => "matrix_sampled",
            Self::Settings(_) => "bad_settings",
            Self::Regression(_) => "no_regression",
        }
    }

    /// The reason in 简体中文.
    pub fn chinese(&self) -> String {
        match self {
            Self::NoScores { test } => format!("考试 {test} 没有成绩：请检查考试和学科"),
            Self::ManyScores { students, test } => {
                format!("{students} 名学生在考试 {test} 中有多个成绩：每人只保留一个")
            }
            Self::TooFewLinked { linked, tested, least } => {
                format!(
                    "{tested} 名学生中只有 {linked} 名有以前的成绩，至少需要 {least} %：请关联变更过的学籍号，或改用更晚的起点"
                )
            }
            Self::SmallPanel { priors, students, least } => {
                format!(
                    "只有 {students} 名学生具备所需的 {priors} 次以前成绩，至少需要 {least} 名：请减少以前成绩的次数或扩大常模组"
                )
            }
            Self::NoSpread { test } => {
                format!("考试 {test} 的成绩没有差异，无法设置节点：请去掉该考试，或改用其他成绩的节点")
            }
            Self::AllSame { students } => format!("所比较的 {students} 个成绩完全相同，无法区分"),
            Self::ManyGrades { grades } => format!("最后一次考试有 {grades} 个年级参加，试卷不同：请指定一个年级"),
            Self::SmallGroup { n, least } => format!("该组只有 {n} 名学生，至少需要 {least} 名：请合并多年数据或使用更大的组"),
            Self::NoneOrAll { n, least } => {
                format!("{n} 名学生全部或无一人：0 % 或 100 % 会暴露每个学生的情况，至少 {least} 名学生才给出")
            }
            Self::FewGroups { groups, least } => format!("只有 {groups} 个组可比较，至少需要 {least} 个"),
            Self::NothingShared => "两者没有相同层级的组：班级与班级比较，学校与学校比较".to_owned(),
            Self::NoEarlierRelease => "没有更早的发布（同学科、同年级、同方法）：年度稳定性未知".to_owned(),
            Self::NoOtherSubject => "同年、同年级、同方法没有其他学科的发布：学科一致性未知".to_owned(),
            Self::NotAbout => {
                "模型文件没有写明学科和年份：请加上 subject = \"math\" 和 year = 2026（命令行为 --year）".to_owned()
            }
            Self::MobilityUnknown => "数据未说明谁转学，无法只用未转学的学生重算：请用 moved 指明该列".to_owned(),
            Self::NoneMoved => "两次考试之间没有学生转学（转班）：没有可去掉的学生".to_owned(),
            Self::NoneMissing => "没有学生缺少以前成绩：没有需要补入的学生".to_owned(),
            Self::NoErrors => "组间差异不超过偶然，效应没有误差可作尺度".to_owned(),
            Self::PriorsOnly => "该方法只比较有以前成绩的学生，不能保留没有以前成绩的学生".to_owned(),
            Self::NotInClass => "该班没有以此化名参加最后一次考试的学生：教师只能查看本班学生的成长".to_owned(),
            Self::NoGrowth { test } => format!("该生在 {test} 没有成绩，或之前没有可用的成绩"),
            Self::NoFigures => "该发布没有可以这样绘制的数据：由其他版本的程序生成".to_owned(),
            Self::MatrixSampled => {
                "每名学生只随机参加一个学科的测试：这种测试不能用于单个学生或班级，只能用于学校及以上".to_owned()
            }
            Self::Settings(reason) => format!("设置有误：{reason}"),
            Self::Regression(reason) => format!("回归无解：{reason}"),
        }
    }
}
