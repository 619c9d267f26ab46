//! Decoded rows → accepted rows: the rules of `homework` over whole batches.

use std::io::Cursor;
use std::sync::Arc;

use chrono_tz::Asia::Shanghai;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use xueqing_benches::{KEY, homework};
use xueqing_pipeline::{Decoder, Format, Validator};
use xueqing_schema::Standard;
use xueqing_schema::ids::Pseudonyms;

const ROWS: usize = 50_000;

fn validate(criterion: &mut Criterion) {
    let standard = Arc::new(Standard::builtin().expect("the standard"));
    let mapping = standard.mapping("homework").expect("a kind of the standard");
    let ids = Pseudonyms::new(KEY);
    let decoder = Decoder::new(&standard, mapping, &ids, Shanghai, Format::Ndjson, None).expect("a known encoding");
    let bytes = homework(ROWS, "2026-03-02");
    let decoded: Vec<_> = decoder.batches(Cursor::new(bytes)).map(|decoded| decoded.expect("readable")).collect();
    let validator = Validator::new(standard.kind("homework").expect("a kind"), Shanghai).expect("rules that compile");
    let check = |batches: Vec<_>| -> usize {
        batches.into_iter().map(|batch| validator.check(batch).expect("a batch of the kind").accepted.rows()).sum()
    };
    assert_eq!(check(decoded.clone()), ROWS, "every row is valid");

    let mut group = criterion.benchmark_group("validate");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(20);
    group.bench_function("homework", |bencher| bencher.iter_batched(|| decoded.clone(), check, BatchSize::LargeInput));
    group.finish();
}

criterion_group!(benches, validate);
criterion_main!(benches);
