//! Every published figure over small tables, with the answer worked out by hand beside it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use serde_json::json;
use support::{District, assert_rows, rows};
use xueqing_query::{ALL, Request, Scope};

/// Monday to Saturday of one week; 7 September 2026 is a Monday.
async fn week_of_homework() -> District {
    let student_days = json!([
        // a: 20 min measured + 10 min reported = 30 min.
        {"day": "2026-09-07", "school": "s1", "grade": "13", "class": "c1", "student": "a", "homework_expected": 2,
         "timed_measured": 1, "timed_reported": 1, "seconds_measured": 1200, "seconds_reported": 600, "written_seconds": 1800},
        // b: 70 min measured, over the limit of 60.
        {"day": "2026-09-07", "school": "s1", "grade": "13", "class": "c1", "student": "b", "homework_expected": 2,
         "timed_measured": 2, "seconds_measured": 4200, "written_seconds": 4200},
        // c: two pieces, nothing known: in the coverage, not in the mean.
        {"day": "2026-09-07", "school": "s1", "grade": "13", "class": "c1", "student": "c", "homework_expected": 2},
        // a on Tuesday: 50 min estimated; 60 written minutes are not over the limit of 60.
        {"day": "2026-09-08", "school": "s1", "grade": "13", "class": "c1", "student": "a", "homework_expected": 1,
         "timed_estimated": 1, "seconds_estimated": 3000, "written_seconds": 3600},
        // a on Saturday: 90 min measured, no limit on that day.
        {"day": "2026-09-12", "school": "s1", "grade": "13", "class": "c1", "student": "a", "homework_expected": 1,
         "timed_measured": 1, "seconds_measured": 5400, "written_seconds": 5400},
        // z was there and had no homework.
        {"day": "2026-09-07", "school": "s1", "grade": "13", "class": "c1", "student": "z", "checkpoints": 3, "present": 3},
    ]);
    let class_subject_days = json!([
        {"day": "2026-09-07", "school": "s1", "grade": "13", "class": "c1", "subject": "math", "pieces": 1, "students": 3,
         "expected": 3, "submitted": 1, "late": 1, "missing": 1, "timed_measured": 2, "seconds_measured": 3000},
        {"day": "2026-09-07", "school": "s1", "grade": "13", "class": "c1", "subject": "english", "pieces": 1, "students": 3,
         "expected": 3, "submitted": 3, "timed_measured": 1, "timed_reported": 1, "seconds_measured": 2400, "seconds_reported": 600},
        {"day": "2026-09-08", "school": "s1", "grade": "13", "class": "c1", "subject": "math", "pieces": 1, "students": 3,
         "expected": 1, "submitted": 1, "exempt": 2, "timed_estimated": 1, "seconds_estimated": 3000},
        {"day": "2026-09-12", "school": "s1", "grade": "13", "class": "c1", "subject": "math", "pieces": 1, "students": 1,
         "expected": 1, "late": 1, "timed_measured": 1, "seconds_measured": 5400},
    ]);
    District::empty().await.with("student_day", student_days).await.with("class_subject_day", class_subject_days).await
}

#[tokio::test]
async fn every_figure_runs_on_an_empty_lake() {
    let engine = District::empty().await.engine(10);
    assert!(engine.metrics().len() >= 29);
    for metric in engine.metrics() {
        let mut groupings = vec![vec![], vec![ALL.to_owned()], metric.dimensions.iter().map(|d| d.name.clone()).collect()];
        groupings.extend(metric.dimensions.iter().map(|d| vec![d.name.clone()]));
        for by in groupings {
            let answer = engine.run(&metric.name, Request { by, ..Request::default() }, &Scope::District).await.unwrap();
            assert_eq!(answer.rows(), 0, "{}", metric.name);
            let flag = metric.n.iter().map(|_| "suppressed");
            let declared = answer.by.iter().map(String::as_str).chain(metric.columns.iter().map(|c| c.name.as_str())).chain(flag);
            let columns = answer.columns();
            assert_eq!(
                columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
                declared.collect::<Vec<_>>(),
                "{}",
                metric.name
            );
            assert!(columns.iter().all(|c| !c.title.zh.is_empty() && !c.title.en.is_empty()));
        }
    }
}

