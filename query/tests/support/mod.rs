//! A small lake written by hand, and answers as JSON rows.
#![allow(dead_code, reason = "each test file uses a part of this")]

mod built;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use xueqing_lake::Lake;
use xueqing_query::{Engine, Options, Request, Scope, Setup, format};
use xueqing_schema::{SEQ, Standard};

const COUNTS: [&str; 23] = [
    "homework_expected",
    "homework_submitted",
    "homework_late",
    "homework_missing",
    "homework_exempt",
    "timed_measured",
    "timed_reported",
    "timed_estimated",
    "seconds_measured",
    "seconds_reported",
    "seconds_estimated",
    "written_seconds",
    "checkpoints",
    "present",
    "late",
    "early_leave",
    "sick_leave",
    "personal_leave",
    "official_leave",
    "truant",
    "acts",
    "answers",
    "answers_correct",
];
const SUBJECT_COUNTS: [&str; 14] = [
    "students",
    "pieces",
    "expected",
    "submitted",
    "late",
    "missing",
    "exempt",
    "timed_measured",
    "timed_reported",
    "timed_estimated",
    "seconds_measured",
    "seconds_reported",
    "seconds_estimated",
    "written_seconds",
];

const HISTOGRAMS: [&str; 5] = ["load_minutes", "measured_minutes", "reported_minutes", "estimated_minutes", "written_minutes"];

/// A lake in a folder of its own, with every table that the figures read.
pub struct District {
    _folder: TempDir,
    /// Rollups whose rows a test has written itself.
    by_hand: BTreeSet<String>,
    pub lake: Lake,
    pub standard: Arc<Standard>,
}

impl District {
    pub async fn empty() -> Self {
        let folder = TempDir::new().unwrap();
        let lake = Lake::open(folder.path().to_str().unwrap()).unwrap();
        let standard = Arc::new(Standard::builtin().unwrap());
        let district = Self { _folder: folder, by_hand: BTreeSet::new(), lake, standard };
        let others = ["student_day", "class_subject_day", "student_lesson", "assignment_day", "assigned_day"];
        for rollup in others.into_iter().chain(built::TABLES) {
            district.table(rollup).await;
        }
        district
    }

    /// Adds rows to a kind or rollup; what a row leaves out is null, or 0 or a fixed value where null is not allowed. Rollups that are
    /// built on it follow, unless the test writes them itself.
    pub async fn with(mut self, name: &str, rows: Value) -> Self {
        let (table, schema) = self.table(name).await;
        let offset = table.stats().rows;
        let rows = rows.as_array().unwrap().iter().enumerate().map(|(i, row)| filled(row, &schema, offset as usize + i));
        let rows: Vec<Value> = rows.collect();
        match self.by_hand.insert(name.to_owned()) && built::TABLES.contains(&name) {
            true => table.replace_all(vec![batch(&schema, &rows)], &[]).await.unwrap(),
            false => table.append(vec![batch(&schema, &rows)], &[]).await.unwrap(),
        };
        for (name, rows) in built::on(&self.lake).await {
            if !self.by_hand.contains(name) {
                self.table(name).await.0.replace_all(rows, &[]).await.unwrap();
            }
        }
        self
    }

    /// An engine that keeps the lake's folder.
    pub fn engine(self, suppress_below: i64) -> Reader {
        self.reader(vec![], Options { suppress_below, ..Options::default() }).unwrap()
    }

    pub fn reader(self, metric_files: Vec<(String, String)>, options: Options) -> Result<Reader, xueqing_query::Error> {
        Ok(Reader { engine: self.engine_with(metric_files, options)?, _district: self })
    }

    pub fn engine_with(&self, metric_files: Vec<(String, String)>, options: Options) -> Result<Engine, xueqing_query::Error> {
        let timezone = chrono_tz::Asia::Shanghai;
        Engine::open(Setup { lake: self.lake.clone(), standard: self.standard.clone(), timezone, metric_files, options })
    }

    async fn table(&self, name: &str) -> (xueqing_lake::Table, SchemaRef) {
        let (stored, schema, partition) = match self.standard.kind(name) {
            Ok(kind) => (kind.table_name(), kind.table_schema(), kind.partition()),
            Err(_) => (format!("rollups/{name}"), rollup(name), Some("day")),
        };
        (self.lake.table(&stored, schema.clone(), partition).await.unwrap(), schema)
    }
}

/// An engine and the district it reads.
pub struct Reader {
    engine: Engine,
    _district: District,
}

