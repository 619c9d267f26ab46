//! Growth and gains of the classes or schools that sat a series of exams, as every door shows them.
//!
//! Promise: groups come in the order of their codes, each with its figure or the reason why there is none; the caveats that the
//! comparison demands come along. No pupil is named.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::agreement::{Agreement, agreement};
use super::caveat::{Caveat, Comparison, caveats};
use super::figures::Scores;
use super::gain::{Bands, Group, GroupGain, Measure, Movement, Pair, Reference, expectation, group_gain, movement};
use super::group::{GroupRules, Level, Mean};
use super::growth::{GroupGrowth, Growth, KnotsFrom, NormGroup, Occasion, Score, Settings, group_growth, growth};
use super::multilevel::Attainment;
use super::refusal::Refusal;
use super::series::{Changed, ExamScores};

/// The figure of one class or school, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<T> {
    pub unit: String,
    /// How the unit's pupils scored at the last exam, whatever they came with.
    pub attainment: Option<Attainment>,
    pub figure: Result<T, Refusal>,
}

/// The growth of each unit from the earlier exams to the last.
#[derive(Clone, Debug, PartialEq)]
pub struct GrowthReport {
    pub by: Level,
    pub exams: Vec<String>,
    /// The scores of the last exam.
    pub outcome: Option<Scores>,
    pub changed: Changed,
    /// Earlier scores used and the pupils they were fitted on.
    pub models: Vec<(usize, usize)>,
    /// Numbers of earlier scores without a model, and why.
    pub left_out: Vec<(usize, Refusal)>,
    pub tested: usize,
    pub linked: usize,
    pub rows: Vec<Row<GroupGrowth>>,
    /// Of the units' growth with that one exam earlier; only of three exams or more.
    pub stability: Option<Result<Agreement, Refusal>>,
    pub caveats: Vec<Caveat>,
}

/// The gains of each unit from the first exam to the last.
#[derive(Clone, Debug, PartialEq)]
pub struct GainReport {
    pub by: Level,
    pub exams: [String; 2],
    /// The scores of the last exam.
    pub outcome: Option<Scores>,
    pub changed: Changed,
    pub tested: usize,
    pub linked: usize,
    /// Correlation of the gain with the start: the further below 0, the more a gain only says who started low.
    pub pull: Result<f64, Refusal>,
    /// Of the least-squares line through all pupils.
    pub r_squared: f64,
    pub rows: Vec<Row<Gains>>,
    /// Of the units' gains in T with their residuals.
    pub agreement: Result<Agreement, Refusal>,
    pub caveats: Vec<Caveat>,
}

/// A unit's gains, side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Gains {
    pub t: GroupGain,
    pub percentile_rank: GroupGain,
    /// In points of the last exam.
    pub residual: Mean,
    pub movement: Movement,
}

/// Growth percentiles of the pupils of the last exam among each other, summed up by unit.
pub fn growth_report(exams: &ExamScores, rules: &GroupRules, settings: &Settings) -> Result<GrowthReport, Refusal> {
    check(exams, rules)?;
    let growth = grown(exams, settings)?;
    let linked = growth.students.len();
    enough_linked(linked, growth.tested, rules)?;
    let rows = growth_rows(exams, &growth, rules);
    let norm_group = growth.models.iter().map(|model| model.students).max().unwrap_or(0);
    Ok(GrowthReport {
        by: exams.level(),
        exams: exams.exams.clone(),
        outcome: exams.outcome(),
        changed: exams.changed(),
        models: growth.models.iter().map(|model| (model.priors(), model.students)).collect(),
        stability: stability(exams, rules, settings, &rows),
        caveats: caveats(&comparison(exams, norm_group, growth.tested, linked, 0)),
        rows,
        left_out: growth.left_out,
        tested: growth.tested,
        linked,
    })
}

/// Each exam is a test of its own: its place in the series stands for the year and the grade.
pub(super) fn grown(exams: &ExamScores, settings: &Settings) -> Result<Growth, Refusal> {
    let occasions = (0..exams.exams.len()).map(|place| Occasion { year: place as i32, grade: 0 });
    let group = NormGroup { sequence: occasions.collect(), names: exams.exams.clone() };
    let scores = exams.scores.iter().map(|it| Score { student: it.student, year: it.exam as i32, grade: 0, score: it.score });
    let settings = Settings { knots_from: KnotsFrom::NormGroup, ..settings.clone() };
    growth(&scores.collect::<Vec<_>>(), &group, &settings)
}

