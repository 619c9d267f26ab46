//! Alerts from a figure to real receivers on this machine, over restarts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod delivering;
mod http;
mod keeping;
mod mailing;
mod smtp;
mod world;
