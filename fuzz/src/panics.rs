//! Which panics end the fuzzer.
//!
//! Promise: a panic of our own code does, wherever it happens; one of another crate only when nobody catches it, because readers of
//! damaged files may panic where that becomes an error.

use std::panic::{set_hook, take_hook};

/// Where our own code lies, as the compiler names it.
const OURS: [&str; 3] = ["pipeline/", "schema/", "fuzz/"];

/// Called once, before anything is read.
pub fn sort() {
    // The reader of columns has a hook of its own, which is to stand below this one.
    super::read_columns(b"\0ARROW1\0\0");
    let below = take_hook();
    set_hook(Box::new(move |panic| {
        let foreign = panic.location().is_some_and(|at| at.file().contains("/registry/"));
        let ours = panic.location().is_some_and(|at| OURS.iter().any(|room| at.file().starts_with(room)));
        if ours {
            eprintln!("{panic}");
            std::process::abort();
        }
        if !foreign {
            below(panic);
        }
    }));
}
