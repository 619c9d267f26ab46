//! The figures that alerts read, with answers worked out by hand, and the rules over them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use chrono::NaiveDate;
use serde_json::{Value, json};
use support::{District, Reader, assert_rows, rows};
use xueqing_query::alert::{Finding, Rules, Severity};
use xueqing_query::{ALL, Options, Scope};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A class of so many students on the roster.
fn roster(class: &str, students: usize) -> Vec<Value> {
    let student = |n| json!({"student": format!("{class}-{n}"), "school": "s1", "class": class, "grade": "13"});
    (0..students).map(student).collect()
}

fn sick(day: &str, class: &str, student: usize, symptom: Option<&str>, place: &str) -> Value {
    json!({"day": day, "at": format!("{day}T01:00:00Z"), "school": "s1", "class": class, "grade": "13",
           "student": format!("{class}-{student}"), "place": "lesson", "period": place, "status": "sick_leave", "symptom": symptom})
}

/// Class c1 of 12: 3 with fever on Monday, 2 more by Wednesday; c2 of 12: 3 on Monday without a symptom; c3 of 4: 4 on Monday.
async fn illness() -> District {
    let (monday, wednesday) = ("2026-09-07", "2026-09-09");
    let mut cases = vec![
        sick(monday, "c1", 0, Some("发热，咳嗽"), "1"),
        sick(monday, "c1", 0, Some("发热"), "3"),
        sick(monday, "c1", 1, Some("高烧"), "1"),
        sick(monday, "c1", 2, Some("发烧 呕吐"), "1"),
        sick(wednesday, "c1", 2, Some("发热"), "1"),
        sick(wednesday, "c1", 3, Some("咳嗽"), "1"),
        sick(wednesday, "c1", 4, Some("流感"), "1"),
        sick("2026-09-10", "c1", 5, Some("脚扭伤"), "1"),
    ];
    cases.extend((0..3).map(|student| sick(monday, "c2", student, None, "1")));
    cases.extend((0..4).map(|student| sick(monday, "c3", student, Some("发热"), "1")));
    let students = [roster("c1", 12), roster("c2", 12), roster("c3", 4)].concat();
    District::empty().await.with("student", json!(students)).await.with("attendance", json!(cases)).await
}

#[tokio::test]
async fn illness_clusters_count_a_student_once_and_sort_the_words() {
    let engine = illness().await.engine(10);
    let found = rows(&engine, "attendance/illness_clusters", &["day", "symptom_group"], &[("class", "c1")]).await;
    assert_rows(
        &found,
        json!([
            {"day": "2026-09-07", "symptom_group": "gastrointestinal", "students": 12, "cases_1_day": 1, "cases_3_days": 1},
            {"day": "2026-09-07", "symptom_group": "respiratory", "students": 12, "cases_1_day": 3, "cases_3_days": 3},
            {"day": "2026-09-08", "symptom_group": "gastrointestinal", "cases_1_day": 0, "cases_3_days": 1},
            {"day": "2026-09-08", "symptom_group": "respiratory", "cases_1_day": 0, "cases_3_days": 3},
            {"day": "2026-09-09", "symptom_group": "gastrointestinal", "cases_1_day": 0, "cases_3_days": 1},
            // Students 0, 1, 2 and 3, 4: student 2 counts once.
            {"day": "2026-09-09", "symptom_group": "respiratory", "cases_1_day": 3, "cases_3_days": 5},
            {"day": "2026-09-10", "symptom_group": "other", "cases_1_day": 1, "cases_3_days": 1},
            {"day": "2026-09-10", "symptom_group": "respiratory", "cases_1_day": 0, "cases_3_days": 3},
        ]),
    );
    let most = rows(&engine, "attendance/illness_clusters", &["class", "symptom_group"], &[("from", "2026-09-09")]).await;
    let hidden: Vec<_> =
        most.iter().filter(|row| row["class"] == "c3").map(|row| (&row["suppressed"], &row["cases_3_days"])).collect();
    assert_eq!(hidden, [(&json!(true), &Value::Null)], "a class of four is hidden");
    let school = rows(&engine, "attendance/illness_clusters", &[ALL], &[]).await;
    assert_rows(&school, json!([{"students": 28, "cases_1_day": 10, "cases_3_days": 12}]));
}

