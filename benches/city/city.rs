//! A city of a million pupils over one term: how long the figures of homework load take. `benches/city/run.sh` has peers beside it.
//!
//! Rollups are made as they are at night: pupils' days are invented, and the rollups' own SQL gives what is built on them. Every pair of a
//! figure's dimensions is asked for; prints one line of JSON a figure: how long the first question took, which adds up the term, and the middle and
//! the 99th percentile of all answers.
//! usage: city FOLDER [STUDENTS] [DAYS [FIGURE [BY]]]; a folder that holds a city already is used again, and with a figure (`workload/equity`) only
//! that is asked, with its grouping (`week,grade`) that alone, again and again.

mod make;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono_tz::Asia::Shanghai;
use serde_json::json;
use tokio::runtime::Runtime;
use xueqing_lake::Lake;
use xueqing_query::{Engine, Options, Request, Scope, Setup};
use xueqing_schema::Standard;

/// Those whose rows are added up in memory.
const FIGURES: [&str; 16] = [
    "workload/daily_minutes",
    "workload/compliance",
    "workload/subject_minutes",
    "workload/equity",
    "workload/over_limit",
    "workload/pupils_over",
    "workload/cut_off",
    "workload/break_minutes",
    "workload/quadrant",
    "homework/submission_rate",
    "homework/late_night",
    "homework/done_at_school",
    "homework/layering",
    "homework/publication",
    "homework/marking",
    "homework/early_written",
];
/// Those that read classes or records: over one dimension.
const DEEP: [(&str, &str); 4] = [
    ("workload/over_limit_runs", "grade"),
    ("exam/frequency", "county"),
    ("homework/no_homework_days", "county"),
    ("quality/coverage", "county"),
];
/// What `peers.py` asks others, too.
const SHARED: [[&str; 2]; 3] = [["week", "grade"], ["county", "school_type"], ["month", "urban_rural"]];
const AGAIN: usize = 3;
const OFTEN: usize = 30;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let Some(folder) = arguments.first().map(PathBuf::from) else { return };
    let number = |place: usize, default: usize| arguments.get(place).and_then(|text| text.parse().ok()).unwrap_or(default);
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let standard = Arc::new(Standard::builtin().expect("the standard"));
        if !folder.join("made").exists() {
            make::city(&folder, &standard, number(1, 1_000_000), number(2, 100)).await;
            std::fs::write(folder.join("made"), "").expect("a mark");
        }
        let lake = Lake::open(&folder.to_string_lossy()).expect("the lake");
        let options = Options {
            timeout: Duration::from_secs(600),
            memory_bytes: 4 << 30,
            held_bytes: 4 << 30,
            max_rows: 1_000_000,
            ..Options::default()
        };
        let setup = Setup { lake, standard, timezone: Shanghai, metric_files: Vec::new(), options };
        let engine = Engine::open(setup).expect("the built-in figures");
        if let (Some(name), Some(by)) = (arguments.get(3), arguments.get(4)) {
            let by: Vec<&str> = by.split(',').collect();
            for _ in 0..OFTEN {
                let (ms, rows) = ask(&engine, name, &by, &[]).await;
                println!("{}", json!({ "figure": name, "by": by, "ms": ms, "rows": rows }));
            }
            return;
        }
        if let Some(name) = arguments.get(3) {
            let (first_ms, _) = ask(&engine, name, &["stage"], &[]).await;
            return city_wide(&engine, name, first_ms).await;
        }
        for by in SHARED {
            ask(&engine, "workload/daily_minutes", &by, &[]).await;
            let mut times = Vec::new();
            for _ in 0..AGAIN {
                times.push(ask(&engine, "workload/daily_minutes", &by, &[]).await.0);
            }
            println!("{}", json!({ "question": by.join(","), "ms": times.iter().copied().fold(f64::MAX, f64::min) }));
        }
        for name in FIGURES {
            let (first_ms, _) = ask(&engine, name, &["stage"], &[]).await;
            city_wide(&engine, name, first_ms).await;
        }
        one_class(&engine).await;
        for (name, by) in DEEP {
            let (first_ms, _) = ask(&engine, name, &[by], &[]).await;
            let (ms, rows) = ask(&engine, name, &[by], &[]).await;
            println!("{}", json!({ "figure": name, "by": by, "first_ms": first_ms, "ms": ms, "rows": rows }));
        }
    });
}

async fn city_wide(engine: &Engine, name: &str, first_ms: f64) {
    let metric = engine.metrics().iter().find(|metric| metric.name == name).cloned().expect("a built-in figure");
    let dimensions: Vec<&str> =
        metric.dimensions.iter().map(|dimension| dimension.name.as_str()).filter(|name| *name != "class").collect();
    let (mut by_place, mut by_school, mut slow) = (Vec::new(), Vec::new(), Vec::new());
    for (place, first) in dimensions.iter().enumerate() {
        for second in &dimensions[place + 1..] {
            let by = [*first, *second];
            ask(engine, name, &by, &[]).await;
            for _ in 0..AGAIN {
                let (ms, rows) = ask(engine, name, &by, &[]).await;
                if by.contains(&"school") {
                    by_school.push(ms)
                } else {
                    by_place.push(ms)
                }
                slow.push((ms, by.join(","), rows));
            }
        }
    }
    slow.sort_by(|a, b| b.0.total_cmp(&a.0));
    slow.dedup_by(|a, b| a.1 == b.1);
    slow.truncate(4);
    let all: Vec<f64> = by_place.iter().chain(&by_school).copied().collect();
    let told = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times.get(((times.len() as f64 * share) as usize).min(times.len().max(1) - 1)).copied();
        json!({ "questions": times.len(), "p50_ms": at(0.5), "p99_ms": at(0.99) })
    };
    println!(
        "{}",
        json!({ "figure": name, "first_ms": first_ms, "all": told(all), "without_school": told(by_place), "by_school": told(by_school), "slowest": slow })
    );
}

/// What a class page asks, over the term.
async fn one_class(engine: &Engine) {
    let class = [("school", make::SCHOOL), ("class", make::CLASS)];
    for (name, by) in
        [("workload/daily_minutes", "day"), ("workload/subject_minutes", "subject"), ("workload/compliance", "week")]
    {
        ask(engine, name, &[by], &class).await;
        let mut times = Vec::new();
        for _ in 0..10 {
            let (ms, rows) = ask(engine, name, &[by], &class).await;
            assert!(rows > 0, "the class has rows");
            times.push(ms);
        }
        times.sort_by(f64::total_cmp);
        println!("{}", json!({ "one_class": name, "by": by, "p50_ms": times[5], "worst_ms": times[9] }));
    }
}

/// Milliseconds and rows.
async fn ask(engine: &Engine, name: &str, by: &[&str], params: &[(&str, &str)]) -> (f64, usize) {
    let params: BTreeMap<String, String> = params.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let request = Request { by: by.iter().map(|name| (*name).to_owned()).collect(), params };
    let begin = Instant::now();
    let answer = engine.run(name, request, &Scope::District).await.unwrap_or_else(|error| panic!("{name} by {by:?}: {error}"));
    (begin.elapsed().as_secs_f64() * 1e3, answer.rows())
}
