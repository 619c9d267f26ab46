//! Value added: a model is fitted and published, the door gives it, and it is made again over the data as they were.

use std::fmt::Write;

use serde_json::Value;
use xueqing_query::value_added::asked::Asked;
use xueqing_query::value_added::release::{self, Release};
use xueqing_query::{Evaluation, Scope};

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
    scores(exam, "math", shift)
}

fn scores(exam: &str, subject: &str, shift: i64) -> String {
    let mut lines = String::new();
    for school in 1..=12i64 {
        for pupil in 1..=(if school == 12 { 5 } else { 30 }) {
            let ability = (pupil * 7919 + school * 31) % 41;
            let noise = (pupil * 104_729 + school * 17 + shift) % 7;
            let score = if exam == "first" { 40 + ability } else { 35 + ability + noise + school / 2 + shift };
            writeln!(lines, r#"{{"exam":"{exam}","subject":"{subject}","school":"s{school:02}","class":"c{school}","grade":"14","student":"{school}-{pupil}","held_on":"2026-11-05","score":{score},"full_score":100,"status":"scored","revision":{shift}}}"#).unwrap();
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
    let Evaluation { result, as_of, .. } = engine.value_added(&asked, None, &Scope::District).await.unwrap();
    engine.can_read_again(&as_of).unwrap();
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
    described(&app, "WholeRelease", &whole).await;
    assert_eq!(whole["stability"]["refused"]["code"], "subject_or_year_unknown", "the model file does not say what it is of");

    // Corrections change what a fit gives now, and not what was published.
    app.post("/v1/events/assessment", NDJSON, results("second", 3)).await;
    let now = engine.value_added(&asked, None, &Scope::District).await.unwrap();
    assert!(!release::differences(&result, &now.result).is_empty());
    let again = engine.value_added(&asked, Some(&as_of), &Scope::District).await.unwrap();
    assert_eq!(release::differences(&result, &again.result), Vec::<String>::new());

    let gone = [("assessment".to_owned(), 99)].into();
    let error = engine.value_added(&asked, Some(&gone), &Scope::District).await.unwrap_err();
    assert_eq!(error.code(), "lake_version_gone", "{error}");
    let rollup = [("class_day".to_owned(), 1)].into();
    assert_eq!(engine.can_read_again(&rollup).unwrap_err().code(), "not_a_kind");
}

/// Whether what was sent has the fields that the interface describes.
async fn described(app: &TestApp, name: &str, sent: &Value) {
    let document = app.get("/openapi.json").await.json();
    let described = document["components"]["schemas"][name]["properties"].as_object().unwrap();
    assert!(described.keys().eq(sent.as_object().unwrap().keys()), "{name}: {described:?} {sent}");
}

/// Publishes what a model file asks for; the release's number.
async fn publish(app: &TestApp, text: &str) -> String {
    let asked = Asked::read(text).unwrap();
    let found = app.app.engine.value_added(&asked, None, &Scope::District).await.unwrap();
    let release = Release {
        release: String::new(),
        made_at: "2026-11-26T01:00:00Z".parse().unwrap(),
        title: asked.title,
        model: text.to_owned(),
        code: "1".to_owned(),
        as_of: found.as_of,
        result: found.result,
    };
    release::publish(&app.lake, release).await.unwrap().release
}

fn series(method: &str, subject: &str, year: i32, exams: [&str; 2]) -> String {
    format!(
        "title = {{ zh = \"{subject}\", en = \"{subject}\" }}\nsubject = \"{subject}\"\nyear = {year}\n[{method}]\nexams = {exams:?}\nby = \"school\"\n"
    )
}

/// Mathematics in two years, English in the second.
async fn three_exams() -> TestApp {
    let app = TestApp::start().await;
    for (exam, subject, shift) in
        [("first", "math", 0), ("second", "math", 0), ("third", "math", 5), ("first", "english", 2), ("third", "english", 9)]
    {
        let receipt = app.post("/v1/events/assessment", NDJSON, scores(exam, subject, shift)).await;
        assert_eq!(receipt.json()["rejected"].as_u64(), Some(0), "{}", receipt.text());
    }
    app
}

#[tokio::test]
async fn growth_and_gains_are_published_with_what_they_agree_with() {
    let app = three_exams().await;
    let before = publish(&app, &series("growth", "math", 2025, ["first", "second"])).await;
    let now = publish(&app, &series("growth", "math", 2026, ["first", "third"])).await;
    let english = publish(&app, &series("growth", "english", 2026, ["first", "third"])).await;
    let gain = publish(&app, &series("gain", "math", 2026, ["first", "third"])).await;

    let listed = app.get("/v1/value-added").await.json();
    assert_eq!((&listed["releases"][1]["method"], &listed["releases"][1]["year"]), (&"growth".into(), &2026.into()));
    let whole = app.get(&format!("/v1/value-added/{now}")).await.json();
    assert_eq!(
        (&whole["stability"]["release"], &whole["subjects"][0]["release"]),
        (&before.as_str().into(), &english.as_str().into())
    );
    let comparison = &whole["stability"]["comparison"];
    assert_eq!((&comparison["relation"], &comparison["levels"][0]["both"]), (&"years".into(), &11.into()));
    assert!(
        comparison["levels"][0]["agreement"]["correlation"].is_number() && comparison["levels"][0]["calls"]["same"].is_object()
    );
    assert!(comparison["drift"]["scores"]["mean_change"].as_f64().unwrap() > 3.0, "{comparison}");
    let first = app.get(&format!("/v1/value-added/{before}")).await.json();
    assert_eq!(first["stability"]["refused"]["code"], "no_earlier_release");
    let alone = app.get(&format!("/v1/value-added/{gain}")).await.json();
    assert_eq!(alone["subjects"]["refused"]["code"], "no_other_subject", "a gain is not held against growth");
    let residual = &alone["result"]["groups"][0]["figure"]["residual"];
    assert!(
        residual["mean"].is_number() && alone["result"]["sensitivity"]["stayed"]["refused"]["code"] == "none_moved",
        "{alone}"
    );
    assert_eq!(alone["result"]["groups"][11]["refused"]["code"], "small_group", "five pupils are too few");
    // No pupil is in a release.
    let pupils = app.app.engine.sql("SELECT DISTINCT student FROM assessment LIMIT 3", &Scope::District).await.unwrap();
    for row in xueqing_query::format::json_rows(&pupils).unwrap() {
        let pupil = row["student"].as_str().unwrap().to_owned();
        assert!(!whole.to_string().contains(&pupil) && !alone.to_string().contains(&pupil), "{pupil}");
    }
}

#[tokio::test]
async fn charts_come_by_code_with_intervals_and_without_small_groups() {
    let app = three_exams().await;
    let math = publish(&app, &series("gain", "math", 2026, ["first", "third"])).await;
    publish(&app, &series("gain", "english", 2026, ["first", "third"])).await;
    let chart = async |kind: &str| app.get(&format!("/v1/value-added/{math}/chart/{kind}")).await;
    let caterpillar = chart("caterpillar").await.json();
    let level = &caterpillar["levels"][0];
    let groups = level["groups"].as_array().unwrap();
    assert_eq!((groups.len(), &level["hidden"], &level["reference"]), (11, &1.into(), &0.0.into()));
    assert!(groups.windows(2).all(|pair| pair[0]["group"].as_str() < pair[1]["group"].as_str()));
    assert!(
        groups.iter().all(|it| it["low"].as_f64() < it["estimate"].as_f64() && it["estimate"].as_f64() < it["high"].as_f64())
    );
    assert!(level["overlapping_pairs"].as_f64().is_some_and(|share| (0.0..=1.0).contains(&share)));
    assert!(caterpillar["note"]["zh"].as_str().unwrap().contains("不是排名") && !caterpillar.to_string().contains("s12"));

    let quadrant = chart("quadrant").await.json();
    let point = &quadrant["levels"][0]["groups"][0];
    assert!(
        point["attainment"]["low"].is_number() && point["added"]["high"].is_number() && point["quadrant"].is_string(),
        "{point}"
    );

    let heatmap = chart("heatmap").await.json();
    described(&app, "ChartData", &heatmap).await;
    let subjects: Vec<_> =
        heatmap["levels"][0]["subjects"].as_array().unwrap().iter().map(|it| it["subject"].as_str().unwrap()).collect();
    assert_eq!((subjects, &heatmap["year"]), (vec!["english", "math"], &2026.into()));
    assert!(heatmap["levels"][0]["groups"][0]["cells"][1]["standardised"].is_number() && !heatmap.to_string().contains("s12"));

    assert_eq!(chart("league").await.problem(), "bad_parameter");
    assert_eq!(app.get("/v1/value-added/2020-01-01-1/chart/heatmap").await.problem(), "unknown_release");
    let bare = publish(&app, MODEL).await;
    let refused = app.get(&format!("/v1/value-added/{bare}/chart/heatmap")).await;
    assert_eq!(refused.problem(), "not_answerable");
    assert!(refused.text().contains("subject_or_year_unknown") && refused.text().contains("请加上"), "{}", refused.text());
}

#[tokio::test]
async fn a_pupils_growth_is_for_the_own_class_only() {
    let app = three_exams().await;
    let sql = "SELECT school, class, student FROM assessment WHERE exam = 'third' AND school IN ('s03', 's04') ORDER BY school, student";
    let rows = xueqing_query::format::json_rows(&app.app.engine.sql(sql, &Scope::District).await.unwrap()).unwrap();
    let pupil = rows[0]["student"].as_str().unwrap();
    let ask = async |class: &str, student: &str, more: &str| {
        let at = format!("subject=math&exams=first,second,third&school=s03&class={class}&student={student}{more}");
        app.get(&format!("/v1/value-added/growth/pupil?{at}")).await
    };
    let own = ask("c3", pupil, "").await.json();
    described(&app, "PupilGrowthData", &own).await;
    for step in own["steps"].as_array().unwrap() {
        let (low, high) = (step["growth"]["low"].as_u64().unwrap(), step["growth"]["high"].as_u64().unwrap());
        assert!((1..=99).contains(&low) && low <= high && high <= 99 && step["growth"]["bands"].is_array(), "{step}");
    }
    assert_eq!((own["steps"].as_array().unwrap().len(), &own["steps"][1]["growth"]["priors"]), (2, &2.into()));
    let narrow = ask("c3", pupil, "&reliability=0.999").await.json();
    let width =
        |of: &Value| of["steps"][1]["growth"]["high"].as_u64().unwrap() - of["steps"][1]["growth"]["low"].as_u64().unwrap();
    assert!(width(&narrow) < width(&own));
    // The same words for a pupil of another class and for one that does not exist.
    let other = rows.last().unwrap()["student"].as_str().unwrap();
    let [elsewhere, nowhere] = [ask("c3", other, "").await, ask("c3", "0123", "").await].map(|it| {
        let problem = it.json();
        assert!(problem["detail"].as_str().unwrap().contains("只能查看本班学生"), "{problem}");
        (it.problem(), problem["detail"].clone())
    });
    assert_eq!(elsewhere, nowhere);
    assert_eq!(ask("c4", pupil, "").await.problem(), "not_answerable");
    assert_eq!(ask("c3", pupil, "&reliability=1.5").await.problem(), "not_answerable");
    assert_eq!(ask("c3", pupil, "&reliability=much").await.problem(), "bad_parameter");
    assert_eq!(ask("c3", pupil, "&all=true").await.problem(), "unknown_parameter");
    assert_eq!(app.get("/v1/value-added/growth/pupil?subject=math").await.problem(), "bad_parameter");
}
