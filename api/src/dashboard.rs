//! The dashboard, embedded when it was built before this crate.
//!
//! Promise: files with a content hash in their name are cached for ever, the page itself is always revalidated; an address
//! that no route and no file has is the page (which routes by itself), except where programs ask. Without a built dashboard
//! a small page in both languages says how to get it.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::{Error, Problem};

const PAGE: &str = "index.html";
const MISSING: &str = include_str!("dashboard_missing.html");
/// First segments that belong to programs: an unknown address there is a problem, not the page.
const FOR_PROGRAMS: [&str; 7] = ["v1", "docs", "healthz", "readyz", "metrics", "openapi.json", "assets"];

#[derive(RustEmbed)]
#[folder = "../dashboard/dist"]
#[allow_missing = true]
struct Files;

/// Answers whatever no route answers.
pub(crate) async fn serve(request: Request) -> Result<Response, Problem> {
    let path = request.uri().path();
    let not_found = || Error::NotFound(path.chars().take(200).collect());
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(not_found().into());
    }
    let name = path.trim_start_matches('/');
    if let Some(file) = Files::get(if name.is_empty() { PAGE } else { name }) {
        return Ok(answer(name, file, request.headers()));
    }
    let first = name.split('/').next().unwrap_or_default();
    let is_file = name.rsplit('/').next().is_some_and(|last| last.contains('.'));
    if FOR_PROGRAMS.contains(&first) || is_file {
        return Err(not_found().into());
    }
    Ok(match Files::get(PAGE) {
        Some(page) => answer(PAGE, page, request.headers()),
        None => Html(MISSING).into_response(),
    })
}

fn answer(name: &str, file: EmbeddedFile, asked: &HeaderMap) -> Response {
    let tag = etag(&file);
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let body = if known { Body::empty() } else { Body::from(file.data) };
    let mut response = Response::new(body);
    if known {
        *response.status_mut() = axum::http::StatusCode::NOT_MODIFIED;
    }
    let kind = HeaderValue::from_str(&content_type(file.metadata.mimetype()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::ETAG, tag);
    response
}

fn content_type(mime: &str) -> String {
    match mime {
        text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    }
}

/// Weak, because the answer may be compressed on its way.
fn etag(file: &EmbeddedFile) -> HeaderValue {
    let hash: String = file.metadata.sha256_hash()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("W/\"{hash}\"")).unwrap_or(HeaderValue::from_static("W/\"-\""))
}

#[cfg(test)]
mod tests {
    use super::MISSING;

    #[test]
    fn the_page_without_a_dashboard_says_how_to_get_it_in_both_languages() {
        for text in ["lang=\"zh-CN\"", "lang=\"en\"", "npm --prefix dashboard ci", "npm --prefix dashboard run build", "/docs"] {
            assert!(MISSING.contains(text), "{text}");
        }
    }
}
