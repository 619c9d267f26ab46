//! What can go wrong between a question and its answer. Messages say what was wrong and what is allowed; nothing of the inside leaks.

use datafusion::error::DataFusionError;

use crate::value_added::multilevel::Refusal;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("unknown figure \"{name}\": known are {}", known.join(", "))]
    UnknownMetric { name: String, known: Vec<String> },
    #[error("\"{name}\" is no dimension of {metric}: allowed are {}", allowed.join(", "))]
    UnknownDimension { metric: String, name: String, allowed: Vec<String> },
    #[error("the dimension \"{name}\" is given twice: name each once")]
    RepeatedDimension { name: String },
    #[error("\"{name}\" is no parameter of {metric}: allowed are {}", allowed.join(", "))]
    UnknownParameter { metric: String, name: String, allowed: Vec<String> },
    #[error("the parameter {name} is \"{value}\", which is no {expected}")]
    BadParameter { name: String, value: String, expected: &'static str },
    #[error("{file}: {reason}")]
    BadMetric { file: String, reason: String },
    /// A file of an alert rule that cannot be used.
    #[error("{file}: {reason}")]
    BadRule { file: String, reason: String },
    #[error("unknown alert rule \"{name}\": known are {}", known.join(", "))]
    UnknownRule { name: String, known: Vec<String> },
    #[error("only reading is allowed here: {reason}; send one SELECT, EXPLAIN or SHOW TABLES")]
    NotReadOnly { reason: String },
    #[error("unknown table \"{name}\": known are {}", known.join(", "))]
    UnknownTable { name: String, known: Vec<String> },
    #[error("the SQL cannot be run: {reason}")]
    BadSql { reason: String },
    #[error("the SQL is longer than {limit} bytes: shorten it")]
    SqlTooLong { limit: usize },
    /// The planner would run out of stack.
    #[error(
        "the SQL is too deep: one expression may have {operators} operators, one statement {relations} joins, set operations and named subqueries; use IN (…) or split the query"
    )]
    SqlTooDeep { operators: usize, relations: usize },
    #[error("the answer has more than {limit} rows: narrow the filter, group more coarsely or add a LIMIT")]
    TooManyRows { limit: usize },
    #[error("the query needs more memory than the {limit} bytes it may use: narrow the filter or group more coarsely")]
    MemoryLimit { limit: usize },
    #[error("the query took longer than {seconds} s: narrow the filter or group more coarsely")]
    TimeLimit { seconds: u64 },
    /// The data do not support the model.
    #[error("{}: {_0} · {}", _0.code(), _0.chinese())]
    Refused(#[from] Refusal),
    /// The data do not support a figure of growth or gain, or a comparison of such figures.
    #[error("{}: {_0} · {}", _0.code(), _0.chinese())]
    NoFigure(#[from] crate::value_added::refusal::Refusal),
    #[error("the lake could not be read")]
    Lake(#[from] xueqing_lake::Error),
    #[error(transparent)]
    Standard(#[from] xueqing_schema::Error),
    /// A rollup is not kept as it was.
    #[error("`{name}` cannot be read as it was: a release reads records (assessment, student …) only, no rollups and no rejects")]
    NotAKind { name: String },
    /// Statistics that the data cannot support.
    #[error("{}: {_0} · {}", _0.code(), _0.chinese())]
    NotAnswerable(#[from] crate::policy::refusal::Refusal),
    #[error("the query failed inside; the log has the details")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A stable name of the error, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownMetric { .. } => "unknown_metric",
            Self::UnknownDimension { .. } => "unknown_dimension",
            Self::RepeatedDimension { .. } => "repeated_dimension",
            Self::UnknownParameter { .. } => "unknown_parameter",
            Self::BadParameter { .. } => "bad_parameter",
            Self::BadMetric { .. } => "bad_metric",
            Self::BadRule { .. } => "bad_rule",
            Self::UnknownRule { .. } => "unknown_rule",
            Self::NotReadOnly { .. } => "not_read_only",
            Self::UnknownTable { .. } => "unknown_table",
            Self::BadSql { .. } => "bad_sql",
            Self::SqlTooLong { .. } => "sql_too_long",
            Self::SqlTooDeep { .. } => "sql_too_deep",
            Self::TooManyRows { .. } => "too_many_rows",
            Self::MemoryLimit { .. } => "memory_limit",
            Self::TimeLimit { .. } => "time_limit",
            Self::Lake(error) => error.code(),
            Self::Standard(error) => error.code(),
            Self::NotAKind { .. } => "not_a_kind",
            Self::Refused(_) | Self::NoFigure(_) | Self::NotAnswerable(_) => "not_answerable",
            Self::Internal(_) => "internal",
        }
    }

    pub(crate) fn bad_metric(file: &str, reason: impl std::fmt::Display) -> Self {
        Self::BadMetric { file: file.to_owned(), reason: reason.to_string() }
    }

    pub(crate) fn bad_rule(file: &str, reason: impl std::fmt::Display) -> Self {
        Self::BadRule { file: file.to_owned(), reason: reason.to_string() }
    }

    pub(crate) fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let error = error.into();
        tracing::error!(%error, "a query failed inside");
        Self::Internal(error)
    }

    /// Sorts an engine error: what the caller can mend keeps its words, the rest is logged and stays inside.
    pub(crate) fn from_engine(error: DataFusionError, memory: usize) -> Self {
        use DataFusionError as E;
        match error.find_root() {
            E::ResourcesExhausted(_) => Self::MemoryLimit { limit: memory },
            E::SQL(..)
            | E::Plan(_)
            | E::SchemaError(..)
            | E::NotImplemented(_)
            | E::Execution(_)
            | E::Configuration(_)
            | E::ArrowError(..) => Self::BadSql { reason: error.strip_backtrace() },
            E::Diagnostic(_, inner) => Self::BadSql { reason: inner.strip_backtrace() },
            E::Collection(all) if all.iter().any(|e| matches!(e.find_root(), E::Plan(_) | E::SchemaError(..))) => {
                Self::BadSql { reason: error.strip_backtrace() }
            }
            _ => Self::internal(error),
        }
    }
}
