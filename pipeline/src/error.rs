//! Everything that can go wrong between a submitted byte and a committed row.
//!
//! A row that breaks the data standard is *not* an error: it goes to quarantine and is counted in the receipt.
//! Messages name what was wrong and what to do; [`Error::code`] is stable and is what callers switch on.

use std::sync::Arc;

/// How much of a header a message lists.
const LISTED: usize = 40;

/// A required field that the header has no column for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub field: String,
    /// The headers that would do, as a list.
    pub expected: String,
}

/// The crate's one error type.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Required fields have no column in the file's header, which fits the mappings named in `fits`.
    #[error("{}", columns(missing, found, fits))]
    Columns { missing: Vec<Missing>, found: Vec<String>, fits: Vec<String> },
    /// The header cannot be told apart from the rest, or is ambiguous.
    #[error("the header cannot be used: {reason}")]
    Header { reason: String },
    /// The named encoding does not exist.
    #[error("unknown encoding `{name}`: use a name such as utf-8, gb18030 or utf-16le")]
    Encoding { name: String },
    /// The bytes could not be read or decompressed.
    #[error("cannot read the input: {reason}; check that the file is whole and send it again")]
    Read { reason: String },
    /// An archive, or a file of another sort, cannot be opened.
    #[error("{reason}")]
    Archive { reason: String },
    /// A workbook cannot be opened.
    #[error("{reason}")]
    Workbook { reason: String },
    /// The data standard has no such kind or mapping, or a file of it is wrong.
    #[error(transparent)]
    Standard(Arc<xueqing_schema::Error>),
    /// A kind's rule is not a true-or-false expression over its fields.
    #[error("rule `{rule}` of kind `{kind}` does not compile: {reason}")]
    Rule { kind: String, rule: String, reason: String },
    /// A rollup file is wrong.
    #[error("rollup file `{file}`: {reason}")]
    Rollup { file: String, reason: String },
    /// The lake refused a read or a write.
    #[error(transparent)]
    Lake(Arc<xueqing_lake::Error>),
    /// A query over the lake failed.
    #[error("the query over the lake failed: {0}")]
    Query(Arc<datafusion::error::DataFusionError>),
    /// A batch does not fit its table.
    #[error("a batch does not fit its table: {reason}")]
    Batch { reason: String },
    /// An input under a name that stands for another one.
    #[error("the input is not the one that was sent under this name before: use a new name for new content")]
    Reused,
    /// The same input is being taken by someone else.
    #[error("the same input is being taken by another request or process: wait for it, and send again if it fails")]
    Raced,
    /// A request to erase a person's records that cannot be meant so.
    #[error("nothing was erased: {reason}")]
    Erasure { reason: String },
    /// A source cannot be started as it is configured.
    #[error("the source `{door}` cannot be started: {reason}")]
    Source { door: &'static str, reason: String },
    /// The handle is shutting down and takes nothing more.
    #[error("ingest is shutting down: send it again to the next instance")]
    Closed,
}

impl Error {
    /// The stable name of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Columns { .. } => "columns",
            Self::Header { .. } => "header",
            Self::Encoding { .. } => "encoding",
            Self::Read { .. } => "unreadable",
            Self::Archive { .. } => "archive",
            Self::Workbook { .. } => "workbook",
            Self::Standard(error) => error.code(),
            Self::Rule { .. } => "rule",
            Self::Rollup { .. } => "rollup",
            Self::Lake(error) => error.code(),
            Self::Query(_) => "query",
            Self::Batch { .. } => "batch",
            Self::Reused => "identity_reused",
            Self::Raced => "identity_busy",
            Self::Erasure { .. } => "erasure",
            Self::Source { .. } => "source",
            Self::Closed => "closed",
        }
    }
}

/// The titles of a header, as far as there is room.
#[must_use]
pub fn listed(found: &[String]) -> String {
    let titles: Vec<&str> = found.iter().map(String::as_str).filter(|title| !title.is_empty()).collect();
    let more = if titles.len() > LISTED { ", …" } else { "" };
    format!("{}{more}", titles[..titles.len().min(LISTED)].join(", "))
}

fn columns(missing: &[Missing], found: &[String], fits: &[String]) -> String {
    let header = format!("the header has [{}]", listed(found));
    let lacks = match missing {
        [Missing { field, expected }] => format!("no column for the required field `{field}`: expected one of [{expected}]"),
        several => {
            let each = several.iter().map(|Missing { field, expected }| format!("`{field}` (one of [{expected}])"));
            format!("no columns for the required fields {}", each.collect::<Vec<_>>().join(", "))
        }
    };
    match fits {
        [] => format!("{lacks}, {header}"),
        fits => format!("{lacks}, {header}; that header fits the mapping {}", fits.join(" or ")),
    }
}

impl From<xueqing_schema::Error> for Error {
    fn from(error: xueqing_schema::Error) -> Self {
        Self::Standard(Arc::new(error))
    }
}

impl From<xueqing_lake::Error> for Error {
    fn from(error: xueqing_lake::Error) -> Self {
        Self::Lake(Arc::new(error))
    }
}

impl From<datafusion::error::DataFusionError> for Error {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        Self::Query(Arc::new(error))
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Batch { reason: error.to_string() }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Read { reason: error.to_string() }
    }
}
