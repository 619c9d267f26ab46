//! One array of JSON objects, read through a vendor's mapping.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use xueqing_fuzz::Reader;
use xueqing_pipeline::Format;

static READER: LazyLock<Reader> = LazyLock::new(|| Reader::built_in("demo_ketang", Format::Ndjson, None));

fuzz_target!(|data: &[u8]| READER.read(&[b"[", data].concat()));
