//! A planned assignment is checked against the load of its evening, and nothing is stored.

use serde_json::{Value, json};

use crate::app::{NDJSON, TestApp};
use crate::snapshot;

const CHECK: &str = "/v1/assignments/check";
const EVENING: &str = "from=2026-11-20&to=2026-11-20&school=s1&class=c1";

fn set(subject: &str, day: &str, minutes: Option<u32>) -> Value {
    json!({
        "assignment": format!("{subject}-{day}"), "school": "s1", "class": "c1", "grade": "14", "subject": subject, "teacher": format!("t-{subject}"),
        "assigned_at": format!("{day}T16:00:00+08:00"), "estimated_minutes": minutes, "form": "written",
    })
}

/// Three weeks of a class of twelve: estimates of 20 minutes, of which maths takes about 30 and Chinese about 20; tonight Chinese is set.
async fn with_three_weeks() -> TestApp {
    let app = TestApp::start().await;
    let (mut assignments, mut works) = (Vec::new(), Vec::new());
    for day in (2..20).filter(|day| (day + 5) % 7 < 5) {
        let date = format!("2026-11-{day:02}");
        for (subject, typical) in [("math", 30.0), ("chinese", 20.0)] {
            let piece = set(subject, &date, Some(20));
            let evening = 1.0 + 0.02 * f64::from(day % 5 - 2);
            works.extend((1..=12).map(|student| {
                let minutes =
                    typical * evening * (1.0 + 0.03 * f64::from((student + day) % 4)) * (0.7 + 0.05 * f64::from(student));
                let mut work = piece.as_object().unwrap().clone();
                work.retain(|name, _| !matches!(name.as_str(), "teacher" | "estimated_minutes"));
                work.extend([("student".into(), json!(format!("{student:02}"))), ("status".into(), json!("submitted"))]);
                work.extend([("minutes".into(), json!(minutes)), ("minutes_source".into(), json!("measured"))]);
                Value::Object(work).to_string()
            }));
            assignments.push(piece.to_string());
        }
    }
    assignments.push(set("chinese", "2026-11-20", Some(20)).to_string());
    for (kind, rows) in [("assignment", assignments), ("homework", works)] {
        let receipt = app.post(&format!("/v1/events/{kind}"), NDJSON, rows.join("\n")).await;
        assert_eq!((receipt.status.as_u16(), receipt.json()["rejected"].as_u64()), (200, Some(0)), "{}", receipt.text());
    }
    app.app.ingest.settled().await.unwrap();
    app
}

