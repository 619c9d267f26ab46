//! Did it work: a figure before and after a date, over days that came in through the door.

use std::collections::BTreeSet;
use std::fmt::Write;

use chrono::{Datelike, NaiveDate};
use serde_json::Value;

use crate::app::{NDJSON, TestApp};

/// The first school day with less homework.
const DATE: &str = "2026-10-12";

/// Forty school days; in schools s1 to s3 homework falls by twelve minutes at the date, in s4 to s6 it does not. s7 is small.
fn homework() -> String {
    let date: NaiveDate = DATE.parse().unwrap();
    let start: NaiveDate = "2026-09-14".parse().unwrap();
    let days = start.iter_days().filter(|day| day.weekday().num_days_from_monday() < 5).take(40);
    let mut lines = String::new();
    for (at, day) in days.enumerate() {
        // What all schools share on a day, unlike from day to day but the same in each run.
        let shared = (at * 7919 % 13) as f64 - 6.0 + if at % 3 == 0 { 4.0 } else { 0.0 };
        for school in 1..=7 {
            let students = if school == 7 { 4 } else { 10 };
            let fall = if school <= 3 && day >= date { 12.0 } else { 0.0 };
            let own = ((at * 31 + school * 17) % 7) as f64;
            for student in 1..=students {
                let minutes = (50.0 + shared + own - fall + student as f64) as i64;
                writeln!(
                    lines,
                    r#"{{"assignment":"a{school}-{day}","school":"s{school}","class":"c{school}","grade":"14","subject":"math","student":"{school}-{student}","assigned_at":"{day}T16:30:00+08:00","status":"submitted","minutes":{minutes},"minutes_source":"measured"}}"#
                )
                .unwrap();
            }
        }
    }
    lines
}

async fn term() -> TestApp {
    let app = TestApp::start().await;
    let receipt = app.post("/v1/events/homework", NDJSON, homework()).await;
    assert_eq!((receipt.status.as_u16(), receipt.json()["rejected"].as_u64()), (200, Some(0)), "{}", receipt.text());
    app.app.ingest.settled().await.unwrap();
    app
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// Whether the interval of an estimate holds `truth`.
fn holds(estimate: &Value, truth: f64) -> bool {
    (number(&estimate["low"])..=number(&estimate["high"])).contains(&truth)
}

/// The fields that the OpenAPI document says a schema has.
fn described(document: &Value, schema: &str) -> BTreeSet<String> {
    let fields = document["components"]["schemas"][schema]["properties"].as_object();
    fields.unwrap_or_else(|| panic!("no schema {schema}")).keys().cloned().collect()
}

fn sent(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys().cloned().collect()
}

#[tokio::test]
async fn a_fall_at_a_date_is_found_with_its_interval() {
    let app = term().await;
    let ask = format!("/v1/policy/interrupted?metric=workload/daily_minutes&date={DATE}&school=s1");
    let answer = app.get(&ask).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["column"]["name"], "mean_minutes");
    assert_eq!(body["column"]["unit"], "min");
    let result = &body["result"];
    assert_eq!((&result["n_before"], &result["n_after"]), (&20.into(), &20.into()));
    assert!(holds(&result["mean_effect"], -12.0), "{}", result["mean_effect"]);
    assert!(number(&result["mean_effect"]["high"]) < 0.0);
    assert_eq!(result["points"].as_array().map(Vec::len), Some(40));
    assert_eq!(result["points"][0]["counterfactual"], Value::Null);
    assert!(number(&result["points"][39]["counterfactual"]) > number(&result["points"][39]["fitted"]));
    let plain = app.get(&format!("{ask}&errors=newey_west&lags=2")).await.json();
    assert_eq!(plain["result"]["lags"], 2);

    let document = app.get("/openapi.json").await.json();
    assert_eq!(described(&document, "Found_Interrupted"), sent(&body));
    assert_eq!(described(&document, "Interrupted"), sent(result));
    assert_eq!(described(&document, "Estimate"), sent(&result["level_change"]));
    assert_eq!(described(&document, "Coefficient"), sent(&result["coefficients"][0]));
    assert_eq!(described(&document, "Point"), sent(&result["points"][0]));
}

