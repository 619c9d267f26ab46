//! What a caller may ask: dimensions, parameters, a district's own figures, small groups, formats.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use rstest::rstest;
use serde_json::json;
use support::{District, assert_rows, request, rows};
use xueqing_query::value_added::exams::{ExamRequest, read};
use xueqing_query::value_added::group::{GroupRules, Level};
use xueqing_query::value_added::report::gain_report;
use xueqing_query::{ALL, Options, Scope, format};

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

const OWN: &str = "/*---
title = { zh = '甲', en = 'a' }
description = { zh = '甲', en = 'a' }
unit = '1'
grain = { zh = '甲', en = 'a' }
source = { zh = '甲', en = 'a' }
dimensions = ['school']
params = { school = {} }
columns = [{ name = 'days', title = { zh = '天数', en = 'Days' }, unit = '1' }]
---*/
SELECT {{by}} count(*) AS days FROM (SELECT school, TRUE AS whole FROM student_day WHERE ($school IS NULL OR school = $school))
GROUP BY {{by}} whole";

async fn two_schools() -> District {
    let row = |school: &str, student: String| {
        json!({"day": "2026-09-07", "school": school, "grade": "13", "class": "c1", "student": student,
        "homework_expected": 1, "timed_measured": 1, "seconds_measured": 600})
    };
    let large = (0..10).map(|i| row("large", format!("l{i}")));
    let small = (0..9).map(|i| row("small", format!("s{i}")));
    District::empty().await.with("student_day", json!(large.chain(small).collect::<Vec<_>>())).await
}

fn own(text: &str) -> Vec<(String, String)> {
    vec![("local/days.sql".to_owned(), text.to_owned())]
}

#[tokio::test]
async fn small_groups_show_no_figures() {
    let engine = two_schools().await.engine(10);
    let expected = json!([
        {"school": "large", "students": 10, "mean_minutes": 10.0, "suppressed": false},
        {"school": "small", "students": null, "mean_minutes": null, "coverage": null, "suppressed": true},
    ]);
    assert_rows(&rows(&engine, "workload/daily_minutes", &["school"], &[]).await, expected);
}

#[rstest]
#[case::figure("workload/nothing", &[], &[], "unknown_metric", "homework/submission_rate")]
#[case::dimension("homework/submission_rate", &["student"], &[], "unknown_dimension", "allowed are day, week, month, term, region, county, school_type,")]
#[case::dimension_with_sql("homework/submission_rate", &["day; DROP TABLE x"], &[], "unknown_dimension", "allowed are")]
#[case::twice("homework/submission_rate", &["day", "day"], &[], "repeated_dimension", "\"day\" is given twice")]
#[case::all_and_more("homework/submission_rate", &["all", "day"], &[], "unknown_dimension", "\"all\" is no dimension")]
#[case::parameter("attendance/rate", &[], &[("teacher", "x")], "unknown_parameter", "allowed are class, from, grade, min_days, school, to")]
#[case::date("attendance/rate", &[], &[("from", "7 Sept")], "bad_parameter", "no date like 2026-09-01")]
#[case::number("attendance/rate", &[], &[("min_days", "1.5")], "bad_parameter", "no whole number")]
#[tokio::test]
async fn refuses(
    #[case] name: &str,
    #[case] by: &[&str],
    #[case] params: &[(&str, &str)],
    #[case] code: &str,
    #[case] says: &str,
) {
    let engine = District::empty().await.engine(10);
    let error = engine.run(name, request(by, params), &Scope::District).await.unwrap_err();
    assert_eq!(error.code(), code);
    assert!(error.to_string().contains(says), "{error}");
}

#[rstest]
#[case::quote("x' OR 'a' = 'a")]
#[case::statement("x'; DROP TABLE student_day; --")]
#[case::placeholder("$from")]
#[case::token("{{by}}")]
#[tokio::test]
async fn a_parameter_is_only_ever_a_value(#[case] school: &str) {
    let engine = two_schools().await.engine(0);
    assert_rows(&rows(&engine, "workload/daily_minutes", &[ALL], &[("school", school)]).await, json!([]));
    assert_rows(&rows(&engine, "workload/daily_minutes", &[ALL], &[("school", "")]).await, json!([{"students": 19}]));
}