fn attended(day: &str, class: &str, student: usize, truant: i64, present: i64, sick: i64) -> Value {
    json!({"day": day, "school": "s1", "grade": "13", "class": class, "student": format!("{class}-{student}"),
           "checkpoints": truant + present + sick, "present": present, "truant": truant, "sick_leave": sick})
}

#[tokio::test]
async fn no_leave_follows_runs_of_recorded_days() {
    // Friday, Monday, Tuesday, Wednesday.
    let days = ["2026-09-04", "2026-09-07", "2026-09-08", "2026-09-09"];
    let mut all = Vec::new();
    for (at, day) in days.iter().enumerate() {
        all.extend((10..20).map(|student| attended(day, "c1", student, 0, 3, 0)));
        // 0: truant all of Friday to Wednesday; the weekend does not break it.
        all.push(attended(day, "c1", 0, 3, 0, 0));
        // 1: truant until Tuesday, there on Wednesday.
        all.push(attended(day, "c1", 1, if at < 3 { 3 } else { 1 }, if at < 3 { 0 } else { 2 }, 0));
        // 2: sick until Tuesday, then truant.
        all.push(attended(day, "c1", 2, if at < 3 { 0 } else { 2 }, 0, if at < 3 { 3 } else { 0 }));
        // 3: truant on Friday, then no record: not judged.
        if at == 0 {
            all.push(attended(day, "c1", 3, 3, 0, 0));
        }
    }
    let engine = District::empty().await.with("student_day", json!(all)).await.engine(10);
    let class = json!([{"class": "c1", "students": 13, "absent": 2, "day_1": 1, "day_2": 0, "day_3": 1, "longest_days": 4, "last_day": "2026-09-09"}]);
    assert_rows(&rows(&engine, "attendance/no_leave", &["class"], &[]).await, class);
    let students = rows(&engine, "attendance/no_leave", &["class", "student"], &[]).await;
    assert_rows(&students, json!([{"student": "c1-0", "longest_days": 4}, {"student": "c1-2", "longest_days": 1}]));
    assert!(rows(&engine, "attendance/no_leave", &["student"], &[]).await.is_empty(), "students only with their class");
    let monday = rows(&engine, "attendance/no_leave", &["class"], &[("to", "2026-09-07")]).await;
    assert_rows(&monday, json!([{"absent": 2, "day_2": 2, "day_1": 0}]));
}

/// Twenty students over four weeks with one absent each day, then the day.
async fn absences(absent: usize) -> Reader {
    let mut all = Vec::new();
    let first = date("2026-08-10");
    for day in first.iter_days().take(28).map(|day| day.to_string()).chain(["2026-09-07".to_owned()]) {
        let away = if day == "2026-09-07" { absent } else { 1 };
        all.extend(
            (0..20).map(|student| attended(&day, "c1", student, 0, i64::from(student >= away), i64::from(student < away))),
        );
    }
    let class_days = json!([{"day": "2026-09-07", "school": "s1", "grade": "13", "class": "c1", "students": 20}]);
    District::empty().await.with("student_day", json!(all)).await.with("class_day", class_days).await.engine(10)
}

#[tokio::test]
async fn unusual_absence_compares_a_class_with_its_own_past() {
    let day = [("day", "2026-09-07")];
    let found = rows(&*absences(1).await, "attendance/unusual_absence", &["class"], &day).await;
    let usual = json!([{"class": "c1", "students": 20, "absent": 1, "usual_days": 560, "usual_absent": 28, "absence_rate": 0.05, "usual_rate": 0.05}]);
    assert_rows(&found, usual);
    assert!((0.5..0.75).contains(&found[0]["chance"].as_f64().unwrap()), "{found:?}");
    let many = rows(&*absences(6).await, "attendance/unusual_absence", &["class"], &day).await;
    // Binomial at 5 %: P(X >= 6 of 20) is 0.000329; with the error of the past more: added up with lgamma elsewhere.
    let chance = many[0]["chance"].as_f64().unwrap();
    assert!((chance - 0.000_509_741_249_59).abs() < 1e-12, "{chance}");
    let few = rows(&*absences(6).await, "attendance/unusual_absence", &["class"], &[day[0], ("min_days", "561")]).await;
    assert_eq!(few[0]["chance"], Value::Null);
}