#[tokio::test]
async fn daily_minutes_over_everything() {
    let engine = week_of_homework().await.engine(0);
    // Student-days 30, 50, 70, 90: mean 60, median 60, P90 at place 2.7: 70 + 0.7 × 20. Over: 70 of {30, 70, 50}. Known: 6 of 8 pieces.
    let expected = json!([{
        "students": 2, "student_days": 4, "mean_minutes": 60.0, "median_minutes": 60.0, "p90_minutes": 84.0,
        "limit_minutes": 60, "over_limit_share": 1.0 / 3.0, "measured_share": 4.0 / 6.0, "reported_share": 1.0 / 6.0,
        "estimated_share": 1.0 / 6.0, "coverage": 0.75,
    }]);
    assert_rows(&rows(&engine, "workload/daily_minutes", &[ALL], &[]).await, expected);
}

#[tokio::test]
async fn daily_minutes_by_source_and_by_day() {
    let engine = week_of_homework().await.engine(0);
    // Measured: 20, 70, 90 of 8 pieces four; the limit is on the total, so no share over it.
    let by_source = json!([
        {"minutes_source": "estimated", "mean_minutes": 50.0, "coverage": 0.125, "over_limit_share": null},
        {"minutes_source": "measured", "student_days": 3, "mean_minutes": 60.0, "median_minutes": 70.0, "p90_minutes": 86.0, "coverage": 0.5},
        {"minutes_source": "reported", "students": 1, "mean_minutes": 10.0, "coverage": 0.125},
    ]);
    assert_rows(&rows(&engine, "workload/daily_minutes", &["minutes_source"], &[]).await, by_source);
    let by_day = json!([
        {"day": "2026-09-07", "mean_minutes": 50.0, "over_limit_share": 0.5, "coverage": 4.0 / 6.0},
        {"day": "2026-09-08", "mean_minutes": 50.0, "over_limit_share": 0.0, "coverage": 1.0},
        {"day": "2026-09-12", "mean_minutes": 90.0, "over_limit_share": null, "limit_minutes": null},
    ]);
    assert_rows(&rows(&engine, "workload/daily_minutes", &[], &[]).await, by_day);
}

#[tokio::test]
async fn the_calendar_decides_which_days_have_a_limit() {
    let calendar = json!([{"date": "2026-09-07", "day_kind": "holiday"}, {"date": "2026-09-12", "day_kind": "make_up"}]);
    let engine = week_of_homework().await.with("calendar", calendar).await.engine(0);
    // Left with a limit: 60 written minutes on Tuesday (not over) and 90 on the make-up Saturday (over).
    assert_rows(&rows(&engine, "workload/daily_minutes", &[ALL], &[]).await, json!([{"over_limit_share": 0.5}]));
}

#[tokio::test]
async fn subjects_add_up_to_the_daily_mean() {
    let engine = week_of_homework().await.engine(0);
    // English 3000 s and maths 11400 s over 4 student-days: 12.5 + 47.5 = 60 min.
    let expected = json!([
        {"subject": "english", "students": 2, "pieces": 1, "minutes_per_student_day": 12.5, "share": 50.0 / 240.0, "coverage": 2.0 / 3.0},
        {"subject": "math", "students": 2, "pieces": 3, "minutes_per_student_day": 47.5, "share": 190.0 / 240.0, "coverage": 0.8},
    ]);
    assert_rows(&rows(&engine, "workload/subject_minutes", &[], &[]).await, expected);
    // Asked for alone, a subject keeps its share.
    let maths = rows(&engine, "workload/subject_minutes", &["class", "subject"], &[("subject", "math")]).await;
    assert_rows(&maths, json!([{"class": "c1", "subject": "math", "share": 190.0 / 240.0, "minutes_per_student_day": 47.5}]));
}

#[tokio::test]
async fn submission_rate_leaves_exempt_pieces_out() {
    let engine = week_of_homework().await.engine(0);
    // Maths: 5 expected, 2 on time, 2 late, 1 missing, 2 exempt.
    let expected = json!([
        {"subject": "english", "expected": 3, "submission_rate": 1.0, "on_time_rate": 1.0},
        {"subject": "math", "students": 3, "expected": 5, "submitted": 2, "late": 2, "missing": 1, "exempt": 2,
         "submission_rate": 0.8, "on_time_rate": 0.4},
    ]);
    assert_rows(&rows(&engine, "homework/submission_rate", &["subject"], &[]).await, expected);
}

