//! Panels that go wrong: each has the right answer or a refusal that names the reason, and no figure that is no number.

use rstest::rstest;

use super::*;

fn score(student: u64, year: i32, grade: u8, score: f64) -> Score {
    Score { student, year, grade, score }
}

/// A cohort in grade 7 in 2023 and 8 in 2024, with whole scores.
fn cohort(pupils: u64) -> Vec<Score> {
    let of = |i: u64| {
        let before = 40 + (i * 37 % 61);
        [score(i, 2023, 7, before as f64), score(i, 2024, 8, (before / 2 + 20 + i * 53 % 31) as f64)]
    };
    (0..pupils).flat_map(of).collect()
}

fn grown(scores: &[Score], grades: &[u8], settings: &Settings) -> Result<Growth, Refusal> {
    growth(scores, &NormGroup::yearly(2024, grades), settings)
}

fn few() -> Settings {
    Settings { fewest_pupils: 1, ..Settings::default() }
}

#[test]
fn ties_give_every_pupil_a_percentile_and_a_half_grows_less_than_half() {
    let growth = grown(&cohort(1000), &[7, 8], &Settings::default()).unwrap();
    assert_eq!((growth.students.len(), growth.tested, growth.models.len()), (1000, 1000, 1));
    let mean = growth.students.iter().map(|student| f64::from(student.percentile)).sum::<f64>() / 1000.0;
    assert!((45.0..55.0).contains(&mean), "{mean}");
}

#[test]
fn nineteen_pupils_are_refused_unless_asked_for() {
    assert_eq!(
        grown(&cohort(19), &[7, 8], &Settings::default()).unwrap_err(),
        Refusal::SmallPanel { priors: 1, students: 19, least: 250 }
    );
    let growth = grown(&cohort(19), &[7, 8], &few()).unwrap();
    assert!(growth.students.len() == 19 && growth.students.iter().all(|student| (1..=99).contains(&student.percentile)));
}

#[test]
fn a_prior_without_spread_leaves_out_the_orders_that_need_it() {
    let mut scores = cohort(400);
    scores.extend((0..400).flat_map(|i| [score(i, 2022, 6, 80.0), score(1000 + i, 2023, 6, 80.0)]));
    let growth = grown(&scores, &[6, 7, 8], &Settings::default()).unwrap();
    assert_eq!(growth.left_out, [(2, Refusal::NoSpread { test: "2023 grade 6".to_owned() })]);
    assert!(growth.students.iter().all(|student| student.priors == 1));
    let only: Vec<Score> = scores.iter().copied().filter(|score| score.grade != 7).collect();
    let skipping =
        NormGroup { sequence: vec![Occasion { year: 2022, grade: 6 }, Occasion { year: 2024, grade: 8 }], names: Vec::new() };
    assert_eq!(
        super::growth(&only, &skipping, &Settings::default()).unwrap_err(),
        Refusal::NoSpread { test: "2023 grade 6".to_owned() }
    );
}

#[test]
fn the_same_prior_twice_adds_nothing() {
    let mut scores = cohort(400);
    let twice: Vec<Score> =
        scores.iter().filter(|score| score.grade == 7).map(|&it| Score { year: 2022, grade: 6, ..it }).collect();
    scores.extend(twice.iter().map(|&it| Score { student: it.student + 1000, year: 2023, ..it }));
    scores.extend(twice);
    let one = grown(&scores, &[7, 8], &Settings::default()).unwrap();
    let two = grown(&scores, &[6, 7, 8], &Settings::default()).unwrap();
    assert_eq!(two.models[1].left_out.len(), 7, "all columns of the second prior");
    let percentiles = |growth: &Growth| growth.students.iter().map(|student| student.percentile).collect::<Vec<_>>();
    assert_eq!(percentiles(&one), percentiles(&two));
}

#[test]
fn scores_far_outside_the_boundary_get_a_percentile() {
    let mut scores = cohort(400);
    scores.extend([score(900, 2024, 8, 300.0), score(901, 2024, 8, -50.0)]);
    // Their earlier scores are outside the boundary of those who place the knots.
    let knots: Vec<Score> =
        scores.iter().filter(|score| score.grade == 7).map(|&it| Score { student: it.student + 5000, grade: 6, ..it }).collect();
    scores.extend((0..400).map(|i| score(i, 2022, 6, 45.0 + (i % 50) as f64)));
    scores.extend([score(900, 2023, 7, 99.0), score(900, 2022, 6, 140.0), score(901, 2023, 7, 41.0), score(901, 2022, 6, -60.0)]);
    scores.extend(knots);
    let growth = grown(&scores, &[6, 7, 8], &Settings::default()).unwrap();
    assert_eq!(growth.students.len(), 402);
    assert!(growth.students.iter().all(|student| (1..=99).contains(&student.percentile) && student.priors == 2));
}

