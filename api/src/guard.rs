//! Who may talk to a server that has no accounts yet: this machine, and pages that this server serves.
//!
//! Promise: a request whose `Host` is not a loopback name is refused (so a foreign name that resolves to 127.0.0.1 gains
//! nothing), a request that a page of another site sends is refused, and no answer permits cross-origin reading.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::{Error, Problem};

/// Scripts, styles and data come from this server only; charts set style attributes and data images.
const CONTENT_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Adds the security headers; answers that set no cache policy are not stored.
pub(crate) async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Lets only local requests through.
pub(crate) async fn local_only(request: Request, next: Next) -> Result<Response, Problem> {
    check(request.uri(), request.headers())?;
    Ok(next.run(request).await)
}

fn check(uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let authority = uri.authority().map(|authority| authority.as_str());
    let host = text(header::HOST).or(authority).unwrap_or_default();
    if !is_local(host) || !authority.is_none_or(is_local) {
        return Err(Error::HostNotLocal(host.to_owned()));
    }
    match text(header::ORIGIN) {
        Some(origin) if !is_local_origin(origin) => Err(Error::OriginNotLocal(origin.to_owned())),
        _ => Ok(()),
    }
}

fn is_local_origin(origin: &str) -> bool {
    let uri = origin.parse::<Uri>().ok();
    uri.is_some_and(|uri| uri.authority().is_some_and(|authority| is_local(authority.as_str())))
}

/// Whether `host[:port]` names this machine.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn loopback_names_are_local() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:80", "127.9.8.7:1", "[::1]", "[::1]:8080"] {
            assert!(is_local(host), "{host}");
        }
    }

    #[test]
    fn other_names_are_not_local() {
        for host in ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "10.0.0.1", "0.0.0.0"] {
            assert!(!is_local(host), "{host}");
        }
        for host in ["[::]:80", "localhost:99999", "user@localhost", "127.0.0.1:80:80", "localhost:", "[::ffff:10.0.0.1]"] {
            assert!(!is_local(host), "{host}");
        }
    }
}