#[tokio::test]
async fn a_district_adds_a_figure() {
    let engine = two_schools().await.reader(own(OWN), Options::default()).unwrap();
    assert_rows(&rows(&engine, "local/days", &["school"], &[("school", "small")]).await, json!([{"school": "small", "days": 9}]));
    assert!(engine.metrics().iter().any(|metric| metric.name == "local/days"));
    let load = engine.metric("workload/daily_minutes").unwrap().sql();
    assert!(load.starts_with("-- {{load}}\n-- by class\n") && load.contains("code_homework_limits"), "{load}");
}

#[rstest]
#[case::no_front_matter("SELECT 1", "opens with its description")]
#[case::unknown_key(&OWN.replace("unit = '1'\ngrain", "unit = '1'\ncolour = 'red'\ngrain"), "unknown field `colour`")]
#[case::undeclared(&OWN.replace("params = { school = {} }", ""), "uses $school, which is not declared")]
#[case::unused(&OWN.replace("params = { school", "params = { class = {}, school"), "\"class\" is declared but not used")]
#[case::no_title(&OWN.replace("['school']", "['school', 'moon']"), "\"moon\" has no title")]
#[case::not_grouped(&OWN.replace("{{by}}", ""), "{{by}} is not in the SQL")]
#[case::token(&OWN.replace("GROUP BY {{by}}", "GROUP BY {{group}}"), "\"{{group}}\" is unknown")]
#[case::number_of_students(&OWN.replace("unit = '1'\ngrain", "unit = '1'\nn = 'people'\ngrain"), "n names \"people\"")]
#[case::shared_rows(&OWN.replace("columns = [", "grains = { load = { class = 'SELECT 1' } }\ncolumns = ["), "the rows \"load\" are in common.toml already")]
#[case::bad_rows(&OWN.replace("columns = [", "grains = { own = { class = 'SELEC 1' } }\ncolumns = ["), "Expected: an SQL statement")]
#[case::rows_of_nothing_given(
    &OWN.replace("columns = [", "grains = { own = { class = 'SELECT $school FROM x' } }\ncolumns = ["),
    "depend on $school, which is no text or number with a default"
)]
#[case::bad_name(&OWN.replace("['school']", "['school, day']"), "")]
#[tokio::test]
async fn refuses_a_figure_with_mistakes(#[case] text: &str, #[case] says: &str) {
    let error = District::empty().await.engine_with(own(text), Options::default()).err().unwrap();
    assert!(error.to_string().starts_with("metrics/local/days.sql: "), "{error}");
    assert!(error.to_string().contains(says), "{error}");
}

#[tokio::test]
async fn a_published_name_keeps_its_meaning() {
    let files = vec![("metrics/workload/daily_minutes.sql".to_owned(), OWN.to_owned())];
    let error = District::empty().await.engine_with(files, Options::default()).err().unwrap();
    assert!(error.to_string().contains("the name is taken"), "{error}");
}

#[tokio::test]
async fn all_formats_carry_the_same_values() {
    let engine = two_schools().await.engine(10);
    let answer = engine.run("workload/daily_minutes", request(&["day", "school"], &[]), &Scope::District).await.unwrap();
    assert_eq!(answer.as_of.keys().collect::<Vec<_>>(), ["school_grade_day"]);
    let csv = String::from_utf8(format::csv(&answer).unwrap()).unwrap();
    assert!(csv.starts_with("\u{feff}day,school,students,student_days,mean_minutes,"), "{csv}");
    assert!(csv.contains("2026-09-07,large,10,10,10.0,"), "{csv}");
    assert!(csv.contains("2026-09-07,small,,,,"), "{csv}");
    let stream = format::arrow_stream(&answer).unwrap();
    let reader = arrow::ipc::reader::StreamReader::try_new(stream.as_slice(), None).unwrap();
    assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 2);
    assert!(
        format::table(&answer).unwrap().contains("| 2026-09-07 | large  | 10       |"),
        "{}",
        format::table(&answer).unwrap()
    );
}

