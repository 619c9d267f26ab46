//! A name for each request, in the log, in the answer's `x-request-id` and in problems.
//!
//! Invariant: an id is 1–64 characters of `A-Z a-z 0-9 . _ -`, whoever chose it.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::request_id::{MakeRequestId, MakeRequestUuid};

const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request at hand.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keeps a client's well-formed id, else makes one; the answer carries it.
pub(crate) async fn identify(mut request: Request, next: Next) -> Response {
    let id = given(request.headers()).unwrap_or_else(|| made(&request));
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(NAME, value);
    }
    response
}

fn given(headers: &HeaderMap) -> Option<RequestId> {
    let text = headers.get(NAME)?.to_str().ok()?;
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
    (plain && (1..=64).contains(&text.len())).then(|| RequestId(text.into()))
}

fn made(request: &Request) -> RequestId {
    let made = MakeRequestUuid.make_request_id(request);
    let text = made.as_ref().and_then(|id| id.header_value().to_str().ok()).unwrap_or("unnamed");
    RequestId(text.into())
}
