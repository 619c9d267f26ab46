//! Archives: as they are, or made of parts; and as deep in other archives as the first byte says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueqing_fuzz::{panics, parcels, parts};

/// Around an archive, one more than a parcel is opened for.
const MOST: u8 = 4;

fuzz_target!(init: panics::sort(), |data: &[u8]| {
    let Some((first, data)) = data.split_first() else { return };
    let made = parts::zipped(data).unwrap_or_else(|| data.to_vec());
    let wrapped = (0..first % (MOST + 1)).try_fold(made, |made, _| parts::wrapped("考勤/x.zip", &made));
    if let Some(wrapped) = wrapped {
        parcels::read(&wrapped);
    }
});
