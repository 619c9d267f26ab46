//! A small lake to test with: one table of homework minutes.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Date32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::{SessionConfig, SessionContext};
use tempfile::TempDir;
use xueqing_lake::{Lake, Position, Table};

pub const TABLE: &str = "events/homework";

/// student, day, minutes, revision, seq
pub type Row = (&'static str, i32, i64, i64, i64);

pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("student", DataType::Utf8, false),
        Field::new("day", DataType::Date32, false),
        Field::new("minutes", DataType::Int64, true),
        Field::new("revision", DataType::Int64, false),
        Field::new("seq", DataType::Int64, false),
    ]))
}

pub fn batch(rows: &[Row]) -> RecordBatch {
    let numbers = |pick: fn(&Row) -> i64| Arc::new(Int64Array::from_iter_values(rows.iter().map(pick)));
    let columns: Vec<arrow::array::ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.0))),
        Arc::new(Date32Array::from_iter_values(rows.iter().map(|r| r.1))),
        numbers(|r| r.2),
        numbers(|r| r.3),
        numbers(|r| r.4),
    ];
    RecordBatch::try_new(schema(), columns).unwrap()
}

pub fn open(folder: &TempDir) -> Lake {
    Lake::open(folder.path().to_str().unwrap()).unwrap()
}

pub async fn homework(lake: &Lake) -> Table {
    lake.table(TABLE, schema(), Some("day")).await.unwrap()
}

pub async fn new_table() -> (TempDir, Lake, Table) {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(&folder);
    let table = homework(&lake).await;
    (folder, lake, table)
}

pub async fn add(table: &Table, rows: &[Row]) {
    table.append(vec![batch(rows)], &[]).await.unwrap();
}

pub fn position(source: &str, value: i64) -> Position {
    Position { source: source.to_owned(), value }
}

pub fn context() -> SessionContext {
    SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2))
}

/// The answer of a query over `t`, as text.
pub async fn ask(table: &Table, sql: &str) -> String {
    let ctx = context();
    ctx.register_table("t", table.provider()).unwrap();
    show(&ctx, sql).await
}

pub async fn show(ctx: &SessionContext, sql: &str) -> String {
    let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap();
    pretty_format_batches(&batches).unwrap().to_string()
}

/// The rows as `student day minutes`, sorted.
pub async fn rows(table: &Table) -> Vec<String> {
    let text = ask(table, "SELECT concat(student, ' ', CAST(day AS INT), ' ', minutes) AS r FROM t ORDER BY r").await;
    text.lines().filter(|l| l.starts_with("| ") && !l.starts_with("| r ")).map(|l| l.replace('|', "").trim().to_owned()).collect()
}

/// How many files the plan of a query opens.
pub async fn files_opened(ctx: &SessionContext, sql: &str) -> usize {
    let plan = ctx.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
    let text = datafusion::physical_plan::displayable(plan.as_ref()).indent(true).to_string();
    text.matches(".zstd.parquet").count()
}

pub fn days(days: &[i32]) -> BTreeSet<i32> {
    days.iter().copied().collect()
}
