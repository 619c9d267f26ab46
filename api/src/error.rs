//! What the API itself can find wrong. Failures of the inner rooms keep their own codes.

use std::net::SocketAddr;

/// A failure that starts in this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Identity comes later; until then nothing outside this machine may connect.
    #[error(
        "refusing to listen on {0}: there are no user accounts yet, so only a loopback address such as 127.0.0.1:8080 is served"
    )]
    NotLoopback(SocketAddr),
    /// The listener failed.
    #[error("the server stopped: {0}")]
    Serve(#[from] std::io::Error),
    /// `Host` names another machine.
    #[error("host `{0}` is not this machine; open http://127.0.0.1 or http://localhost with the port of the server")]
    HostNotLocal(String),
    /// A page of another site sends the request.
    #[error("requests from pages of `{0}` are refused; only pages that this server serves may use it")]
    OriginNotLocal(String),
    /// No such address.
    #[error("nothing answers `{0}`; the addresses are listed at /docs")]
    NotFound(String),
    #[error("there is no release `{0}`; GET /v1/value-added lists them")]
    UnknownRelease(String),
    /// A value of a parameter cannot be used.
    #[error("parameter `{name}` is `{value}`: {hint}")]
    BadParameter { name: String, value: String, hint: String },
    /// There is no such parameter here.
    #[error("there is no parameter `{name}` here; known are {known}")]
    UnknownParameter { name: String, known: String },
    /// The query string or header is malformed.
    #[error("{0}")]
    BadRequest(String),
    /// The body broke off or does not decompress.
    #[error("the body could not be read: {0}")]
    BadBody(String),
    /// The body is JSON of the wrong shape.
    #[error("the body is not the JSON that is expected: {0}")]
    InvalidJson(String),
    /// A row breaks the data standard, where only one that does not is of use.
    #[error("the rule `{rule}` is broken: {} · {}", reason.en, reason.zh)]
    RowRejected { rule: String, reason: xueqing_schema::Text },
    /// The body is longer than this door takes.
    #[error("the body is longer than {limit} bytes (after decompression); split it, or use `xueqing ingest`")]
    BodyTooLarge { limit: u64 },
    /// The client sends nothing more and does not end.
    #[error("nothing came for {0} seconds before the body ended; send it again, what is in already is not taken twice")]
    BodyTimeout(u64),
    /// The server is stopping and the body has not ended.
    #[error("the server is stopping and the body has not ended; send it again to the next instance")]
    Stopping,
    /// The content type cannot be read here.
    #[error("content type `{found}` is not read here; send {expected}")]
    UnsupportedMediaType { found: String, expected: &'static str },
    /// Nothing that the client accepts can be made.
    #[error(
        "`{0}` asks for no format that can be made; ask for application/json, text/csv or application/vnd.apache.arrow.stream"
    )]
    NotAcceptable(String),
    /// All places are taken.
    #[error("{0}; try again in a moment")]
    TooManyRequests(&'static str),
    /// The request took longer than it may.
    #[error("the request took longer than {0} seconds; ask for less at once")]
    RequestTimeout(u64),
    /// Starting, stopping, or the lake cannot be read.
    #[error("not ready: {0}")]
    NotReady(String),
    /// A defect; the text goes to the log only.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Error::NotLoopback(_) => "not_loopback",
            Error::Serve(_) | Error::Internal(_) => "internal",
            Error::HostNotLocal(_) => "host_not_local",
            Error::OriginNotLocal(_) => "origin_not_local",
            Error::NotFound(_) => "not_found",
            Error::UnknownRelease(_) => "unknown_release",
            Error::BadParameter { .. } => "bad_parameter",
            Error::UnknownParameter { .. } => "unknown_parameter",
            Error::BadRequest(_) => "bad_request",
            Error::BadBody(_) => "bad_body",
            Error::InvalidJson(_) => "invalid_json",
            Error::RowRejected { .. } => "row_rejected",
            Error::BodyTooLarge { .. } => "body_too_large",
            Error::BodyTimeout(_) => "body_timeout",
            Error::Stopping => "closed",
            Error::UnsupportedMediaType { .. } => "unsupported_media_type",
            Error::NotAcceptable(_) => "not_acceptable",
            Error::TooManyRequests(_) => "too_many_requests",
            Error::RequestTimeout(_) => "request_timeout",
            Error::NotReady(_) => "not_ready",
        }
    }
}
