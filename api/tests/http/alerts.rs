//! Alerts over HTTP: listed, filtered, acknowledged, told by the live feed.

use serde_json::{Value, json};

use crate::app::{NDJSON, TestApp};

const RULE: &str = "attendance/illness_cluster";

/// Three of twelve in a class are ill today, and the rule has been evaluated.
async fn with_cluster() -> TestApp {
    let app = TestApp::start().await;
    let line = |student: usize| {
        let (status, symptom) = if student < 3 { ("sick_leave", "发热") } else { ("present", "") };
        json!({"school": "s1", "class": "c101", "grade": "13", "student": student.to_string(), "at": "2026-11-20T08:20:00+08:00",
               "place": "lesson", "period": "1", "status": status, "symptom": symptom})
    };
    let lines: String = (0..12).map(|student| format!("{}\n", line(student))).collect();
    assert_eq!(app.post("/v1/events/attendance", NDJSON, lines).await.json()["accepted"], 12);
    app.app.ingest.settled().await.unwrap();
    judge(&app).await;
    app
}

async fn judge(app: &TestApp) {
    let rule = app.app.alerts.rules().get(RULE).unwrap().clone();
    app.app.alerts.judge(&rule).await.unwrap();
}

async fn list(app: &TestApp, query: &str) -> Vec<Value> {
    let answer = app.get(&format!("/v1/alerts{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["total"], body["alerts"].as_array().unwrap().len());
    body["alerts"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_listed_and_filtered() {
    let app = with_cluster().await;
    let all = list(&app, "").await;
    let alert = &all[0];
    assert_eq!((&alert["rule"], &alert["severity"]), (&json!(RULE), &json!("critical")));
    assert_eq!(alert["subject"], json!({"school": "s1", "class": "c101", "symptom_group": "respiratory"}));
    assert_eq!(alert["values"]["cases_1_day"], 3);
    assert_eq!(alert["raised_at"], "2026-11-20T12:00:00Z");
    assert!(alert["reason"]["zh"].as_str().unwrap().contains("c101：发热或呼吸道症状，截至 2026-11-20 当天 3 例"), "{alert}");
    assert!(alert["reason"]["en"].as_str().unwrap().contains("3 cases on 2026-11-20"), "{alert}");
    for (query, count) in [
        ("?open=true&school=s1&class=c101&severity=warning&since=2026-11-20", 1),
        ("?open=false", 0),
        ("?class=c102", 0),
        ("?school=s2", 0),
        ("?rule=attendance/no_leave", 0),
        ("?since=2026-11-20T20:00:01%2B08:00", 0),
        ("?since=2026-11-20T12:00:00Z&limit=1", 1),
    ] {
        assert_eq!(list(&app, query).await.len(), count, "{query}");
    }
    for (query, code) in [
        ("?open=maybe", "bad_parameter"),
        ("?severity=bad", "bad_parameter"),
        ("?since=soon", "bad_parameter"),
        ("?limit=0", "bad_parameter"),
        ("?grade=13", "unknown_parameter"),
        ("?rule=nothing", "unknown_rule"),
    ] {
        assert_eq!(app.get(&format!("/v1/alerts{query}")).await.problem(), code, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_acknowledged_once() {
    let app = with_cluster().await;
    let id = list(&app, "").await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/alerts/{id}/acknowledge");
    let post = |body: &'static str| app.post(&path, "application/json", body);
    assert_eq!(app.post(&path, "text/plain", r#"{"who":"x"}"#).await.problem(), "unsupported_media_type");
    assert_eq!(post("{}").await.problem(), "invalid_json");
    assert_eq!(post(r#"{"who":" "}"#).await.problem(), "bad_acknowledgement");
    let other = app.post("/v1/alerts/99/acknowledge", "application/json", r#"{"who":"x"}"#).await;
    assert_eq!((other.status.as_u16(), other.problem().as_str()), (404, "unknown_alert"));
    let done = post(r#"{"who":"王老师","note":"已联系家长"}"#).await.json();
    assert_eq!(done["acknowledged"], json!({"at": "2026-11-20T12:00:00Z", "who": "王老师", "note": "已联系家长"}));
    assert_eq!(post(r#"{"who":"李老师"}"#).await.json()["acknowledged"]["who"], "王老师");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_are_listed_with_their_conditions() {
    let app = TestApp::start().await;
    let rules = app.get("/v1/alerts/rules").await.json();
    let cluster = rules["rules"].as_array().unwrap().iter().find(|rule| rule["name"] == RULE).unwrap().clone();
    assert_eq!(cluster["figure"], "attendance/illness_clusters");
    assert!(cluster["levels"][0]["when"].as_str().unwrap().contains("cases_3_days >= 5"));
    assert_eq!(cluster["params"]["from"], "today - 1");
    assert!(cluster["title"]["zh"].is_string() && cluster["reason"]["en"].is_string());
}
