//! The data standard (统一数据标准): what an event is, which codes it may hold, how a vendor's export maps onto it.
//!
//! Promise: everything that the system knows of a kind of event comes from one TOML file, so that decoding, validation,
//! tables, documentation and the JSON Schema cannot disagree. The crate is pure: no file system at run time (the standard's own
//! files are compiled in, a district's are handed over as text), no clock, no randomness.
//!
//! ```text
//!   kinds/*.toml ──► Kind ──┬─► Arrow schemas (decoded rows, table rows)
//!                           ├─► JSON Schema, Markdown dictionary
//!   codes/*.toml ──► CodeSet┤
//!                           └─► Standard ◄── a district's own files (kinds/, codes/, vendors/)
//!   vendors/*.toml ► Mapping ──► (pipeline: header → field, value → code, wide → long)
//! ```

mod code;
pub mod docs;
mod error;
pub mod ids;
mod json_schema;
mod kind;
mod mapping;
pub mod sql_file;
mod standard;
pub mod time;

pub use code::{CodeEntry, CodeSet};
pub use error::Error;
pub use kind::{DAY, Field, FieldType, Kind, Privacy, REVISION, Role, Rule, SEQ};
pub use mapping::{Column, Mapping, Unpivot};
pub use standard::Standard;

use serde::{Deserialize, Serialize};

/// A text for people, in 简体中文 and English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub zh: String,
    pub en: String,
}

impl Text {
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}