fn growth_rows(exams: &ExamScores, growth: &Growth, rules: &GroupRules) -> Vec<Row<GroupGrowth>> {
    let percentiles: HashMap<u64, u8> = growth.students.iter().map(|it| (it.student, it.percentile)).collect();
    let attainment = exams.attainment();
    let rows = exams.units.iter().map(|(unit, members)| {
        let own: Vec<u8> = members.iter().filter_map(|student| percentiles.get(student).copied()).collect();
        let figure = group_growth(&own, members.len(), exams.level(), rules);
        Row { unit: unit.clone(), attainment: attainment.get(unit.as_str()).copied(), figure }
    });
    rows.collect()
}

/// How far the units' growth agrees with that of the same pupils one exam earlier; `None` of a series of two.
fn stability(
    exams: &ExamScores,
    rules: &GroupRules,
    settings: &Settings,
    rows: &[Row<GroupGrowth>],
) -> Option<Result<Agreement, Refusal>> {
    let last = exams.exams.len() - 1;
    if last < 2 {
        return None;
    }
    let own: HashSet<u64> = exams.units.values().flatten().copied().collect();
    let mut earlier = exams.clone();
    earlier.exams.truncate(last);
    earlier.scores.retain(|it| it.exam < last && own.contains(&it.student));
    let compare = || {
        let before = growth_rows(&earlier, &grown(&earlier, settings)?, rules);
        let median = |row: &Row<GroupGrowth>| row.figure.as_ref().map_or(f64::NAN, |figure| figure.median);
        let pairs: Vec<(f64, f64)> = before.iter().zip(rows).map(|(before, now)| (median(before), median(now))).collect();
        agreement(&pairs, rules.confidence)
    };
    Some(compare())
}

/// Gains from the first exam to the last: places are among the pupils of the last exam, `shares` are the bands' from the top.
pub fn gain_report(exams: &ExamScores, rules: &GroupRules, shares: &[f64]) -> Result<GainReport, Refusal> {
    check(exams, rules)?;
    let level = exams.level();
    let last = exams.exams.len().checked_sub(1).filter(|last| *last > 0);
    let last = last.ok_or_else(|| Refusal::Settings("a gain needs two exams: name the first and the last".to_owned()))?;
    let (students, pairs) = pairs(exams, last)?;
    let linked = pairs.iter().filter(|pair| pair.before.is_finite()).count();
    enough_linked(linked, pairs.len(), rules)?;
    let before = Reference::of(pairs.iter().map(|pair| pair.before))?;
    let after = Reference::of(pairs.iter().map(|pair| pair.after))?;
    let bands = [Bands::of_shares(shares, &before)?, Bands::of_shares(shares, &after)?];
    let line = expectation(&pairs, &[], true)?;
    let places: HashMap<u64, usize> = students.iter().enumerate().map(|(place, &student)| (student, place)).collect();
    let (references, attainment) = ([&before, &after], exams.attainment());
    let rows = exams.units.iter().map(|(unit, members)| {
        let members: Vec<usize> = members.iter().filter_map(|student| places.get(student).copied()).collect();
        let own: Vec<Pair> = members.iter().map(|&place| pairs[place]).collect();
        let group = Group { pairs: &own, tested: own.len(), level };
        let gains = || {
            Ok(Gains {
                t: group_gain(Measure::T, references, group, rules)?,
                percentile_rank: group_gain(Measure::PercentileRank, references, group, rules)?,
                residual: line.group(&members, own.len(), level, rules)?,
                movement: movement([&bands[0], &bands[1]], group, rules)?,
            })
        };
        Row { unit: unit.clone(), attainment: attainment.get(unit.as_str()).copied(), figure: gains() }
    });
    let rows: Vec<Row<Gains>> = rows.collect();
    let both = rows.iter().filter_map(|row| row.figure.as_ref().ok()).map(|it| (it.t.gain.mean, it.residual.mean));
    let at_ceiling = pairs.iter().filter(|pair| pair.before >= before.highest()).count();
    Ok(GainReport {
        by: level,
        outcome: exams.outcome(),
        changed: exams.changed(),
        exams: [exams.exams[0].clone(), exams.exams[last].clone()],
        tested: pairs.len(),
        linked,
        pull: super::gain::pull_to_the_mean(references, &pairs),
        r_squared: line.r_squared,
        agreement: agreement(&both.collect::<Vec<_>>(), rules.confidence),
        rows,
        caveats: caveats(&comparison(exams, linked, pairs.len(), linked, at_ceiling)),
    })
}

