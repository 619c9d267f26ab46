//! Every row of the problem table can be met, and says what to do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::Value;
use xueqing_api::{Options, TABLE};

use crate::app::{Answer, NDJSON, TestApp, homework, local};
use crate::snapshot;

/// Rows that no request can bring about here, and where they are tested instead.
const ELSEWHERE: [&str; 9] = [
    "unreadable",    // bodies are decompressed before the pipeline sees them
    "internal",      // router: a panicking handler
    "not_ready",     // serving: a stopping server
    "identity_busy", // two processes that take the same input at once
    "lake_full",     // the real binary on a small disk
    "lake_conflict", // the four below: needs failing storage
    "lake_lock",
    "lake_storage",
    "lake_log",
];

#[derive(Default)]
struct Met(BTreeMap<String, Value>);

impl Met {
    #[track_caller]
    fn add(&mut self, answer: Answer, code: &str) {
        assert_eq!(answer.problem(), code, "{}", answer.text());
        self.0.entry(code.to_owned()).or_insert_with(|| answer.redacted());
    }
}

#[tokio::test]
async fn every_problem_is_met() {
    let mut met = Met::default();
    of_addresses(&mut met).await;
    of_bodies(&mut met).await;
    of_names(&mut met).await;
    of_figures(&mut met).await;
    of_alerts(&mut met).await;
    of_limits(&mut met).await;
    of_stopping(&mut met).await;
    let met_codes: BTreeSet<&str> = met.0.keys().map(String::as_str).chain(ELSEWHERE).collect();
    let all: BTreeSet<&str> = TABLE.iter().map(|entry| entry.code).collect();
    assert_eq!(met_codes, all);
    snapshot!("problems", met.0);
}

async fn of_addresses(met: &mut Met) {
    let app = TestApp::start().await;
    met.add(app.get("/v1/nothing").await, "not_found");
    met.add(app.get("/v1/problems/nothing").await, "not_found");
    met.add(app.get("/v1/schema/nothing").await, "unknown_kind");
    met.add(app.get("/v1/codes/nothing").await, "unknown_code_set");
    met.add(app.post("/v1/events/nothing", NDJSON, "{}").await, "unknown_mapping");
    let request = local(Request::builder().method(Method::DELETE).uri("/v1/metrics"));
    let answer = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.header("allow"), "GET,HEAD");
    met.add(answer, "method_not_allowed");
    let foreign = Request::get("/").header(header::HOST, "evil.example");
    met.add(app.send(foreign.body(Body::empty()).unwrap()).await, "host_not_local");
    let foreign = local(Request::get("/")).header(header::ORIGIN, "https://evil.example");
    met.add(app.send(foreign.body(Body::empty()).unwrap()).await, "origin_not_local");
    let found = app.get("/v1/problems/not_found").await.json();
    assert_eq!((found["status"].as_u64(), found["en"].as_str()), (Some(404), Some("not found")));
    assert_eq!(app.get("/v1/problems").await.json()["problems"].as_array().map(Vec::len), Some(TABLE.len()));
}

