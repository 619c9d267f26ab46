//! The forecast of tonight's homework, held against evenings that it has not seen and whose truth is known.
//!
//! `cargo test -p xueqing-query --test tonight -- --nocapture held_back` prints the figures.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod figure;
#[path = "../support/mod.rs"]
mod support;
mod term;

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use support::rows;
use term::Term;
use xueqing_query::Options;

type Row = Map<String, Value>;

/// Evenings that are forecast, each from those before it.
const HELD_BACK: usize = 25;

/// The figure's own SQL up to the forecast, with one row for each pupil: no published figure has that.
fn pupils_figure() -> (String, String) {
    let text = include_str!("../../metrics/workload/tonight.sql");
    let sql = text.split_once("---*/").unwrap().1.split_once("-- One row per class and evening").unwrap().0;
    let front = r#"/*---
title = { zh = "学生", en = "pupils" }
description = { zh = "试", en = "for the test" }
unit = "min"
grain = { zh = "学生", en = "pupil" }
source = { zh = "试", en = "test" }
columns = []
[params]
from = {}
to = {}
school = {}
class = {}
---*/"#;
    let sql = sql.trim_end().trim_end_matches(',');
    let rest = "SELECT night AS day, class, student, expected, low, high FROM named WHERE student IS NOT NULL";
    ("test/pupils.sql".to_owned(), format!("{front}\n{sql}\n{rest}"))
}

/// How forecasts and truth agree.
#[derive(Debug, Default)]
struct Agreement {
    n: f64,
    covered: f64,
    below: f64,
    error: f64,
    /// Of the teachers' estimates, over evenings on which every piece has one; and of the forecast over the same.
    plain_error: f64,
    same_error: f64,
    plain: f64,
    width: f64,
    bias: f64,
}

impl Agreement {
    fn add(&mut self, row: &Row, names: [&str; 3], truth: f64, plain: Option<f64>) {
        let [expected, low, high] = names.map(|name| row[name].as_f64().unwrap());
        self.n += 1.0;
        self.covered += f64::from(u8::from((low..=high).contains(&truth)));
        self.below += f64::from(u8::from(truth < low));
        self.error += (expected - truth).abs();
        self.bias += expected - truth;
        self.width += high - low;
        if let Some(plain) = plain {
            self.plain += 1.0;
            self.plain_error += (plain - truth).abs();
            self.same_error += (expected - truth).abs();
        }
    }

    fn coverage(&self) -> f64 {
        self.covered / self.n
    }

    #[expect(clippy::print_stdout, reason = "the figures are to be seen with --nocapture")]
    fn print(&self, name: &str) {
        println!(
            "{name}: {:.0} evenings, covered {:.1} % (below {:.1} %), MAE {:.2} min, bias {:+.2} min, width {:.1} min; \
             all pieces with estimates: MAE {:.2} min against {:.2} min of the plain estimates ({:.0} evenings)",
            self.n,
            100.0 * self.coverage(),
            100.0 * self.below / self.n,
            self.error / self.n,
            self.bias / self.n,
            self.width / self.n,
            self.same_error / self.plain,
            self.plain_error / self.plain,
            self.plain
        );
    }
}

/// Forecasts the last evenings of a term; adds up how classes and pupils agree with the truth.
async fn hold_back(seed: u64, classes: &mut Agreement, pupils: &mut Agreement) {
    let term = Term::generate(seed);
    let from = term.days[term.days.len() - HELD_BACK].to_string();
    let engine =
        term.district().await.reader(vec![pupils_figure()], Options { suppress_below: 10, ..Options::default() }).unwrap();
    let params = [("from", from.as_str())];
    let text = |row: &Row, name: &str| row[name].as_str().unwrap().to_owned();
    let mut plain = BTreeMap::new();
    for row in rows(&engine, "workload/tonight", &["day", "class"], &params).await {
        let key = (text(&row, "day"), text(&row, "class"));
        let truth = &term.truth[&key];
        let mean = truth.values().sum::<f64>() / truth.len() as f64;
        let estimated = (row["without_estimate"] == 0).then(|| row["estimated_minutes"].as_f64().unwrap());
        classes.add(&row, ["expected_minutes", "low_minutes", "high_minutes"], mean, estimated);
        plain.insert(key, estimated);
    }
    for row in rows(&engine, "test/pupils", &[], &params).await {
        let key = (text(&row, "day"), text(&row, "class"));
        let truth = term.truth[&key][&text(&row, "student")];
        // A pupil for whom nothing is set on an evening of the extending layer alone has no evening.
        if truth > 0.0 {
            pupils.add(&row, ["expected", "low", "high"], truth, plain[&key]);
        }
    }
}

#[tokio::test]
async fn held_back_evenings_lie_in_the_interval_as_often_as_it_says_and_nearer_than_the_estimates() {
    let (mut classes, mut pupils) = (Agreement::default(), Agreement::default());
    for seed in [1, 2] {
        hold_back(seed, &mut classes, &mut pupils).await;
    }
    classes.print("classes");
    pupils.print("pupils");
    for agreement in [&classes, &pupils] {
        assert!((0.75..=0.85).contains(&agreement.coverage()), "{agreement:?}");
        assert!(agreement.same_error < 0.75 * agreement.plain_error, "{agreement:?}");
    }
    assert!(classes.n > 500.0 && pupils.n > 15_000.0);
}
