//! A whole application over a lake in a temporary folder, asked without a socket.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, Response, StatusCode, header, request};
use bytes::Bytes;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;
use xueqing_alerts::Alerts;
use xueqing_api::{App, Options};
use xueqing_lake::Lake;
use xueqing_pipeline::Ingest;
use xueqing_query::Engine;
use xueqing_query::alert::Rules;
use xueqing_schema::Standard;
use xueqing_schema::ids::Pseudonyms;

pub const NDJSON: &str = "application/x-ndjson";
/// 2026-11-20 12:00 UTC, a Friday.
const NOW: i64 = 1_795_176_000_000_000;

pub struct TestApp {
    pub app: App,
    pub lake: Lake,
    router: Router,
    _folder: TempDir,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl TestApp {
    pub async fn start() -> TestApp {
        TestApp::with(Options::default(), xueqing_query::Options::default()).await
    }

    pub async fn with(options: Options, query: xueqing_query::Options) -> TestApp {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::open(folder.path().to_str().unwrap()).unwrap();
        let standard = Arc::new(Standard::builtin().unwrap());
        let ingest = Ingest::start(xueqing_pipeline::Setup {
            lake: lake.clone(),
            standard: standard.clone(),
            ids: Pseudonyms::new(b"a key for tests"),
            timezone: chrono_tz::Asia::Shanghai,
            rollup_files: Vec::new(),
            options: xueqing_pipeline::Options { commit_interval: Duration::from_millis(20), ..Default::default() },
            clock: Arc::new(|| NOW),
        });
        let ingest = ingest.await.unwrap();
        let engine = Engine::open(xueqing_query::Setup {
            lake: lake.clone(),
            standard: standard.clone(),
            timezone: chrono_tz::Asia::Shanghai,
            metric_files: Vec::new(),
            options: query,
        });
        let engine = engine.unwrap();
        let alerts = Alerts::open(xueqing_alerts::Setup {
            lake: lake.clone(),
            rules: Rules::load(&engine, &[]).unwrap(),
            engine: engine.clone(),
            standard: standard.clone(),
            receivers: Vec::new(),
            timezone: chrono_tz::Asia::Shanghai,
            clock: Arc::new(|| NOW),
            page: None,
            options: xueqing_alerts::Options::default(),
        });
        let app = App { ingest, engine, alerts: alerts.await.unwrap(), standard, options };
        TestApp { router: xueqing_api::router(app.clone()), app, lake, _folder: folder }
    }

    /// An application that holds two evenings of homework of one class.
    pub async fn with_homework() -> TestApp {
        let app = TestApp::start().await;
        let receipt = app.post("/v1/events/homework", NDJSON, homework()).await;
        assert_eq!(receipt.status, 200, "{}", receipt.text());
        app.app.ingest.settled().await.unwrap();
        app
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(local(Request::get(path)).body(Body::empty()).unwrap()).await
    }

    pub async fn get_as(&self, path: &str, accept: &str) -> Answer {
        self.send(local(Request::get(path)).header(header::ACCEPT, accept).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, content_type: &str, body: impl Into<Body>) -> Answer {
        self.send(local(Request::post(path)).header(header::CONTENT_TYPE, content_type).body(body.into()).unwrap()).await
    }

    pub async fn sql(&self, sql: &str) -> Answer {
        self.post("/v1/sql", "application/json", serde_json::json!({ "sql": sql }).to_string()).await
    }

    /// The answer before its body has been read.
    pub async fn response(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.response(request).await.into_parts();
        Answer { status: parts.status, headers: parts.headers, body: to_bytes(body, 256 << 20).await.unwrap() }
    }
}

pub fn local(request: request::Builder) -> request::Builder {
    request.header(header::HOST, "localhost:8080")
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The JSON without what differs between runs.
    pub fn redacted(&self) -> Value {
        let mut value = self.json();
        redact(&mut value);
        value
    }

    /// Checks that this is a well-formed problem and gives its code.
    #[track_caller]
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let body = self.json();
        let code = body["code"].as_str().unwrap().to_owned();
        assert_eq!(body["status"], self.status.as_u16());
        assert_eq!(body["type"], format!("/v1/problems/{code}"));
        assert_eq!(body["request_id"], self.header("x-request-id"));
        for text in ["title", "title_zh", "title_en", "detail"] {
            assert!(body[text].as_str().is_some_and(|text| !text.is_empty()), "{text} of {body}");
        }
        code
    }
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                match name.as_str() {
                    "request_id" | "version" => *value = "[…]".into(),
                    "as_of" => value.as_object_mut().unwrap().values_mut().for_each(|version| *version = "[…]".into()),
                    _ => redact(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

/// Twelve students of class 101 over two evenings; the twelfth never hands mathematics in.
pub fn homework() -> String {
    let mut lines = String::new();
    for (day, subject) in [("2026-11-18", "math"), ("2026-11-18", "chinese"), ("2026-11-19", "math")] {
        for student in 1..=12 {
            let missing = student == 12 && subject == "math";
            let work = if missing {
                r#""status":"missing""#.to_owned()
            } else {
                format!(r#""status":"submitted","minutes":{},"minutes_source":"measured""#, 10 + student)
            };
            lines.push_str(&format!(
                r#"{{"assignment":"{subject}-{day}","school":"s1","class":"c101","grade":"13","subject":"{subject}","student":"{student}","assigned_at":"{day}T16:30:00+08:00",{work}}}"#
            ));
            lines.push('\n');
        }
    }
    lines
}
