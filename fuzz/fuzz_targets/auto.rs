//! Whatever the bytes are, through the mapping that the first one chooses.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use xueqing_fuzz::{Reader, STANDARD};
use xueqing_pipeline::Format;

static READERS: LazyLock<Vec<Reader>> =
    LazyLock::new(|| STANDARD.mappings().map(|mapping| Reader::built_in(&mapping.name, Format::Auto, None)).collect());

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    READERS[usize::from(*first) % READERS.len()].read(bytes);
});
