//! Appending, replacing, positions, several writers, and crashes.

use std::sync::Arc;

use arrow::array::{Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use rstest::rstest;
use xueqing_lake::Lake;

use crate::district::*;

#[tokio::test]
async fn a_table_is_there_again_after_reopening() {
    let (folder, _, table) = new_table().await;
    let commit = table.append(vec![batch(&[("a", 1, 10, 0, 1), ("b", 2, 20, 0, 2)])], &[position("f", 7)]).await;
    let commit = commit.unwrap();
    assert_eq!((commit.version, commit.files, commit.rows), (1, 2, 2));

    let lake = open(&folder);
    assert_eq!(lake.names().await.unwrap(), [TABLE]);
    let again = lake.existing(TABLE).await.unwrap().unwrap();
    assert_eq!(again.version(), 1);
    assert_eq!(again.position("f"), Some(7));
    assert_eq!(again.position("g"), None);
    assert_eq!(again.days(), days(&[1, 2]));
    assert_eq!(again.files(), table.files());
    assert_eq!(rows(&again).await, ["a 1 10", "b 2 20"]);
    assert!(lake.existing("events/none").await.unwrap().is_none());
}

#[tokio::test]
async fn the_partition_column_is_last_and_batches_match_by_name() {
    let (_folder, _, table) = new_table().await;
    let names: Vec<String> = table.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["student", "minutes", "revision", "seq", "day"]);
    let partial = batch(&[("a", 1, 10, 0, 1)]).project(&[4, 3, 1, 0]).unwrap();
    table.append(vec![partial], &[]).await.unwrap();
    assert_eq!(ask(&table, "SELECT count(*) AS n FROM t WHERE minutes IS NULL").await.matches("| 1 |").count(), 1);
}

#[rstest]
#[case::day_missing(&[0, 2, 3, 4], "column day must be a date")]
#[case::required_missing(&[1, 2, 3, 4], "student")]
#[tokio::test]
async fn a_batch_that_does_not_fit_is_refused(#[case] columns: &[usize], #[case] says: &str) {
    let (_folder, _, table) = new_table().await;
    let bad = batch(&[("a", 1, 10, 0, 1)]).project(columns).unwrap();
    let error = table.append(vec![bad], &[]).await.unwrap_err();
    assert_eq!(error.code(), "lake_batch");
    assert!(error.to_string().contains(says), "{error}");
    assert_eq!(table.version(), 0);
}

#[rstest]
#[case("")]
#[case("../out")]
#[case("/abs")]
#[case("_delta_log")]
#[tokio::test]
async fn bad_names_are_refused(#[case] name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let error = open(&folder).table(name, schema(), Some("day")).await.unwrap_err();
    assert_eq!(error.code(), "lake_table_name");
}

#[tokio::test]
async fn days_are_replaced_at_once_and_pinned_readers_keep_theirs() {
    let (_folder, _, table) = new_table().await;
    add(&table, &[("a", 1, 10, 0, 1), ("b", 2, 20, 0, 2), ("c", 3, 30, 0, 3)]).await;
    let ctx = context();
    ctx.register_table("old", table.provider()).unwrap();

    let commit = table.replace_days(&[1, 2], vec![batch(&[("z", 2, 99, 0, 4)])], &[position("p", 1)]).await.unwrap();
    assert_eq!((commit.version, commit.files), (2, 1));
    assert_eq!(rows(&table).await, ["c 3 30", "z 2 99"]);
    assert!(show(&ctx, "SELECT sum(minutes) AS s FROM old").await.contains("| 60 |"));

    let outside = table.replace_days(&[1], vec![batch(&[("y", 9, 1, 0, 5)])], &[]).await.unwrap_err();
    assert_eq!(outside.code(), "lake_batch");
    table.replace_all(vec![batch(&[("only", 5, 5, 0, 6)])], &[]).await.unwrap();
    assert_eq!(rows(&table).await, ["only 5 5"]);
}

#[tokio::test]
async fn positions_alone_are_a_commit_and_nothing_is_none() {
    let (_folder, _, table) = new_table().await;
    assert_eq!(table.append(vec![], &[]).await.unwrap().version, 0);
    assert_eq!(table.append(vec![], &[position("p", 3)]).await.unwrap().version, 1);
    assert_eq!(table.position("p"), Some(3));
}

