//! Rows that are added up in memory: they answer as the rows that they were made of do, and follow all of these.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use rstest::rstest;
use serde_json::json;
use support::{District, assert_rows, own, rows, two_schools};
use xueqing_query::{ALL, Options};

/// Looks at days itself.
const DAYS: &str = "/*---
title = { zh = '甲', en = 'a' }
description = { zh = '甲', en = 'a' }
unit = '1'
grain = { zh = '甲', en = 'a' }
source = { zh = '甲', en = 'a' }
dimensions = ['day', 'week', 'month', 'term', 'school']
params = { from = {}, to = {} }
columns = [{ name = 'days', title = { zh = '天数', en = 'Days' }, unit = '1' }]
---*/
WITH days AS (SELECT {{dimensions d}} TRUE AS whole, d.day AS on_day FROM {{load}} AS d {{joins d}} WHERE {{filters d}})
SELECT {{by}} count(DISTINCT on_day) AS days FROM days GROUP BY {{by}} whole ORDER BY {{by}} whole";

#[tokio::test]
async fn what_is_added_up_follows_its_events_and_the_days_before_a_break() {
    let district = three_schools().await;
    let engine = district.engine_with(vec![], Options { suppress_below: 0, ..Options::default() }).unwrap();
    engine.prepare().await;
    let read = async |name: &str, column: &str| rows(&engine, name, &[ALL], &[]).await[0][column].as_i64().unwrap();
    let before = [read("workload/break_minutes", "student_breaks").await, read("homework/late_night", "pieces").await];
    let of = |more: serde_json::Value| {
        // Friday's work is for the break that begins on Saturday.
        let mut row = json!({"day": "2026-09-11", "school": "p1", "grade": "13", "class": "p1-13", "student": "new"});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([row])
    };
    let day = of(json!({"homework_expected": 1, "timed_measured": 1, "seconds_measured": 600}));
    let piece = of(json!({"assignment": "a", "subject": "math", "status": "submitted", "submitted_at": "2026-09-11T11:00:00Z"}));
    let _district = district.with("student_day", day).await.with("homework", piece).await;
    let after = [read("workload/break_minutes", "student_breaks").await, read("homework/late_night", "pieces").await];
    assert_eq!(after, before.map(|count| count + 1));
}

#[tokio::test]
async fn what_is_added_up_by_place_follows_the_register() {
    let school = |school: &str, region: &str, revision: i64| json!({"school": school, "name": school, "region": region, "school_type": "211", "revision": revision});
    // One of the schools is in no register.
    let registered = json!([school("large", "320902", 0), school("small", "320902", 0)]);
    let other = json!([{"day": "2026-09-07", "school": "other", "grade": "13", "class": "c1", "student": "o", "homework_expected": 1,
                        "timed_measured": 1, "seconds_measured": 1200}]);
    let district = two_schools().await.with("student_day", other).await.with("school", registered).await;
    let engine = district.engine_with(vec![], Options { suppress_below: 0, ..Options::default() }).unwrap();
    let by_county = json!([{"county": "", "student_days": 1, "mean_minutes": 20.0}, {"county": "320902", "student_days": 19, "mean_minutes": 10.0}]);
    for _ in 0..2 {
        assert_rows(&rows(&engine, "workload/daily_minutes", &["county"], &[]).await, by_county.clone());
    }
    let of_county = json!([{"student_days": 19, "median_minutes": 10.0}]);
    assert_rows(&rows(&engine, "workload/daily_minutes", &[ALL], &[("county", "320902")]).await, of_county);
    let of_type = json!([{"school_type": "", "student_days": 1}, {"school_type": "211", "student_days": 19}]);
    assert_rows(&rows(&engine, "workload/daily_minutes", &["school_type"], &[]).await, of_type);
    // A school moves, and its pupils' days with it.
    let _district = district.with("school", json!([school("small", "320903", 1)])).await;
    let moved = json!([{"county": "", "student_days": 1}, {"county": "320902", "student_days": 10}, {"county": "320903", "student_days": 9}]);
    assert_rows(&rows(&engine, "workload/daily_minutes", &["county"], &[]).await, moved);
}

