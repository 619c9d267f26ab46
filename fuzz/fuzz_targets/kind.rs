//! A kind of event as a district may write it, and a file of that kind.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueqing_fuzz::{Reader, extended};
use xueqing_pipeline::Format;

const LINE: &str = "{\"student\":\"1\",\"at\":\"2026-11-20T08:00:00+08:00\",\"subject\":\"math\",\"minutes\":9,\"a\":\"b\"}\n";

fuzz_target!(|data: &[u8]| {
    let Some(standard) = extended("kinds/fuzz.toml", data) else { return };
    if let Some(reader) = Reader::new(&standard, "fuzz", Format::Ndjson, None) {
        reader.read(LINE.as_bytes());
    }
});
