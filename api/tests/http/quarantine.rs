//! What was rejected, page by page, and never whose record it was.

use crate::app::{Answer, NDJSON, TestApp, homework};
use crate::snapshot;

/// Twelve rows of an unknown subject, each with a pupil's number that nobody may read.
fn alchemy() -> String {
    let homework = homework();
    let rows = homework.lines().take(12).map(|line| line.replace("\"math\"", "\"alchemy\"").replace("\"s1\"", "\"secret\""));
    rows.collect::<Vec<_>>().join("\n")
}

fn lines(answer: &Answer) -> Vec<u64> {
    answer.json()["rejects"].as_array().unwrap().iter().map(|reject| reject["line"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_receipt_links_to_its_own_rejects() {
    let app = TestApp::start().await;
    let clean = app.post("/v1/events/homework", NDJSON, homework()).await.json();
    assert!(clean["rejects_url"].is_null());
    app.post("/v1/events/homework?source=a+b", NDJSON, "{}").await;
    let receipt = app.post("/v1/events/homework?source=a+b", NDJSON, alchemy()).await.json();
    let link = receipt["rejects_url"].as_str().unwrap();
    assert_eq!(link, "/v1/quarantine?source=a+b&mapping=homework&from=1");
    let listed = app.get(link).await;
    assert_eq!(listed.json()["total"], 12, "{}", listed.text());
    assert_eq!(lines(&listed), (1..=12).collect::<Vec<_>>());
    let mut shown = listed.json();
    shown["rejects"].as_array_mut().unwrap().truncate(1);
    snapshot!("rejects", shown);
}

#[tokio::test]
async fn raw_text_is_not_readable() {
    let app = TestApp::start().await;
    app.post("/v1/events/homework", NDJSON, alchemy()).await;
    let listed = app.get("/v1/quarantine").await.text();
    assert!(listed.contains("alchemy") && !listed.contains("secret"), "{listed}");
    assert!(app.sql("SELECT raw FROM quarantine").await.problem() == "unknown_table");
}

#[tokio::test]
async fn pages_follow_each_other_and_repeats_are_listed_once() {
    let app = TestApp::start().await;
    for _ in 0..2 {
        app.post("/v1/events/homework", NDJSON, alchemy()).await;
    }
    let mut next = Some("/v1/quarantine?rule=code&limit=5".to_owned());
    let mut pages = Vec::new();
    while let Some(link) = next {
        let page = app.get(&link).await;
        pages.push(lines(&page));
        next = page.json()["next"].as_str().map(str::to_owned);
    }
    assert_eq!(pages, [vec![1, 2, 3, 4, 5], vec![6, 7, 8, 9, 10], vec![11, 12]]);
    let counted = app.get("/v1/quarantine?limit=1").await.json();
    assert_eq!((counted["total"].as_u64(), counted["rules"]["code"].as_u64()), (Some(12), Some(12)));
    assert_eq!(app.get("/v1/quarantine?source=nobody").await.json()["total"], 0);
    for wrong in ["limit=1001", "from=-1", "limit=x"] {
        assert_eq!(app.get(&format!("/v1/quarantine?{wrong}")).await.problem(), "bad_parameter", "{wrong}");
    }
    assert_eq!(app.get("/v1/quarantine?raw=1").await.problem(), "unknown_parameter");
}
