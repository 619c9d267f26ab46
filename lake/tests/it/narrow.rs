//! Questions about one class: what files hold of it is read once.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use rstest::rstest;
use tempfile::TempDir;
use xueqing_lake::{Lake, Table};

use crate::district::{ask, open};

const CLASSES: [(&str, &str, &str); 4] = [("s1", "11", "1"), ("s1", "11", "2"), ("s1", "12", "1"), ("s2", "11", "1")];

fn schema() -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, true);
    let number = Field::new("pupils", DataType::Int64, true);
    Arc::new(Schema::new(vec![text("school"), text("grade"), text("class"), Field::new("day", DataType::Date32, false), number]))
}

/// One row a class and day.
fn batch(days: &[i32], extra: i64) -> RecordBatch {
    let rows: Vec<_> = days.iter().flat_map(|day| CLASSES.iter().map(move |class| (*class, *day))).collect();
    let text = |pick: fn(&(&'static str, &'static str, &'static str)) -> &'static str| -> ArrayRef {
        Arc::new(rows.iter().map(|(class, _)| Some(pick(class))).collect::<StringArray>())
    };
    let number = |place: usize| i64::from(rows[place].1) * 10 + place as i64 % 4 + extra;
    let columns: Vec<ArrayRef> = vec![
        text(|class| class.0),
        text(|class| class.1),
        text(|class| class.2),
        Arc::new(Date32Array::from_iter_values(rows.iter().map(|(_, day)| *day))),
        Arc::new((0..rows.len()).map(number).collect::<Int64Array>()),
    ];
    RecordBatch::try_new(schema(), columns).unwrap()
}

async fn classes() -> (TempDir, Lake, Table) {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(&folder);
    let table = lake.table("rollups/class_day", schema(), Some("day")).await.unwrap();
    table.append(vec![batch(&[1, 2, 3], 0)], &[]).await.unwrap();
    (folder, lake, table)
}

/// Takes every data file away.
fn lose(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.ends_with("_delta_log") => {}
            path if path.is_dir() => lose(&path),
            path if path.extension().is_some_and(|kind| kind == "parquet") => fs::remove_file(path).unwrap(),
            _ => {}
        }
    }
}

#[rstest]
#[case::a_class("school = 's1' AND grade = '11' AND class = '2'", "11 21 31")]
#[case::a_class_of_any_grade("school = 's1' AND class = '1'", "10 12 20 22 30 32")]
#[case::some_days("school = 's2' AND class = '1' AND day >= DATE '1970-01-03'", "23 33")]
#[case::and_more("school = 's1' AND class = '1' AND pupils > 20", "22 30 32")]
#[case::other_column_types("school = 's1' AND class = '1' AND pupils = 22", "22")]
#[case::none("school = 's3' AND class = '1'", "")]
#[case::without_the_class_among_the_columns("'s1' = school AND grade = '12'", "12 22 32")]
#[tokio::test]
async fn it_is_what_a_scan_would_give_and_opens_no_file_again(#[case] filter: &str, #[case] expected: &str) {
    let (folder, _lake, table) = classes().await;
    let sql = format!("SELECT coalesce(string_agg(CAST(pupils AS VARCHAR), ' ' ORDER BY pupils), '') AS r FROM t WHERE {filter}");
    let first = ask(&table, &sql).await;
    assert_eq!(first.lines().nth(3).unwrap().trim_matches(['|', ' ']), expected);
    lose(folder.path());
    assert_eq!(ask(&table, &sql).await, first);
}

#[tokio::test]
async fn a_day_that_is_written_anew_is_read_anew_and_pinned_readers_keep_theirs() {
    let (_folder, _lake, table) = classes().await;
    let sql = "SELECT sum(pupils) AS s FROM t WHERE school = 's1' AND class = '2'";
    assert!(ask(&table, sql).await.contains("| 63 |"));
    let before = table.at(table.version()).await.unwrap();
    table.replace_days(&[2], vec![batch(&[2], 100)], &[]).await.unwrap();
    assert!(ask(&table, sql).await.contains("| 163 |"));
    assert!(ask(&before, sql).await.contains("| 63 |"));
}

#[tokio::test]
async fn a_whole_school_is_read_from_its_files() {
    let (folder, _lake, table) = classes().await;
    let sql = "SELECT sum(pupils) AS s FROM t WHERE school = 's1'";
    assert!(ask(&table, sql).await.contains("| 189 |"));
    lose(folder.path());
    let context = crate::district::context();
    context.register_table("t", table.provider()).unwrap();
    context.sql(sql).await.unwrap().collect().await.unwrap_err();
}

#[tokio::test]
async fn many_rows_are_left_to_the_scan() {
    let (folder, _lake, table) = classes().await;
    table.append(vec![batch(&[4; 5000], 0), batch(&[5; 5000], 0)], &[]).await.unwrap();
    let sql = "SELECT count(*) AS n FROM t WHERE school = 's1' AND class = '1'";
    assert!(ask(&table, sql).await.contains("| 20006 |"));
    lose(folder.path());
    let context = crate::district::context();
    context.register_table("t", table.provider()).unwrap();
    context.sql(sql).await.unwrap().collect().await.unwrap_err();
}
