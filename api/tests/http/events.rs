//! Rows come in, in every shape that is accepted.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::ipc::writer::{FileWriter, StreamWriter};
use axum::body::Body;
use axum::http::{Request, header};

use crate::app::{NDJSON, TestApp, homework, local};
use crate::snapshot;

const CSV: &str = "assignment,school,class,grade,subject,student,assigned_at,status\n\
    a1,s1,c101,13,math,1,2026-11-18T16:30:00+08:00,submitted\n\
    a1,s1,c101,13,math,2,2026-11-18T16:30:00+08:00,missing\n";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_receipt_counts_what_was_accepted_and_shows_what_was_not() {
    let app = TestApp::start().await;
    let mut rows = homework();
    rows.push_str("{\"assignment\":\"x\"}\nnot json\n");
    rows.push_str(&homework().lines().next().unwrap().replace("\"math\"", "\"alchemy\""));
    let answer = app.post("/v1/events/homework?source=test", NDJSON, rows).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["read"], 39);
    snapshot!("receipt", answer.redacted());
}

#[tokio::test]
async fn every_way_to_send_the_same_rows_is_understood() {
    let app = TestApp::start().await;
    let array = r#"[{"assignment":"a1","school":"s1","class":"c101","grade":"13","subject":"math","student":"1","assigned_at":"2026-11-18T16:30:00+08:00","status":"submitted"},
        {"assignment":"a1","school":"s1","class":"c101","grade":"13","subject":"math","student":"2","assigned_at":"2026-11-18T16:30:00+08:00","status":"missing"}]"#;
    let zstd = zstd::encode_all(CSV.as_bytes(), 1).unwrap();
    let utf16: Vec<u8> = "\u{feff}".chars().chain(CSV.chars()).flat_map(|c| (c as u16).to_le_bytes()).collect();
    let ways: [(&str, &str, Vec<u8>); 10] = [
        ("", "text/tab-separated-values", CSV.replace(',', "\t").into()),
        ("", "application/x-www-form-urlencoded", array.into()),
        ("", "text/csv", CSV.into()),
        ("", "text/plain", CSV.into()),
        ("?format=csv", "application/x-www-form-urlencoded", CSV.into()),
        ("", "application/json", array.into()),
        ("?format=json", "text/plain", array.into()),
        ("", "application/gzip", gzip(CSV)),
        ("?format=csv", "application/octet-stream", zstd),
        ("?encoding=utf-16le", "text/csv", utf16),
    ];
    for (query, kind, body) in ways {
        let answer = app.post(&format!("/v1/events/homework{query}"), kind, body).await;
        assert_eq!(answer.status, 200, "{query} {kind}: {}", answer.text());
        assert_eq!((answer.json()["read"].as_u64(), answer.json()["accepted"].as_u64()), (Some(2), Some(2)), "{query} {kind}");
    }
    let rows = app.sql("SELECT count(*) AS n FROM homework").await;
    assert_eq!(rows.json()["rows"][0]["n"], 2, "the same keys are the same rows");
}

/// The rows of [`CSV`] as texts in columns.
fn arrow() -> RecordBatch {
    let rows: Vec<Vec<&str>> = CSV.lines().map(|line| line.split(',').collect()).collect();
    let column = |index: usize| rows[1..].iter().map(|row| Some(row[index])).collect::<StringArray>();
    let columns = rows[0].iter().enumerate().map(|(index, name)| (*name, Arc::new(column(index)) as ArrayRef));
    RecordBatch::try_from_iter(columns).unwrap()
}

#[tokio::test]
async fn columns_come_in_as_an_arrow_stream_or_file() {
    let app = TestApp::start().await;
    let batch = arrow();
    let mut stream = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    stream.write(&batch).unwrap();
    let mut file = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    file.write(&batch).unwrap();
    for (kind, body) in [("stream", stream.into_inner().unwrap()), ("file", file.into_inner().unwrap())] {
        let answer = app.post("/v1/events/homework", &format!("application/vnd.apache.arrow.{kind}"), body).await;
        assert_eq!(answer.status, 200, "{kind}: {}", answer.text());
        assert_eq!(answer.json()["accepted"], 2, "{kind}: {}", answer.text());
    }
}

