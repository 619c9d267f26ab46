//! Failures as RFC 9457 problems.
//!
//! Promise: every answer with status 400 or above is `application/problem+json` with `type`, `title`, `status`, `detail`,
//! `code`, `title_zh`, `title_en` and `request_id`. The detail of an internal error stays in the log.

mod complete;
mod table;

pub(crate) use complete::complete;
pub use table::{Entry, TABLE, find};

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// One failure on its way to the client.
#[derive(Clone, Debug)]
pub struct Problem {
    entry: &'static Entry,
    detail: String,
    retry_after: Option<u32>,
}

/// Language of a problem's title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Zh,
    En,
}

impl Problem {
    /// The problem of `code`; what the table does not list or keeps hidden is logged, and its detail stays there.
    pub fn new(code: &str, detail: impl Into<String>) -> Problem {
        let entry = find(code).unwrap_or(&table::INTERNAL);
        let detail = detail.into();
        let retry_after = retry_after(entry.status);
        if entry.open {
            return Problem { entry, detail, retry_after };
        }
        tracing::error!(code, detail, "request failed");
        Problem { entry, detail: "the cause is in the server's log under this request id".to_owned(), retry_after }
    }

    /// The problem of an error with its causes, which are for the log only.
    fn of(code: &str, error: &dyn std::error::Error) -> Problem {
        match find(code) {
            Some(entry) if entry.open => Problem::new(code, error.to_string()),
            _ => Problem::new(code, chain(error)),
        }
    }

    /// Tells the client to come back after so many seconds.
    pub fn retry_after(self, seconds: u32) -> Problem {
        Problem { retry_after: Some(seconds), ..self }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.entry.code
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.entry.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The body, in a language, for a request.
    fn body(&self, language: Language, request_id: Option<&str>) -> Body {
        let Entry { code, status, zh, en, .. } = *self.entry;
        let title = if language == Language::Zh { zh } else { en };
        let mut body = json!({
            "type": format!("/v1/problems/{code}"), "title": title, "status": status, "detail": self.detail,
            "code": code, "title_zh": zh, "title_en": en,
        });
        if let Some(id) = request_id {
            body["request_id"] = id.into();
        }
        Body::from(body.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body(Language::En, None));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// When to try again after a failure that passes by itself.
fn retry_after(status: u16) -> Option<u32> {
    match status {
        409 | 429 => Some(1),
        503 => Some(5),
        507 => Some(30),
        _ => None,
    }
}

/// An error and its causes, outermost first.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Writes `From<Error> for Problem` for errors that carry a `code()`.
macro_rules! problem_from {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Problem {
            fn from(error: $error) -> Problem {
                Problem::of(error.code(), &error)
            }
        }
    )+};
}

problem_from!(crate::Error, xueqing_alerts::Error, xueqing_schema::Error, xueqing_pipeline::Error, xueqing_query::Error);
