//! The last word on a failed answer: whoever made it, it leaves as a problem.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{Language, Problem};
use crate::request_id::RequestId;

/// Gives each problem its language and request id, and turns bare failures of the framework into problems.
pub(crate) async fn complete(request: Request, next: Next) -> Response {
    let language = language(request.headers());
    let id = request.extensions().get::<RequestId>().cloned();
    let what = format!("{} {}", request.method(), request.uri().path());
    let response = next.run(request).await;
    if response.status().as_u16() < 400 {
        return response;
    }
    let problem = match response.extensions().get::<Problem>() {
        Some(problem) => problem.clone(),
        None => from_status(&response, &what),
    };
    rewrite(response, problem, language, id.as_ref().map(RequestId::as_str))
}

fn rewrite(response: Response, problem: Problem, language: Language, id: Option<&str>) -> Response {
    let body = problem.body(language, id);
    let (kept, _) = response.into_parts();
    let mut response = problem.into_response();
    for name in [header::ALLOW, header::ACCEPT_ENCODING, header::RETRY_AFTER] {
        if let Some(value) = kept.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    *response.body_mut() = body;
    response
}

/// The problem behind a bare status of the framework.
fn from_status(response: &Response, what: &str) -> Problem {
    match response.status() {
        StatusCode::NOT_FOUND => Problem::new("not_found", format!("nothing answers {what}")),
        StatusCode::METHOD_NOT_ALLOWED => {
            Problem::new("method_not_allowed", format!("{what} is not allowed; see the `allow` header"))
        }
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new("body_too_large", "send the body in smaller pieces"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE if response.headers().contains_key(header::ACCEPT_ENCODING) => {
            Problem::new("unsupported_encoding", "send the body as it is, or with content-encoding gzip or zstd")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Problem::new("unsupported_media_type", "the content type of the request is not understood here")
        }
        status if status.is_client_error() => Problem::new("bad_request", format!("{what} was not understood")),
        status => Problem::new("internal", format!("{what} ended with {status}")),
    }
}

/// The first of zh and en that the client names; English when it names neither.
fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = accepted.split(',').map(str::trim).find(|tag| tag.starts_with("zh") || tag.starts_with("en"));
    match first {
        Some(tag) if tag.starts_with("zh") => Language::Zh,
        _ => Language::En,
    }
}
