//! Every way in which the lake can refuse or fail, each with a stable code.
//!
//! Messages say what was wrong and where; the cause of a storage failure is kept as `source`.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};

use deltalake::DeltaTableError;
use deltalake::kernel::transaction::TransactionError;

/// The result of a lake operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, for which table or place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The location is neither a folder path nor a usable URL.
    #[error("lake location `{location}` cannot be used: {reason}; give a folder path or a URL")]
    Location { location: String, reason: String },
    /// A table name that is empty, absolute or climbs out of the lake.
    #[error("table name `{name}` is not valid; use words joined by `/`, such as events/homework")]
    Name { name: String },
    /// The stored table cannot take the wanted schema.
    #[error("table {table} cannot take this schema: {reason}")]
    Schema { table: String, reason: String },
    /// A batch does not fit the table.
    #[error("batch for table {table} does not fit: {reason}")]
    Batch { table: String, reason: String },
    /// Another writer changed what this commit relies on; nothing was written to the table.
    #[error("table {table}: {reason}; take the lake's lock, refresh and try again")]
    Conflict { table: String, reason: String },
    /// The log before this version has been cleaned up.
    #[error("table {table} no longer keeps the changes after version {version}; read it as a whole")]
    HistoryGone { table: String, version: i64 },
    /// The table as it was is gone: the log was cleaned up, or vacuum has taken a file.
    #[error("table {table} as it was at version {version} is no longer kept")]
    VersionGone { table: String, version: i64 },
    /// The table uses a feature of the format that this version does not know.
    #[error("table {table} cannot be read: {reason}")]
    Unsupported { table: String, reason: String },
    /// The lake's lock file could not be used.
    #[error("the lake's lock file cannot be used")]
    Lock(#[source] std::io::Error),
    /// There is no room left where the lake lies; nothing of what was being done became visible.
    #[error("there is no room left on the lake's disk ({doing}); free some space, and it goes on by itself")]
    Full {
        doing: String,
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Running queries did not end in time for files to be deleted at once.
    #[error("files of table {table} are still being read; wait for the queries to end, or vacuum with a longer --keep")]
    InUse { table: String },
    /// Reading or writing storage failed.
    #[error("storage failed while {doing}")]
    Storage {
        doing: String,
        #[source]
        source: object_store::Error,
    },
    /// The table's log could not be read or written.
    #[error("the log of table {table} failed while {doing}")]
    Log {
        table: String,
        doing: &'static str,
        #[source]
        source: Box<DeltaTableError>,
    },
    /// Parquet could not be written or read.
    #[error("parquet failed in table {table}")]
    Parquet {
        table: String,
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// The query engine refused a plan over the table.
    #[error("the query over table {table} could not be planned")]
    Plan {
        table: String,
        #[source]
        source: Box<datafusion::error::DataFusionError>,
    },
    /// A background task of the lake ended early.
    #[error("a task of table {table} was cancelled while {doing}")]
    Cancelled { table: String, doing: &'static str },
}

impl Error {
    /// A short stable name that callers and dashboards can rely on.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Location { .. } => "lake_location",
            Error::Name { .. } => "lake_table_name",
            Error::Schema { .. } => "lake_schema",
            Error::Batch { .. } => "lake_batch",
            Error::Conflict { .. } => "lake_conflict",
            Error::HistoryGone { .. } => "lake_history_gone",
            Error::VersionGone { .. } => "lake_version_gone",
            Error::Unsupported { .. } => "lake_unsupported",
            Error::Lock(_) => "lake_lock",
            Error::Full { .. } => "lake_full",
            Error::InUse { .. } => "lake_in_use",
            Error::Storage { .. } => "lake_storage",
            Error::Log { .. } => "lake_log",
            Error::Parquet { .. } => "lake_parquet",
            Error::Plan { .. } => "lake_plan",
            Error::Cancelled { .. } => "lake_cancelled",
        }
    }

    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        matches!(self, Error::Full { .. })
    }

    /// The same failure, told as [`Error::Full`] when a full disk or quota lies behind it.
    pub(crate) fn or_full(self) -> Error {
        match self {
            Error::Full { .. } => self,
            other if lacks_room(&other) => Error::Full { doing: other.to_string(), source: Box::new(other) },
            other => other,
        }
    }

    pub(crate) fn log(table: &str, doing: &'static str) -> impl Fn(DeltaTableError) -> Error {
        move |source| Error::Log { table: table.to_owned(), doing, source: Box::new(source) }
    }

    pub(crate) fn commit(table: &str, source: TransactionError) -> Error {
        Error::Log { table: table.to_owned(), doing: "committing", source: Box::new(source.into()) }
    }

    pub(crate) fn plan(table: &str) -> impl Fn(datafusion::error::DataFusionError) -> Error {
        move |source| Error::Plan { table: table.to_owned(), source: Box::new(source) }
    }

    pub(crate) fn batch(table: &str, reason: impl ToString) -> Error {
        Error::Batch { table: table.to_owned(), reason: reason.to_string() }
    }

    pub(crate) fn parquet(table: &str) -> impl Fn(parquet::errors::ParquetError) -> Error {
        move |source| Error::Parquet { table: table.to_owned(), source }
    }
}

/// Whether any cause says that the disk or a quota is full.
fn lacks_room(error: &(dyn StdError + 'static)) -> bool {
    let full = |io: &io::Error| matches!(io.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            // An error in an error of the standard library is not among its causes.
            let inner = io.get_ref().is_some_and(|inner| lacks_room(inner));
            if full(io) || inner {
                return true;
            }
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage(kind: ErrorKind) -> object_store::Error {
        object_store::Error::Generic { store: "disk", source: Box::new(io::Error::from(kind)) }
    }

    #[rstest::rstest]
    #[case::plain(Error::Storage { doing: "writing".into(), source: storage(ErrorKind::StorageFull) }, "lake_full")]
    #[case::quota(Error::Lock(ErrorKind::QuotaExceeded.into()), "lake_full")]
    #[case::wrapped(Error::Lock(io::Error::other(storage(ErrorKind::StorageFull))), "lake_full")]
    #[case::in_the_log(Error::log("t", "committing")(storage(ErrorKind::StorageFull).into()), "lake_full")]
    #[case::in_a_commit(Error::commit("t", storage(ErrorKind::StorageFull).into()), "lake_full")]
    #[case::other(Error::Storage { doing: "writing".into(), source: storage(ErrorKind::PermissionDenied) }, "lake_storage")]
    fn a_full_disk_is_found_behind_every_error(#[case] error: Error, #[case] code: &str) {
        assert_eq!(error.or_full().code(), code);
    }
}
