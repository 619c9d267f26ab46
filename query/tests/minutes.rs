//! Kinds of schools as parameters, minutes that a closing time cut off, and sources of minutes compared, over small tables with the answer
//! worked out by hand.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use serde_json::{Value, json};
use support::{District, assert_rows, rows};
use xueqing_query::{ALL, Closing, Scope};

fn schools() -> Value {
    json!([
        {"school": "s1", "name": "a", "region": "320902", "school_type": "211", "urban_rural": "111", "public": true},
        {"school": "s2", "name": "b", "region": "320903", "school_type": "312", "urban_rural": "220", "public": false},
        {"school": "s3", "name": "c", "region": "320902"},
    ])
}

#[tokio::test]
async fn what_a_figure_is_grouped_by_it_can_be_asked_for() {
    let day = |school: &str, grade: &str, minutes: i64| {
        json!({"day": "2026-09-07", "school": school, "grade": grade, "class": "c", "student": format!("{school}{grade}"),
               "homework_expected": 1, "timed_measured": 1, "seconds_measured": minutes * 60})
    };
    let days = json!([day("s1", "13", 10), day("s2", "14", 20), day("s2", "22", 40), day("s3", "13", 80)]);
    let engine = District::empty().await.with("school", schools()).await.with("student_day", days).await.engine(0);
    for (param, value, mean) in [
        ("stage", "primary", 110.0 / 3.0),
        ("stage", "junior", 40.0),
        ("school_type", "312", 30.0),
        ("urban_rural", "111", 10.0),
        ("area", "乡村", 30.0),
        ("public", "public", 10.0),
        ("public", "private", 30.0),
    ] {
        let expected = json!([{"mean_minutes": mean}]);
        assert_rows(&rows(&engine, "workload/daily_minutes", &[ALL], &[(param, value)]).await, expected);
    }
    // Together, and of what nobody has.
    let both = [("stage", "junior"), ("public", "private")];
    assert_rows(
        &rows(&engine, "workload/daily_minutes", &["school"], &both).await,
        json!([{"school": "s2", "mean_minutes": 40.0}]),
    );
    assert_rows(&rows(&engine, "workload/daily_minutes", &[ALL], &[("public", "neither")]).await, json!([]));
    // A comparison of areas is not grouped by them, and can be asked for one all the same.
    assert_rows(
        &rows(&engine, "workload/equity", &[ALL], &[("area", "乡村")]).await,
        json!([{"schools": 1, "mean_minutes": 30.0}]),
    );
    // Each figure that can be grouped by a kind of school has the parameter, with the same words.
    for metric in engine.metrics().iter().filter(|metric| metric.dimensions.iter().any(|one| one.name == "school_type")) {
        let param = metric.params.iter().find(|param| param.name == "school_type");
        assert_eq!(param.unwrap().title.zh, "办学类型", "{}", metric.name);
    }
}

fn plan(weekday: i64, closes: Option<&str>, from: &str) -> Value {
    json!({"school": "s1", "grade": "14", "weekday": weekday, "homework_closes": closes, "valid_from": from})
}

fn piece(student: &str, subject: &str, day: &str, status: &str, handed_in: Option<&str>, minutes: Option<f64>) -> Value {
    let source = minutes.map(|_| "measured");
    json!({"assignment": format!("{subject}{day}"), "school": "s1", "class": "c", "grade": "14", "subject": subject, "student": student,
           "day": day, "status": status, "submitted_at": handed_in, "minutes": minutes, "minutes_source": source})
}

