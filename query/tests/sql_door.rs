//! The SQL door: what it answers, what it refuses, and that nothing it is asked outgrows its limits.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use rstest::rstest;
use serde_json::json;
use support::{District, assert_rows};
use xueqing_query::{Error, Options, Scope, format};

async fn district() -> District {
    let row = |student: &str, revision: i64, minutes: f64| {
        json!({"assignment": "p1", "student": student, "school": "s1", "class": "c1", "grade": "13", "subject": "math",
               "status": "submitted", "minutes": minutes, "minutes_source": "measured", "revision": revision})
    };
    District::empty().await.with("homework", json!([row("a", 0, 10.0), row("a", 1, 12.0), row("b", 0, 20.0)])).await
}

async fn error(sql: &str) -> Error {
    let tight = Options { memory_bytes: 32 << 20, timeout: Duration::from_secs(3), max_rows: 1000, ..Options::default() };
    let engine = district().await.reader(vec![], tight).unwrap();
    engine.sql(sql, &Scope::District).await.expect_err(sql)
}

#[tokio::test]
async fn reads_current_rows_and_code_sets() {
    let engine = district().await.engine(10);
    let sql = "SELECT h.student, h.minutes, s.zh FROM homework h JOIN code_subjects s ON s.code = h.subject ORDER BY 1";
    let answer = engine.sql(sql, &Scope::District).await.unwrap();
    let expected = json!([{"student": "a", "minutes": 12.0, "zh": "数学"}, {"student": "b", "minutes": 20.0, "zh": "数学"}]);
    assert_rows(&format::json_rows(&answer).unwrap(), expected);
    assert_eq!(answer.as_of.keys().collect::<Vec<_>>(), ["homework"]);
}

#[tokio::test]
async fn what_was_asked_before_is_answered_from_what_there_is_now() {
    let district = district().await;
    let engine = district.engine_with(vec![], Options { suppress_below: 0, ..Options::default() }).unwrap();
    let ask = async |sql: &str| format::json_rows(&engine.sql(sql, &Scope::District).await.unwrap()).unwrap();
    let all = "SELECT count(*) AS n, (SELECT count(*) FROM assessment) AS e FROM homework";
    let same_pupils = "SELECT count(*) AS n FROM homework AS a JOIN homework AS b ON a.student = b.student";
    for _ in 0..3 {
        assert_rows(&ask(all).await, json!([{"n": 2, "e": 0}]));
        assert_rows(&ask(same_pupils).await, json!([{"n": 2}]));
    }
    let moment = "SELECT now() AS t, count(*) AS n FROM homework";
    assert_ne!(ask(moment).await, ask(moment).await);
    let numbers = "SELECT sum(value) AS n FROM generate_series(1, 4)";
    assert_eq!(ask(numbers).await, ask(numbers).await);
    let more = json!([{"assignment": "p2", "student": "c", "school": "s1", "class": "c1", "grade": "13", "subject": "math", "status": "missing", "revision": 0}]);
    let score = json!([{"exam": "e1", "held_on": "2026-09-07", "school": "s1", "grade": "21", "class": "c1", "subject": "math", "item": "", "student": "a", "score": 5.0, "status": "scored"}]);
    let _district = district.with("homework", more).await.with("assessment", score).await;
    assert_rows(&ask(all).await, json!([{"n": 3, "e": 1}]));
    assert_rows(&ask(same_pupils).await, json!([{"n": 3}]));
}

#[rstest]
#[case::tables("SHOW TABLES")]
#[case::columns("DESCRIBE homework")]
#[case::explain("EXPLAIN SELECT count(*) FROM homework")]
#[case::analyze("EXPLAIN ANALYZE SELECT count(*) FROM homework")]
#[case::empty_kind("SELECT * FROM assessment")]
#[case::qualified("SELECT count(*) FROM xueqing.public.homework")]
#[case::series("SELECT sum(value) FROM generate_series(1, 1000)")]
#[tokio::test]
async fn answers(#[case] sql: &str) {
    let engine = district().await.engine(10);
    engine.sql(sql, &Scope::District).await.expect(sql);
}