async fn of_bodies(met: &mut Met) {
    let unset = TestApp::start().await;
    met.add(unset.post("/v1/assignments/check", "application/json", "{}").await, "row_rejected");
    let app = TestApp::with(Options { body_bytes: 10_000, ..Options::default() }, Default::default()).await;
    met.add(app.post("/v1/events/homework", "multipart/form-data; boundary=x", "x").await, "unsupported_media_type");
    met.add(app.post("/v1/sql", "image/png", "x").await, "unsupported_media_type");
    let brotli = local(Request::post("/v1/events/homework")).header(header::CONTENT_ENCODING, "br");
    let answer = app.send(brotli.body(Body::from("x")).unwrap()).await;
    assert!(answer.header("accept-encoding").contains("gzip"));
    met.add(answer, "unsupported_encoding");
    let broken = local(Request::post("/v1/events/homework")).header(header::CONTENT_ENCODING, "gzip");
    met.add(app.send(broken.body(Body::from("no gzip")).unwrap()).await, "bad_body");
    met.add(app.post("/v1/events/homework", NDJSON, b"\x1f\x8b\x08\x00".to_vec()).await, "bad_body");
    met.add(app.post("/v1/events/homework", NDJSON, vec![b' '; 10_001]).await, "body_too_large");
    let twice = zstd::encode_all(&zstd::encode_all(&b"{}"[..], 1).unwrap()[..], 1).unwrap();
    met.add(app.post("/v1/events/homework", NDJSON, twice).await, "bad_body");
    let bomb = zstd::encode_all(&vec![b' '; 10_001][..], 1).unwrap();
    met.add(app.post("/v1/events/homework", NDJSON, bomb).await, "body_too_large");
    met.add(app.post("/v1/events/homework?encoding=klingon", "text/csv", "a,b\n").await, "encoding");
    met.add(app.post("/v1/events/homework", "text/csv", "a,b\n1,2\n").await, "columns");
    met.add(app.post("/v1/events/homework", "text/csv", vec![0xff; 1_000]).await, "header");
    met.add(app.post("/v1/events/homework?what=1", NDJSON, "{}").await, "unknown_parameter");
    met.add(app.post("/v1/events/homework?format=xml", NDJSON, "{}").await, "bad_parameter");
    met.add(app.post("/v1/events/homework?source=%00", NDJSON, "{}").await, "bad_parameter");
    met.add(app.post("/v1/sql", "application/json", "{}").await, "invalid_json");
    for key in ["", "a b", "schlüssel", &"x".repeat(129)] {
        let request = local(Request::post("/v1/events/homework")).header("idempotency-key", key.as_bytes());
        met.add(app.send(request.body(Body::from("{}")).unwrap()).await, "bad_request");
    }
}

async fn of_names(met: &mut Met) {
    let app = TestApp::start().await;
    let named = async |rows: String| {
        let request = local(Request::post("/v1/events/homework")).header("idempotency-key", "monday");
        app.send(request.body(Body::from(rows)).unwrap()).await
    };
    assert_eq!(named(homework()).await.status, 200);
    met.add(named(homework().replace("submitted", "late")).await, "identity_reused");
}

async fn of_figures(met: &mut Met) {
    let app = TestApp::with_homework().await;
    let figure = |query: &str| format!("/v1/metrics/homework/submission_rate?{query}");
    met.add(app.get("/v1/metrics/no/such").await, "unknown_metric");
    met.add(app.get(&figure("by=planet")).await, "unknown_dimension");
    met.add(app.get(&figure("by=day,day")).await, "repeated_dimension");
    met.add(app.get(&figure("planet=earth")).await, "unknown_parameter");
    met.add(app.get(&figure("from=yesterday")).await, "bad_parameter");
    met.add(app.get(&figure("class=a&class=b")).await, "bad_parameter");
    met.add(app.get(&figure("format=xml")).await, "bad_parameter");
    met.add(app.get_as(&figure(""), "image/png").await, "not_acceptable");
    met.add(app.get("/v1/policy/interrupted?metric=homework/submission_rate&date=2026-11-19").await, "not_answerable");
    met.add(app.get("/v1/value-added/2026-11-26-1").await, "unknown_release");
    met.add(app.sql("DROP TABLE homework").await, "not_read_only");
    met.add(app.sql("SELECT * FROM nothing").await, "unknown_table");
    met.add(app.sql("SELECT nothing FROM homework").await, "bad_sql");
    met.add(app.sql(&format!("SELECT {}1", "1+".repeat(1_000))).await, "sql_too_deep");
}

