//! Growth percentiles of a large panel, beside R's quantreg: `benches/value_added/run.sh` measures both on the same columns.
//!
//! `cargo bench --profile dev -p xueqing-benches --bench growth -- FILE` times this side and leaves the columns in FILE.

use std::time::{Duration, Instant};

use xueqing_query::value_added::growth::regression::{Design, path};
use xueqing_query::value_added::growth::{NormGroup, Score, Settings, Spline, growth};

const PUPILS: u64 = 100_000;
const GRADES: [u8; 4] = [5, 6, 7, 8];
const KNOTS: [f64; 4] = [0.2, 0.4, 0.6, 0.8];

fn main() {
    let panel = panel();
    let (columns, rows, y) = columns(&panel);
    if let Some(file) = std::env::args().skip(1).find(|argument| !argument.starts_with('-')) {
        let numbers = [y.len() as f64, columns as f64].into_iter().chain(rows.iter().copied()).chain(y.iter().copied());
        std::fs::write(&file, numbers.flat_map(f64::to_le_bytes).collect::<Vec<u8>>()).expect("the file can be written");
    }
    let taus: Vec<f64> = (0..100).map(|i| f64::from(i * 10 + 5) / 1000.0).collect();
    for threads in [1, 2] {
        let (fits, time) =
            timed(|| path(&Design::new(columns, &rows).expect("the columns are sound"), &y, &taus, threads).expect("a fit"));
        let objective: f64 = fits.iter().map(|fit| fit.objective).sum();
        println!(
            "regression, {threads} threads: {:.3} s, {} pupils, {columns} columns, 100 quantiles, objective {objective:.6}",
            time.as_secs_f64(),
            y.len()
        );
    }
    let scores = scores(&panel);
    let settings = Settings { threads: 2, ..Settings::default() };
    let (found, time) = timed(|| growth(&scores, &NormGroup::yearly(2024, &GRADES), &settings).expect("growth"));
    println!("growth, orders 1 to 3 and percentiles, 2 threads: {:.3} s, {} pupils", time.as_secs_f64(), found.students.len());
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

/// Four scores with one decimal of every pupil, from Lehmer's generator.
fn panel() -> Vec<[f64; 4]> {
    let mut state = 20_240_901u64;
    let mut draw = || {
        state = state * 16807 % 2_147_483_647;
        state as f64 / 2_147_483_647.0
    };
    let mut bell = || (0..12).fold(0.0, |sum, _| sum + draw()) - 6.0;
    let mut pupil = || {
        let ability = bell();
        [1.0, 2.0, 3.0, 4.0]
            .map(|grade| ((60.0 + 2.0 * grade + 10.0 * ability + (5.0 + 0.5 * ability) * bell()) * 10.0).round() / 10.0)
    };
    (0..PUPILS).map(|_| pupil()).collect()
}

/// The intercept and the splines of three priors, the latest first, and the target scores.
fn columns(panel: &[[f64; 4]]) -> (usize, Vec<f64>, Vec<f64>) {
    let of_grade = |grade: usize| panel.iter().map(|scores| scores[grade]).collect::<Vec<_>>();
    let splines = [2, 1, 0].map(|grade| (grade, Spline::of_scores(&of_grade(grade), &KNOTS, 0.1).expect("the scores differ")));
    let columns = 1 + splines.iter().map(|(_, spline)| spline.columns()).sum::<usize>();
    let mut rows = vec![1.0; columns * panel.len()];
    for (row, scores) in rows.chunks_exact_mut(columns).zip(panel) {
        let mut rest = &mut row[1..];
        for (grade, spline) in &splines {
            let (here, after) = rest.split_at_mut(spline.columns());
            spline.row(scores[*grade], here);
            rest = after;
        }
    }
    (columns, rows, of_grade(3))
}

/// The panel as scores, with another cohort behind for the knots of the younger grades.
fn scores(panel: &[[f64; 4]]) -> Vec<Score> {
    let mut scores = Vec::new();
    for (student, tests) in (0..).zip(panel) {
        for (grade, &score) in GRADES.into_iter().zip(tests) {
            let year = 2016 + i32::from(grade);
            scores.push(Score { student, year, grade, score });
            if grade < 7 && student % 2 == 0 {
                scores.push(Score { student: student + PUPILS, year: 2023, grade, score });
            }
        }
    }
    scores
}
