//! Around the handlers: who may come in, how answers leave, and the pages.

use std::io::Read;

use axum::body::Body;
use axum::http::{Request, header};

use crate::app::{TestApp, local};

#[tokio::test]
async fn only_names_of_this_machine_are_hosts() {
    let app = TestApp::start().await;
    for (host, status) in [("127.0.0.1:8080", 200), ("[::1]:8080", 200), ("localhost", 200), ("evil.example", 403), ("", 403)] {
        let answer = app.send(Request::get("/healthz").header(header::HOST, host).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{host}");
    }
    let nameless = app.send(Request::get("/healthz").body(Body::empty()).unwrap()).await;
    assert_eq!(nameless.problem(), "host_not_local");
}

#[tokio::test]
async fn pages_of_other_sites_can_neither_write_nor_read() {
    let app = TestApp::start().await;
    for origin in ["https://evil.example", "null", "http://localhost.evil.example"] {
        let request = local(Request::post("/v1/events/homework")).header(header::ORIGIN, origin);
        let answer = app.send(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!(answer.problem(), "origin_not_local", "{origin}");
    }
    let request = local(Request::get("/v1/metrics")).header(header::ORIGIN, "http://localhost:5173");
    let answer = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::start().await;
    for path in ["/", "/v1/metrics", "/v1/nothing", "/docs/", "/healthz"] {
        let answer = app.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'self'"), "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_clients_request_id_is_kept_when_it_is_plain() {
    let app = TestApp::start().await;
    let ask = async |id: &str| {
        let request = local(Request::get("/healthz")).header("x-request-id", id);
        app.send(request.body(Body::empty()).unwrap()).await.header("x-request-id").to_owned()
    };
    assert_eq!(ask("abc-1.2_3").await, "abc-1.2_3");
    assert_eq!(ask("a b<script>").await.len(), 36);
    assert_eq!(ask(&"x".repeat(65)).await.len(), 36);
}

#[tokio::test]
async fn answers_are_compressed_when_the_client_can() {
    let app = TestApp::start().await;
    let plain = app.get("/v1/metrics").await;
    for encoding in ["gzip", "zstd"] {
        let request = local(Request::get("/v1/metrics")).header(header::ACCEPT_ENCODING, encoding);
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("content-encoding"), encoding);
        let mut text = Vec::new();
        match encoding {
            "gzip" => flate2::read::GzDecoder::new(&answer.body[..]).read_to_end(&mut text).unwrap(),
            _ => zstd::stream::read::Decoder::new(&answer.body[..]).unwrap().read_to_end(&mut text).unwrap(),
        };
        assert_eq!(text, plain.body);
        assert!(answer.body.len() < plain.body.len());
    }
}

#[tokio::test]
async fn problems_speak_the_readers_language() {
    let app = TestApp::start().await;
    for (accepted, title) in
        [("zh-CN,zh;q=0.9,en;q=0.8", "没有这个指标"), ("en-GB,zh", "unknown figure"), ("fr", "unknown figure")]
    {
        let request = local(Request::get("/v1/metrics/no/such")).header(header::ACCEPT_LANGUAGE, accepted);
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.json()["title"], title, "{accepted}");
    }
}

#[tokio::test]
async fn the_interface_documents_itself() {
    let app = TestApp::start().await;
    let document = app.get("/openapi.json").await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut names = std::collections::BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            assert!(names.insert(operation["operationId"].as_str().unwrap()), "{path}");
        }
        let example = path.replace("{mapping}", "homework").replace("{name}", "workload/daily_minutes");
        let example = example.replace("{kind}", "homework").replace("{set}", "subjects").replace("{code}", "internal");
        let found = match path.as_str() {
            // There is no data for load and quality, and nothing has been published.
            "/v1/policy/quadrants" | "/v1/policy/censored" => 422,
            // Sources are compared two and two, and each comparison says why there is none.
            "/v1/policy/agreement" => 200,
            path if path.starts_with("/v1/value-added/{release}") => 404,
            // Without a figure there is nothing to evaluate, and without a pupil nothing to look at.
            path if path.starts_with("/v1/policy/") || path.ends_with("/pupil") => 400,
            _ => 200,
        };
        let known = methods.get("get").map_or(405, |_| found);
        let asked = local(Request::get(&example)).body(Body::empty()).unwrap();
        // Not its body: the live feed has no end.
        assert_eq!(app.response(asked).await.status(), known, "{path}");
    }
    assert_eq!(document["paths"].as_object().unwrap().len(), 30);
    let page = app.get("/docs/").await;
    assert!(page.text().contains("swagger-ui"), "{}", page.text());
    assert_eq!(app.get("/docs").await.status, 303);
    assert_eq!(app.get("/docs/swagger-ui-bundle.js").await.status, 200);
    let scripts = page.text().matches("<script>").count();
    assert_eq!(scripts, 0, "an inline script would be stopped by the content security policy");
}

#[tokio::test]
async fn it_is_alive_and_ready() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/healthz").await.json()["status"], "alive");
    let ready = app.get("/readyz").await;
    assert_eq!(ready.json()["status"], "ready", "{}", ready.text());
}

#[tokio::test]
async fn the_page_answers_its_own_addresses_and_not_those_of_programs() {
    let app = TestApp::start().await;
    let page = app.get("/").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(app.get("/class/c101").await.body, page.body);
    for path in ["/v1/nothing", "/assets/missing.js", "/favicon.missing", "/../Cargo.toml", "/%2e%2e/Cargo.toml", "/healthz/x"] {
        assert_eq!(app.get(path).await.problem(), "not_found", "{path}");
    }
    let posted = app.post("/class/c101", "text/plain", "x").await;
    assert_eq!(posted.problem(), "not_found");
}

#[tokio::test]
async fn the_page_is_revalidated() {
    let app = TestApp::start().await;
    let page = app.get("/").await;
    let tag = page.header("etag");
    if tag.is_empty() {
        assert!(page.text().contains("npm --prefix dashboard run build"), "without a dashboard the page says how to get it");
        return;
    }
    assert_eq!(page.header("cache-control"), "no-cache");
    let request = local(Request::get("/")).header(header::IF_NONE_MATCH, tag);
    let again = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
}
