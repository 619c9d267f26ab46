//! A multilevel model over the lake: exams of the same pupils joined, fitted, suppressed, or refused with the reason.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use support::{District, Reader};
use xueqing_query::value_added::asked::{Asked, Method};
use xueqing_query::value_added::multilevel::{Coverage, Model, Refusal};
use xueqing_query::{Error, Fitted, Scope};

const MODEL: &str = r#"
response = "later"
covariates = [{ column = "prior" }]
groupings = [{ column = "school", grain = "school" }]
"#;
const PAIRED: &str = "SELECT later.school, later.score AS later, prior.score AS prior FROM assessment AS later \
    LEFT JOIN assessment AS prior ON prior.student = later.student AND prior.exam = 'autumn' WHERE later.exam = 'spring'";

/// Six schools of 26 pupils with an autumn exam and one with 12; every thirteenth pupil of the six has no autumn exam.
async fn engine() -> Reader {
    let mut rows: Vec<Value> = Vec::new();
    let mut exam = |exam: &str, pupil: usize, score: f64| {
        let school = pupil / 26;
        rows.push(json!({"exam": exam, "school": format!("s{school}"), "student": format!("p{pupil}"), "subject": "math",
                         "held_on": "2026-06-20", "score": score}));
    };
    for pupil in 0..6 * 26 + 12 {
        let able = (pupil * 37 % 101) as f64;
        if pupil % 13 != 0 || pupil >= 6 * 26 {
            exam("autumn", pupil, able);
        }
        exam("spring", pupil, 20.0 + 0.6 * able + (pupil / 26) as f64 * 2.0 + (pupil * 61 % 17) as f64);
    }
    District::empty().await.with("assessment", Value::from(rows)).await.engine(10)
}

fn model(extra: &str) -> Model {
    toml::from_str(&format!("{MODEL}\n{extra}")).unwrap()
}

#[tokio::test]
async fn exams_are_joined_and_fitted() {
    let fitted = engine().await.fit(&model(""), PAIRED, &Scope::District).await.unwrap();
    let expected = Coverage { pupils: 168, complete: 156, no_response: 0, no_prior: 12, no_group: 0, moved: None };
    assert_eq!(fitted.fit.coverage, expected);
    assert!((fitted.fit.fixed[1].estimate - 0.6).abs() < 3.0 * fitted.fit.fixed[1].error);
    let shown: Vec<_> = fitted.fit.groupings[0].shown().map(|(group, shown)| (group.group.as_str(), shown.n)).collect();
    assert_eq!(shown, [("s0", 24), ("s1", 24), ("s2", 24), ("s3", 24), ("s4", 24), ("s5", 24)]);
    assert_eq!(fitted.fit.groupings[0].hidden, 1);
    assert_eq!(fitted.as_of.keys().collect::<Vec<_>>(), ["assessment"]);
    let again = engine().await.fit(&model(""), PAIRED, &Scope::District).await.unwrap();
    let names = |fitted: &Fitted| fitted.fit.groupings[0].effects.iter().flatten().map(|g| g.group.clone()).collect::<Vec<_>>();
    assert_eq!(names(&fitted), names(&again));
}

#[tokio::test]
async fn no_model_shows_groups_below_the_limit_of_the_engine() {
    let low = "settings = { minimum_n = 1 }";
    let fit = engine().await.fit(&model(low), PAIRED, &Scope::District).await.unwrap().fit;
    assert!(fit.groupings[0].shown().all(|(_, shown)| shown.n >= 10));
    assert_eq!(fit.groupings[0].shown().count(), 7);
}

#[tokio::test]
async fn what_cannot_be_fitted_says_why() {
    let engine = engine().await;
    let error = async |model: &Model, sql: &str| engine.fit(model, sql, &Scope::District).await.unwrap_err();
    let one = error(&model(""), &format!("{PAIRED} AND later.school = 's1'")).await;
    assert!(matches!(&one, Error::Refused(Refusal::OneGroup { .. })), "{one}");
    assert!(one.code() == "not_answerable" && one.to_string().starts_with("one_group: "), "{one}");
    let nobody = error(&model(""), &format!("{PAIRED} AND later.school = 'nowhere'")).await;
    assert!(nobody.to_string().starts_with("nothing_complete: "), "{nobody}");
    let column = error(&model(""), "SELECT school, score AS later FROM assessment").await;
    assert!(column.code() == "bad_sql" && column.to_string().contains("prior"), "{column}");
    assert_eq!(error(&model(""), "DROP TABLE assessment").await.code(), "not_read_only");
}

