//! What can go wrong with alerts. Deliveries that fail are no errors: they are in the record.

/// A failure of this crate, or of a room that it uses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no alert {id}; the alerts are listed at /v1/alerts")]
    UnknownAlert { id: String },
    #[error("alert {id} is resolved and needs no acknowledgement")]
    Resolved { id: String },
    #[error("an alert is acknowledged by somebody: give `who` with 1 to 64 characters and `note` with at most 500")]
    Who,
    /// What the configuration says of a receiver.
    #[error("receiver \"{name}\": {reason}")]
    Receiver { name: String, reason: String },
    #[error("the record of the alerts holds an entry that cannot be read: {reason}")]
    Record { reason: String },
    #[error(transparent)]
    Lake(#[from] xueqing_lake::Error),
    #[error(transparent)]
    Query(#[from] xueqing_query::Error),
}

impl Error {
    /// A stable name of the error, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownAlert { .. } => "unknown_alert",
            Self::Resolved { .. } => "alert_resolved",
            Self::Who => "bad_acknowledgement",
            Self::Receiver { .. } => "receiver",
            Self::Record { .. } => "alert_record",
            Self::Lake(error) => error.code(),
            Self::Query(error) => error.code(),
        }
    }

    pub(crate) fn record(reason: impl std::fmt::Display) -> Self {
        Self::Record { reason: reason.to_string() }
    }
}