#[tokio::test]
async fn a_crash_between_file_and_commit_leaves_the_table_as_it_was() {
    let (folder, _, table) = new_table().await;
    add(&table, &[("a", 1, 10, 0, 1)]).await;
    let live = folder.path().join(TABLE).join(&table.files()[0].path);
    let orphan = live.with_file_name("part-orphan.zstd.parquet");
    std::fs::copy(&live, &orphan).unwrap();
    let torn = folder.path().join(TABLE).join("_delta_log/00000000000000000002.json#1");
    std::fs::write(torn, "{\"add\":").unwrap();

    let again = homework(&open(&folder)).await;
    assert_eq!(rows(&again).await, ["a 1 10"]);
    add(&again, &[("b", 1, 20, 0, 2)]).await;
    assert_eq!(rows(&again).await, ["a 1 10", "b 1 20"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn handles_of_several_lakes_append_at_once_without_loss() {
    let (folder, _, table) = new_table().await;
    let writers = (0..4i64).map(|writer| {
        let lake = open(&folder);
        tokio::spawn(async move {
            let table = homework(&lake).await;
            for n in 0..5 {
                let seq = writer * 100 + n;
                table.append(vec![batch(&[("s", 1, seq, 0, seq)])], &[position(&format!("w{writer}"), n)]).await.unwrap();
            }
        })
    });
    futures::future::try_join_all(writers).await.unwrap();
    table.refresh().await.unwrap();
    assert_eq!(table.version(), 20);
    assert_eq!(table.stats().rows, 20);
    assert_eq!((0..4).map(|w| table.position(&format!("w{w}"))).collect::<Vec<_>>(), vec![Some(4); 4]);
}

#[tokio::test]
async fn a_moved_position_is_a_conflict_and_writes_nothing() {
    let (folder, _, mine) = new_table().await;
    let theirs = homework(&open(&folder)).await;
    theirs.append(vec![batch(&[("a", 1, 10, 0, 1)])], &[position("f", 1)]).await.unwrap();
    let error = mine.append(vec![batch(&[("a", 1, 10, 0, 1)])], &[position("f", 1)]).await.unwrap_err();
    assert_eq!(error.code(), "lake_conflict");
    assert_eq!(mine.refresh().await.unwrap(), 1);
    assert_eq!(mine.stats().rows, 1);
}

#[tokio::test]
async fn rows_added_by_others_to_a_replaced_day_are_a_conflict() {
    let (folder, _, mine) = new_table().await;
    let theirs = homework(&open(&folder)).await;
    add(&theirs, &[("a", 1, 10, 0, 1)]).await;
    let error = mine.replace_days(&[1], vec![], &[]).await.unwrap_err();
    assert_eq!(error.code(), "lake_conflict");
    mine.replace_days(&[2], vec![], &[position("p", 1)]).await.unwrap();
    assert_eq!(rows(&mine).await, ["a 1 10"]);
}

#[tokio::test]
async fn a_grown_kind_adds_nullable_columns() {
    let (folder, _, old) = new_table().await;
    add(&old, &[("a", 1, 10, 0, 1)]).await;
    let mut fields: Vec<Field> = schema().fields().iter().map(|f| f.as_ref().clone()).collect();
    fields.insert(1, Field::new("place", DataType::Utf8, false));
    let grown = Arc::new(Schema::new(fields));

    let table = open(&folder).table(TABLE, grown, Some("day")).await.unwrap();
    assert!(table.schema().field_with_name("place").unwrap().is_nullable());
    let base = batch(&[("b", 1, 20, 0, 2)]);
    let mut columns = base.columns().to_vec();
    let mut fields: Vec<Field> = base.schema().fields().iter().map(|f| f.as_ref().clone()).collect();
    columns.push(Arc::new(StringArray::from(vec!["home"])));
    fields.push(Field::new("place", DataType::Utf8, true));
    let wide = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    table.append(vec![wide], &[]).await.unwrap();
    let text = ask(&table, "SELECT student, place FROM t ORDER BY student").await;
    assert!(text.contains("| a       |       |") && text.contains("| b       | home  |"), "{text}");

    old.refresh().await.unwrap();
    assert_eq!(old.schema(), table.schema());
    assert_eq!(rows(&old).await.len(), 2);
}

#[tokio::test]
async fn a_column_never_changes_its_type() {
    let (folder, _, _table) = new_table().await;
    let other =
        Arc::new(Schema::new(vec![Field::new("minutes", DataType::Utf8, true), Field::new("day", DataType::Date32, false)]));
    let error = open(&folder).table(TABLE, other, Some("day")).await.unwrap_err();
    assert_eq!(error.code(), "lake_schema");
}

#[tokio::test]
async fn a_folder_with_chinese_and_blank_characters_is_a_lake() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("学情 数据%20");
    let lake = Lake::open(place.to_str().unwrap()).unwrap();
    let table = homework(&lake).await;
    add(&table, &[("学生", 1, 10, 0, 1)]).await;
    assert_eq!(rows(&table).await, ["学生 1 10"]);
    assert_eq!(Lake::open(lake.location().as_str()).unwrap().names().await.unwrap(), [TABLE]);
}

#[tokio::test]
async fn a_table_without_days_takes_rows_too() {
    let folder = tempfile::tempdir().unwrap();
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
    let table = open(&folder).table("quarantine", Arc::clone(&schema), None).await.unwrap();
    let column: Arc<dyn Array> = Arc::new(Int64Array::from(vec![Some(1), None]));
    table.append(vec![RecordBatch::try_new(schema, vec![column]).unwrap()], &[]).await.unwrap();
    assert_eq!(table.stats().days, 0);
    assert!(ask(&table, "SELECT count(*) AS n FROM t").await.contains("| 2 |"));
}

#[tokio::test]
async fn the_lock_lets_one_writer_in() {
    let (folder, lake, _table) = new_table().await;
    let held = lake.lock().await.unwrap();
    let other = open(&folder);
    let soon = std::time::Duration::from_millis(20);
    assert!(tokio::time::timeout(soon, other.lock()).await.is_err());
    assert!(tokio::time::timeout(soon, lake.lock()).await.is_err());
    drop(held);
    other.lock().await.unwrap();
}
