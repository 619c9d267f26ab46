//! The block of TOML that opens a rollup's or a figure's SQL.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok((_, sql)) = xueqing_schema::sql_file::split("fuzz.sql", text) {
        assert!(text.contains(&sql));
    }
});
