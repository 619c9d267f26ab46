//! Files that are, or pretend to be, gzip, zstd or an archive.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use xueqing_fuzz::Reader;
use xueqing_pipeline::Format;

static READER: LazyLock<Reader> = LazyLock::new(|| Reader::built_in("interaction", Format::Auto, None));

fuzz_target!(|data: &[u8]| READER.read(data));