#[rstest]
#[case("CREATE TABLE x AS SELECT 1")]
#[case("CREATE VIEW x AS SELECT 1")]
#[case("CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION '/etc'")]
#[case("INSERT INTO homework SELECT * FROM homework")]
#[case("DELETE FROM homework")]
#[case("UPDATE homework SET minutes = 0")]
#[case("DROP TABLE homework")]
#[case("COPY (SELECT 1) TO '/tmp/x.parquet'")]
#[case("SET datafusion.execution.batch_size = 1")]
#[case("EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/x.parquet'")]
#[case("EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1")]
#[case("EXPLAIN INSERT INTO homework SELECT * FROM homework")]
#[case("PREPARE p AS SELECT 1")]
#[case("SELECT 1; DROP TABLE homework")]
#[tokio::test]
async fn refuses_to_write(#[case] sql: &str) {
    let error = error(sql).await;
    assert!(matches!(error.code(), "not_read_only" | "bad_sql" | "unknown_table"), "{sql}: {error}");
    assert!(!std::path::Path::new("/tmp/x.parquet").exists());
}

#[rstest]
#[case("SELECT * FROM '/etc/passwd'")]
#[case("SELECT * FROM \"/etc/passwd\"")]
#[case("SELECT * FROM 'https://example.org/x.parquet'")]
#[case("SELECT * FROM read_csv('/etc/passwd')")]
#[case("SELECT * FROM read_parquet('/etc/passwd')")]
#[case("SELECT * FROM quarantine")]
#[case("SELECT * FROM events.homework")]
#[tokio::test]
async fn sees_nothing_but_the_catalog(#[case] sql: &str) {
    let error = error(sql).await;
    assert_eq!(error.code(), "unknown_table", "{sql}: {error}");
    assert!(error.to_string().contains("homework"), "{error}");
}

#[tokio::test]
async fn gives_out_no_numbers_for_pupils() {
    for call in ["pupil_set(status, class, school)", "pupil_union(X'05')", "pupils_in(X'05')", "pupils_on_days(day, X'05', 1)"] {
        let error = error(&format!("SELECT {call} FROM homework")).await;
        assert!(error.code() == "bad_sql" && error.to_string().contains("Invalid function 'pupil"), "{error}");
    }
    let added_up = error("SELECT * FROM place_pupil_load__school__grade").await;
    assert_eq!(added_up.code(), "unknown_table", "{added_up}");
}

#[rstest]
#[case::rows("SELECT * FROM generate_series(1, 1000000000000)", "too_many_rows")]
#[case::time("SELECT count(*) FROM generate_series(1, 1000000000000000)", "time_limit")]
#[case::memory(
    "SELECT sum(n) FROM (SELECT value, count(*) AS n FROM generate_series(1, 1000000000000) GROUP BY value)",
    "memory_limit|time_limit"
)]
#[case::join("SELECT count(*) FROM generate_series(1, 10000000) a, generate_series(1, 10000000) b", "memory_limit|time_limit")]
#[case::small_join(
    "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b, generate_series(1, 1000000) c",
    "time_limit"
)]
#[case::loops(
    "SELECT count(*) FROM generate_series(1, 1000000) a JOIN generate_series(1, 1000000) b ON a.value < b.value + 1 AND a.value % 7 <> b.value % 5",
    "time_limit"
)]
#[case::recursion(
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
    "memory_limit|time_limit"
)]
#[case::repeat("SELECT repeat('x', 2000000000)", "bad_sql")]
#[case::range("SELECT range(0, 100000000000)", "bad_sql")]
#[case::array_repeat("SELECT array_repeat(1, 100000000000)", "bad_sql")]
#[case::long(&format!("SELECT '{}'", "x".repeat(70_000)), "sql_too_long")]
#[case::nested(&format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000)), "bad_sql")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ends_within_its_limits(#[case] sql: &str, #[case] code: &str) {
    let error = error(sql).await;
    assert!(code.split('|').any(|code| code == error.code()), "{error}");
}