/// Forty schools over three years, twelve pupils a year; a school adds with a deviation of 4 and drifts from year to year with one of 3.
async fn years() -> (Reader, Vec<f64>) {
    let mut random = StdRng::seed_from_u64(11);
    let mut noise = move || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
    let (mut rows, mut truth): (Vec<Value>, Vec<f64>) = (Vec::new(), Vec::new());
    for school in 0..40 {
        let stays = 4.0 * noise();
        truth.push(stays);
        for (year, (before, after)) in
            [("2021-入学", "2024-毕业"), ("2022-入学", "2025-毕业"), ("2023-入学", "2026-毕业")].into_iter().enumerate()
        {
            let drifts = 3.0 * noise();
            for pupil in 0..12 {
                let prior = 60.0 + 10.0 * noise();
                let score = 20.0 + 0.6 * prior + stays + drifts + 5.0 * year as f64 + 5.0 * noise();
                for (exam, score) in [(before, prior), (after, score)] {
                    rows.push(
                        json!({"exam": exam, "school": format!("s{school:02}"), "student": format!("{year}-{school}-{pupil}"),
                        "subject": "math", "held_on": "2026-06-20", "score": score, "status": "scored"}),
                    );
                }
            }
        }
    }
    (District::empty().await.with("assessment", Value::from(rows)).await.engine(10), truth)
}

#[tokio::test]
async fn years_are_pooled_by_cohorts_in_schools_or_by_slopes_of_the_year() {
    let (engine, truth) = years().await;
    let file = include_str!("../../value-added.years.toml.example");
    let asked = Asked::read(file).unwrap();
    let Method::Model { sql, model } = &asked.method else { panic!("a model") };
    let fitted = engine.fit(model, sql, &Scope::District).await.unwrap();
    let [cohorts, schools] = &fitted.fit.groupings[..] else { panic!("two groupings") };
    assert_eq!(
        (cohorts.groups, cohorts.hidden, schools.groups, schools.hidden),
        (120, 120, 40, 0),
        "a year is too small to show, three are not"
    );
    assert!(schools.shown().all(|(_, shown)| shown.n == 36));
    for (grouping, truth) in [(None, 5.0), (Some("cohort"), 3.0), (Some("school"), 4.0)] {
        let variance = fitted.fit.variances.iter().find(|it| it.grouping.as_deref() == grouping).unwrap();
        let interval = variance.interval.unwrap();
        assert!(interval.low < truth && truth < interval.high && interval.low > 0.0, "{grouping:?}: {interval:?}");
    }
    assert!((fitted.fit.fixed[3].estimate - 10.0).abs() < 4.0 * fitted.fit.fixed[3].error, "the years' own means are taken up");
    let sensitivity = fitted.sensitivity.as_ref().unwrap();
    assert_eq!(
        (sensitivity.stayed.as_ref().unwrap_err().code, sensitivity.missing_priors.as_ref().unwrap_err().code),
        ("none_moved", "none_missing")
    );
    // One year alone knows less of what a school adds year by year.
    let one = engine
        .fit(
            &self::model("settings = { minimum_n = 10 }"),
            "SELECT now.school, now.score AS later, before.score AS prior \
        FROM assessment AS now JOIN assessment AS before ON before.student = now.student AND before.exam = '2023-入学' \
        WHERE now.exam = '2026-毕业'",
            &Scope::District,
        )
        .await
        .unwrap();
    let missed = |fitted: &Fitted, place: usize| {
        let centre = truth.iter().sum::<f64>() / 40.0;
        let shown = fitted.fit.groupings[place].shown().zip(&truth);
        shown.map(|((_, it), truth)| (it.effects[0].estimate - (truth - centre)).powi(2)).sum::<f64>()
    };
    assert!(missed(&fitted, 1) < 0.7 * missed(&one, 0), "{} against {}", missed(&fitted, 1), missed(&one, 0));
    let slopes = file
        .replace("now.exam AS cohort", "CAST(substr(now.exam, 1, 4) AS INT) AS year")
        .replace("{ column = \"in_2025\" }, { column = \"in_2026\" }", "{ column = \"year\" }")
        .replace(
            "groupings = [{ column = \"cohort\", grain = \"cohort\" }, { column = \"school\", grain = \"school\" }]",
            "groupings = [{ column = \"school\", grain = \"school\", slopes = [\"year\"] }]",
        );
    let Method::Model { sql, model } = Asked::read(&slopes).unwrap().method else { panic!("a model") };
    let drift = engine.fit(&model, &sql, &Scope::District).await.unwrap().fit;
    assert_eq!(drift.groupings[0].terms, ["intercept", "year"]);
    assert!(drift.variances.iter().any(|it| it.term == "year" && it.deviation > 0.0));
}
