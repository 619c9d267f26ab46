//! Tables of cells, long and wide, in an encoding that the first byte chooses.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use xueqing_fuzz::{ENCODINGS, Reader};
use xueqing_pipeline::Format;

const MAPPINGS: [&str; 3] = ["attendance", "demo_chengji", "demo_zuoye_gbk"];

static READERS: LazyLock<Vec<Reader>> = LazyLock::new(|| {
    let pairs = MAPPINGS.iter().flat_map(|mapping| ENCODINGS.iter().map(move |encoding| (*mapping, *encoding)));
    pairs.map(|(mapping, encoding)| Reader::built_in(mapping, Format::Csv, encoding)).collect()
});

fuzz_target!(|data: &[u8]| {
    let Some((first, table)) = data.split_first() else { return };
    READERS[usize::from(*first) % READERS.len()].read(table);
});
