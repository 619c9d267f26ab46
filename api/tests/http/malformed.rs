//! Whatever is thrown at the door, it is a receipt or a problem of the client's, never a fault of ours.

use axum::body::Body;
use axum::http::{Method, Request, header};

use crate::app::{NDJSON, TestApp, homework, local};

/// A small generator of its own, so that each run is the same run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

#[tokio::test]
async fn mangled_bodies_never_are_our_fault() {
    let app = TestApp::start().await;
    let mut dice = Dice(7);
    let whole = homework().into_bytes();
    for _ in 0..300 {
        let mut body = whole[..dice.roll(1500)].to_vec();
        for _ in 0..dice.roll(20) {
            let at = dice.roll(body.len().max(1));
            if let Some(byte) = body.get_mut(at) {
                *byte = dice.roll(256) as u8;
            }
        }
        let kind = [NDJSON, "application/json", "text/csv", "text/plain"][dice.roll(4)];
        let answer = app.post("/v1/events/homework", kind, body).await;
        assert!(answer.status == 200 || answer.status.is_client_error(), "{kind}: {}", answer.text());
    }
    let mangled = app.sql("SELECT count(*) AS n FROM homework").await;
    assert_eq!(mangled.status, 200, "{}", mangled.text());
}

#[tokio::test]
async fn hostile_bodies_never_are_our_fault() {
    let app = TestApp::start().await;
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        vec![0; 1000],
        vec![0xff; 1000],
        b"\xef\xbb\xbf".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"[[[]]]".to_vec(),
        b"[{}".to_vec(),
        b"{}".to_vec(),
        b"123\n\"x\"\ntrue".to_vec(),
        "[".repeat(200_000).into_bytes(),
        "{\"a\":".repeat(200_000).into_bytes(),
        format!("{{\"minutes\":{}}}", "9".repeat(100_000)).into_bytes(),
        b"{\"minutes\":1e999,\"student\":null,\"assigned_at\":\"9999999-99-99\"}".to_vec(),
        "\"".repeat(100_000).into_bytes(),
        vec![b'x'; 3 << 20],
        b"\x28\xb5\x2f\xfd".to_vec(),
        b"PK\x03\x04".to_vec(),
    ];
    for body in bodies {
        for kind in [NDJSON, "application/json", "text/csv", "text/plain"] {
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            let answer = app.post("/v1/events/homework", kind, body.clone()).await;
            assert!(answer.status == 200 || answer.status.is_client_error(), "{kind} {shown:?}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn hostile_addresses_never_are_our_fault() {
    let app = TestApp::start().await;
    let long = "x".repeat(20_000);
    let addresses = [
        "/v1/metrics/%ff%fe",
        "/v1/metrics/../../etc/passwd",
        "/v1/metrics/homework%2Fsubmission_rate%00",
        "/v1/metrics//",
        "/v1/metrics/homework/submission_rate?by=%ff",
        "/v1/metrics/homework/submission_rate?by=,,,",
        "/v1/metrics/homework/submission_rate?by=day%3Bdrop%20table",
        "/v1/metrics/homework/submission_rate?&&&==&",
        "/v1/metrics/homework/submission_rate?from=99999-01-01",
        "/v1/metrics/homework/submission_rate?from=-0001-13-45",
        "/v1/metrics/attendance/rate?min_days=999999999999999999999999",
        "/v1/metrics/attendance/rate?min_days=NaN",
        "/v1/schema/%00",
        "/v1/codes/..%2f..%2fetc",
        "/docs/../../../etc/passwd",
        "/docs/nothing.js",
        "/%F0%9F%92%A9",
    ];
    for address in addresses {
        let answer = app.get(address).await;
        assert!(answer.status == 200 || answer.status.is_client_error(), "{address}: {} {}", answer.status, answer.text());
    }
    for address in
        [format!("/v1/metrics/{long}"), format!("/v1/metrics/homework/submission_rate?class={long}"), format!("/{long}")]
    {
        let answer = app.get(&address).await;
        assert!(answer.status.is_client_error() || answer.status == 200, "{}", answer.status);
    }
}

#[tokio::test]
async fn hostile_headers_and_methods_never_are_our_fault() {
    let app = TestApp::start().await;
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "BREW"] {
        for path in ["/", "/v1/metrics", "/v1/sql", "/v1/events/homework", "/docs/"] {
            let request = local(Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path));
            let answer = app.send(request.body(Body::empty()).unwrap()).await;
            assert!(!answer.status.is_server_error(), "{method} {path}: {}", answer.status);
        }
    }
    for name in [header::ACCEPT, header::ACCEPT_ENCODING, header::ACCEPT_LANGUAGE, header::CONTENT_TYPE, header::RANGE] {
        for value in [&b"\xff\xfe"[..], b";;;,,,", b"q=q;q=-1", b"*", b""] {
            let request = local(Request::post("/v1/sql")).header(name.clone(), value);
            let answer = app.send(request.body(Body::from("SELECT 1")).unwrap()).await;
            assert!(!answer.status.is_server_error(), "{name}: {}", answer.text());
        }
    }
}