impl TestApp {
    async fn check(&self, planned: &Value) -> Value {
        let answer = self.post(CHECK, "application/json", serde_json::to_string_pretty(planned).unwrap()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    async fn tonight(&self, by: &str) -> Vec<Value> {
        let answer = self.get(&format!("/v1/metrics/workload/tonight?by={by}&{EVENING}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["rows"].as_array().unwrap().clone()
    }

    async fn stored(&self) -> Value {
        let counted = self.sql("SELECT (SELECT count(*) FROM assignment) AS n, (SELECT count(*) FROM rejects) AS rejects").await;
        counted.json()["rows"][0].clone()
    }
}

/// Numbers to nine digits: threads may add them up in another order.
fn rounded(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(rounded),
        Value::Array(items) => items.iter_mut().for_each(rounded),
        Value::Number(number) if number.is_f64() => {
            *value = json!((number.as_f64().unwrap() * 1e6).round() / 1e6);
        }
        _ => {}
    }
}

fn same(mut ours: Value, mut theirs: Value) {
    rounded(&mut ours);
    rounded(&mut theirs);
    assert_eq!(ours, theirs);
}

#[tokio::test]
async fn a_planned_assignment_is_answered_and_not_stored() {
    let app = with_three_weeks().await;
    let stored = app.stored().await;
    let mut checked = app.check(&set("math", "2026-11-20", Some(40))).await;
    assert_eq!(checked["verdict"], "over", "{checked:#}");
    assert_eq!(app.stored().await, stored);
    same(checked["before"].clone(), app.tonight("day,class").await[0].clone());
    rounded(&mut checked);
    snapshot!("check", checked);
}

#[tokio::test]
async fn what_is_said_before_is_what_the_figure_says_afterwards() {
    let app = with_three_weeks().await;
    let planned = set("math", "2026-11-20", Some(25));
    let checked = app.check(&planned).await;
    app.post("/v1/events/assignment", NDJSON, planned.to_string()).await;
    app.app.ingest.settled().await.unwrap();
    same(checked["after"].clone(), app.tonight("day,class").await[0].clone());
    let pieces = app.tonight("day,class,assignment").await;
    assert_eq!(pieces.len(), 2);
    same(checked["assignment"].clone(), pieces.into_iter().find(|row| row["assignment"] == "math-2026-11-20").unwrap());
    // Checked once more, it takes its own place; a smaller one is within the limit.
    same(app.check(&planned).await["after"].clone(), checked["after"].clone());
    let smaller = app.check(&set("math", "2026-11-20", Some(5))).await;
    assert_eq!((smaller["verdict"].as_str(), smaller["after"]["assignments"].as_i64()), (Some("none"), Some(2)), "{smaller:#}");
    same(smaller["before"].clone(), checked["before"].clone());
}

#[tokio::test]
async fn the_estimate_that_fits_fits() {
    let app = with_three_weeks().await;
    let first = app.check(&set("math", "2026-11-20", Some(60))).await;
    let fits = first["estimate_that_fits"].as_f64().unwrap();
    let with = |minutes: f64| set("math", "2026-11-20", Some(minutes as u32));
    let within = app.check(&with(fits)).await;
    let beyond = app.check(&with(fits + 1.0)).await;
    assert!(within["after"]["written_minutes"].as_f64().unwrap() <= 60.0, "{within:#}");
    assert!(beyond["after"]["written_minutes"].as_f64().unwrap() > 60.0, "{beyond:#}");
}

#[tokio::test]
async fn a_class_without_a_past_has_estimates_and_no_interval() {
    let app = TestApp::with_homework().await;
    let mut planned = set("math", "2026-11-20", Some(70));
    planned["class"] = "c101".into();
    let checked = app.check(&planned).await;
    let after = &checked["after"];
    assert_eq!((after["basis"].as_str(), after["expected_minutes"].as_f64()), (Some("estimate"), Some(70.0)), "{checked:#}");
    assert!(after["low_minutes"].is_null() && after["over_limit_probability"].is_null() && checked["before"].is_null());
    assert_eq!(checked["verdict"], "over");
    planned["estimated_minutes"] = Value::Null;
    let nothing = app.check(&planned).await;
    assert_eq!(
        (nothing["verdict"].as_str(), nothing["after"]["basis"].as_str()),
        (Some("unknown"), Some("nothing")),
        "{nothing:#}"
    );
}

#[tokio::test]
async fn a_class_too_small_to_show_is_not_shown() {
    let app = with_three_weeks().await;
    let mut planned = set("math", "2026-11-20", Some(70));
    planned["class"] = "c2".into();
    let checked = app.check(&planned).await;
    assert_eq!(checked["verdict"], "suppressed", "{checked:#}");
    assert!(checked["after"]["expected_minutes"].is_null() && checked["warning"].is_null());
}

#[tokio::test]
async fn what_breaks_the_standard_is_told_in_both_languages() {
    let app = TestApp::start().await;
    for (wrong, rule, zh) in [
        (json!({"estimated_minutes": 900}), "estimate_plausible", "预计用时应在 0 到 600 分钟之间"),
        (json!({"subject": "alchemy"}), "code", "不在代码集 subjects 中"),
        (json!({"class": ""}), "required", "缺少必填字段"),
        (json!({"estimated_minutes": "long"}), "type", "不是数字"),
    ] {
        let mut planned = set("math", "2026-11-20", Some(20));
        planned.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let answer = app.post(CHECK, "application/json", planned.to_string()).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (422, "row_rejected"), "{wrong}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(&format!("`{rule}`")) && detail.contains(zh), "{detail}");
    }
    assert_eq!(app.stored().await["rejects"], 0);
}

#[tokio::test]
async fn only_one_object_is_taken() {
    let app = TestApp::start().await;
    for body in ["", "[]", "[{}]", "not json", "{} {}"] {
        assert_eq!(app.post(CHECK, "application/json", body).await.problem(), "invalid_json", "{body}");
    }
    let asked = app.post(&format!("{CHECK}?day=2026-11-20"), "application/json", "{}").await;
    assert_eq!(asked.problem(), "unknown_parameter");
}