#[rstest]
#[case::missing(f64::NAN)]
#[case::endless(f64::INFINITY)]
fn what_is_no_number_is_missing(#[case] none: f64) {
    let mut scores = cohort(400);
    scores[0].score = none;
    scores[3].score = none;
    let growth = grown(&scores, &[7, 8], &Settings::default()).unwrap();
    assert_eq!((growth.tested, growth.students.len(), growth.models[0].students), (399, 398, 398));
    let all: Vec<Score> = scores.iter().map(|&it| Score { score: none, ..it }).collect();
    assert_eq!(grown(&all, &[7, 8], &Settings::default()).unwrap_err(), Refusal::NoScores { test: "2024 grade 8".to_owned() });
}

#[test]
fn nobody_linked_two_scores_or_one_score_for_all_is_refused() {
    let mut scores = cohort(400);
    let unlinked: Vec<Score> = scores.iter().map(|&it| Score { student: it.student + 500 * u64::from(it.grade), ..it }).collect();
    assert_eq!(grown(&unlinked, &[7, 8], &few()).unwrap_err(), Refusal::SmallPanel { priors: 1, students: 0, least: 1 });
    let same: Vec<Score> = scores.iter().map(|&it| if it.grade == 8 { Score { score: 60.0, ..it } } else { it }).collect();
    assert_eq!(grown(&same, &[7, 8], &Settings::default()).unwrap_err(), Refusal::AllSame { students: 400 });
    scores.push(score(7, 2023, 7, 12.0));
    assert_eq!(
        grown(&scores, &[7, 8], &Settings::default()).unwrap_err(),
        Refusal::ManyScores { students: 1, test: "2023 grade 7".to_owned() }
    );
}

#[rstest]
#[case::no_prior(&[8], Settings::default())]
#[case::backwards(&[8, 8], Settings { margin: f64::NAN, ..Settings::default() })]
#[case::no_thread(&[7, 8], Settings { threads: 0, ..Settings::default() })]
#[case::wild_knot(&[7, 8], Settings { knots: vec![20.0], ..Settings::default() })]
fn settings_that_make_no_sense_are_refused(#[case] grades: &[u8], #[case] settings: Settings) {
    assert_eq!(grown(&cohort(400), grades, &settings).unwrap_err().code(), "bad_settings");
}

#[test]
fn threads_change_nothing() {
    let one = grown(&cohort(700), &[7, 8], &Settings::default()).unwrap();
    let two = grown(&cohort(700), &[7, 8], &Settings { threads: 2, ..Settings::default() }).unwrap();
    assert_eq!(one.models, two.models);
    assert_eq!(one.students, two.students);
}

#[test]
fn the_percentile_a_target_needs_is_the_one_its_scorer_gets() {
    let scores = cohort(1000);
    let growth = grown(&scores, &[7, 8], &Settings::default()).unwrap();
    for student in growth.students.iter().step_by(17) {
        let of = |grade| scores.iter().find(|it| it.student == student.student && it.grade == grade).unwrap().score;
        let ahead = trajectories(&[&growth], &[of(7)]).unwrap();
        // At the lowest score seen, where projections end, any growth will do.
        if of(8) == growth.models[0].range[0] {
            continue;
        }
        if let Some(needed) = growth_needed(&ahead[0], of(8)) {
            assert_eq!(needed, student.percentile, "{student:?}");
        }
    }
}

#[test]
fn a_projection_over_two_years_stays_within_the_scores_seen_and_grows_with_the_percentile() {
    let growth = grown(&cohort(1000), &[7, 8], &Settings::default()).unwrap();
    let ahead = trajectories(&[&growth, &growth], &[95.0]).unwrap();
    let [low, high] = growth.models[0].range;
    assert_eq!(ahead.len(), 2);
    assert!(ahead.iter().flatten().all(|score| (low..=high).contains(score)));
    assert!(ahead[1].windows(2).all(|pair| pair[0] <= pair[1]));
    assert_eq!(growth_needed(&ahead[1], high + 1.0), None);
    assert_eq!(growth_needed(&ahead[1], low), Some(1));
    assert_eq!(trajectories(&[&growth], &[]).unwrap_err().code(), "bad_settings");
}
