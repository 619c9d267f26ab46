//! A vendor's mapping as a district may write it, and files read through it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueqing_fuzz::{Reader, extended};
use xueqing_pipeline::Format;

const TABLE: &str = "a,b,c,学号,日期,状态,语文,数学\n1,2,3,4,2026-11-20,出勤,5,6\n,,,,,,,\n";
const LINE: &str = "{\"a\":1,\"b\":{\"c\":[2]},\"学号\":\"3\"}";

fuzz_target!(|data: &[u8]| {
    let Some(standard) = extended("vendors/fuzz.toml", data) else { return };
    for (format, file) in [(Format::Csv, TABLE), (Format::Ndjson, LINE)] {
        if let Some(reader) = Reader::new(&standard, "fuzz", format, None) {
            reader.read(file.as_bytes());
        }
    }
});