#[tokio::test]
async fn over_limit_runs_end_with_a_day_within_or_without_homework() {
    let work = |day: &str, class: &str, minutes: i64| -> Vec<Value> {
        let one = |student: i64| {
            json!({"day": day, "school": "s1", "grade": "13", "class": class, "student": format!("{class}-{student}"), "homework_expected": 1,
                   "timed_measured": i64::from(minutes > 0), "seconds_measured": minutes * 60, "written_seconds": (minutes + student % 2) * 60})
        };
        (0..10).map(one).collect()
    };
    let mut all = Vec::new();
    // Friday, the weekend, Monday, Tuesday. 60 min is the limit; half of the students take a minute more.
    for (day, c1, c2, c3) in
        [("2026-09-04", 60, 60, 59), ("2026-09-05", 10, 90, 90), ("2026-09-07", 60, 0, 70), ("2026-09-08", 80, 70, 60)]
    {
        all.extend([work(day, "c1", c1), work(day, "c2", c2), work(day, "c3", c3)].concat());
    }
    let engine = District::empty().await.with("student_day", json!(all)).await.engine(10);
    let expected = json!([
        {"class": "c1", "students": 10, "classes": 1, "classes_over": 1, "longest_run": 3, "written_minutes": 80.5, "limit_minutes": 60, "last_day": "2026-09-08"},
        {"class": "c2", "longest_run": 1, "classes_over": 0},
        {"class": "c3", "longest_run": 2},
    ]);
    assert_rows(&rows(&engine, "workload/over_limit_runs", &["class"], &[]).await, expected);
}

#[tokio::test]
async fn sources_are_judged_by_their_own_rhythm() {
    let mut all = Vec::new();
    // Two weeks; s1 has homework daily until Wednesday, s2 on Mondays only.
    for day in date("2026-08-31").iter_days().take(10) {
        let cell = |school: &str, homework: i64| json!({"day": day.to_string(), "school": school, "grade": "13", "class": "c", "students": 9, "homework_expected": homework});
        let weekday = chrono::Datelike::weekday(&day).num_days_from_monday();
        all.push(cell("s1", if weekday < 5 { 10 } else { 0 }));
        all.push(cell("s2", if weekday == 0 { 4 } else { 0 }));
    }
    let engine = District::empty().await.with("class_day", json!(all.clone())).await.engine(10);
    let found = rows(&engine, "quality/sources", &[], &[("to", "2026-09-13"), ("weeks", "2")]).await;
    assert_rows(
        &found,
        json!([
            {"school": "s1", "kind": "homework", "sources": 1, "last_day": "2026-09-09", "silent_days": 2, "active_days": 8, "rhythm": 1.0, "rows": 80, "rows_per_day": 10.0},
            {"school": "s2", "kind": "homework", "last_day": "2026-09-07", "silent_days": 4, "active_days": 2, "rhythm": 2.0 / 6.0, "rows": 8},
        ]),
    );
    // With a calendar Thursday is off and Saturday is made up.
    let calendar = json!([{"date": "2026-09-10", "day_kind": "holiday"}, {"date": "2026-09-12", "day_kind": "make_up"}]);
    let engine = District::empty().await.with("class_day", json!(all)).await.with("calendar", calendar).await.engine(10);
    let found = rows(&engine, "quality/sources", &["school"], &[("to", "2026-09-12"), ("school", "s1")]).await;
    assert_rows(&found, json!([{"silent_days": 2, "last_day": "2026-09-09"}]));
}

async fn find(engine: &Reader, files: &[(&str, &str)], rule: &str, today: &str) -> Vec<Finding> {
    let files: Vec<_> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let rules = Rules::load(engine, &files).unwrap();
    engine.findings(rules.get(rule).unwrap(), date(today), &Scope::District).await.unwrap()
}

#[tokio::test]
async fn the_rule_for_clusters_finds_the_gravest_level() {
    let engine = illness().await.engine(10);
    let found = find(&engine, &[], "attendance/illness_cluster", "2026-09-07").await;
    let told: Vec<_> = found
        .iter()
        .map(|one| (one.subject["class"].as_str(), one.subject["symptom_group"].as_str(), one.level.severity))
        .collect();
    assert_eq!(told, [("c1", "respiratory", Severity::Critical), ("c2", "unstated", Severity::Warning)], "c3 is hidden");
    assert!(found[0].level.at_night && !found[1].level.at_night);
    assert!(find(&engine, &[], "attendance/illness_cluster", "2026-09-20").await.is_empty());
}