#[tokio::test]
async fn closing_cuts_off_what_is_not_done_by_then() {
    // Mondays: closed at 20:00 from September on, at 21:00 from 14 September; the plan of October leaves it open. 20:00 here is 12:00 in UTC.
    let plans = json!([plan(1, Some("20:00"), "2026-09-01"), plan(1, Some("21:00"), "2026-09-14"), plan(1, None, "2026-10-01")]);
    let homework = json!([
        // a: done in time. b: handed in as it closed. c: a second before. d: on the next morning, after it opened again.
        piece("a", "math", "2026-09-07", "submitted", Some("2026-09-07T11:00:00Z"), Some(30.0)),
        piece("b", "math", "2026-09-07", "submitted", Some("2026-09-07T12:00:00Z"), Some(50.0)),
        piece("c", "math", "2026-09-07", "submitted", Some("2026-09-07T11:59:59Z"), Some(40.0)),
        piece("d", "math", "2026-09-07", "late", Some("2026-09-08T00:30:00Z"), Some(60.0)),
        // e: one piece was measured, another never handed in: at least 20 minutes. f: nothing measured, no student-day.
        piece("e", "math", "2026-09-07", "submitted", Some("2026-09-07T11:00:00Z"), Some(20.0)),
        piece("e", "english", "2026-09-07", "missing", None, None),
        piece("f", "math", "2026-09-07", "missing", None, None),
        // The later plan holds; a Tuesday has no plan, and October's leaves it open.
        piece("a", "math", "2026-09-14", "submitted", Some("2026-09-14T12:30:00Z"), Some(70.0)),
        piece("a", "math", "2026-09-08", "submitted", Some("2026-09-08T14:00:00Z"), Some(80.0)),
        piece("a", "math", "2026-10-12", "submitted", Some("2026-10-12T15:00:00Z"), Some(90.0)),
    ]);
    let engine = District::empty().await.with("day_plan", plans).await.with("homework", homework).await.engine(0);
    let by_day = json!([
        {"day": "2026-09-07", "students": 5, "student_days": 5, "closing_days": 5, "cut_off_days": 2, "cut_off_share": 0.4, "recorded_minutes": 40.0},
        {"day": "2026-09-08", "closing_days": 0, "cut_off_days": 0, "cut_off_share": null, "recorded_minutes": 80.0},
        {"day": "2026-09-14", "closing_days": 1, "cut_off_days": 0, "cut_off_share": 0.0},
        {"day": "2026-10-12", "closing_days": 0, "cut_off_days": 0, "cut_off_share": null},
    ]);
    assert_rows(&rows(&engine, "workload/cut_off", &["day"], &[]).await, by_day);
    // Of mathematics alone e was done.
    let maths = rows(&engine, "workload/cut_off", &["subject"], &[("to", "2026-09-07")]).await;
    assert_rows(&maths, json!([{"subject": "math", "student_days": 5, "cut_off_days": 1}]));
}

#[tokio::test]
async fn what_was_cut_off_took_at_least_as_long() {
    // Forty pupils take 10, 20 … 100 minutes, four each; the system closes for those of 80 and more after 75.
    let pupil = |at: i64| {
        let (minutes, student) = ((at % 10 + 1) * 10, format!("{at:032x}"));
        let (minutes, time) = if minutes > 75 { (75, "12:00:01") } else { (minutes, "11:00:00") };
        piece(&student, "math", "2026-09-07", "submitted", Some(&format!("2026-09-07T{time}Z")), Some(minutes as f64))
    };
    let homework: Vec<Value> = (0..40).map(pupil).collect();
    let district = District::empty().await.with("day_plan", json!([plan(1, Some("20:00"), "2026-09-01")])).await;
    let engine = district.with("homework", json!(homework)).await.engine(10);
    let asked = |limit| Closing { params: [("grade".to_owned(), "14".to_owned())].into(), limit, confidence: 0.95 };
    let found = engine.unclosed(asked(Some(60.0)), &Scope::District).await.unwrap();
    assert_eq!((found.metric.name.as_str(), found.column.name.as_str()), ("workload/cut_off", "recorded_minutes"));
    let result = found.result;
    assert_eq!((result.n, result.cut_off), (40, 12));
    // As recorded: (10 + … + 70 + 3 · 75) / 10 = 50.5, and so is the mean up to 75. Half are done at 50 to 60, over 60 are 4 of 10.
    assert!((result.recorded_mean - 50.5).abs() < 1e-9 && (result.restricted_mean.value - 50.5).abs() < 1e-9);
    assert!((result.median.found.unwrap().value - 55.0).abs() < 1e-9);
    assert!((result.over_limit.unwrap().found.unwrap().value - 0.4).abs() < 1e-9);
    assert_eq!(result.p90.refused.unwrap().code, "not_reached");
    assert_eq!(result.curve.len(), 16, "every five minutes up to 75");
    assert!((result.curve[15].share - 0.3).abs() < 1e-9 && result.curve[0].share == 1.0);
    let few = Closing { params: [("to".to_owned(), "2026-09-06".to_owned())].into(), limit: None, confidence: 0.95 };
    assert_eq!(engine.unclosed(few, &Scope::District).await.unwrap_err().code(), "not_answerable");
    let unknown = Closing { params: [("teacher".to_owned(), "t".to_owned())].into(), limit: None, confidence: 0.95 };
    assert_eq!(engine.unclosed(unknown, &Scope::District).await.unwrap_err().code(), "unknown_parameter");
}

