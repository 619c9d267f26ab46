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
//!       │     ├─ Memory ──▶ days that a process holds, read instead of what is on disk
//!       │     └─ kept ────▶ what files hold of one class, read once
//!       ├─ changes_since ──▶ days and files whose rows changed;  rows ──▶ those of one file
//!       ├─ compact, close_day, delete ──▶ files swapped for others, in one commit
//!       ├─ maintain, vacuum ──▶ checkpoints, no litter, nothing that a running query reads
//!       └─ verify ──▶ every file and log entry against what was written
//! ```

mod changes;
mod close;
mod compact;
mod create;
mod current;
mod delete;
mod digest;
mod encode;
mod error;
pub mod histogram;
mod kept;
mod lake;
mod litter;
mod lock;
mod log;
mod maintain;
mod memory;
mod one_group;
mod prune;
mod read;
mod repeats;
mod retain;
mod room;
mod root;
mod scan;
mod schema;
mod search;
mod site;
mod state;
mod stats;
mod store;
mod swap;
mod table;
mod vacuum;
mod verify;
mod write;

pub use changes::Changes;
pub use close::{CloseOptions, Closed};
pub use compact::{CompactOptions, Compaction};
pub use current::{current, register_current};
pub use delete::Deletion;
pub use error::{Error, Result};
pub use lake::{Clock, Lake};
pub use lock::WriteLock;
pub use maintain::{MaintainOptions, Maintenance};
pub use memory::{Held, Memory};
pub use one_group::{OneGroup, each_alone, is_counted};
pub use read::Rows;
pub use retain::{RETAINED, Retired};
pub use search::Search;
pub use table::{Commit, DataFile, Position, Table, TableStats};
pub use vacuum::{Litter, Vacuum, VacuumOptions};
pub use verify::{Fault, FaultKind, Verdict};
pub use write::Prepared;
