//! The whole method against R's quantreg and splines: `query/tests/value_added/growth/` has the script and its kept answers.
//!
//! `XUEQING_SGP_ANSWERS=FILE cargo test -p xueqing-query --lib against_r` compares with the answers of a larger panel.

use std::collections::HashMap;

use super::*;

/// Lehmer's generator, as in the script.
struct Draws(u64);

impl Draws {
    fn draw(&mut self) -> f64 {
        self.0 = self.0 * 16807 % 2_147_483_647;
        self.0 as f64 / 2_147_483_647.0
    }

    fn bell(&mut self) -> f64 {
        (0..12).fold(0.0, |sum, _| sum + self.draw()) - 6.0
    }

    /// A pupil's scores in grades 5 to 8.
    fn pupil(&mut self) -> [f64; 4] {
        let ability = self.bell();
        let mut scores = [0.0; 4];
        for (j, score) in (1..).zip(&mut scores) {
            let value = 60.0 + 2.0 * f64::from(j) + 10.0 * ability + (5.0 + 0.5 * ability) * self.bell();
            *score = (value * 10.0 + 0.5).floor() / 10.0;
        }
        for score in &mut scores[..3] {
            if self.draw() < 0.125 {
                *score = f64::NAN;
            }
        }
        scores
    }
}

/// The panel of the script: the target cohort, one a grade below the last and one two below.
fn panel(pupils: u64) -> Vec<Score> {
    let mut draws = Draws(20_240_901);
    let mut scores = Vec::new();
    for (cohort, (size, behind)) in [(pupils, 0), (pupils / 2, 1), (pupils / 2, 2)].into_iter().enumerate() {
        for i in 0..size {
            let student = cohort as u64 * 1_000_000 + i;
            let tests = (5..).zip(draws.pupil()).map(|(grade, score)| Score {
                student,
                year: 2016 + behind + i32::from(grade),
                grade,
                score,
            });
            scores.extend(tests);
        }
    }
    scores
}

struct Answers {
    checksum: f64,
    /// Pupils and objective of each order.
    orders: Vec<(usize, f64)>,
    percentiles: Vec<u8>,
}

fn answers(text: &str) -> Answers {
    let mut words = text.lines().skip(1).flat_map(str::split_whitespace);
    let mut next = || words.next().unwrap();
    let checksum = next().parse().unwrap();
    let orders = (0..3).map(|_| (next().parse().unwrap(), next().parse().unwrap())).collect();
    Answers { checksum, orders, percentiles: words.map(|word| word.parse().unwrap()).collect() }
}

fn compare(text: &str, threads: usize) {
    let answers = answers(text);
    let pupils = answers.percentiles.len();
    let scores = panel(pupils as u64);
    let checksum: f64 = scores.iter().filter(|score| !score.score.is_nan()).map(|score| (score.score * 10.0).round()).sum();
    assert_eq!(checksum, answers.checksum, "another panel");
    let growth = growth(&scores, &NormGroup::yearly(2024, &[5, 6, 7, 8]), &Settings { threads, ..Settings::default() }).unwrap();
    assert_eq!(
        growth.models.iter().map(|model| model.students).collect::<Vec<_>>(),
        answers.orders.iter().map(|order| order.0).collect::<Vec<_>>()
    );
    let ours: HashMap<u64, u8> = growth.students.iter().map(|student| (student.student, student.percentile)).collect();
    let both = (0u64..).zip(&answers.percentiles).map(|(student, &theirs)| (ours.get(&student).copied().unwrap_or(0), theirs));
    let apart: Vec<(u8, u8)> = both.filter(|(ours, theirs)| ours != theirs).collect();
    println!("{pupils} pupils, {} differ: {apart:?}", apart.len());
    assert!(apart.iter().all(|(ours, theirs)| ours.abs_diff(*theirs) <= 1));
    assert!(apart.len() * 1000 <= pupils);
}

#[test]
fn percentiles_are_those_of_r() {
    compare(include_str!("../../../tests/value_added/growth/sgp_3000.txt"), 2);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "where R's answers are is the desk's matter, and only this test asks")]
#[ignore = "needs the answers of a large panel: query/tests/value_added/growth/compare.sh makes them"]
fn percentiles_of_a_large_panel_are_those_of_r() {
    let file = std::env::var_os("XUEQING_SGP_ANSWERS").expect("XUEQING_SGP_ANSWERS names the answers of sgp.R");
    compare(&std::fs::read_to_string(file).unwrap(), 2);
}