#[tokio::test]
async fn schools_that_did_it_are_compared_with_those_that_did_not() {
    let app = term().await;
    let ask = format!("/v1/policy/differences?metric=workload/daily_minutes&date={DATE}&treated=s1,s2,s3");
    let answer = app.get(&ask).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let result = &body["result"];
    assert!(holds(&result["effect"], -12.0) && number(&result["effect"]["high"]) < -8.0, "{}", result["effect"]);
    assert_eq!((&result["treated"]["schools"], &result["comparison"]["schools"]), (&3.into(), &3.into()));
    assert_eq!(result["left_out"], serde_json::json!(["s7"]), "too small to be shown, and so to be compared");
    let document = app.get("/openapi.json").await.json();
    assert_eq!(described(&document, "Found_Differences"), sent(&body));
    assert_eq!(described(&document, "Differences"), sent(result));
    assert_eq!(described(&document, "Group"), sent(&result["treated"]));
    assert_eq!(described(&document, "Week"), sent(&result["weeks"][0]));
}

#[tokio::test]
async fn a_change_is_dated_without_being_told_and_the_next_days_are_foretold() {
    let app = term().await;
    let answer = app.get("/v1/policy/changes?metric=workload/daily_minutes&school=s1").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (changes, document) = (answer.json(), app.get("/openapi.json").await.json());
    let found = &changes["result"]["changes"];
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    let (first, last) = (found[0]["first_day"].as_str().unwrap(), found[0]["last_day"].as_str().unwrap());
    assert!(first <= DATE && DATE <= last && holds(&found[0]["size"], -12.0), "{found}");
    assert_eq!(described(&document, "Changes"), sent(&changes["result"]));
    assert_eq!(described(&document, "Change"), sent(&found[0]));

    // The last day with homework is a Friday; Monday is the next school day, by whatever the calendar says.
    app.post("/v1/events/calendar", NDJSON, r#"{"date":"2026-11-09","term":"2026-2027-1","day_kind":"holiday"}"#.to_owned())
        .await;
    let answer = app.get("/v1/policy/forecast?metric=workload/daily_minutes&school=s4&ahead=5").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let days = body["result"]["days"].as_array().unwrap();
    let dates: Vec<&str> = days.iter().map(|day| day["day"].as_str().unwrap()).collect();
    assert_eq!(dates, ["2026-11-10", "2026-11-11", "2026-11-12", "2026-11-13", "2026-11-16"]);
    assert!(days.iter().all(|day| number(&day["low"]) < number(&day["value"]) && number(&day["value"]) < number(&day["high"])));
    assert_eq!(described(&document, "Forecast"), sent(&body["result"]));
    assert_eq!(described(&document, "Ahead"), sent(&days[0]));
}

#[tokio::test]
async fn load_and_quality_are_placed_as_far_as_they_are_certain() {
    let app = term().await;
    let mut lines = String::new();
    for school in 1..=6 {
        for student in 1..=30 {
            let (day, score) = ("2026-11-05", 60 + school * 4 + student % 9);
            writeln!(lines, r#"{{"exam":"e","subject":"math","school":"s{school}","class":"c{school}","grade":"14","student":"{school}-{student}","held_on":"{day}","score":{score},"full_score":100,"status":"scored","term":"2026-2027-1"}}"#).unwrap();
        }
    }
    let receipt = app.post("/v1/events/assessment", NDJSON, lines).await;
    assert_eq!((receipt.status.as_u16(), receipt.json()["rejected"].as_u64()), (200, Some(0)), "{}", receipt.text());
    let answer = app.get("/v1/policy/quadrants?grade=14&from=2026-10-12").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (body, document) = (answer.json(), app.get("/openapi.json").await.json());
    let units = body["result"]["units"].as_array().unwrap();
    let quadrants: Vec<&str> = units.iter().map(|unit| unit["quadrant"].as_str().unwrap()).collect();
    // Homework fell in s1 to s3; s7 sat no exam.
    assert_eq!(units[0]["names"], serde_json::json!(["s1", "math"]));
    assert_eq!(units.len(), 6, "{quadrants:?}");
    assert_eq!((quadrants[0], quadrants[5]), ("light_poor", "heavy_good"), "{quadrants:?}");
    assert_eq!(described(&document, "Picture"), sent(&body["result"]));
    assert_eq!(described(&document, "Placed"), sent(&units[0]));
    assert_eq!(described(&document, "Place"), sent(&units[0]["place"]));
}

#[tokio::test]
async fn the_last_weeks_are_held_against_those_before() {
    let app = term().await;
    let answer = app.get("/v1/policy/recent?metric=workload/daily_minutes&school=s1&since=2026-10-12&to=2026-10-23").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (body, document) = (answer.json(), app.get("/openapi.json").await.json());
    let result = &body["result"];
    assert_eq!((&result["n_before"], &result["n_after"]), (&20.into(), &10.into()));
    assert!(holds(&result["change"], -12.0) && number(&result["change"]["high"]) < 0.0, "{result}");
    assert_eq!(described(&document, "Found_Recent"), sent(&body));
    assert_eq!(described(&document, "Recent"), sent(result));
}

#[tokio::test]
async fn minutes_that_were_cut_off_are_estimated_and_sources_are_compared() {
    let app = term().await;
    // Grade 13 of s8: twenty-four pupils, two alike, and their teacher's estimate; the system closes at 20:00, when a third of them are at work.
    let plan = (1..=5).map(|weekday| format!(r#"{{"school":"s8","grade":"13","weekday":{weekday},"homework_closes":"20:00"}}"#));
    app.post("/v1/events/day_plan", NDJSON, plan.collect::<Vec<_>>().join("\n")).await;
    let piece = r#"{"assignment":"b","school":"s8","class":"c8","grade":"13","subject":"math","assigned_at":"2026-10-12T16:30:00+08:00","estimated_minutes":40}"#;
    app.post("/v1/events/assignment", NDJSON, piece.to_owned()).await;
    let mut lines = String::new();
    for student in 1..=24 {
        let step = (student + 1) / 2;
        let (minutes, at) = if step > 8 { (90, "20:00") } else { (step * 10, "18:30") };
        let source = if student == 1 { "reported" } else { "measured" };
        writeln!(lines, r#"{{"assignment":"b","school":"s8","class":"c8","grade":"13","subject":"math","student":"8-{student}","assigned_at":"2026-10-12T16:30:00+08:00","submitted_at":"2026-10-12T{at}:00+08:00","status":"submitted","minutes":{minutes},"minutes_source":"{source}"}}"#).unwrap();
    }
    let receipt = app.post("/v1/events/homework", NDJSON, lines).await;
    assert_eq!((receipt.status.as_u16(), receipt.json()["rejected"].as_u64()), (200, Some(0)), "{}", receipt.text());
    let document = app.get("/openapi.json").await.json();
    let answer = app.get("/v1/policy/censored?stage=primary&grade=13&limit=40&to=2026-10-12").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let result = &body["result"];
    assert_eq!((body["metric"].as_str(), &result["n"], &result["cut_off"]), (Some("workload/cut_off"), &23.into(), &8.into()));
    // 10 once, 20 … 80 twice, and eight at 90 or more: over 40 are 16 of 23.
    assert!((number(&result["over_limit"]["found"]["value"]) - 16.0 / 23.0).abs() < 1e-12, "{result}");
    assert_eq!(result["p90"]["refused"]["code"], "not_reached");
    assert_eq!(described(&document, "Found_Unclosed"), sent(&body));
    assert_eq!(described(&document, "Unclosed"), sent(result));
    assert_eq!(described(&document, "CurvePoint"), sent(&result["curve"][0]));
    // What is told of is described where it is told.
    let law = document["components"]["schemas"]["Told_Lognormal"]["properties"]["found"]["properties"].as_object();
    assert_eq!(law.map(|fields| fields.keys().cloned().collect()), Some(sent(&result["lognormal"]["found"])));
    assert_eq!(described(&document, "Reason"), sent(&result["p90"]["refused"]));

    let body = app.get("/v1/policy/agreement?school=s8&confidence=0.9").await.json();
    let pairs = body["result"]["pairs"].as_array().unwrap();
    let codes: Vec<&Value> = pairs.iter().map(|pair| &pair["agreement"]["refused"]["code"]).collect();
    // One report is too few; the one estimate is of every pupil, and so does not vary.
    assert_eq!(codes, ["small_group", "no_variance", "small_group"]);
    assert_eq!(described(&document, "Found_Sources"), sent(&body));
    assert_eq!(described(&document, "Sources"), sent(&body["result"]));
    assert_eq!(described(&document, "Pair"), sent(&pairs[0]));
    assert_eq!(described(&document, "Told_Agreement"), sent(&pairs[0]["agreement"]));
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_with_the_reason() {
    let app = term().await;
    let ask = async |rest: &str| {
        let answer = app.get(&format!("/v1/policy/{rest}")).await;
        (answer.problem(), answer.json()["detail"].as_str().unwrap().to_owned())
    };
    for (rest, code, says) in [
        ("interrupted?metric=workload/daily_minutes&date=2026-09-16", "not_answerable", "few_days_before: 2 days"),
        ("interrupted?metric=workload/daily_minutes&date=2026-10-12&school=s7", "not_answerable", "empty_series"),
        ("interrupted?metric=workload/daily_minutes&date=2026-10-12&confidence=2", "not_answerable", "confidence is 2"),
        ("interrupted?metric=workload/daily_minutes&date=soon", "bad_parameter", "2026-11-02"),
        ("interrupted?metric=workload/daily_minutes&date=2026-10-12&lags=3", "bad_parameter", "newey_west"),
        ("interrupted?metric=workload/daily_minutes&date=2026-10-12&season=9", "bad_parameter", "0 to 3"),
        ("interrupted?metric=workload/daily_minutes&date=2026-10-12&column=students", "bad_parameter", "column of the figure"),
        ("interrupted?metric=exam/summary&date=2026-10-12", "unknown_dimension", "day"),
        ("interrupted?date=2026-10-12", "bad_parameter", "workload/daily_minutes"),
        ("differences?metric=workload/daily_minutes&date=2026-10-12&treated=s1", "not_answerable", "few_schools: 1 schools"),
        ("differences?metric=workload/daily_minutes&date=2026-10-12&treated=s1,s2,s9", "bad_parameter", "s9"),
        (
            "differences?metric=workload/daily_minutes&date=2026-10-12&treated=s1,s2,s3&comparison=s3,s4,s5",
            "not_answerable",
            "in_both",
        ),
        ("differences?metric=workload/daily_minutes&date=2026-10-12", "bad_parameter", "codes of schools"),
        ("changes?metric=workload/daily_minutes&from=2026-10-26", "not_answerable", "few_days: "),
        ("forecast?metric=workload/daily_minutes&ahead=61", "not_answerable", "1 to 60"),
        ("forecast?metric=workload/daily_minutes&ahead=many", "bad_parameter", "whole number"),
        ("quadrants?certain=1", "bad_parameter", "0.5 to below 1"),
        ("recent?metric=workload/daily_minutes", "bad_parameter", "2026-11-02"),
        ("recent?metric=workload/daily_minutes&since=2026-09-16", "not_answerable", "few_days_before: 2 days"),
        ("censored?limit=-1", "bad_parameter", "above zero"),
        ("censored?school=s7", "not_answerable", "small_group: 4 values"),
        ("censored?teacher=t", "unknown_parameter", "teacher"),
        ("agreement?confidence=1", "not_answerable", "confidence is 1"),
        ("quadrants?by=form", "unknown_dimension", "form"),
        ("quadrants", "not_answerable", "small_group: 0 values"),
    ] {
        let (found, detail) = ask(rest).await;
        assert!(found == code && detail.contains(says), "{rest}: {found}, {detail}");
    }
}
