//! Bytes → decoded rows: NDJSON in the standard's own field names, and a GBK sheet with Chinese headers.

use std::hint::black_box;
use std::io::Cursor;
use std::sync::Arc;

use chrono_tz::Asia::Shanghai;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use xueqing_benches::{KEY, homework};
use xueqing_pipeline::{Decoder, Format};
use xueqing_schema::Standard;
use xueqing_schema::ids::Pseudonyms;

const ROWS: usize = 50_000;

/// The rows that a decoder makes of these bytes.
fn rows(standard: &Standard, format: Format, bytes: &[u8]) -> usize {
    let mapping = standard.mapping("homework").expect("a kind of the standard");
    let ids = Pseudonyms::new(KEY);
    let decoder = Decoder::new(standard, mapping, &ids, Shanghai, format, None).expect("a known encoding");
    decoder.batches(Cursor::new(bytes.to_vec())).map(|decoded| decoded.expect("readable").batch.num_rows()).sum()
}

/// A sheet as a school fills it in.
fn sheet() -> Vec<u8> {
    let mut text = "作业编号,学校,班级,年级,学科,学籍号,布置时间,状态,用时,用时来源\r\n".to_owned();
    for number in 0..ROWS {
        let (class, seat) = (number / 40, number % 40);
        text += &format!("A{class},2133000001,{class},三年级,语文,G{seat},2026/3/2 15:40,已交,{},自报\r\n", 5 + number % 40);
    }
    encoding_rs::GBK.encode(&text).0.into_owned()
}

fn decode(criterion: &mut Criterion) {
    let standard = Arc::new(Standard::builtin().expect("the standard"));
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(20);
    for (name, format, bytes) in
        [("ndjson", Format::Ndjson, homework(ROWS, "2026-03-02").to_vec()), ("csv_gbk", Format::Csv, sheet())]
    {
        assert_eq!(rows(&standard, format, &bytes), ROWS, "{name}: every row decodes");
        group.bench_function(name, |bencher| bencher.iter(|| black_box(rows(&standard, format, &bytes))));
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