impl std::ops::Deref for Reader {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

fn rollup(name: &str) -> SchemaRef {
    let (dimensions, counts): (&[&str], Vec<&str>) = match name {
        "student_day" => (&["school", "grade", "class", "student"], COUNTS.to_vec()),
        "class_day" => (&["school", "grade", "class"], [&["students", "load_students"], &COUNTS[..]].concat()),
        "school_grade_day" => (&["school", "grade"], [&["students", "load_students"], &COUNTS[..]].concat()),
        "school_grade_subject_day" => (&["school", "grade", "subject"], SUBJECT_COUNTS.to_vec()),
        "student_lesson" => (&["school", "grade", "class", "subject", "lesson", "student"], vec!["acts", "judged", "correct"]),
        "assignment_day" => (&["school", "grade", "class", "subject", "assignment"], SUBJECT_COUNTS.to_vec()),
        "assigned_day" => {
            (&["school", "grade", "class", "subject", "teacher", "layer", "assignment"], vec!["pieces", "estimated_seconds"])
        }
        _ => (&["school", "grade", "class", "subject"], SUBJECT_COUNTS.to_vec()),
    };
    let dimensions = dimensions.iter().map(|name| Field::new(*name, DataType::Utf8, true));
    let counts = counts.into_iter().map(|name| Field::new(name, DataType::Int64, false));
    let histograms: &[&str] = match name {
        "class_day" => &HISTOGRAMS,
        "school_grade_day" => &[&HISTOGRAMS[..], &["class_minutes"]].concat(),
        _ => &[],
    };
    let histograms = histograms.iter().map(|name| Field::new(*name, DataType::Binary, true));
    let day = Field::new("day", DataType::Date32, false);
    Arc::new(Schema::new(dimensions.chain(counts).chain(histograms).chain([day]).collect::<Vec<_>>()))
}

fn filled(row: &Value, schema: &Schema, number: usize) -> Value {
    let mut row: Map<String, Value> = row.as_object().unwrap().clone();
    for field in schema.fields().iter().filter(|field| !field.is_nullable()) {
        let value = match field.data_type() {
            _ if field.name() == SEQ => json!(number),
            DataType::Int64 => json!(0),
            DataType::Timestamp(..) => json!("2026-09-07T08:00:00Z"),
            DataType::Date32 => json!("2026-09-07"),
            _ => json!("x"),
        };
        row.entry(field.name()).or_insert(value);
    }
    Value::Object(row)
}

fn batch(schema: &SchemaRef, rows: &[Value]) -> RecordBatch {
    let mut decoder = arrow::json::ReaderBuilder::new(schema.clone()).build_decoder().unwrap();
    decoder.serialize(rows).unwrap();
    decoder.flush().unwrap().unwrap()
}

pub fn request(by: &[&str], params: &[(&str, &str)]) -> Request {
    Request {
        by: by.iter().map(|by| (*by).to_owned()).collect(),
        params: params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    }
}

/// The rows of a figure.
pub async fn rows(engine: &Engine, name: &str, by: &[&str], params: &[(&str, &str)]) -> Vec<Map<String, Value>> {
    let answer = engine.run(name, request(by, params), &Scope::District).await.unwrap();
    format::json_rows(&answer).unwrap()
}

/// Asserts that there are as many rows as expected and that each has the expected values; floats to 1e-9.
#[track_caller]
pub fn assert_rows(actual: &[Map<String, Value>], expected: Value) {
    let expected = expected.as_array().unwrap();
    assert_eq!(actual.len(), expected.len(), "{actual:#?}");
    for (actual, expected) in actual.iter().zip(expected) {
        for (name, value) in expected.as_object().unwrap() {
            let found = actual.get(name).unwrap_or_else(|| panic!("no column {name} in {actual:?}"));
            let same = match (found.as_f64(), value.as_f64()) {
                (Some(found), Some(value)) => (found - value).abs() <= 1e-9,
                _ => found == value,
            };
            assert!(same, "{name} is {found}, expected {value} in {actual:?}");
        }
    }
}

/// Two schools with a class each, on one day.
pub async fn two_schools() -> District {
    let row = |school: &str, student: String| {
        json!({"day": "2026-09-07", "school": school, "grade": "13", "class": "c1", "student": student,
        "homework_expected": 1, "timed_measured": 1, "seconds_measured": 600})
    };
    let large = (0..10).map(|i| row("large", format!("l{i}")));
    let small = (0..9).map(|i| row("small", format!("s{i}")));
    District::empty().await.with("student_day", json!(large.chain(small).collect::<Vec<_>>())).await
}

/// A figure of the district's own.
pub fn own(text: &str) -> Vec<(String, String)> {
    vec![("local/days.sql".to_owned(), text.to_owned())]
}