#[tokio::test]
async fn days_that_are_added_up_together_follow_each_of_them_and_the_calendar() {
    let options = Options { suppress_below: 0, ..Options::default() };
    let day = |number: usize| format!("2026-{:02}-{:02}", 9 + number / 30, number % 30 + 1);
    let of = |number: usize, student: String| {
        json!([{"day": day(number), "school": "large", "grade": "13", "class": "c1", "student": student, "homework_expected": 1,
                "timed_measured": 1, "seconds_measured": 600 + 60 * number}])
    };
    let mut district = two_schools().await;
    for number in [0, 1, 7, 28, 29, 30, 31, 40] {
        district = district.with("student_day", of(number, "a".to_owned())).await;
    }
    let added = district.engine_with(own(DAYS), options).unwrap();
    let term = |number: usize, revision: i64, term: &str| json!([{"date": day(number), "day_kind": "school_day", "term": term, "revision": revision}]);
    // A day changes again and again, and one that others were added up with; then the calendar says of another term.
    let changes = [
        ("student_day", of(31, "b".to_owned())),
        ("student_day", of(31, "c".to_owned())),
        ("student_day", of(0, "d".to_owned())),
        ("student_day", of(12, "e".to_owned())),
        ("calendar", term(7, 0, "first")),
        ("calendar", term(7, 1, "second")),
    ];
    for (name, more) in changes {
        let read = district.engine_with(own(DAYS), Options { held_bytes: 0, ..options }).unwrap();
        for _ in 0..3 {
            for by in [&["term"][..], &["month", "school"], &["week"], &["week", "month"], &["day"], &[ALL]] {
                for params in
                    [&[][..], &[("from", "2026-09-02")], &[("from", "2026-09-01"), ("to", "2026-09-30")], &[("to", "2026-10-02")]]
                {
                    for figure in ["workload/daily_minutes", "local/days"] {
                        let expected = json!(rows(&read, figure, by, params).await);
                        assert_rows(&rows(&added, figure, by, params).await, expected);
                    }
                }
            }
        }
        district = district.with(name, more).await;
    }
    assert_rows(&rows(&added, "local/days", &[ALL], &[]).await, json!([{"days": 10}]));
    let by_term = rows(&added, "workload/daily_minutes", &["term"], &[]).await;
    assert_eq!(by_term.iter().map(|row| row["term"].as_str().unwrap()).collect::<Vec<_>>(), ["2026-2027-1", "second"]);
}

#[tokio::test]
async fn bounds_of_a_figures_own_leave_the_days_that_it_says() {
    let own_bound = "from = { filter = \"($from IS NULL OR $from > DATE '2026-01-01')\" }";
    let figure = DAYS.replace("from = {}", own_bound).replace("d.day AS on_day", "d.load_students AS pupils");
    let figure = figure.replace("count(DISTINCT on_day)", "sum(pupils)");
    let engine = two_schools().await.reader(own(&figure), Options { suppress_below: 0, ..Options::default() }).unwrap();
    // A later day than there is any.
    assert_rows(&rows(&engine, "local/days", &[ALL], &[("from", "2026-10-01")]).await, json!([{"days": 19}]));
}

