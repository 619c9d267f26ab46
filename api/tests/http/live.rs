//! The live feed: who is told what, and how one goes on after an interruption.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures::StreamExt;
use serde_json::Value;
use tokio::time::timeout;

use crate::app::{NDJSON, TestApp, local};

/// A reader of the feed.
struct Reader {
    body: BodyDataStream,
    text: String,
}

/// One event.
struct Event {
    name: String,
    id: String,
    data: Value,
}

impl Reader {
    async fn open(app: &TestApp, query: &str, seen: Option<&str>) -> Reader {
        let mut request = local(Request::get(format!("/v1/live{query}")));
        if let Some(seen) = seen {
            request = request.header("last-event-id", seen);
        }
        let response = app.response(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Reader { body: response.into_body().into_data_stream(), text: String::new() }
    }

    async fn next(&mut self) -> Event {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
                let (name, id, data) = (field("event:"), field("id:"), field("data:"));
                self.text = rest.to_owned();
                if !name.is_empty() {
                    return Event { name, id, data: serde_json::from_str(&data).unwrap() };
                }
                continue;
            }
            let piece = timeout(Duration::from_secs(20), self.body.next()).await.expect("an event in time");
            self.text.push_str(std::str::from_utf8(&piece.expect("no end").unwrap()).unwrap());
        }
    }
}

fn homework(class: &str, student: &str) -> String {
    format!(
        r#"{{"assignment":"a1","school":"s1","class":"{class}","grade":"13","subject":"math","student":"{student}","assigned_at":"2026-11-20T16:30:00+08:00","status":"submitted"}}"#
    )
}

async fn send(app: &TestApp, class: &str, student: &str) {
    assert_eq!(app.post("/v1/events/homework", NDJSON, homework(class, student)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_is_told_what_changed_in_its_class() {
    let app = TestApp::start().await;
    let mut all = Reader::open(&app, "", None).await;
    let mut one = Reader::open(&app, "?school=s1&class=c102", None).await;
    send(&app, "c101", "1").await;
    let event = all.next().await;
    assert_eq!(event.name, "changed");
    assert_eq!(event.data[0]["day"], "2026-11-20");
    let figures: Vec<&str> = event.data[0]["figures"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(figures.contains(&"workload/daily_minutes") && figures.contains(&"homework/submission_rate"), "{figures:?}");
    assert!(!figures.contains(&"exam/summary"), "{figures:?}");
    assert_eq!(event.data[0]["classes"], serde_json::json!([{"school": "s1", "class": "c101"}]));
    // What it tells of is there.
    let counted = app.sql("SELECT sum(homework_expected) AS n FROM class_day").await.json();
    assert_eq!(counted["rows"][0]["n"], 1);
    send(&app, "c102", "1").await;
    let event = one.next().await;
    assert_eq!(event.data[0]["classes"], serde_json::json!([{"school": "s1", "class": "c102"}]), "nothing of c101");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_goes_on_where_it_was() {
    let app = TestApp::start().await;
    let mut reader = Reader::open(&app, "", None).await;
    send(&app, "c101", "1").await;
    let seen = reader.next().await.id;
    drop(reader);
    send(&app, "c101", "2").await;
    send(&app, "c102", "2").await;
    app.app.ingest.settled().await.unwrap();
    let mut reader = Reader::open(&app, "", Some(&seen)).await;
    let event = reader.next().await;
    assert_eq!(
        (event.name.as_str(), event.data[0]["classes"].as_array().unwrap().len()),
        ("changed", 2),
        "all that was missed at once"
    );
    // Someone who was here before the record begins, or at another lake.
    for foreign in ["-1", "999999"] {
        let event = Reader::open(&app, "", Some(foreign)).await.next().await;
        assert_eq!((event.name.as_str(), event.data), ("reset", serde_json::json!({})));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_is_told_that_alerts_have_changed() {
    let app = TestApp::start().await;
    let mut reader = Reader::open(&app, "", None).await;
    let lines: String = (0..12)
        .map(|student| {
            let status = if student < 3 { "sick_leave" } else { "present" };
            format!(
                r#"{{"school":"s1","class":"c101","grade":"13","student":"{student}","at":"2026-11-20T08:20:00+08:00","place":"lesson","period":"1","status":"{status}"}}"#
            ) + "\n"
        })
        .collect();
    assert_eq!(app.post("/v1/events/attendance", NDJSON, lines).await.status, 200);
    app.app.ingest.settled().await.unwrap();
    let rule = app.app.alerts.rules().get("attendance/illness_cluster").unwrap().clone();
    app.app.alerts.judge(&rule).await.unwrap();
    let mut names = Vec::new();
    while !names.contains(&"alerts".to_owned()) {
        names.push(reader.next().await.name);
    }
    assert!(names.iter().all(|name| name == "alerts" || name == "changed"), "{names:?}");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/v1/live?grade=13").await.problem(), "unknown_parameter");
    let odd = local(Request::get("/v1/live")).header("last-event-id", "yesterday").body(Body::empty()).unwrap();
    assert_eq!(app.send(odd).await.problem(), "bad_parameter");
}
