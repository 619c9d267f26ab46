//! Rollups → an answer: the figures of the class page, over five school days of 20,000 rows each.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Asia::Shanghai;
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use xueqing_benches::{homework, ingest, raw};
use xueqing_query::{Engine, Options, Request, Scope, Setup};
use xueqing_schema::Standard;

/// Figure, grouping, parameters.
type Asked = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

/// As the class page asks for them, and one over the whole district.
const ASKED: [Asked; 4] = [
    ("workload/daily_minutes", &["day"], &[("class", "00001")]),
    ("workload/subject_minutes", &["subject"], &[("class", "00001"), ("from", "2026-03-06"), ("to", "2026-03-06")]),
    ("homework/submission_rate", &["day", "subject"], &[("class", "00001")]),
    ("workload/daily_minutes", &["day", "school"], &[]),
];

fn request(by: &[&str], params: &[(&str, &str)]) -> Request {
    let params: BTreeMap<String, String> = params.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Request { by: by.iter().map(|name| (*name).to_owned()).collect(), params }
}

async fn district(folder: &std::path::Path, standard: &Arc<Standard>) -> Engine {
    let ingest = ingest(folder, Arc::clone(standard)).await;
    for day in 2..=6 {
        ingest.submit(raw(homework(20_000, &format!("2026-03-{day:02}")))).await.expect("a receipt");
    }
    ingest.settled().await.expect("current rollups");
    let lake = ingest.lake().clone();
    ingest.shutdown().await;
    let standard = Arc::clone(standard);
    let setup = Setup { lake, standard, timezone: Shanghai, metric_files: Vec::new(), options: Options::default() };
    Engine::open(setup).expect("the built-in figures")
}

fn metric(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let standard = Arc::new(Standard::builtin().expect("the standard"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let engine = runtime.block_on(district(folder.path(), &standard));
    let mut group = criterion.benchmark_group("metric");
    group.sample_size(20);
    for (name, by, params) in ASKED {
        let asked = request(by, params);
        let reach = if params.is_empty() { "district" } else { "class" };
        group.bench_function(format!("{name}_{reach}"), |bencher| {
            bencher.to_async(&runtime).iter(|| async {
                let answer = engine.run(name, asked.clone(), &Scope::District).await.expect("an answer");
                assert!(answer.rows() > 0, "{name} has rows");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, metric);
criterion_main!(benches);