/// Three schools with grades that share limits, and grades that do not, on school days of two months and on a Saturday.
async fn three_schools() -> District {
    let schools = [
        ("p1", "320902", "211", &["11", "12", "13", "14"][..]),
        ("m1", "320902", "311", &["21", "22"]),
        ("p2", "320903", "211", &["13", "31"]),
    ];
    let registered = schools.map(|(school, region, kind, _)| json!({"school": school, "name": school, "region": region, "school_type": kind, "revision": 0}));
    let (mut pupils, mut subjects, mut pieces, mut listed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut results = Vec::new();
    for (school, _, _, grades) in schools {
        for (place, grade) in grades.iter().enumerate() {
            // Days of September, and of October behind its thirtieth.
            for day in [7, 8, 11, 12, 30, 31, 38] {
                let of = |more: serde_json::Value| {
                    let mut row = json!({"day": format!("2026-{:02}-{:02}", 9 + day / 31, (day - 1) % 30 + 1), "school": school, "grade": grade, "class": format!("{school}-{grade}")});
                    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                    row
                };
                for pupil in 0..4 {
                    let minutes = 50 + (pupil * 37 + place * 11 + day * 5) % 90;
                    for (number, subject) in ["math", "chinese"].into_iter().enumerate() {
                        // One of the pupils has work in two grades.
                        let student = if pupil == 3 { format!("{school}{pupil}") } else { format!("{school}{grade}{pupil}") };
                        let mark = pupil + number + place + day;
                        pieces.push(of(json!({"assignment": format!("{school}{grade}{subject}{day}"), "student": student, "subject": subject,
                            "status": (["submitted", "late", "missing", "submitted"][mark % 4]), "form": (["written", "oral"][mark % 2]),
                            "marked": ([json!(true), json!(false), json!(null), json!(true)][mark % 4]), "marked_by": (["teacher", "self", "peer"][mark % 3]),
                            "marked_at": format!("2026-10-{:02}T{:02}:00:31Z", 10 + mark % 3, mark % 20), "corrected": pupil % 2 == 0,
                            "place": ([json!("school"), json!("home"), json!(null)][mark % 3]), "minutes": 10 + mark, "minutes_source": "measured",
                            "submitted_at": format!("2026-{:02}-{:02}T{:02}:30:00Z", 9 + day / 31, (day - 1) % 30 + 1, 11 + mark % 5)})));
                    }
                    for subject in ["math", "chinese"] {
                        if day % 19 == 11 {
                            results.push(of(json!({"student": format!("{school}{grade}{pupil}"), "subject": subject, "exam": format!("e{day}"), "term": "t",
                                "item": "", "status": "scored", "score": 60 + (pupil * 7 + place * 5 + day) % 31})));
                        }
                    }
                    pupils.push(of(json!({"student": format!("{school}{grade}{pupil}"), "homework_expected": 3, "timed_measured": 1, "timed_reported": pupil % 2,
                        "seconds_measured": minutes * 40, "seconds_reported": (pupil % 2) * 600, "written_seconds": minutes * 60})));
                }
                for (number, subject) in ["math", "chinese", "math"].into_iter().enumerate() {
                    // The second of mathematics has no pieces.
                    let again = if number == 2 { "again" } else { "" };
                    listed.push(of(json!({"assignment": format!("{school}{grade}{subject}{day}{again}"), "subject": subject,
                        "estimated_minutes": 10 + place, "layer": (["basic", "consolidate", "extend"][(place + number) % 3]), "form": (["written", "oral"][(number + day) % 2]),
                        "published": place % 2 == 0, "withdrawn": place == 3 && number == 0})));
                }
                for subject in ["math", "chinese"] {
                    let seconds = 900 * (place + day);
                    subjects.push(of(json!({"subject": subject, "students": 4, "pieces": 1, "expected": 4, "timed_measured": 3, "seconds_measured": seconds, "written_seconds": seconds})));
                }
            }
        }
    }
    let plan = json!([{"school": "p1", "grade": "13", "weekday": 1, "homework_closes": "21:30", "valid_from": "2026-09-01"}]);
    let mut district = District::empty().await;
    for (name, rows) in [
        ("school", json!(registered)),
        ("class_subject_day", json!(subjects)),
        ("student_day", json!(pupils)),
        ("homework", json!(pieces)),
        ("assignment", json!(listed)),
        ("assessment", json!(results)),
        ("day_plan", plan),
    ] {
        district = district.with(name, rows).await;
    }
    district
}

#[rstest]
#[case("workload/daily_minutes", "school; stage month; grade county; school week; minutes_source school; term; all")]
#[case("workload/compliance", "school; stage; school grade; school_type day; week month; all")]
#[case("workload/subject_minutes", "school; subject stage; subject school; grade; all")]
#[case("workload/equity", "county; stage month; grade; week; day; all")]
#[case("workload/over_limit", "school; subject; subject grade; stage; county day; all")]
#[case("workload/pupils_over", "school; week; stage county; school grade; all")]
#[case("workload/break_minutes", "school; break_kind; week stage; county grade; all")]
#[case("workload/quadrant", "school; subject; school subject; grade county; all")]
#[case("workload/cut_off", "school; subject; week stage; subject grade; all")]
#[case("homework/submission_rate", "school; subject; day county; subject grade; all")]
#[case("homework/late_night", "school; subject; day county; subject grade; all")]
#[case("homework/done_at_school", "school; subject; form county; subject form; subject grade; all")]
#[case("homework/marking", "school; subject; form county; subject form; day grade; all")]
#[case("homework/early_written", "school; subject; day county; subject grade; all")]
#[case("quality/coverage", "school; subject; day county; subject grade; all")]
#[case("quality/source_agreement", "school; pair; day county; subject pair; all")]
#[case("homework/layering", "school; subject; form county; subject form; day grade; all")]
#[case("homework/publication", "school; subject; form county; day grade; all")]
#[tokio::test]
async fn what_is_added_up_in_memory_answers_as_its_rows_do(#[case] figure: &str, #[case] groupings: &str) {
    let district = three_schools().await;
    let options = Options { suppress_below: 0, ..Options::default() };
    // With room for all, for some and for none.
    let [added, some, not] = [options.held_bytes, 100 << 10, 0]
        .map(|held_bytes| district.engine_with(vec![], Options { held_bytes, ..options }).unwrap());
    let may_be_empty = ["workload/over_limit", "homework/early_written"].contains(&figure);
    for by in groupings.split("; ").map(|by| by.split(' ').collect::<Vec<_>>()) {
        let within = &[("from", "2026-09-08"), ("to", "2026-10-01")];
        for params in
            [&[][..], within, &[("stage", "primary")], &[("grade", "13")], &[("county", "320902"), ("from", "2026-09-08")]]
        {
            let expected = rows(&not, figure, &by, params).await;
            assert!(!expected.is_empty() || may_be_empty, "{figure} {by:?} {params:?}");
            // The first answer adds up, the second finds it there.
            for engine in [&added, &added, &some] {
                assert_rows(&rows(engine, figure, &by, params).await, json!(expected));
            }
        }
    }
}

#[tokio::test]
async fn a_class_over_the_limit_is_found_at_every_level() {
    let engine = three_schools().await.engine(0);
    let of_class = rows(&engine, "workload/over_limit", &["class", "subject"], &[("school", "p1")]).await;
    let of_school = rows(&engine, "workload/over_limit", &["grade", "subject"], &[("school", "p1")]).await;
    let both = |rows: &[serde_json::Map<String, serde_json::Value>]| {
        rows.iter()
            .map(|row| (row["subject"].clone(), row["class_days_over"].clone(), row["mean_minutes"].clone()))
            .collect::<Vec<_>>()
    };
    assert!(!of_class.is_empty());
    assert_eq!(both(&of_class), both(&of_school));
}
