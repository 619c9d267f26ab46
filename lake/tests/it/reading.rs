//! Scans, pruning, the current view, and changes.

use datafusion::prelude::col;
use rstest::rstest;
use xueqing_lake::{CompactOptions, current, register_current};

use crate::district::*;

#[tokio::test]
async fn an_empty_table_gives_no_rows() {
    let (_folder, _, table) = new_table().await;
    assert!(rows(&table).await.is_empty());
    assert!(ask(&table, "SELECT count(*) AS n, max(minutes) AS m FROM t").await.contains("| 0 |"));
}

#[rstest]
#[case::all("true", 4)]
#[case::one_day("day = DATE '1970-01-02'", 1)]
#[case::range("day >= DATE '1970-01-04'", 2)]
#[case::days_in("day IN (DATE '1970-01-02', DATE '1970-01-04')", 2)]
#[case::no_day("day > DATE '2030-01-01'", 0)]
#[case::max("minutes > 25", 2)]
#[case::text("student = 'a'", 1)]
#[case::both("minutes > 25 AND day = DATE '1970-01-04'", 1)]
#[case::either("day = DATE '1970-01-02' OR minutes = 20", 2)]
#[case::nulls("minutes IS NULL", 0)]
#[tokio::test]
async fn only_files_that_may_match_are_opened(#[case] filter: &str, #[case] files: usize) {
    let (_folder, _, table) = new_table().await;
    for (day, student) in [(1, "a"), (2, "b"), (3, "c"), (4, "d")] {
        add(&table, &[(student, day, i64::from(day) * 10, 0, i64::from(day))]).await;
    }
    let ctx = context();
    ctx.register_table("t", table.provider()).unwrap();
    let sql = format!("SELECT student, day FROM t WHERE {filter}");
    assert_eq!(files_opened(&ctx, &sql).await, files);
    let found = ctx.sql(&sql).await.unwrap().count().await.unwrap();
    assert_eq!(found, files, "each file holds one row");
}

#[tokio::test]
async fn counting_needs_no_file_and_files_share_the_work() {
    let (_folder, _, table) = new_table().await;
    for seq in 1..=6 {
        add(&table, &[("a", 1, seq, 0, seq)]).await;
    }
    let ctx = context();
    ctx.register_table("t", table.provider()).unwrap();
    assert_eq!(files_opened(&ctx, "SELECT count(*), min(seq), max(day) FROM t").await, 0);
    assert_eq!(files_opened(&ctx, "SELECT minutes FROM t").await, 6);
    let plan = ctx.sql("SELECT minutes FROM t").await.unwrap().create_physical_plan().await.unwrap();
    assert_eq!(plan.properties().output_partitioning().partition_count(), 2);
}

#[tokio::test]
async fn current_is_the_highest_revision_then_the_latest_row_of_each_key_and_day() {
    let (_folder, _, table) = new_table().await;
    add(&table, &[("a", 1, 10, 0, 1), ("b", 1, 10, 5, 2), ("c", 1, 10, 0, 3)]).await;
    add(&table, &[("a", 1, 11, 0, 4), ("b", 1, 11, 4, 5), ("a", 2, 12, 0, 6)]).await;
    let ctx = context();
    register_current(&ctx, "homework", &table, &["student".into()]).await.unwrap();
    let sql = "SELECT student, CAST(day AS INT) AS d, minutes FROM homework ORDER BY 1, 2";
    let text = show(&ctx, sql).await;
    let want =
        ["| a       | 1 | 11      |", "| a       | 2 | 12      |", "| b       | 1 | 10      |", "| c       | 1 | 10      |"];
    assert_eq!(text.lines().filter(|l| l.contains(" | ")).skip(1).collect::<Vec<_>>(), want);

    let frame = current(&ctx, &table, &["student".into()], Some(&days(&[2]))).unwrap();
    assert!(frame.schema().field_with_unqualified_name("seq").is_err());
    assert_eq!(frame.select(vec![col("student")]).unwrap().count().await.unwrap(), 1);
}

#[tokio::test]
async fn a_filter_on_the_day_reaches_the_scan_below_the_current_view() {
    let (_folder, _, table) = new_table().await;
    for day in 1..=4 {
        add(&table, &[("a", day, 10, 0, i64::from(day))]).await;
    }
    let ctx = context();
    register_current(&ctx, "homework", &table, &["student".into(), "day".into()]).await.unwrap();
    let opened = files_opened(&ctx, "SELECT student FROM homework WHERE day = DATE '1970-01-03'").await;
    assert_eq!(opened, 2, "one file, for the keys and for the rows");
    register_current(&ctx, "homework", &table, &["student".into()]).await.unwrap();
    assert_eq!(files_opened(&ctx, "SELECT sum(minutes) FROM homework WHERE day >= DATE '1970-01-04'").await, 4);
}

#[tokio::test]
async fn changes_name_days_and_files_and_leave_compaction_out() {
    let (_folder, _, table) = new_table().await;
    add(&table, &[("a", 1, 10, 0, 1)]).await;
    add(&table, &[("b", 1, 20, 0, 2), ("c", 2, 30, 0, 3)]).await;
    let all = table.changes_since(0).await.unwrap();
    assert_eq!((all.version, all.days.clone(), all.added.len()), (2, days(&[1, 2]), 3));
    assert_eq!(all.added.iter().map(|f| f.rows).sum::<u64>(), 3);
    assert_eq!(table.changes_since(-1).await.unwrap().added.len(), 3);

    let before = table.version();
    table.compact(CompactOptions { min_files: 2 }).await.unwrap();
    let none = table.changes_since(before).await.unwrap();
    assert_eq!((none.version, none.days.len(), none.added.len(), none.removed.len()), (3, 0, 0, 0));

    let before = table.version();
    table.replace_days(&[2], vec![batch(&[("z", 2, 1, 0, 4)])], &[]).await.unwrap();
    let replaced = table.changes_since(before).await.unwrap();
    assert_eq!((replaced.days, replaced.added.len(), replaced.removed.len()), (days(&[2]), 1, 1));
    assert_eq!(table.changes_since(table.version()).await.unwrap().days.len(), 0);
}

#[tokio::test]
async fn changes_by_other_handles_are_seen() {
    let (folder, _, table) = new_table().await;
    add(&homework(&open(&folder)).await, &[("a", 7, 10, 0, 1)]).await;
    assert_eq!(table.changes_since(0).await.unwrap().days, days(&[7]));
    assert_eq!(table.version(), 1);
}
