//! Published figures in every format.

use std::io::Cursor;

use arrow::ipc::reader::StreamReader;

use crate::app::TestApp;
use crate::snapshot;

const FIGURE: &str = "/v1/metrics/homework/submission_rate?by=day,subject&class=c101";

#[tokio::test]
async fn figures_are_listed_with_their_words() {
    let app = TestApp::start().await;
    let list = app.get("/v1/metrics").await.json();
    let metrics = list["metrics"].as_array().unwrap();
    assert!(metrics.len() >= 8);
    for metric in metrics {
        for text in ["title", "description", "grain", "source"] {
            assert!(metric[text]["zh"].is_string() && metric[text]["en"].is_string(), "{text} of {}", metric["name"]);
        }
        assert!(!metric["columns"].as_array().unwrap().is_empty());
    }
    let names: Vec<_> = metrics.iter().map(|metric| metric["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"workload/daily_minutes"), "{names:?}");
}

#[tokio::test]
async fn a_figure_is_rows_with_titles_units_and_versions() {
    let app = TestApp::with_homework().await;
    let answer = app.get(FIGURE).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.header("vary").contains("accept"));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.header("x-as-of").contains('='));
    snapshot!("figure", answer.redacted());
}

#[tokio::test]
async fn csv_opens_in_a_spreadsheet() {
    let app = TestApp::with_homework().await;
    let by_accept = app.get_as(FIGURE, "text/csv").await;
    assert!(by_accept.body.starts_with("\u{feff}day,subject,".as_bytes()), "{}", by_accept.text());
    assert_eq!(by_accept.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(by_accept.header("content-disposition"), "attachment; filename=\"homework_submission_rate.csv\"");
    assert_eq!(by_accept.text().lines().count(), 4);
    let by_name = app.get(&format!("{FIGURE}&format=csv")).await;
    assert_eq!(by_name.body, by_accept.body);
}

#[tokio::test]
async fn an_arrow_stream_holds_the_same_rows() {
    let app = TestApp::with_homework().await;
    let answer = app.get_as(FIGURE, "application/vnd.apache.arrow.stream").await;
    assert_eq!(answer.header("content-type"), "application/vnd.apache.arrow.stream");
    let reader = StreamReader::try_new(Cursor::new(answer.body), None).unwrap();
    assert_eq!(reader.schema().field(0).name(), "day");
    let rows: usize = reader.map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows, 3);
}

#[tokio::test]
async fn an_empty_figure_is_an_answer() {
    let app = TestApp::start().await;
    let answer = app.get("/v1/metrics/homework/submission_rate?by=day").await;
    assert_eq!((answer.status.as_u16(), answer.json()["rows"].as_array().map(Vec::len)), (200, Some(0)), "{}", answer.text());
}

#[tokio::test]
async fn every_figure_answers_over_an_empty_lake() {
    let app = TestApp::start().await;
    for metric in app.get("/v1/metrics").await.json()["metrics"].as_array().unwrap() {
        let name = metric["name"].as_str().unwrap();
        let answer = app.get(&format!("/v1/metrics/{name}")).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        let titled = answer.json()["columns"].as_array().unwrap().iter().all(|column| column["title"]["zh"].is_string());
        assert!(titled, "{name}");
    }
}

#[tokio::test]
async fn values_are_bound_and_never_sql() {
    let app = TestApp::with_homework().await;
    let evil = "/v1/metrics/homework/submission_rate?by=day&class=c101'%20OR%20'1'='1";
    assert_eq!(app.get(evil).await.json()["rows"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn the_standard_can_be_read() {
    let app = TestApp::start().await;
    let catalog = app.get("/v1/schema").await.json();
    assert!(catalog["kinds"].as_array().unwrap().iter().any(|kind| kind["name"] == "homework" && kind["role"] == "event"));
    assert!(catalog["mappings"].is_array() && catalog["codes"].is_array());
    let schema = app.get("/v1/schema/homework").await.json();
    assert!(schema["properties"]["minutes"].is_object(), "{schema}");
    let codes = app.get("/v1/codes/minutes_sources").await;
    snapshot!("codes", codes.json());
}