#[tokio::test]
async fn chronic_absence_is_ten_percent_of_days_inclusive() {
    let mut days = Vec::new();
    for day in 7..17 {
        let (first, date) = (day == 7, format!("2026-09-{day:02}"));
        let row = |student: &str| json!({"day": date, "school": "s1", "grade": "13", "class": "c1", "student": student, "checkpoints": 2});
        let with = |mut row: serde_json::Value, counts: &[(&str, i64)]| {
            counts.iter().for_each(|(name, count)| row[*name] = json!(count));
            row
        };
        // a: absent on 1 of 10 days, that is chronic. b: misses a checkpoint, never a day; late on nine days.
        days.push(with(row("a"), if first { &[("sick_leave", 2)] } else { &[("present", 2)] }));
        days.push(with(row("b"), if first { &[("present", 1), ("truant", 1)] } else { &[("present", 1), ("late", 1)] }));
        // c: always absent, but only nine days are recorded.
        if day < 16 {
            days.push(with(row("c"), &[("truant", 2)]));
        }
    }
    let engine = District::empty().await.with("student_day", json!(days)).await.engine(0);
    // Checkpoints 20 + 20 + 18; there: 18 + 19 + 0; late 9.
    let expected = json!([{
        "students": 3, "checkpoints": 58, "present": 37, "attendance_rate": 37.0 / 58.0, "late_rate": 9.0 / 58.0,
        "judged_students": 2, "chronic_students": 1, "chronic_absence_share": 0.5,
    }]);
    assert_rows(&rows(&engine, "attendance/rate", &[ALL], &[]).await, expected);
    let nine = rows(&engine, "attendance/rate", &[ALL], &[("min_days", "9")]).await;
    assert_rows(&nine, json!([{"judged_students": 3, "chronic_students": 2}]));
}

#[tokio::test]
async fn incidents_count_current_records() {
    let row = |student: &str, day: &str, incident: &str, revision: i64| {
        json!({"day": day, "school": "s1", "class": "c1", "student": student, "place": "gate", "period": "am",
               "status": "unknown", "incident": incident, "revision": revision})
    };
    let records = json!([
        row("a", "2026-09-07", "late", 0),
        row("a", "2026-09-08", "late", 0),
        // A correction replaces the record before it.
        row("b", "2026-09-07", "late", 0),
        row("b", "2026-09-07", "uniform", 1),
    ]);
    let engine = District::empty().await.with("attendance", records).await.engine(10);
    let expected =
        json!([{"incident": "late", "incidents": 2, "students": 1}, {"incident": "uniform", "incidents": 1, "students": 1}]);
    assert_rows(&rows(&engine, "attendance/incidents", &[], &[]).await, expected);
    assert_rows(
        &rows(&engine, "attendance/incidents", &[ALL], &[("to", "2026-09-07")]).await,
        json!([{"incidents": 2, "students": 2}]),
    );
}

fn roster() -> serde_json::Value {
    json!([
        {"school": "s1", "class": "c1", "student": "a", "grade": "13"}, {"school": "s1", "class": "c1", "student": "b", "grade": "13"},
        {"school": "s1", "class": "c1", "student": "c", "grade": "13"}, {"school": "s1", "class": "c1", "student": "d", "grade": "13"},
        {"school": "s1", "class": "c1", "student": "gone", "left": true},
        {"school": "s1", "class": "c1", "student": "later", "valid_from": "2026-09-08"},
    ])
}

#[tokio::test]
async fn participation_is_of_the_roster() {
    let row = |lesson: &str, class: &str, day: &str, student: Option<&str>, [acts, judged, correct]: [i64; 3]| {
        json!({"lesson": lesson, "school": "s1", "class": class, "grade": "13", "subject": "math", "day": day,
               "student": student, "acts": acts, "judged": judged, "correct": correct})
    };
    let lessons = json!([
        row("l1", "c1", "2026-09-07", Some("a"), [2, 2, 1]),
        row("l1", "c1", "2026-09-07", Some("b"), [1, 0, 0]),
        row("l1", "c1", "2026-09-07", None, [1, 0, 0]),
        row("l2", "c1", "2026-09-08", Some("c"), [1, 1, 1]),
        // A class without a roster has no rate.
        row("l3", "c9", "2026-09-07", Some("x"), [1, 0, 0]),
    ]);
    let engine = District::empty().await.with("student", roster()).await.with("student_lesson", lessons).await.engine(0);
    // c1: lesson 1 with 4 on the roster and 2 taking part, lesson 2 with 5 and 1: 3 of 9; 4 acts of 9.
    let expected = json!([
        {"class": "c1", "students": 5, "lessons": 2, "participants": 3, "participation_rate": 3.0 / 9.0, "acts": 4,
         "acts_per_student_lesson": 4.0 / 9.0, "answer_correct_rate": 2.0 / 3.0},
        {"class": "c9", "students": 1, "lessons": 1, "participants": 1, "participation_rate": null, "acts": 1},
    ]);
    assert_rows(&rows(&engine, "classroom/participation", &["class"], &[]).await, expected);
}

