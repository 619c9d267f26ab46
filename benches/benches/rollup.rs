//! A commit → current rollups: how long after the receipt of a late body the rollups of its school day have it, and are written.

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use xueqing_benches::{homework, ingest, raw};
use xueqing_schema::Standard;

fn rollup(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let standard = Arc::new(Standard::builtin().expect("the standard"));
    let late = homework(100, "2026-03-02");
    let mut group = criterion.benchmark_group("rollup");
    group.sample_size(10);
    for rows in [10_000, 100_000] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let ingest = runtime.block_on(ingest(folder.path(), Arc::clone(&standard)));
        runtime.block_on(async {
            ingest.submit(raw(homework(rows, "2026-03-02"))).await.expect("a receipt");
            ingest.settled().await.expect("current rollups");
        });
        group.bench_function(format!("day_of_{rows}_rows"), |bencher| {
            bencher.to_async(&runtime).iter_custom(|times| {
                let (ingest, late) = (ingest.clone(), late.clone());
                async move {
                    let mut spent = Duration::ZERO;
                    for _ in 0..times {
                        ingest.submit(raw(late.clone())).await.expect("a receipt");
                        let began = Instant::now();
                        ingest.settled().await.expect("current rollups");
                        spent += began.elapsed();
                    }
                    spent
                }
            });
        });
        runtime.block_on(ingest.shutdown());
    }
    group.finish();
}

criterion_group!(benches, rollup);
criterion_main!(benches);
