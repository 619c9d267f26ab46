//! Delta tables: append, replace a day, scan, changes since. The only crate that touches storage.
//!
//! Promises: what a commit acknowledged is on disk and survives a crash at any instant; a reader sees a commit whole
//! or not at all; following the log costs what is new, not what the table holds; every Delta reader can open a table.
//!
//! ```text
//!  Lake ── lock() ───────────── one writer over all processes
//!   └─ Table ─ append, replace ─▶ write ──▶ Parquet files, flushed ─┐
//!       │                  encode (by day)                          ▼
//!       │                                   log ──▶ _delta_log/N.json, created once, flushed
//!       │  state: columns, live files, positions  ◀── refresh ──────┘
//!       ├─ provider ──▶ prune ──▶ scan ──▶ DataSourceExec over file://…   (pinned at a version)
//!       │     └─ current ─▶ highest (revision, seq) per key and day
//!       ├─ changes_since ──▶ days and files whose rows changed
//!       └─ compact, maintain ──▶ fewer files, checkpoints, no litter
//! ```

mod changes;
mod compact;
mod create;
mod current;
mod encode;
mod error;
mod lake;
mod lock;
mod log;
mod maintain;
mod prune;
mod root;
mod scan;
mod schema;
mod state;
mod stats;
mod store;
mod table;
mod write;

pub use changes::Changes;
pub use compact::{CompactOptions, Compaction};
pub use current::{current, register_current};
pub use error::{Error, Result};
pub use lake::{Clock, Lake};
pub use lock::WriteLock;
pub use maintain::{MaintainOptions, Maintenance};
pub use table::{Commit, DataFile, Position, Table, TableStats};
pub use write::Prepared;