#[tokio::test]
async fn exam_summary_keeps_statuses_apart_from_zero() {
    let result = |student: &str, class: &str, status: &str, score: Option<f64>, item: &str| json!({"exam": "e1", "subject": "math", "school": "s1", "class": class, "student": student, "status": status, "score": score, "item": item});
    let results = json!([
        result("a", "c1", "scored", Some(60.0), ""),
        result("b", "c1", "scored", Some(80.0), ""),
        result("c", "c2", "scored", Some(100.0), ""),
        result("d", "c1", "absent", None, ""),
        result("e", "c2", "cheating", None, ""),
        result("a", "c1", "scored", Some(5.0), "q1"),
    ]);
    let engine = District::empty().await.with("assessment", results).await.engine(0);
    // 60, 80, 100: mean 80, squares 400 + 0 + 400: sample √(800 / 2) = 20, population √(800 / 3).
    let sigma = (800.0_f64 / 3.0).sqrt();
    let whole = json!([{"exam": "e1", "subject": "math", "students": 3, "n": 3, "absent": 1, "exempt": 0, "cheating": 1,
                        "mean": 80.0, "sd_sample": 20.0, "sd_population": sigma, "standard_score": 0.0}]);
    assert_rows(&rows(&engine, "exam/summary", &[], &[]).await, whole);
    // The standard score stays that of the whole lake when one class is asked for.
    let second = json!([{"class": "c2", "n": 1, "mean": 100.0, "sd_sample": null, "standard_score": 20.0 / sigma}]);
    assert_rows(&rows(&engine, "exam/summary", &["class"], &[("class", "c2")]).await, second);
}

#[tokio::test]
async fn coverage_of_listed_homework() {
    let piece = |name: &str, class: &str, minutes: Option<f64>, withdrawn: bool| json!({"assignment": name, "school": "s1", "class": class, "grade": "13", "subject": "math", "estimated_minutes": minutes, "withdrawn": withdrawn});
    let work = |name: &str, student: &str, minutes: f64, source: &str| {
        json!({"assignment": name, "school": "s1", "class": "c1", "grade": "13", "subject": "math", "student": student,
               "status": "submitted", "minutes": minutes, "minutes_source": source})
    };
    let assignments = json!([
        piece("p1", "c1", Some(20.0), false),
        piece("p2", "c1", Some(10.0), false),
        piece("p3", "c9", None, false),
        piece("p4", "c1", None, true)
    ]);
    let homework = json!([
        work("p1", "a", 20.0, "measured"),
        work("p1", "b", 30.0, "measured"),
        work("p1", "c", 90.0, "reported"),
        work("p2", "a", 12.0, "measured")
    ]);
    let cells = json!([{"day": "2026-09-07", "school": "s1", "grade": "13", "class": "c1", "subject": "math", "expected": 5, "timed_measured": 3, "timed_reported": 1}]);
    let district = District::empty().await.with("student", roster()).await.with("assignment", assignments).await;
    let engine = district.with("homework", homework).await.with("class_subject_day", cells).await.engine(0);
    // p1 and p2 have 4 on the roster each and 3 + 1 records; c9 has no roster. Bias: median of 25 / 20 and 12 / 10.
    let expected = json!([{"assignments": 3, "expected": 8, "rows": 4, "row_coverage": 0.5, "minutes_coverage": 0.8,
                           "measured_share": 0.75, "reported_share": 0.25, "estimated_share": 0.0, "estimate_bias": 1.225}]);
    assert_rows(&rows(&engine, "quality/coverage", &[ALL], &[]).await, expected);
}

