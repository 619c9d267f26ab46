//! What must be said beside a figure of growth or gain, in 简体中文 and English.
//!
//! Promise: which caveats hold follows from the facts of the comparison alone.

/// A norm group below this has wide margins at both ends of the percentiles.
const SMALL_NORM_GROUP: usize = 1000;

/// The facts of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Schools whose pupils are compared.
    pub schools: usize,
    /// Pupils the norm rests on.
    pub norm_group: usize,
    /// Years of growth behind a group's figure.
    pub years: usize,
    /// Whether the tests are on one scale.
    pub one_scale: bool,
    /// Pupils with both scores, and pupils tested.
    pub linked: usize,
    pub tested: usize,
    /// Pupils at the highest score of the first test.
    pub at_ceiling: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caveat {
    NotCausal,
    NoRanking,
    OneSchool,
    SmallNormGroup,
    OneYear,
    NoCommonScale,
    Unlinked,
    Ceiling,
}

/// The caveats of a comparison, those that always hold first.
pub fn caveats(of: &Comparison) -> Vec<Caveat> {
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    let found = [
        (Caveat::NotCausal, true),
        (Caveat::NoRanking, true),
        (Caveat::OneSchool, of.schools <= 1),
        (Caveat::SmallNormGroup, of.norm_group < SMALL_NORM_GROUP),
        (Caveat::OneYear, of.years <= 1),
        (Caveat::NoCommonScale, !of.one_scale),
        (Caveat::Unlinked, of.linked < of.tested),
        (Caveat::Ceiling, share(of.at_ceiling, of.linked) > 0.05),
    ];
    found.into_iter().filter_map(|(caveat, holds)| holds.then_some(caveat)).collect()
}

impl Caveat {
    /// A stable name, for machines.
    pub fn code(self) -> &'static str {
        self.words().0
    }

    pub fn chinese(self) -> &'static str {
        self.words().1
    }

    pub fn english(self) -> &'static str {
        self.words().2
    }

    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::NotCausal => {
                ("not_causal", "增值不等于学校或教师的因果效应", "growth is not the causal effect of a school or teacher")
            }
            Self::NoRanking => (
                "no_ranking",
                "不得用于学生排名，也不宜以一年的结果评价教师",
                "not for ranking pupils, nor for judging a teacher by one year",
            ),
            Self::OneSchool => (
                "one_school",
                "常模只来自一所学校：班级只是相互比较，平均必为零；不能说明该校与其他学校的差别，分班方式会影响结果",
                "the norm is one school's: its classes are compared with each other only and even out; it says nothing of other schools, and how classes were formed shows in it",
            ),
            Self::SmallNormGroup => (
                "small_norm_group",
                "常模组不足 1000 人：两端的百分位误差较大",
                "the norm group has fewer than 1000 pupils: percentiles near both ends are uncertain",
            ),
            Self::OneYear => (
                "one_year",
                "只有一年的结果：增值在年度之间很不稳定，应合并多年",
                "one year's figures: value added varies much between years, pool several",
            ),
            Self::NoCommonScale => (
                "no_common_scale",
                "两次考试没有等值：只能比较相对位置，不能说明绝对进步",
                "the tests are not equated: places are compared, not what was learnt",
            ),
            Self::Unlinked => (
                "unlinked",
                "部分学生没有以前的成绩，未计入；转学和缺考可能使结果有偏",
                "pupils without an earlier score are left out; moving and missing may bias the figures",
            ),
            Self::Ceiling => (
                "ceiling",
                "超过 5 % 的学生第一次已得最高分，无法显示进步",
                "more than 5 % of the pupils had the highest score the first time and cannot show a gain",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_school_with_one_year_says_so() {
        let facts =
            Comparison { schools: 1, norm_group: 400, years: 1, one_scale: false, linked: 380, tested: 400, at_ceiling: 30 };
        let codes: Vec<_> = caveats(&facts).into_iter().map(Caveat::code).collect();
        assert_eq!(
            codes,
            ["not_causal", "no_ranking", "one_school", "small_norm_group", "one_year", "no_common_scale", "unlinked", "ceiling"]
        );
    }

    #[test]
    fn a_district_over_years_keeps_only_what_always_holds() {
        let facts =
            Comparison { schools: 40, norm_group: 9000, years: 3, one_scale: true, linked: 9000, tested: 9000, at_ceiling: 0 };
        assert_eq!(caveats(&facts), [Caveat::NotCausal, Caveat::NoRanking]);
    }
}
