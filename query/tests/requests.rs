//! What a caller may ask: dimensions, parameters, a district's own figures, small groups, formats.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use rstest::rstest;
use serde_json::json;
use support::{District, assert_rows, own, request, rows, two_schools};
use xueqing_query::value_added::exams::{ExamRequest, read};
use xueqing_query::value_added::group::{GroupRules, Level};
use xueqing_query::value_added::report::gain_report;
use xueqing_query::{ALL, Options, Scope, format};

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