#[tokio::test]
async fn a_pupil_counts_once_whatever_the_number_of_days() {
    let days = ["2026-09-07", "2026-09-08", "2026-09-09"];
    let minutes = |at: i64, day: usize| Some((at * 7 % 50 + 3 * day as i64 + 5) as f64);
    let one = |at: i64, day: usize| {
        piece(&format!("{:032x}", at * 0x9e37_79b9), "math", days[day], "submitted", None, minutes(at, day))
    };
    let homework: Vec<Value> = (1..=40).flat_map(|at| (0..3).map(move |day| one(at, day))).collect();
    let engine = District::empty().await.with("homework", json!(homework)).await.engine(10);
    let asked = || Closing { params: [].into(), limit: None, confidence: 0.95 };
    let first = engine.unclosed(asked(), &Scope::District).await.unwrap().result;
    let again = engine.unclosed(asked(), &Scope::District).await.unwrap().result;
    assert_eq!((first.n, first.cut_off), (40, 0));
    assert_eq!(first, again, "the lot is a fixed one");
}

#[tokio::test]
async fn sources_are_compared_over_what_both_are_of() {
    // Twelve pupils: reports of maths are 5 minutes above what the platform measured of them in maths; English is only measured.
    let work = |at: i64, name: &str, subject: &str, source: &str, minutes: i64| {
        json!({"assignment": name, "school": "s1", "class": "c", "grade": "14", "subject": subject, "student": format!("p{at}"),
               "day": "2026-09-07", "status": "submitted", "minutes": minutes, "minutes_source": source})
    };
    let of_pupil = |at: i64| {
        let own = 20 + at * 7 % 11;
        [
            work(at, "m1", "math", "measured", own),
            work(at, "m2", "math", "reported", own + 5 + at % 2),
            work(at, "e1", "english", "measured", 60),
        ]
    };
    let mut homework: Vec<Value> = (1..=12).flat_map(of_pupil).collect();
    // Four more pupils have reports alone.
    homework.extend((13..=16).map(|at| work(at, "m2", "math", "reported", 30)));
    let piece = |name: &str, subject: &str, minutes: f64, withdrawn: bool| {
        json!({"assignment": name, "school": "s1", "class": "c", "grade": "14", "subject": subject, "day": "2026-09-07",
               "estimated_minutes": minutes, "withdrawn": withdrawn})
    };
    let assignments =
        json!([piece("m1", "math", 20.0, false), piece("m2", "math", 30.0, true), piece("e1", "english", 0.0, false)]);
    let engine = District::empty().await.with("homework", json!(homework)).await.with("assignment", assignments).await.engine(10);
    let found = engine.agreement([].into(), 0.95, &Scope::District).await.unwrap();
    assert_eq!(found.metric.name, "quality/source_agreement");
    let [measured_reported, measured_estimated, reported_estimated] = &found.result.pairs[..] else { panic!("three pairs") };
    let agreement = measured_reported.agreement.found.unwrap();
    // Differences are −5 and −6 in turn: −5.5 on average; of 16 pupils with either, 12 have both.
    assert_eq!((agreement.n, agreement.coverage), (12, 0.75));
    assert!((agreement.bias.value + 5.5).abs() < 1e-9, "{:?}", agreement.bias);
    // Estimates are all 20: they do not vary. What was withdrawn has none, so that reports meet no estimate.
    assert_eq!(measured_estimated.agreement.refused.as_ref().unwrap().code, "no_variance");
    assert_eq!(reported_estimated.agreement.refused.as_ref().unwrap().code, "small_group");
    assert_eq!(engine.agreement([].into(), 2.0, &Scope::District).await.unwrap_err().code(), "not_answerable");
}

#[tokio::test]
async fn terms_are_the_calendars() {
    let date = |date: &str, term: Option<&str>, kind: &str| json!({"date": date, "term": term, "day_kind": kind});
    let calendar = json!([
        date("2026-09-01", Some("2026-2027-1"), "school_day"),
        date("2026-10-01", Some("2026-2027-1"), "holiday"),
        date("2026-10-10", Some("2026-2027-1"), "make_up"),
        date("2027-02-22", Some("2026-2027-2"), "no_homework"),
        date("2027-08-01", None, "vacation"),
    ]);
    let engine = District::empty().await.with("calendar", calendar).await.engine(10);
    let expected = json!([
        {"term": "2026-2027-1", "first_day": "2026-09-01", "last_day": "2026-10-10", "school_days": 2},
        {"term": "2026-2027-2", "first_day": "2027-02-22", "last_day": "2027-02-22", "school_days": 1},
    ]);
    assert_rows(&rows(&engine, "directory/terms", &[], &[]).await, expected);
}
