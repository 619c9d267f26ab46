//! Lines of JSON in the standard's own names.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use xueqing_fuzz::Reader;
use xueqing_pipeline::Format;

static READER: LazyLock<Reader> = LazyLock::new(|| Reader::built_in("homework", Format::Ndjson, None));

fuzz_target!(|data: &[u8]| READER.read(data));
