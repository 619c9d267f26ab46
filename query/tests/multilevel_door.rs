//! A multilevel model over the lake: exams of the same pupils joined, fitted, suppressed, or refused with the reason.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use serde_json::{Value, json};
use support::{District, Reader};
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
