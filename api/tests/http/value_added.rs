//! Value added: a model is fitted and published, the door gives it, and it is made again over the data as they were.

use std::fmt::Write;

use xueqing_query::value_added::release::{self, Asked, Release};
use xueqing_query::{Fitted, Scope};

use crate::app::{NDJSON, TestApp};

const MODEL: &str = r#"
title = { zh = "数学增值", en = "Value added in mathematics" }
sql = """
SELECT now.school, now.score, before.score AS prior FROM assessment AS now
LEFT JOIN assessment AS before ON before.student = now.student AND before.exam = 'first' WHERE now.exam = 'second'
"""
[model]
response = "score"
covariates = [{ column = "prior" }]
groupings = [{ column = "school", grain = "school" }]
"#;

/// Twelve schools of thirty pupils, s12 of five; a school adds half a point more than the one before it.
fn results(exam: &str, shift: i64) -> String {
    let mut lines = String::new();
    for school in 1..=12i64 {
        for pupil in 1..=(if school == 12 { 5 } else { 30 }) {
            let ability = (pupil * 7919 + school * 31) % 41;
            let noise = (pupil * 104_729 + school * 17 + shift) % 7;
            let score = if exam == "first" { 40 + ability } else { 35 + ability + noise + school / 2 + shift };
            writeln!(lines, r#"{{"exam":"{exam}","subject":"math","school":"s{school:02}","class":"c{school}","grade":"14","student":"{school}-{pupil}","held_on":"2026-11-05","score":{score},"full_score":100,"status":"scored","revision":{shift}}}"#).unwrap();
        }
    }
    lines
}

#[tokio::test]
async fn a_release_is_given_as_it_was_and_made_again_over_the_data_as_they_were() {
    let app = TestApp::start().await;
    for exam in ["first", "second"] {
        let receipt = app.post("/v1/events/assessment", NDJSON, results(exam, 0)).await;
        assert_eq!((receipt.status.as_u16(), receipt.json()["rejected"].as_u64()), (200, Some(0)), "{}", receipt.text());
    }
    assert_eq!(app.get("/v1/value-added").await.json(), serde_json::json!({"releases": []}));
    let (engine, asked) = (&app.app.engine, Asked::read(MODEL).unwrap());
    let Fitted { fit, as_of } = engine.fit(&asked.model, &asked.sql, &Scope::District).await.unwrap();
    engine.can_read_again(&as_of).unwrap();
    let result = serde_json::to_value(&fit).unwrap();
    let published = Release {
        release: String::new(),
        made_at: "2026-11-26T01:00:00Z".parse().unwrap(),
        title: asked.title.clone(),
        model: MODEL.to_owned(),
        code: "1".to_owned(),
        as_of: as_of.clone(),
        result: result.clone(),
    };
    let first = release::publish(&app.lake, published.clone()).await.unwrap();
    let second = release::publish(&app.lake, published).await.unwrap();
    assert_eq!((first.release.as_str(), second.release.as_str()), ("2026-11-26-1", "2026-11-26-2"));

    let list = app.get("/v1/value-added").await.json();
    assert_eq!(list["releases"][1]["release"], "2026-11-26-2");
    let whole = app.get("/v1/value-added/2026-11-26-1").await.json();
    assert_eq!((&whole["model"], release::differences(&whole["result"], &result)), (&MODEL.into(), vec![]));
    let schools = whole["result"]["groupings"][0]["effects"].as_array().unwrap();
    let codes: Vec<&str> = schools.iter().map(|school| school["group"].as_str().unwrap()).collect();
    assert!(codes.is_sorted() && codes.len() == 12, "in the order of their codes: {codes:?}");
    assert!(schools[11]["shown"].is_null(), "five pupils are too few to be shown");
    let document = app.get("/openapi.json").await.json();
    let described = document["components"]["schemas"]["WholeRelease"]["properties"].as_object().unwrap();
    assert!(described.keys().eq(whole.as_object().unwrap().keys()), "{described:?}");

    // Corrections change what a fit gives now, and not what was published.
    app.post("/v1/events/assessment", NDJSON, results("second", 3)).await;
    let now = engine.fit(&asked.model, &asked.sql, &Scope::District).await.unwrap();
    assert!(!release::differences(&result, &serde_json::to_value(&now.fit).unwrap()).is_empty());
    let again = engine.fit_at(&asked.model, &asked.sql, &as_of, &Scope::District).await.unwrap();
    assert_eq!(release::differences(&result, &serde_json::to_value(&again.fit).unwrap()), Vec::<String>::new());

    let gone = [("assessment".to_owned(), 99)].into();
    let error = engine.fit_at(&asked.model, &asked.sql, &gone, &Scope::District).await.unwrap_err();
    assert_eq!(error.code(), "lake_version_gone", "{error}");
    let rollup = [("class_day".to_owned(), 1)].into();
    assert_eq!(engine.can_read_again(&rollup).unwrap_err().code(), "not_a_kind");
}
