//! Why an answer is not given: what the data lack, and what to do.
//!
//! Promise: every refusal has a stable code and says its reason in English (`Display`) and in 简体中文.

use xueqing_schema::Text;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("the series has no day with a value: check the figure, the scope and the dates")]
    Empty,
    #[error("the series has two values for {0}: group by day or week only")]
    RepeatedDay(chrono::NaiveDate),
    #[error("{days} days with a value before {date}, {least} are needed: take an earlier first day")]
    FewBefore { days: usize, least: usize, date: chrono::NaiveDate },
    #[error("{days} days with a value from {date} on, {least} are needed: wait, or take a later last day")]
    FewAfter { days: usize, least: usize, date: chrono::NaiveDate },
    #[error("{days} days with a value, {least} are needed: take a longer span")]
    FewDays { days: usize, least: usize },
    #[error("all {n} values are the same, so that nothing can be told from them")]
    NoVariance { n: usize },
    #[error("the line goes through every value, so that there is no error to judge by")]
    PerfectFit,
    #[error("{column} is determined by the rest of the model: ask for fewer season terms or a longer span")]
    Collinear { column: String },
    #[error("{n} values, {least} are needed: use a larger group or a longer span")]
    SmallGroup { n: usize, least: usize },
    #[error("{schools} schools in the {group} group can be compared, {least} are needed")]
    FewSchools { group: &'static str, schools: usize, least: usize },
    #[error("the school {0} is in both groups: leave it out of one")]
    InBothGroups(String),
    #[error("all {n} minutes were cut off by the closing time, so that no duration is known: use another source of minutes")]
    AllCensored { n: usize },
    #[error("the closing time comes before {}: too few were finished by then, so that this figure is not reached", asked.en)]
    NotReached { asked: Text },
    #[error("the model has no answer: {0}")]
    NoModel(String),
    #[error("{0}")]
    Settings(String),
}

impl Refusal {
    /// A stable name of the reason, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_series",
            Self::RepeatedDay(_) => "repeated_day",
            Self::FewBefore { .. } => "few_days_before",
            Self::FewAfter { .. } => "few_days_after",
            Self::FewDays { .. } => "few_days",
            Self::NoVariance { .. } => "no_variance",
            Self::PerfectFit => "perfect_fit",
            Self::Collinear { .. } => "collinear_design",
            Self::SmallGroup { .. } => "small_group",
            Self::FewSchools { .. } => "few_schools",
            Self::InBothGroups(_) => "in_both_groups",
            Self::AllCensored { .. } => "all_censored",
            Self::NotReached { .. } => "not_reached",
            Self::NoModel(_) => "no_model",
            Self::Settings(_) => "bad_settings",
        }
    }

    /// The reason in 简体中文.
    pub fn chinese(&self) -> String {
        match self {
            Self::Empty => "序列中没有任何有值的日期：请检查指标、范围和日期".to_owned(),
            Self::RepeatedDay(day) => format!("{day} 有两个值：请只按日或周分组"),
            Self::FewBefore { days, least, date } => {
                format!("{date} 之前只有 {days} 个有值的日期，至少需要 {least} 个：请把起始日期提前")
            }
            Self::FewAfter { days, least, date } => {
                format!("自 {date} 起只有 {days} 个有值的日期，至少需要 {least} 个：请等待，或把截止日期推后")
            }
            Self::FewDays { days, least } => format!("只有 {days} 个有值的日期，至少需要 {least} 个：请选择更长的时段"),
            Self::NoVariance { n } => format!("{n} 个值完全相同，无法得出结论"),
            Self::PerfectFit => "拟合线经过每个值，没有误差可供判断".to_owned(),
            Self::Collinear { column } => format!("模型中的 {column} 由其余各项决定：请减少季节项或选择更长的时段"),
            Self::SmallGroup { n, least } => format!("只有 {n} 个值，至少需要 {least} 个：请扩大范围或延长时段"),
            Self::FewSchools { group, schools, least } => {
                let group = if *group == "treated" { "实施" } else { "对照" };
                format!("{group}组只有 {schools} 所学校可比较，至少需要 {least} 所")
            }
            Self::InBothGroups(school) => format!("学校 {school} 同时在两组中：请从其中一组去掉"),
            Self::AllCensored { n } => format!("{n} 个时长全部被系统关闭时间截断，没有已知时长：请改用其他时长来源"),
            Self::NotReached { asked } => format!("系统关闭时间早于 {}：届时完成的人太少，无法得出该值", asked.zh),
            Self::NoModel(reason) => format!("模型无解：{reason}"),
            Self::Settings(reason) => format!("设置有误：{reason}"),
        }
    }
}