async fn of_alerts(met: &mut Met) {
    let app = TestApp::start().await;
    met.add(app.get("/v1/alerts?rule=nothing").await, "unknown_rule");
    let acknowledge = async |id: &str, who: &str| {
        let body = format!(r#"{{"who":"{who}"}}"#);
        app.post(&format!("/v1/alerts/{id}/acknowledge"), "application/json", body).await
    };
    met.add(acknowledge("4711", "x").await, "unknown_alert");
    met.add(acknowledge("4711", "").await, "bad_acknowledgement");
    // A pupil who was absent without leave is there after all.
    for status in ["truant", "present"] {
        let checkpoint = |student: usize| {
            let status = if student == 0 { status } else { "present" };
            format!(
                r#"{{"school":"s1","class":"c1","grade":"13","student":"{student}","at":"2026-11-20T08:20:00+08:00","place":"lesson","period":"1","status":"{status}"}}"#
            ) + "\n"
        };
        let rows: String = (0..12).map(checkpoint).collect();
        assert_eq!(app.post("/v1/events/attendance", NDJSON, rows).await.status, 200);
        app.app.ingest.settled().await.unwrap();
        let rule = app.app.alerts.rules().get("attendance/no_leave").unwrap().clone();
        app.app.alerts.judge(&rule).await.unwrap();
    }
    app.app.alerts.resolve().await.unwrap();
    met.add(acknowledge("0", "x").await, "alert_resolved");
}

async fn of_limits(met: &mut Met) {
    let none = Options { queries: 0, turn_wait: Duration::from_millis(5), ..Options::default() };
    let app = TestApp::with(none, Default::default()).await;
    let answer = app.get("/v1/metrics/homework/submission_rate").await;
    assert_eq!(answer.header("retry-after"), "2");
    met.add(answer, "too_many_requests");
    let full = TestApp::with(Options { pending_bytes: 10, ..Options::default() }, Default::default()).await;
    let answer = full.post("/v1/events/homework", NDJSON, homework()).await;
    assert_eq!(answer.header("retry-after"), "1");
    met.add(answer, "too_many_requests");
    let none = Options { bodies: 0, ..Options::default() };
    let answer = TestApp::with(none, Default::default()).await.post("/v1/events/homework", NDJSON, homework()).await;
    assert_eq!(answer.header("retry-after"), "1");
    met.add(answer, "too_many_requests");
    let none = Options { streams: 0, turn_wait: Duration::from_millis(5), ..Options::default() };
    let answer = TestApp::with(none, Default::default()).await.post("/v1/events/homework", NDJSON, vec![b' '; 2 << 20]).await;
    assert_eq!(answer.header("retry-after"), "10");
    met.add(answer, "too_many_requests");
    let patient =
        TestApp::with(Options { idle_timeout: Duration::from_millis(20), ..Options::default() }, Default::default()).await;
    let silent = Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    met.add(patient.post("/v1/events/homework", NDJSON, silent).await, "body_timeout");
    let hasty =
        TestApp::with(Options { request_timeout: Duration::from_millis(1), ..Options::default() }, Default::default()).await;
    met.add(hasty.post("/v1/events/homework", NDJSON, homework()).await, "request_timeout");
    of_query_limits(met).await;
}

async fn of_query_limits(met: &mut Met) {
    const ROWS: &str = "SELECT * FROM generate_series(1, 1000)";
    const HEAVY: &str =
        "SELECT a.value, count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b GROUP BY a.value";
    const ARRAY: &str = "SELECT array_agg(value) AS every FROM generate_series(1, 3000000)";
    let rows = xueqing_query::Options { max_rows: 10, ..Default::default() };
    met.add(TestApp::with(Options::default(), rows).await.sql(ROWS).await, "too_many_rows");
    let seconds = xueqing_query::Options { timeout: Duration::from_millis(300), ..Default::default() };
    met.add(TestApp::with(Options::default(), seconds).await.sql(HEAVY).await, "time_limit");
    let memory = xueqing_query::Options { memory_bytes: 1 << 20, ..Default::default() };
    met.add(TestApp::with(Options::default(), memory).await.sql(ARRAY).await, "memory_limit");
    let app = TestApp::start().await;
    met.add(app.post("/v1/sql", "text/plain", vec![b' '; 70_000]).await, "sql_too_long");
}

async fn of_stopping(met: &mut Met) {
    let app = TestApp::start().await;
    app.app.ingest.shutdown().await;
    met.add(app.post("/v1/events/homework", NDJSON, homework()).await, "closed");
}