/// The pupils of the last exam and their scores in the first, not a number where there is none, and the last.
fn pairs(exams: &ExamScores, last: usize) -> Result<(Vec<u64>, Vec<Pair>), Refusal> {
    let mut of: HashMap<(u64, usize), f64> = HashMap::new();
    let mut repeated = [0, 0];
    for it in exams.scores.iter().filter(|it| it.exam == 0 || it.exam == last) {
        let again = of.insert((it.student, it.exam), it.score).is_some();
        repeated[usize::from(it.exam == last)] += usize::from(again);
    }
    for (repeated, test) in repeated.into_iter().zip([&exams.exams[0], &exams.exams[last]]) {
        if repeated > 0 {
            return Err(Refusal::ManyScores { students: repeated, test: test.clone() });
        }
    }
    let mut students: Vec<u64> = of.keys().filter(|(_, exam)| *exam == last).map(|(student, _)| *student).collect();
    if students.is_empty() {
        return Err(Refusal::NoScores { test: exams.exams[last].clone() });
    }
    students.sort_unstable();
    let score = |student, exam| of.get(&(student, exam)).copied().unwrap_or(f64::NAN);
    let pairs = students.iter().map(|&student| Pair { before: score(student, 0), after: score(student, last) }).collect();
    Ok((students, pairs))
}

fn check(exams: &ExamScores, rules: &GroupRules) -> Result<(), Refusal> {
    rules.check(exams.level())?;
    let different: BTreeSet<&String> = exams.exams.iter().collect();
    if different.len() < exams.exams.len() {
        return Err(Refusal::Settings("an exam is named twice: name each once".to_owned()));
    }
    if exams.grades > 1 { Err(Refusal::ManyGrades { grades: exams.grades }) } else { Ok(()) }
}

/// Were too few of all linked, the others would change what the linked are compared with.
fn enough_linked(linked: usize, tested: usize, rules: &GroupRules) -> Result<(), Refusal> {
    rules.allow(Level::Region, linked, tested)
}

