//! Workbooks: as they are, as the parts of one that is an archive, or as the records of one of the older form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueqing_fuzz::{panics, parcels, parts};

const WHOLE: [&[u8]; 2] = [b"PK", b"\xd0\xcf"];

fuzz_target!(init: panics::sort(), |data: &[u8]| {
    if WHOLE.iter().any(|mark| data.starts_with(mark)) {
        return parcels::read(data);
    }
    if let Some(made) = parts::zipped(data).or_else(|| parts::compound(data)) {
        parcels::read(&made);
    }
});
