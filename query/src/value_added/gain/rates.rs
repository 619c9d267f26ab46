//! Rates about a line (上线, 优秀线), as graduating grades use them.
//!
//! Definitions (names are in local use, and places differ: they are given with the figures):
//! 巩固率 = above both times ÷ above the first time · 转化率 = above the second time only ÷ below the first time ·
//! 贡献率 = the group's pupils above the second time ÷ the whole's, beside its share of the whole's pupils.

use super::standard::both;
use super::{Group, Pair};
use crate::value_added::group::{GroupRules, Rate};
use crate::value_added::refusal::Refusal;

/// The scores from which a pupil is above the line, on the first and on the second test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    pub before: f64,
    pub after: f64,
}

/// How a group stands to a line; each rate may be refused on its own.
#[derive(Clone, Debug, PartialEq)]
pub struct LineRates {
    /// Pupils with both scores.
    pub n: usize,
    pub tested: usize,
    /// 上线率, the first and the second time.
    pub above_before: Result<Rate, Refusal>,
    pub above_after: Result<Rate, Refusal>,
    /// 巩固率.
    pub kept: Result<Rate, Refusal>,
    /// 转化率.
    pub converted: Result<Rate, Refusal>,
    /// 贡献率; its `of` is the whole's pupils above the second time.
    pub contribution: Result<Rate, Refusal>,
    /// The group's share of the whole's pupils with both scores, to hold the contribution against.
    pub share_of_pupils: f64,
}

/// The rates of `group` as a part of `whole`: the pupils with both scores of the district.
pub fn line_rates(line: Line, group: Group<'_>, whole: &[Pair], rules: &GroupRules) -> Result<LineRates, Refusal> {
    if !line.before.is_finite() || !line.after.is_finite() {
        return Err(Refusal::Settings("the line must be a number on both tests".to_owned()));
    }
    let group_counts = Counts::of(line, group.pairs);
    rules.allow(group.level, group_counts.n, group.tested)?;
    let whole = Counts::of(line, whole);
    if whole.n < group_counts.n || whole.after < group_counts.after {
        return Err(Refusal::Settings("the group must be part of the whole".to_owned()));
    }
    let Counts { n, before, after, both } = group_counts;
    Ok(LineRates {
        n,
        tested: group.tested,
        above_before: Rate::of(before, n, rules),
        above_after: Rate::of(after, n, rules),
        kept: Rate::of(both, before, rules),
        converted: Rate::of(after - both, n - before, rules),
        contribution: Rate::of(after, whole.after, rules),
        share_of_pupils: n as f64 / whole.n as f64,
    })
}

struct Counts {
    n: usize,
    before: usize,
    after: usize,
    both: usize,
}

impl Counts {
    fn of(line: Line, pairs: &[Pair]) -> Self {
        let linked = pairs.iter().filter(|pair| both(pair));
        linked.fold(Self { n: 0, before: 0, after: 0, both: 0 }, |counts, pair| {
            let (before, after) = (pair.before >= line.before, pair.after >= line.after);
            Self {
                n: counts.n + 1,
                before: counts.before + usize::from(before),
                after: counts.after + usize::from(after),
                both: counts.both + usize::from(before && after),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value_added::group::Level;

    #[test]
    fn rates_are_as_defined() {
        let some = |before, after, times| std::iter::repeat_n(Pair { before, after }, times);
        let school: Vec<Pair> =
            some(80.0, 90.0, 24).chain(some(80.0, 60.0, 6)).chain(some(50.0, 90.0, 10)).chain(some(50.0, 50.0, 30)).collect();
        let whole: Vec<Pair> = school.iter().copied().chain(some(80.0, 90.0, 66)).chain(some(50.0, 50.0, 64)).collect();
        let group = Group { pairs: &school, tested: 72, level: Level::School };
        let rates = line_rates(Line { before: 70.0, after: 85.0 }, group, &whole, &GroupRules::default()).unwrap();
        let counts = |rate: Result<Rate, Refusal>| rate.map(|rate| (rate.count, rate.of)).unwrap();
        assert_eq!(counts(rates.above_before), (30, 70));
        assert_eq!(counts(rates.above_after), (34, 70));
        assert_eq!(counts(rates.kept), (24, 30));
        assert_eq!(counts(rates.converted), (10, 40));
        assert_eq!(counts(rates.contribution), (34, 100));
        assert_eq!(rates.share_of_pupils, 0.35);
    }

    #[test]
    fn a_rate_of_few_is_refused_and_the_others_stand() {
        let pairs: Vec<Pair> = (0..40).map(|i| Pair { before: f64::from(i), after: f64::from(i * 7 % 40) }).collect();
        let group = Group { pairs: &pairs, tested: 40, level: Level::Class };
        let rates = line_rates(Line { before: 30.0, after: 20.0 }, group, &pairs, &GroupRules::default()).unwrap();
        assert_eq!(rates.kept, Err(Refusal::SmallGroup { n: 10, least: 20 }));
        assert!(rates.above_after.is_ok());
    }
}
