//! A body → a receipt: decoded, validated, written to Parquet, flushed and committed. A small body shows what a commit costs.

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use xueqing_benches::{homework, ingest, raw};
use xueqing_schema::Standard;

fn commit(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let standard = Arc::new(Standard::builtin().expect("the standard"));
    let mut group = criterion.benchmark_group("commit");
    group.sample_size(10);
    for rows in [100, 50_000] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let ingest = runtime.block_on(ingest(folder.path(), Arc::clone(&standard)));
        let body = homework(rows, "2026-03-02");
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(format!("{rows}_rows"), |bencher| {
            bencher.to_async(&runtime).iter(|| async {
                let receipt = ingest.submit(raw(body.clone())).await.expect("a receipt");
                assert_eq!(receipt.accepted, rows as u64, "every row is valid");
            });
        });
        runtime.block_on(ingest.shutdown());
    }
    group.finish();
}

criterion_group!(benches, commit);
criterion_main!(benches);
