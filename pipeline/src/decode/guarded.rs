//! Readers of other crates that panic on damaged input: a panic there is the input's fault, and an error like any other.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::{Error, Result};

thread_local! {
    static READING: Cell<bool> = const { Cell::new(false) };
}
static QUIET: Once = Once::new();

/// Runs a reader's work; its panic is said in words, and nowhere else.
pub(super) fn guarded<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    QUIET.call_once(|| {
        let loud = take_hook();
        set_hook(Box::new(move |panic| {
            if !READING.get() {
                loud(panic);
            }
        }));
    });
    let outer = READING.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    READING.set(outer);
    done.unwrap_or_else(|_| Err(Error::Read { reason: format!("the {what} data are damaged") }))
}