#[tokio::test]
async fn every_built_in_rule_runs_on_an_empty_lake() {
    let engine = District::empty().await.engine(10);
    let rules = Rules::load(&engine, &[]).unwrap();
    assert!(rules.all().len() >= 5);
    for rule in rules.all() {
        let found = engine.findings(rule, date("2026-09-07"), &Scope::District).await.unwrap();
        assert!(found.is_empty(), "{}", rule.name);
        for text in [&rule.title, &rule.description, &rule.reason] {
            assert!(text.zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) && text.en.is_ascii(), "{}", rule.name);
        }
    }
}

const OWN: &str = r#"
title = { zh = "出勤", en = "Attendance" }
description = { zh = "试", en = "a try" }
source = { zh = "试", en = "a try" }
figure = "attendance/rate"
by = ["day", "class"]
params = { from = "today - 1" }
levels = [{ severity = "info", when = "attendance_rate < 0.5" }]
reason = { zh = "{class}：{attendance_rate}", en = "{class}: {attendance_rate}" }
audience = ["school"]
"#;

#[tokio::test]
async fn a_district_adds_rules_and_takes_the_place_of_others() {
    let reader = illness().await.engine(10);
    let off = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/alerts/attendance/no_leave.toml")).unwrap();
    let off = off.replace("figure =", "enabled = false\nfigure =");
    let files = [("own/low.toml".to_owned(), OWN.to_owned()), ("attendance/no_leave.toml".to_owned(), off)];
    let rules = Rules::load(&reader, &files).unwrap();
    assert!(rules.get("own/low").is_ok() && !rules.get("attendance/no_leave").unwrap().enabled);
    assert!(rules.enabled().all(|rule| rule.name != "attendance/no_leave"));
    let unknown = rules.get("nothing").unwrap_err();
    assert_eq!(unknown.code(), "unknown_rule");
    assert!(unknown.to_string().contains("own/low"), "{unknown}");
}

#[rstest::rstest]
#[case("figure = \"attendance/rate\"", "figure = \"attendance/rat\"", "unknown figure \"attendance/rat\"")]
#[case("by = [\"day\", \"class\"]", "by = [\"room\"]", "\"room\" is no dimension of attendance/rate")]
#[case("by = [\"day\", \"class\"]", "by = []", "by is empty")]
#[case("from = \"today - 1\"", "from = \"today + 1\"", "write today or today - 14")]
#[case("from = \"today - 1\"", "form = \"today\"", "\"form\" is no parameter of attendance/rate")]
#[case("attendance_rate < 0.5", "attendance < 0.5", "attendance")]
#[case("attendance_rate < 0.5", "attendance_rate + 1", "not true or false")]
#[case("attendance_rate < 0.5", "attendance_rate < (SELECT 1)", "reads one figure")]
#[case("attendance_rate < 0.5", "attendance_rate <", "when = ")]
#[case("zh = \"{class}：", "zh = \"{klass}：", "reason names {klass}, which is not known")]
#[case("zh = \"{class}：", "zh = \"{student}：", "never a student")]
#[case("zh = \"{class}：", "zh = \"{class：", "which is not known")]
#[case("severity = \"info\"", "severity = \"bad\"", "unknown variant `bad`")]
#[case("audience = [\"school\"]", "audience = []", "audience is empty")]
#[case("audience = [\"school\"]", "audiance = [\"school\"]", "unknown field `audiance`")]
#[case("audience = [\"school\"]", "audience = [\"school\"]\nafter = \"25:00\"", "write 10:30")]
#[case(
    "audience = [\"school\"]",
    "audience = [\"school\"]\nsubject = [\"grade\"]",
    "subject names \"grade\", which is not in by"
)]
#[case("attendance/rate\"\nby = [\"day\", \"class\"]", "attendance/no_leave\"\nby = [\"student\"]", "within their class only")]
#[tokio::test]
async fn what_a_rule_says_wrong_is_told(#[case] right: &str, #[case] wrong: &str, #[case] words: &str) {
    let reader = District::empty().await.reader(vec![], Options::default()).unwrap();
    assert!(OWN.contains(right), "{right}");
    let error = Rules::load(&reader, &[("own/low.toml".to_owned(), OWN.replace(right, wrong))]).unwrap_err();
    assert_eq!(error.code(), "bad_rule");
    let text = error.to_string();
    assert!(text.starts_with("alerts/own/low.toml: ") && text.contains(words), "{text}");
}
