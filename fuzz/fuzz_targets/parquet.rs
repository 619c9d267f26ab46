//! Parquet files, read through a mapping that the first byte chooses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueqing_fuzz::{panics, read_columns};

fuzz_target!(init: panics::sort(), |data: &[u8]| read_columns(data));