#[tokio::test]
async fn directory_lists_every_class_once() {
    let class_days = json!([
        {"day": "2026-09-07", "school": "s1", "grade": "13", "class": "c1", "students": 3},
        {"day": "2026-09-07", "school": "s1", "grade": "13", "class": "c8", "students": 9},
        {"day": "2026-09-08", "school": "s1", "grade": "13", "class": "c8", "students": 7},
    ]);
    let district = District::empty().await.with("student", roster()).await.with("class_day", class_days).await;
    let district = district.with("school", json!([{"school": "s1", "name": "一小"}])).await;
    let engine =
        district.with("class", json!([{"school": "s1", "class": "c1", "name": "三(1)班", "grade": "13"}])).await.engine(10);
    let expected = json!([
        {"school": "s1", "school_name": "一小", "class": "c1", "class_name": "三(1)班", "grade": "13", "students": 4, "latest_day": "2026-09-07"},
        {"school": "s1", "school_name": "一小", "class": "c8", "class_name": null, "grade": "13", "students": 7, "latest_day": "2026-09-08"},
    ]);
    assert_rows(&rows(&engine, "directory/classes", &[], &[]).await, expected);
}

/// received (microseconds), source, line, rule, field, raw, seq
type Reject = (i64, &'static str, i64, &'static str, Option<&'static str>, &'static str, i64);

async fn with_rejects(rejects: &[Reject]) -> District {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
    use std::sync::Arc;
    let text =
        |pick: &dyn Fn(&Reject) -> &'static str| Arc::new(StringArray::from_iter_values(rejects.iter().map(pick))) as ArrayRef;
    let number = |pick: fn(&Reject) -> i64| Arc::new(Int64Array::from_iter_values(rejects.iter().map(pick))) as ArrayRef;
    let received = TimestampMicrosecondArray::from_iter_values(rejects.iter().map(|r| r.0)).with_timezone("UTC");
    let field = rejects.iter().map(|r| r.4).collect::<StringArray>();
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("received", Arc::new(received), false),
        ("kind", text(&|_| "homework"), false),
        ("mapping", text(&|_| "homework"), false),
        ("source", text(&|r| r.1), false),
        ("line", number(|r| r.2), false),
        ("rule", text(&|r| r.3), false),
        ("field", Arc::new(field), true),
        ("reason_zh", text(&|r| r.5), false),
        ("reason_en", text(&|r| r.5), false),
        ("raw", text(&|r| r.5), false),
        ("seq", number(|r| r.6), false),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let district = District::empty().await;
    let table = district.lake.table("quarantine", batch.schema(), None).await.unwrap();
    table.append(vec![batch], &[]).await.unwrap();
    district
}

#[tokio::test]
async fn rejects_are_counted_once_by_rule_source_and_day_and_their_text_stays_hidden() {
    // 2026-11-20T23:59:59Z is Saturday the 21st in the district.
    let friday = 1_795_132_800_000_000;
    let late = friday + 86_399_000_000;
    let engine = with_rejects(&[
        (friday, "a.csv", 2, "code", Some("status"), "1,secret", 1),
        (friday, "a.csv", 2, "code", Some("status"), "1,secret", 2),
        (late, "a.csv", 3, "code", Some("status"), "2,secret", 3),
        (late, "b.csv", 3, "columns", None, "3", 4),
    ])
    .await
    .engine(10);
    let by_rule = json!([{"rule": "code", "rejects": 2, "sources": 1}, {"rule": "columns", "rejects": 1, "sources": 1}]);
    assert_rows(&rows(&engine, "quality/quarantine", &["rule"], &[]).await, by_rule);
    let by_day = json!([{"day": "2026-11-20", "rejects": 1}, {"day": "2026-11-21", "rejects": 2, "sources": 2}]);
    assert_rows(&rows(&engine, "quality/quarantine", &["day"], &[]).await, by_day);
    let one = rows(&engine, "quality/quarantine", &["source", "field"], &[("source", "b.csv")]).await;
    assert_rows(&one, json!([{"source": "b.csv", "field": null, "rejects": 1}]));
    for hidden in ["raw", "reason_zh", "reason_en", "line", "header"] {
        let error = engine.sql(&format!("SELECT {hidden} FROM rejects"), &Scope::District).await.err().unwrap();
        assert_eq!(error.code(), "bad_sql", "{hidden}: {error}");
    }
}
