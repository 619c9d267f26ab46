//! Fits against those of quantreg's exact method: `query/tests/value_added/growth/rq.R` makes the data and the answers kept.

use rstest::rstest;

use super::super::Spline;
use super::*;

const ANSWERS: &str = include_str!("../../../../tests/value_added/growth/rq.txt");
const TAUS: [f64; 9] = [0.005, 0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.985, 0.995];

struct Data {
    columns: usize,
    rows: Vec<f64>,
    y: Vec<f64>,
}

/// The script's data sets, in its order of drawing.
fn data(name: &str) -> Data {
    let mut state = 7u64;
    let mut draw = || {
        state = state * 16807 % 2_147_483_647;
        state as f64 / 2_147_483_647.0
    };
    let mut draws =
        |rows: usize, each: usize| -> Vec<Vec<f64>> { (0..rows).map(|_| (0..each).map(|_| draw()).collect()).collect() };
    let (plain, tails, whole, levels, nineteen) = (draws(400, 4), draws(400, 3), draws(1500, 2), draws(200, 2), draws(19, 3));
    let set = |u: &[Vec<f64>], row: &dyn Fn(&[f64]) -> Vec<f64>, y: &dyn Fn(&[f64]) -> f64| {
        let rows: Vec<Vec<f64>> = u.iter().map(|u| row(u)).collect();
        Data { columns: rows[0].len(), rows: rows.concat(), y: u.iter().map(|u| y(u)).collect() }
    };
    let score = |u: &[f64]| (u[0] * 60.0 + 40.0).floor();
    let spline = Spline::new(vec![52.0, 64.0, 76.0, 88.0], [34.1, 104.9]).unwrap();
    let splined = |u: &[f64]| {
        let mut row = vec![1.0; 1 + spline.columns()];
        spline.row(score(u), &mut row[1..]);
        row
    };
    let is = |u: &[f64], group: f64| f64::from(u8::from((4.0 * u[0]).floor() == group));
    match name {
        "plain" => set(&plain, &|u| vec![1.0, u[0], u[1], u[2]], &|u| u[0] * 3.0 - u[1] + (1.0 + u[2]) * u[3]),
        "tails" => set(&tails, &|u| vec![1.0, u[0], u[1]], &|u| u[0] + 1.0 / (u[2] - 0.5)),
        "whole" => set(&whole, &splined, &|u| (0.7 * score(u) + 30.0 * u[1] + 0.5).floor()),
        "levels" => set(&levels, &|u| vec![1.0, is(u, 1.0), is(u, 2.0), is(u, 3.0)], &|u| (6.0 * u[1]).floor()),
        _ => set(&nineteen, &|u| vec![1.0, u[0], u[1]], &|u| u[0] + u[2]),
    }
}

#[rstest]
fn fits_are_those_of_quantreg(
    #[values("plain", "tails", "whole", "levels", "nineteen")] name: &str,
    #[values(1, 2)] threads: usize,
) {
    let Data { columns, rows, y } = data(name);
    let design = Design::new(columns, &rows).unwrap();
    let fits = path(&design, &y, &TAUS, threads).unwrap();
    let answers = ANSWERS.lines().filter(|line| line.starts_with(name));
    let mut compared = 0;
    for (fit, answer) in fits.iter().zip(answers) {
        let numbers: Vec<f64> = answer.split_whitespace().skip(1).map(|word| word.parse().unwrap()).collect();
        let [tau, unique, objective, coefficients @ ..] = &numbers[..] else { panic!("{answer}") };
        assert_eq!(fit.tau, *tau);
        assert!((fit.objective - objective).abs() <= 1e-10 * objective, "{name} {tau}: {} against {objective}", fit.objective);
        for (ours, theirs) in fit.coefficients.iter().zip(coefficients).filter(|_| *unique == 1.0) {
            assert!((ours - theirs).abs() <= 1e-8 * (1.0 + theirs.abs()), "{name} {tau}: {ours} against {theirs}");
        }
        compared += 1;
    }
    assert_eq!(compared, TAUS.len());
}