fn comparison(exams: &ExamScores, norm_group: usize, tested: usize, linked: usize, at_ceiling: usize) -> Comparison {
    Comparison { schools: exams.schools, norm_group, years: 1, one_scale: false, linked, tested, at_ceiling }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value_added::group::Sampling;
    use crate::value_added::series::ExamScore;

    /// Ten classes of forty in two schools; the pupils of class 3 gain, five of class 7 have no earlier score.
    fn exams() -> ExamScores {
        let mut exams = ExamScores {
            exams: vec!["a".to_owned(), "b".to_owned()],
            schools: 2,
            level: Some(Level::Class),
            ..ExamScores::default()
        };
        for student in 0..400u64 {
            let class = student / 40;
            let before = 40 + student * 37 % 61;
            let after = before / 2 + 20 + student * 53 % 31 + if class == 3 { 15 } else { 0 };
            let mut add = |exam, score: u64| exams.scores.push(ExamScore { student, exam, score: score as f64 });
            if !(280..285).contains(&student) {
                add(0, before);
            }
            add(1, after);
            exams.units.entry(format!("s{}/c{class}", class / 5)).or_default().push(student);
        }
        exams
    }

    #[test]
    fn a_class_that_grew_shows_it_in_growth_and_gains_alike() {
        let growth = growth_report(&exams(), &GroupRules::default(), &Settings::default()).unwrap();
        assert_eq!((growth.tested, growth.linked, growth.rows.len()), (400, 395, 10));
        assert_eq!(growth.models, [(1, 395)]);
        let gains = gain_report(&exams(), &GroupRules::default(), &[0.25, 0.6, 0.9]).unwrap();
        for (place, (grown, gained)) in growth.rows.iter().zip(&gains.rows).enumerate() {
            let (grown, gained) = (grown.figure.as_ref().unwrap(), gained.figure.as_ref().unwrap());
            assert_eq!(grown.interval[0] > 50.0, place == 3);
            assert_eq!(gained.residual.interval[0] > 0.0, place == 3);
            assert_eq!(gained.t.gain.interval[0] > 0.0, place == 3);
            assert_eq!(gained.t.gain.n, if place == 7 { 35 } else { 40 });
        }
        let mean: f64 = gains.rows.iter().map(|row| row.figure.as_ref().unwrap().residual).map(|it| it.mean * it.n as f64).sum();
        assert!(mean.abs() < 1e-9, "residuals of all even out");
        assert_eq!(growth.caveats, gains.caveats);
        assert!(gains.agreement.unwrap().correlation > 0.9);
        assert_eq!(growth.stability, None);
    }

    #[test]
    fn growth_that_repeats_is_stable_and_growth_that_turns_is_not() {
        let series = |last: fn(u64) -> u64| {
            let mut exams = exams();
            exams.exams.push("c".to_owned());
            exams.scores.retain(|it| it.exam == 0 || it.student < 400);
            let more = (0..400u64).map(|student| ExamScore {
                student,
                exam: 2,
                score: (30 + student * 41 % 43 + last(student / 40)) as f64,
            });
            let class_by_class = |it: &ExamScore| ExamScore {
                score: it.score + (it.student / 40) as f64 * if it.exam == 1 { 4.0 } else { 0.0 },
                ..*it
            };
            exams.scores = exams.scores.iter().map(class_by_class).chain(more).collect();
            growth_report(&exams, &GroupRules::default(), &Settings::default()).unwrap().stability.unwrap().unwrap()
        };
        let (same, turned) = (series(|class| class * 8), series(|class| 80 - class * 8));
        assert!(same.correlation > 0.5 && turned.correlation < -0.5, "{same:?} {turned:?}");
        assert_eq!(same.groups, 10);
    }

    #[test]
    fn a_small_class_is_refused_and_the_others_stand() {
        let mut exams = exams();
        exams.units.get_mut("s1/c9").unwrap().truncate(12);
        let report = growth_report(&exams, &GroupRules::default(), &Settings::default()).unwrap();
        assert_eq!(report.rows[9].figure, Err(Refusal::SmallGroup { n: 12, least: 20 }));
        assert!(report.rows[..9].iter().all(|row| row.figure.is_ok()));
    }

    #[test]
    fn several_grades_and_too_few_linked_are_refused_as_a_whole() {
        let rules = GroupRules::default();
        let grades = ExamScores { grades: 2, ..exams() };
        assert_eq!(gain_report(&grades, &rules, &[0.5]), Err(Refusal::ManyGrades { grades: 2 }));
        let twice = ExamScores { exams: vec!["a".to_owned(), "a".to_owned()], ..exams() };
        assert_eq!(gain_report(&twice, &rules, &[0.5]).unwrap_err().code(), "bad_settings");
        let mut unlinked = exams();
        unlinked.scores.retain(|it| it.exam == 1 || it.student < 300);
        let refused = Refusal::TooFewLinked { linked: 295, tested: 400, least: 80 };
        assert_eq!(growth_report(&unlinked, &rules, &Settings::default()), Err(refused.clone()));
        assert_eq!(gain_report(&unlinked, &rules, &[0.5]), Err(refused));
    }

    #[test]
    fn classes_of_a_matrix_sampled_test_and_a_single_exam_are_refused() {
        let rules = GroupRules { sampling: Sampling::Matrix, ..GroupRules::default() };
        assert_eq!(growth_report(&exams(), &rules, &Settings::default()), Err(Refusal::MatrixSampled));
        assert_eq!(gain_report(&exams(), &rules, &[0.5]), Err(Refusal::MatrixSampled));
        let one = ExamScores { exams: vec!["a".to_owned()], ..exams() };
        assert_eq!(gain_report(&one, &GroupRules::default(), &[0.5]).unwrap_err().code(), "bad_settings");
        assert_eq!(growth_report(&one, &GroupRules::default(), &Settings::default()).unwrap_err().code(), "bad_settings");
    }
}