#[tokio::test]
async fn an_answer_follows_the_lake() {
    let district = two_schools().await;
    let engine = district.engine_with(vec![], Options { suppress_below: 0, ..Options::default() }).unwrap();
    let first = engine.run("workload/daily_minutes", request(&[ALL], &[]), &Scope::District).await.unwrap();
    let more = json!([{"day": "2026-09-08", "school": "large", "grade": "13", "class": "c1", "student": "new", "homework_expected": 1,
                       "timed_measured": 1, "seconds_measured": 600}]);
    let _district = district.with("student_day", more).await;
    let second = engine.run("workload/daily_minutes", request(&[ALL], &[]), &Scope::District).await.unwrap();
    assert!(second.as_of["school_grade_day"] > first.as_of["school_grade_day"]);
    // The new one is there on another day.
    assert_rows(&format::json_rows(&second).unwrap(), json!([{"students": 19, "student_days": 20}]));
}

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
    District::empty()
        .await
        .with("school", json!(registered))
        .await
        .with("class_subject_day", json!(subjects))
        .await
        .with("student_day", json!(pupils))
        .await
        .with("homework", json!(pieces))
        .await
        .with("assignment", json!(listed))
        .await
        .with("assessment", json!(results))
        .await
        .with(
            "day_plan",
            json!([{"school": "p1", "grade": "13", "weekday": 1, "homework_closes": "21:30", "valid_from": "2026-09-01"}]),
        )
        .await
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

/// Forty pupils of two classes in three exams of mathematics; the second class is absent from the first exam, scored by item, or sat
/// another subject where nobody may count it.
#[tokio::test]
async fn a_series_of_exams_reads_whole_scores_of_one_subject_by_unit() {
    let row = |exam: &str, class: &str, student: usize, more: serde_json::Value| {
        let mut row = json!({"exam": exam, "held_on": "2026-09-07", "school": "s1", "grade": "21", "class": class, "subject": "math",
            "item": "", "student": format!("p{student:02}"), "score": 50.0 + student as f64, "status": "scored"});
        more.as_object().unwrap().iter().for_each(|(name, value)| row[name] = value.clone());
        row
    };
    let mut given = Vec::new();
    for student in 0..40 {
        let class = if student < 20 { "c1" } else { "c2" };
        given.extend([row("e1", "old", student, json!({})), row("e2", class, student, json!({}))]);
    }
    given.push(row("e1", "c2", 41, json!({"score": null, "status": "absent"})));
    given.push(row("e2", "c2", 42, json!({"item": "1"})));
    given.push(row("e2", "c2", 43, json!({"subject": "english"})));
    given.push(row("e3", "c2", 44, json!({})));
    given.push(row("e2", "c9", 45, json!({"grade": "22"})));
    let engine = District::empty().await.with("assessment", json!(given)).await.engine(10);
    let request = ExamRequest {
        subject: "math".to_owned(),
        exams: vec!["e1".to_owned(), "e2".to_owned()],
        school: None,
        grade: Some("21".to_owned()),
        classes: vec![],
        student: None,
        level: Level::Class,
    };
    let found = read(&engine, &request, None, &Scope::District).await.unwrap().0;
    assert_eq!((found.scores.len(), found.schools), (80, 1));
    assert_eq!(
        found.units.iter().map(|(unit, pupils)| (unit.as_str(), pupils.len())).collect::<Vec<_>>(),
        [("s1/c1", 20), ("s1/c2", 20)]
    );
    let first = found.units["s1/c1"][0];
    assert!(
        found.scores.iter().filter(|it| it.student == first).all(|it| it.score == 50.0),
        "pupils are numbered by their hashes"
    );
    let report = gain_report(&found, &GroupRules::default(), &[0.5]).unwrap();
    assert!(report.rows.iter().all(|row| row.figure.as_ref().unwrap().t.gain.mean.abs() < 1e-12), "nobody moved");
    let injected = ExamRequest { exams: vec!["e1".to_owned(), "') OR ('1'='1".to_owned()], ..request };
    assert!(read(&engine, &injected, None, &Scope::District).await.unwrap().0.units.is_empty());
}