#[test]
fn a_vertex_fits_its_rows_exactly() {
    let Data { columns, rows, y } = data("whole");
    let design = Design::new(columns, &rows).unwrap();
    for fit in path(&design, &y, &TAUS, 1).unwrap() {
        assert_eq!(fit.vertex.len(), design.rank());
        assert!(fit.vertex.iter().all(|&row| (fit.fitted(&design, row) - y[row]).abs() < 1e-10));
    }
}

#[test]
fn columns_that_others_determine_change_no_fitted_value() {
    let Data { columns, rows, y } = data("plain");
    let more: Vec<f64> =
        rows.chunks(columns).flat_map(|row| [row[0], row[1], 5.0, 2.0 * row[1] - 1.0, row[2], row[3], 0.0]).collect();
    let (plain, more) = (Design::new(columns, &rows).unwrap(), Design::new(7, &more).unwrap());
    assert_eq!(more.left_out(), [2, 3, 6]);
    for (fit, other) in path(&plain, &y, &TAUS, 1).unwrap().iter().zip(path(&more, &y, &TAUS, 1).unwrap()) {
        assert!((fit.objective - other.objective).abs() < 1e-10);
        assert!((0..y.len()).all(|row| (fit.fitted(&plain, row) - other.fitted(&more, row)).abs() < 1e-10));
    }
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let design = Design::new(1, &[1.0; 5]).unwrap();
    assert_eq!(path(&design, &[1.0; 4], &[0.5], 1), Err(Unsolved::Lengths { rows: 5, scores: 4 }));
    assert_eq!(path(&design, &[1.0, 2.0, f64::INFINITY, 1.0, 1.0], &[0.5], 1), Err(Unsolved::NotFinite { row: 2 }));
    assert_eq!(path(&design, &[1.0; 5], &[0.0], 1), Err(Unsolved::Tau { tau: 0.0 }));
    assert_eq!(path(&design, &[1.0; 5], &[0.5, 0.5], 1), Err(Unsolved::Tau { tau: 0.5 }));
    assert_eq!(Design::new(3, &[1.0, 2.0, 5.0, 1.0, 3.0, 2.0]).err(), None, "two rows determine two of three columns");
    let fits = path(&design, &[1.0; 5], &[0.25, 0.5], 2).unwrap();
    assert!(fits.iter().all(|fit| fit.coefficients == [1.0] && fit.objective == 0.0), "scores that are all the same are fitted");
}

/// Objectives of many small data sets that `stress.R` made.
#[test]
#[expect(clippy::disallowed_methods, reason = "where R's answers are is the desk's matter, and only this test asks")]
#[ignore = "needs answers of R: query/tests/value_added/growth/compare.sh makes them"]
fn no_fit_is_worse_than_that_of_quantreg() {
    const TAUS: [f64; 6] = [0.005, 0.1, 0.25, 0.5, 0.8, 0.995];
    let file = std::env::var_os("XUEQING_RQ_ANSWERS").expect("XUEQING_RQ_ANSWERS names the file of stress.R");
    let bytes = std::fs::read(file).unwrap();
    let numbers: Vec<f64> = bytes.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect();
    let (mut rest, mut compared) = (&numbers[..], 0);
    while let [rows, columns, after @ ..] = rest {
        let (n, p) = (*rows as usize, *columns as usize);
        let (x, after) = after.split_at(n * p);
        let (y, after) = after.split_at(n);
        let (objectives, after) = after.split_at(TAUS.len());
        let fits = path(&Design::new(p, x).unwrap(), y, &TAUS, 1).unwrap();
        let scale = y.iter().map(|y| y.abs()).sum::<f64>() * 1e-13;
        for (fit, theirs) in fits.iter().zip(objectives) {
            assert!(
                fit.objective <= theirs * (1.0 + 1e-7) + scale,
                "{n} rows, {p} columns, {}: {} against {theirs}",
                fit.tau,
                fit.objective
            );
            compared += 1;
        }
        rest = after;
    }
    println!("{compared} fits compared");
    assert!(compared > 0);
}
