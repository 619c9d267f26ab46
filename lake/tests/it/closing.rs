//! Closing days, taking rows out, emptying old days.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::{SessionContext, col, lit};
use xueqing_lake::{CloseOptions, CompactOptions, RETAINED, Table, current};

use crate::district::*;

fn options() -> CloseOptions {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    CloseOptions {
        key: names(&["student"]),
        sort: names(&["school", "student"]),
        bloom: names(&["student"]),
        ..CloseOptions::default()
    }
}

async fn current_rows(table: &Table) -> String {
    let ctx = context();
    let rows = current(&ctx, table, &["student".to_owned()], None).unwrap();
    ctx.register_table("current", rows.into_view()).unwrap();
    show(&ctx, "SELECT day, student, minutes, revision FROM current ORDER BY day, student").await
}

fn spilled(folder: &Path) -> usize {
    std::fs::read_dir(folder.join(".spill")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn closing_keeps_current_sorts_and_is_no_change() {
    let (folder, _, table) = new_table().await;
    add(&table, &[("c", 1, 10, 0, 1), ("a", 1, 11, 0, 2)]).await;
    add(&table, &[("b", 1, 12, 0, 3), ("a", 1, 13, 2, 4), ("x", 2, 1, 0, 5)]).await;
    add(&table, &[("a", 1, 14, 1, 6), ("c", 1, 15, 0, 7)]).await;
    let (before, version) = (current_rows(&table).await, table.version());
    let done = table.close_day(1, &options()).await.unwrap().expect("it was open");
    assert_eq!((done.files_before, done.files, done.rows_before, done.rows), (3, 1, 6, 3));
    assert_eq!(current_rows(&table).await, before);
    assert!(table.changes_since(version).await.unwrap().days.is_empty());
    assert_eq!(spilled(folder.path()), 0);
    let again = homework(&open(&folder)).await;
    assert!(again.is_closed(1) && !again.is_closed(2), "and the next process knows");
    assert_eq!(again.close_day(1, &options()).await.unwrap(), None);
    let stored = ask(&again, "SELECT student, seq FROM t WHERE day = DATE '1970-01-02'").await;
    let order: Vec<usize> =
        ["| a       | 4", "| b       | 3", "| c       | 7"].iter().map(|row| stored.find(row).unwrap()).collect();
    assert!(order.is_sorted(), "{stored}");
    // A late event stands beside, and the day closes again.
    add(&again, &[("b", 1, 99, 0, 8)]).await;
    assert!(!again.is_closed(1));
    again.compact(CompactOptions { min_files: 2 }).await.unwrap();
    let before = current_rows(&again).await;
    let done = again.close_day(1, &options()).await.unwrap().expect("it was open");
    assert_eq!((done.files_before, done.files, done.rows), (2, 1, 3));
    assert_eq!(current_rows(&again).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_keeps_no_one_waiting_and_loses_nothing() {
    let (folder, _, table) = new_table().await;
    let writer = homework(&open(&folder)).await;
    let lake = open(&folder);
    let (enough, mut told) = tokio::sync::oneshot::channel::<()>();
    let writing = tokio::spawn(async move {
        let (mut seq, mut stop) = (0, false);
        while !stop || seq % 4 != 0 {
            stop |= told.try_recv().is_ok();
            seq += 1;
            let turn = lake.lock().await.unwrap();
            let student = ["d", "a", "b", "c"][seq as usize % 4];
            writer.append(vec![batch(&[(student, 1, seq, 0, seq)])], &[]).await.unwrap();
            drop(turn);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        seq
    });
    let (mut closings, mut last) = (0, 0);
    while closings < 3 {
        closings += usize::from(table.close_day(1, &options()).await.unwrap().is_some());
        let ctx = context();
        let rows = current(&ctx, &table, &["student".to_owned()], None).unwrap();
        let newest = rows.aggregate(vec![], vec![datafusion::functions_aggregate::expr_fn::max(col("minutes"))]).unwrap();
        let newest = newest.collect().await.unwrap()[0].column(0).as_primitive::<arrow::datatypes::Int64Type>().clone();
        let newest = if newest.is_valid(0) { newest.value(0) } else { 0 };
        assert!(newest >= last, "what was visible stays visible");
        last = newest;
    }
    enough.send(()).unwrap();
    let written = writing.await.unwrap();
    table.close_day(1, &options()).await.unwrap();
    let newest = |back: i64| written - back;
    let expected = [("a", 3), ("b", 2), ("c", 1), ("d", 0)].map(|(student, back)| format!("{student} 1 {}", newest(back)));
    assert_eq!(rows(&homework(&open(&folder)).await).await, expected);
    assert!(open(&folder).verify(TABLE, true).await.unwrap().faults.is_empty());
}

#[tokio::test]
async fn a_large_day_is_split_and_spills() {
    let (folder, _, table) = new_table().await;
    let rows = 200_000;
    let names: Vec<String> = (0..rows).map(|row| format!("{:032x}", (row as u128) * 0x9e37_79b9_7f4a_7c15_u128)).collect();
    for part in 0..2 {
        let numbers = |add: i64| Arc::new(Int64Array::from_iter_values((0..rows).map(|row| row + add)));
        let columns: Vec<arrow::array::ArrayRef> = vec![
            Arc::new(StringArray::from_iter_values(&names)),
            Arc::new(arrow::array::Date32Array::from_value(1, rows as usize)),
            numbers(part),
            Arc::new(Int64Array::from_value(0, rows as usize)),
            numbers(part * rows),
        ];
        table.append(vec![RecordBatch::try_new(schema(), columns).unwrap()], &[]).await.unwrap();
    }
    let small = CloseOptions { file_bytes: 1 << 20, sort_bytes: 8 << 20, ..options() };
    let done = table.close_day(1, &small).await.unwrap().expect("it was open");
    assert_eq!((done.rows_before, done.rows), (2 * rows as u64, rows as u64));
    assert!(done.files > 2, "{done:?}");
    assert!(table.is_closed(1));
    assert_eq!(spilled(folder.path()), 0);
    let sums = ask(&table, "SELECT count(*), count(DISTINCT student), min(minutes), sum(minutes) FROM t").await;
    let sum = rows * (rows - 1) / 2 + rows;
    assert!(sums.contains(&format!("| {rows}   | {rows}                    | 1              | {sum}")), "{sums}");
    let ctx = context();
    ctx.register_table("t", table.provider()).unwrap();
    let opened = files_opened(&ctx, &format!("SELECT * FROM t WHERE student = '{}'", names[77])).await;
    assert!(opened <= 2, "sorted files have bounds: at most one, in two halves, not {opened}");
}

#[tokio::test]
async fn doomed_rows_go_and_the_rest_keeps_its_order_and_its_closing() {
    let (folder, _, table) = new_table().await;
    add(&table, &[("c", 1, 10, 0, 1), ("a", 1, 11, 0, 2), ("b", 1, 12, 0, 3)]).await;
    add(&table, &[("a", 2, 1, 0, 5)]).await;
    add(&table, &[("b", 3, 1, 0, 6)]).await;
    table.close_day(1, &options()).await.unwrap();
    let doomed = col("student").in_list(vec![lit("a"), lit("nobody")], false);
    assert_eq!(table.count_doomed(&doomed).await.unwrap().rows, 2);
    let version = table.version();
    let done = table.delete(&doomed, true, &["student".to_owned()]).await.unwrap();
    assert_eq!((done.files, done.rows), (2, 2));
    assert_eq!(rows(&table).await, ["b 1 12", "b 3 1", "c 1 10"]);
    assert_eq!(table.changes_since(version).await.unwrap().days, days(&[1, 2]));
    assert!(homework(&open(&folder)).await.is_closed(1));
    let again = table.delete(&doomed, true, &[]).await.unwrap();
    assert_eq!((again.files, again.rows, again.version), (0, 0, done.version));
}

#[tokio::test]
async fn old_days_go_unseen_and_the_table_remembers() {
    let (folder, _, table) = new_table().await;
    add(&table, &[("a", 1, 1, 0, 1), ("b", 2, 1, 0, 2), ("c", 3, 1, 0, 3)]).await;
    let (found, version) = (table.before(3), table.version());
    assert_eq!((found.days.clone(), found.files, found.rows), (days(&[1, 2]), 2, 2));
    assert_eq!(table.drop_before(3).await.unwrap(), found);
    assert_eq!(rows(&table).await, ["c 3 1"]);
    assert!(table.changes_since(version).await.unwrap().days.is_empty());
    assert_eq!(homework(&open(&folder)).await.position(RETAINED), Some(3));
    assert_eq!(table.drop_before(2).await.unwrap().files, 0);
    assert_eq!(table.position(RETAINED), Some(3));
}

/// Not a check but a figure: what bloom filters bring to the look-up of one pupil in a large closed day.
#[tokio::test]
#[ignore = "prints a measurement"]
async fn looking_one_pupil_up() {
    let (_folder, lake, _) = new_table().await;
    let schema = Arc::new(Schema::new(vec![
        Field::new("school", DataType::Utf8, false),
        Field::new("class", DataType::Utf8, false),
        Field::new("student", DataType::Utf8, false),
        Field::new("assignment", DataType::Utf8, false),
        Field::new("minutes", DataType::Int64, true),
        Field::new("day", DataType::Date32, false),
        Field::new("seq", DataType::Int64, false),
    ]));
    let (rows, pupils) = (9_000_000_i64, 100_000);
    for (name, bloom) in [("plain", vec![]), ("bloom", vec!["student".to_owned()])] {
        let table = lake.table(&format!("events/{name}"), schema.clone(), Some("day")).await.unwrap();
        for part in 0..9 {
            let range = part * rows / 9..(part + 1) * rows / 9;
            let texts = |make: fn(i64) -> String| Arc::new(StringArray::from_iter_values(range.clone().map(make)));
            let columns: Vec<arrow::array::ArrayRef> = vec![
                texts(|n| format!("s{}", (n * 7919 % 100_000) / 1000)),
                texts(|n| format!("c{}", (n * 7919 % 100_000) / 40)),
                texts(|n| {
                    format!("{:032x}", ((n * 7919 % 100_000) as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_1234_5678_9abc_def1))
                }),
                texts(|n| format!("a{}", n / 100_000)),
                Arc::new(Int64Array::from_iter_values(range.clone().map(|n| n % 60))),
                Arc::new(arrow::array::Date32Array::from_value(1, (rows / 9) as usize)),
                Arc::new(Int64Array::from_iter_values(range.clone())),
            ];
            table.append(vec![RecordBatch::try_new(schema.clone(), columns).unwrap()], &[]).await.unwrap();
        }
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let start = std::time::Instant::now();
        let options = CloseOptions {
            key: names(&["student", "assignment"]),
            sort: names(&["school", "class", "student"]),
            bloom,
            ..CloseOptions::default()
        };
        let done = table.close_day(1, &options).await.unwrap().unwrap();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap().to_owned();
        println!("{name}: closed {done:?} in {:?}; {peak}", start.elapsed());
        let ctx = SessionContext::new();
        ctx.register_table("t", table.provider()).unwrap();
        for _ in 0..3 {
            let pupil = format!("{:032x}", 4711_u128.wrapping_mul(0x9e37_79b9_7f4a_7c15_1234_5678_9abc_def1));
            let start = std::time::Instant::now();
            let found = show(&ctx, &format!("SELECT count(*), sum(minutes) FROM t WHERE student = '{pupil}'")).await;
            println!("{name}: {:?} of {pupils} pupils {}", start.elapsed(), found.lines().nth(3).unwrap());
        }
    }
}
