//! A code set as a district may write it, in the place of one that kinds and mappings use.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueqing_fuzz::{Reader, extended};
use xueqing_pipeline::Format;

fuzz_target!(|data: &[u8]| {
    let Some(standard) = extended("codes/acts.toml", data) else { return };
    if let Some(reader) = Reader::new(&standard, "interaction", Format::Csv, None) {
        reader.read(
            b"event,school,class,grade,subject,lesson,at,act\n1,s,c,13,math,l,2026-11-20,answer\n2,s,c,13,math,l,2026-11-20,x\n",
        );
    }
});
