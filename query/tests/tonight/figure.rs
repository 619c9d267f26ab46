//! The figure of tonight over small tables, with the answer worked out by hand, and what must never change it.

use serde_json::{Value, json};

use crate::support::{District, assert_rows, rows};
use crate::term::Term;

/// Twelve pupils; the first is twice as slow as the last.
const PUPILS: usize = 12;

fn set(name: &str, day: &str, minutes: Option<f64>) -> Value {
    json!({"assignment": name, "day": day, "school": "s1", "class": "c1", "grade": "13", "subject": "math", "teacher": "t1",
        "form": "written", "estimated_minutes": minutes})
}

/// Fourteen evenings in September on which what is estimated at 20 minutes takes 30; the 1st of the month is a Tuesday.
async fn half_as_much_again() -> District {
    let days: Vec<String> = (1..=14).map(|day| format!("2026-09-{day:02}")).collect();
    let id = |day: &String| format!("p-{day}");
    let base = |day: &String| json!({"day": day, "school": "s1", "grade": "13", "class": "c1", "subject": "math", "assignment": id(day)});
    let with = |mut row: Value, more: Value| {
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let assigned = days.iter().map(|day| with(base(day), json!({"teacher": "t1", "pieces": 1, "estimated_seconds": 1200})));
    let done = json!({"students": 12, "expected": 12, "timed_measured": 12, "seconds_measured": 12 * 1800});
    let pieces = days.iter().map(|day| with(base(day), done.clone()));
    let pupil = |day: &String, place: usize| {
        // From 2400 s to 1200 s, 1800 s on average.
        let seconds = 2400 - 1200 * place / (PUPILS - 1);
        json!({"day": day, "school": "s1", "grade": "13", "class": "c1", "student": format!("{place:02}"), "homework_expected": 1,
            "timed_measured": 1, "seconds_measured": seconds})
    };
    let student_days: Vec<Value> = days.iter().flat_map(|day| (0..PUPILS).map(move |place| pupil(day, place))).collect();
    let district = District::empty().await.with("assigned_day", Value::Array(assigned.collect())).await;
    district.with("assignment_day", Value::Array(pieces.collect())).await.with("student_day", Value::Array(student_days)).await
}

#[tokio::test]
async fn estimates_are_corrected_by_what_past_pieces_took() {
    let withdrawn = json!({"withdrawn": true});
    let mut gone = set("gone", "2026-09-15", Some(90.0));
    gone.as_object_mut().unwrap().extend(withdrawn.as_object().unwrap().clone());
    let tonight = json!([set("a", "2026-09-15", Some(20.0)), set("b", "2026-09-15", Some(30.0)), gone]);
    let engine = half_as_much_again().await.with("assignment", tonight).await.engine(10);
    let found = rows(&engine, "workload/tonight", &["class"], &[("from", "2026-09-15")]).await;
    assert_rows(
        &found,
        json!([{"students": 12, "evenings": 1, "assignments": 2, "estimated_minutes": 50.0, "limit_minutes": 60,
        "basis": "teacher", "past_assignments": 14, "teacher_assignments": 14, "coverage": 1.0, "measured_share": 1.0, "warning": "over"}]),
    );
    // Every piece took half as much again, to the least spread of 1 % there is: 75 minutes, and nearly nobody spends under 60.
    let at = |name: &str| found[0][name].as_f64().unwrap();
    assert!((at("expected_minutes") - 75.0).abs() < 0.05, "{found:?}");
    assert!(at("low_minutes") > 73.5 && at("high_minutes") < 76.5 && at("low_minutes") < at("high_minutes"), "{found:?}");
    assert!(at("over_limit_probability") > 0.999 && (0.7..0.95).contains(&at("over_limit_share")), "{found:?}");
    assert!(
        (48.0..58.0).contains(&at("student_low_minutes")) && (90.0..100.0).contains(&at("student_high_minutes")),
        "{found:?}"
    );
    let pieces = rows(&engine, "workload/tonight", &["assignment"], &[("from", "2026-09-15")]).await;
    assert_eq!(pieces.len(), 2);
    let sum: f64 = pieces.iter().map(|row| row["expected_minutes"].as_f64().unwrap()).sum();
    assert!((sum - at("expected_minutes")).abs() < 1e-9, "the pieces add up");
}

#[tokio::test]
async fn each_piece_says_what_it_rests_on() {
    let mut other = set("new-teacher", "2026-09-15", Some(20.0));
    other["teacher"] = "t9".into();
    let mut oral = set("oral", "2026-09-15", Some(10.0));
    oral["form"] = "oral".into();
    let tonight = json!([set("known", "2026-09-15", Some(20.0)), other, set("no-estimate", "2026-09-15", None), oral]);
    let engine = half_as_much_again().await.with("assignment", tonight).await.engine(10);
    let found = rows(&engine, "workload/tonight", &["assignment"], &[("from", "2026-09-15")]).await;
    assert_rows(
        &found,
        json!([
            {"assignment": "known", "basis": "teacher", "teacher_assignments": 14, "without_estimate": 0, "warning": null},
            {"assignment": "new-teacher", "basis": "school", "teacher_assignments": 0},
            {"assignment": "no-estimate", "basis": "past_minutes", "estimated_minutes": null, "without_estimate": 1},
            {"assignment": "oral", "basis": "teacher", "written_minutes": 0.0},
        ]),
    );
    let minutes = |place: usize| found[place]["expected_minutes"].as_f64().unwrap();
    assert!((minutes(2) - 30.0).abs() < 0.1 && (minutes(3) - 15.0).abs() < 0.1, "{found:?}");
    // The evening has the weakest basis; what is oral does not count towards the limit.
    let evening = rows(&engine, "workload/tonight", &["class"], &[("from", "2026-09-15")]).await;
    assert_rows(&evening, json!([{"assignments": 4, "basis": "past_minutes", "without_estimate": 1}]));
    let written = evening[0]["written_minutes"].as_f64().unwrap();
    assert!((evening[0]["expected_minutes"].as_f64().unwrap() - written - minutes(3)).abs() < 1e-9, "{evening:?}");
}

#[tokio::test]
async fn without_a_past_there_is_no_interval_and_what_is_unknown_is_not_zero() {
    let roster: Vec<Value> =
        (0..PUPILS).map(|place| json!({"school": "s1", "class": "c1", "student": place.to_string()})).collect();
    let tonight = json!([set("a", "2026-09-15", Some(40.0)), set("b", "2026-09-15", Some(30.0)), set("c", "2026-09-16", None)]);
    let district = District::empty().await.with("student", Value::Array(roster)).await.with("assignment", tonight).await;
    let engine = district.engine(10);
    let found = rows(&engine, "workload/tonight", &["day"], &[("from", "2026-09-15")]).await;
    assert_rows(
        &found,
        json!([
            {"day": "2026-09-15", "students": 12, "expected_minutes": 70.0, "low_minutes": null, "over_limit_probability": null,
             "over_limit_share": null, "basis": "estimate", "past_assignments": 0, "coverage": null, "warning": "over"},
            {"day": "2026-09-16", "expected_minutes": null, "written_minutes": null, "basis": "nothing", "warning": null},
        ]),
    );
}

#[tokio::test]
async fn the_limit_is_that_of_the_grade_and_the_day() {
    let tonight = json!([set("weekday", "2026-09-15", Some(30.0)), set("saturday", "2026-09-19", Some(90.0))]);
    let engine = half_as_much_again().await.with("assignment", tonight).await.engine(10);
    let found = rows(&engine, "workload/tonight", &["day"], &[("from", "2026-09-15")]).await;
    assert_rows(
        &found,
        json!([
            {"day": "2026-09-15", "limit_minutes": 60, "warning": "none"},
            {"day": "2026-09-19", "limit_minutes": null, "over_limit_probability": null, "over_limit_share": null, "warning": null},
        ]),
    );
    // Both evenings together: each class counts its pupils once, and an interval is not made up.
    let both = rows(&engine, "workload/tonight", &["class"], &[("from", "2026-09-15")]).await;
    assert_rows(&both, json!([{"students": 12, "evenings": 2, "assignments": 2, "low_minutes": null, "warning": null}]));
    let latest = rows(&engine, "workload/tonight", &["day"], &[("to", "2026-09-18")]).await;
    assert_rows(&latest, json!([{"day": "2026-09-15"}]));
}

#[tokio::test]
async fn a_forecast_knows_nothing_of_its_own_evening_or_later() {
    let term = Term::generate(7);
    let day = term.days[60].to_string();
    let on = [("from", day.as_str()), ("to", day.as_str())];
    let afterwards = rows(&term.district().await.engine(10), "workload/tonight", &["class"], &on).await;
    let before = rows(&term.district_before(&day).await.engine(10), "workload/tonight", &["class"], &on).await;
    assert!(before.len() > 8 && before.iter().all(|row| row["low_minutes"].is_number()), "{before:?}");
    assert_rows(&afterwards, Value::Array(before.into_iter().map(Value::Object).collect()));
}

#[tokio::test]
async fn a_class_has_the_same_forecast_whatever_else_is_asked_for() {
    let term = Term::generate(8);
    let engine = term.district().await.engine(10);
    let day = term.days[50].to_string();
    let on = [("from", day.as_str()), ("to", day.as_str())];
    let all = rows(&engine, "workload/tonight", &["class"], &on).await;
    let class = all[3]["class"].as_str().unwrap().to_owned();
    let expected = json!([all[3]]);
    let with = |more: &[(&'static str, &str)]| {
        on.iter().copied().chain(more.iter().copied()).map(|(n, v)| (n, v.to_owned())).collect::<Vec<_>>()
    };
    for params in [with(&[("class", &class)]), with(&[("class", &class), ("school", "s1"), ("grade", all_grade(&class))])] {
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_rows(&rows(&engine, "workload/tonight", &["class"], &params).await, expected.clone());
    }
}

/// The grade of a class of the generated term.
fn all_grade(class: &str) -> &'static str {
    ["13", "14", "15", "16", "21", "22"][class[1..].parse::<usize>().unwrap() / 2]
}
