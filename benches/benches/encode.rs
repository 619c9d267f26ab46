//! Accepted rows → column chunks in memory: what a commit does before it takes the writer lock.

use std::io::Cursor;
use std::sync::Arc;

use chrono_tz::Asia::Shanghai;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use xueqing_benches::{KEY, homework};
use xueqing_lake::Lake;
use xueqing_pipeline::{Decoder, Format, Validator};
use xueqing_schema::Standard;
use xueqing_schema::ids::Pseudonyms;

const ROWS: usize = 200_000;

fn encode(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let standard = Arc::new(Standard::builtin().expect("the standard"));
    let mapping = standard.mapping("homework").expect("a kind of the standard");
    let kind = standard.kind("homework").expect("a kind");
    let decoder =
        Decoder::new(&standard, mapping, &Pseudonyms::new(KEY), Shanghai, Format::Ndjson, None).expect("a known encoding");
    let validator = Validator::new(kind, Shanghai).expect("rules that compile");
    let decoded = decoder.batches(Cursor::new(homework(ROWS, "2026-03-02"))).map(|decoded| decoded.expect("readable"));
    let batches: Vec<_> =
        decoded.map(|decoded| validator.check(decoded).expect("a batch of the kind").accepted.batch().clone()).collect();

    let folder = tempfile::tempdir().expect("a temporary folder");
    let lake = Lake::open(&folder.path().to_string_lossy()).expect("a lake in a temporary folder");
    let table = runtime.block_on(lake.table("homework", kind.table_schema(), kind.partition())).expect("a new table");
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(20);
    group.bench_function("homework", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let prepared = table.prepare(batches.clone()).await.expect("rows of the table");
            assert_eq!(prepared.rows(), ROWS as u64, "every row is encoded");
        });
    });
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