#[tokio::test]
async fn compressed_requests_are_decompressed() {
    let app = TestApp::start().await;
    for (encoding, body) in [("gzip", gzip(CSV)), ("zstd", zstd::encode_all(CSV.as_bytes(), 1).unwrap())] {
        let request = local(Request::post("/v1/events/homework"))
            .header(header::CONTENT_TYPE, "text/csv")
            .header(header::CONTENT_ENCODING, encoding);
        let answer = app.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.json()["accepted"].as_u64()), (200, Some(2)), "{encoding}");
    }
}

#[tokio::test]
async fn the_charset_of_the_content_type_is_the_encoding() {
    let app = TestApp::start().await;
    let gbk =
        [CSV.replace("math", "").as_bytes(), b"a2,s1,c101,13,\xca\xfd\xd1\xa7,3,2026-11-18T16:30:00+08:00,submitted\n"].concat();
    let answer = app.post("/v1/events/homework", "text/csv; charset=gbk", gbk).await;
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.text());
    let rows = app.sql("SELECT subject FROM homework").await;
    assert_eq!(rows.json()["rows"][0]["subject"], "math");
}

#[tokio::test]
async fn identifiers_are_never_stored_raw() {
    let app = TestApp::with_homework().await;
    let rows = app.sql("SELECT DISTINCT student FROM homework").await.json();
    let rows = rows["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 12);
    assert!(rows.iter().all(|row| row["student"].as_str().unwrap().len() == 32));
}

#[tokio::test]
async fn a_body_with_a_key_is_taken_once() {
    let app = TestApp::start().await;
    let rows = homework() + "not json\n";
    let send = async |mapping: &str, key: &str| {
        let request = local(Request::post(format!("/v1/events/{mapping}"))).header("idempotency-key", key);
        let answer = app.send(request.body(Body::from(rows.clone())).unwrap()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let first = send("homework", "day-1").await;
    let again = send("homework", "day-1").await;
    for count in ["read", "accepted", "rejected", "version"] {
        assert_eq!(first[count], again[count], "{count}");
    }
    assert_eq!((first["repeated"].as_u64(), again["repeated"].as_u64()), (Some(0), Some(37)));
    let listed = app.get(again["rejects_url"].as_str().unwrap()).await.json();
    assert_eq!(listed["total"], 1, "the rejects of the first time: {listed}");
    let counts = app.get("/metrics").await.text();
    for (name, rows) in [("accepted", 36), ("rejected", 1), ("repeated", 37)] {
        assert!(counts.contains(&format!("xueqing_ingest_rows_{name}_total{{mapping=\"homework\"}} {rows}\n")), "{counts}");
    }
    assert_eq!(send("homework", "day-2").await["repeated"], 0, "another key is another body");
    assert_eq!(send("demo_zuoye", "day-1").await["repeated"], 0, "each mapping has its own keys");
}

#[tokio::test]
async fn rows_are_counted_for_the_operator() {
    let app = TestApp::with_homework().await;
    let text = app.get("/metrics").await.text();
    assert!(text.contains("xueqing_ingest_rows_accepted_total{mapping=\"homework\"} 36"), "{text}");
    assert!(text.contains("xueqing_ingest_rows_rejected_total{mapping=\"homework\"} 0"));
    assert!(text.contains("xueqing_ingest_commits_total{mapping=\"homework\"} 1"));
    assert!(text.contains("xueqing_ingest_receipt_seconds_count 1"), "{text}");
    assert!(text.contains("xueqing_ingest_queue 0") && text.contains("xueqing_ingest_pending_bytes 0"), "{text}");
    app.post("/v1/events/homework", NDJSON, "{}\nnothing\n{}").await;
    let text = app.get("/metrics").await.text();
    assert!(text.contains("xueqing_ingest_rejects_total{mapping=\"homework\",rule=\"required\"} 2"), "{text}");
    assert!(text.contains("xueqing_ingest_rejects_total{mapping=\"homework\",rule=\"json\"} 1"), "{text}");
    assert!(text.contains("method=\"POST\",route=\"/v1/events/{mapping}\",status=\"200\"} 2"), "{text}");
    assert!(text.ends_with("# EOF\n"));
}
