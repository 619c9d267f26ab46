//! Makes the city: registers by the usual door, pupils' days and homework by dice, and what is built on days by the rollups' own SQL.
//!
//! Of homework there is what one pupil of three did in one subject: enough to be added up everywhere, and not what the days were made of.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use xueqing_benches::{ingest, raw};
use xueqing_lake::{Lake, Table, histogram};
use xueqing_pipeline::{Raw, Rollup};
use xueqing_schema::Standard;

/// A class that there is in every city.
pub const SCHOOL: &str = "3302000000";
pub const CLASS: &str = "0-13-0";

const CLASS_SIZE: usize = 45;
const COUNTIES: [&str; 10] = ["330100", "330200", "330300", "330400", "330500", "330600", "330700", "330800", "330900", "331000"];
const AREAS: [&str; 5] = ["111", "112", "121", "122", "220"];
/// Type of school, its grades, classes a grade, schools of ten.
const SCHOOLS: [(&str, &[&str], usize, usize); 4] = [
    ("211", &["11", "12", "13", "14", "15", "16"], 3, 6),
    ("311", &["21", "22", "23"], 7, 2),
    ("312", &["11", "12", "13", "14", "15", "16", "21", "22", "23"], 2, 1),
    ("342", &["31", "32", "33"], 9, 1),
];
const SUBJECTS: [&str; 6] = ["chinese", "math", "english", "physics", "history", "science"];
const TERM: &str = "2025-2026-2";
/// Monday, 2 March 2026.
const FIRST_DAY: i32 = 20_514;
/// The first day of exams.
const EXAMS: i32 = FIRST_DAY + 28;
/// The rollups made by SQL, in the order in which they build on each other.
const BUILT: [&str; 4] = ["student_load_day", "class_day", "school_grade_day", "school_grade_subject_day"];

/// One class.
struct Room {
    school: String,
    grade: &'static str,
    class: String,
    first: usize,
}

/// Writes the city into a new lake.
pub async fn city(folder: &Path, standard: &Arc<Standard>, students: usize, days: usize) {
    let rooms = rooms(students);
    let ingest = ingest(folder, Arc::clone(standard)).await;
    for (kind, lines) in [("school", registers(&rooms)), ("calendar", calendar(days)), ("day_plan", plans(&rooms))] {
        let receipt = ingest.submit(Raw { mapping: kind.to_owned(), ..raw(lines.into()) }).await.expect("a receipt");
        assert_eq!(receipt.rejected, 0, "{:?}", receipt.rejects);
    }
    ingest.settled().await.expect("current rollups");
    let sql: Vec<Rollup> = ingest.rollups().files().cloned().collect();
    let lake = ingest.lake().clone();
    ingest.shutdown().await;
    for day in school_days(days) {
        let mut dice = SmallRng::seed_from_u64(day as u64);
        let known = [
            ("student_day", student_days(&lake, &rooms, day, &mut dice).await),
            ("class_subject_day", subjects(&lake, &rooms, day, &mut dice).await),
        ];
        write(&lake, &sql, day, known).await;
        let mut records = vec![
            ("homework", pieces(&lake, standard, &rooms, day, &mut dice).await),
            ("assignment", listed(&lake, standard, &rooms, day, &mut dice).await),
        ];
        // One exam in each subject, a subject a day.
        if let Some(subject) = SUBJECTS.get((day - EXAMS) as usize) {
            records.push(("assessment", results(&lake, standard, &rooms, day, subject, &mut dice).await));
        }
        for (kind, rows) in records {
            events(&lake, standard, kind).await.replace_days(&[day], vec![rows], &[]).await.expect("written");
        }
        eprint!("\rday {day}");
    }
    eprintln!();
}

fn school_days(days: usize) -> impl Iterator<Item = i32> {
    (0..).filter(|day| day % 7 < 5).take(days).map(|day| FIRST_DAY + day)
}

fn rooms(students: usize) -> Vec<Room> {
    let mut rooms = Vec::new();
    for school in 0.. {
        let (_, grades, classes, _) = kind_of(school);
        for grade in grades {
            for class in 0..classes {
                if rooms.len() * CLASS_SIZE >= students {
                    return rooms;
                }
                let first = rooms.len() * CLASS_SIZE;
                rooms.push(Room { school: code(school), grade, class: format!("{school}-{grade}-{class}"), first });
            }
        }
    }
    rooms
}

fn code(school: usize) -> String {
    format!("3302{school:06}")
}

fn kind_of(school: usize) -> (&'static str, &'static [&'static str], usize, usize) {
    let mut left = school % 10;
    for kind in SCHOOLS {
        if left < kind.3 {
            return kind;
        }
        left -= kind.3;
    }
    SCHOOLS[0]
}

fn registers(rooms: &[Room]) -> String {
    let last: usize = rooms.last().map_or(0, |room| room.school[4..].parse().expect("a number"));
    let line = |school: usize| {
        let (county, area) = (COUNTIES[school / 10 % 10], AREAS[school / 100 % 5]);
        let (kind, public) = (kind_of(school).0, !school.is_multiple_of(9));
        format!(
            "{{\"school\":\"{}\",\"name\":\"S{school}\",\"region\":\"{county}\",\"school_type\":\"{kind}\",\"urban_rural\":\"{area}\",\"public\":{public}}}\n",
            code(school)
        )
    };
    (0..=last).map(line).collect()
}

fn calendar(days: usize) -> String {
    let last = school_days(days).last().unwrap_or(FIRST_DAY);
    let line = |day: i32| {
        let date = date(day);
        let kind = if (day - FIRST_DAY) % 7 < 5 { "school_day" } else { "weekend" };
        format!("{{\"date\":\"{date}\",\"term\":\"{TERM}\",\"day_kind\":\"{kind}\"}}\n")
    };
    (FIRST_DAY..=last).map(line).collect()
}

/// Every other school's system closes.
fn plans(rooms: &[Room]) -> String {
    let grades: BTreeSet<(&str, &str)> = rooms.iter().map(|room| (room.school.as_str(), room.grade)).collect();
    let closing = grades.iter().filter(|(school, _)| school.ends_with(['1', '3', '5', '7', '9']));
    let line = |(school, grade): &(&str, &str), weekday: u8| {
        format!(
            "{{\"school\":\"{school}\",\"grade\":\"{grade}\",\"weekday\":{weekday},\"homework_closes\":\"21:00\",\"valid_from\":\"2026-02-01\"}}\n"
        )
    };
    closing.flat_map(|place| (1..=5).map(move |weekday| line(place, weekday))).collect()
}

fn date(day: i32) -> String {
    arrow::temporal_conversions::date32_to_datetime(day).expect("a date").format("%Y-%m-%d").to_string()
}

/// A batch with a table's columns: those given, the day, zeros, and nothing where that is allowed.
fn batch(schema: &SchemaRef, day: i32, rows: usize, given: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let columns = schema.fields().iter().map(|field| {
        let found = given.iter().find(|(name, _)| name == field.name()).map(|(_, array)| Arc::clone(array));
        found.unwrap_or_else(|| match field.data_type() {
            DataType::Date32 => Arc::new(Date32Array::from_value(day, rows)) as ArrayRef,
            DataType::Int64 => Arc::new(Int64Array::from_value(0, rows)),
            other => new_null_array(other, rows),
        })
    });
    let columns = columns.collect();
    RecordBatch::try_new(Arc::clone(schema), columns).expect("the table's columns")
}

async fn rollup(lake: &Lake, name: &str) -> SchemaRef {
    lake.existing(&format!("rollups/{name}")).await.expect("a lake").expect("a rollup's table").schema()
}

async fn events(lake: &Lake, standard: &Standard, kind: &str) -> Table {
    let kind = standard.kind(kind).expect("a kind of the standard");
    lake.table(&kind.table_name(), kind.table_schema(), kind.partition()).await.expect("a table")
}

/// Microseconds of a moment of a day.
fn moments(day: i32, seconds: impl Iterator<Item = i64>) -> ArrayRef {
    let midnight = i64::from(day) * 86_400;
    Arc::new(
        TimestampMicrosecondArray::from_iter_values(seconds.map(|second| (midnight + second) * 1_000_000)).with_timezone("UTC"),
    )
}

/// What one pupil of three did: the subject and the form are the class's of the day.
async fn pieces(lake: &Lake, standard: &Standard, rooms: &[Room], day: i32, dice: &mut SmallRng) -> RecordBatch {
    let turn = day.unsigned_abs() as usize;
    let pupils = |room: &Room| (room.first..room.first + CLASS_SIZE).filter(|pupil| pupil % 3 == turn % 3).collect::<Vec<_>>();
    let all: Vec<(&Room, usize)> =
        rooms.iter().flat_map(|room| pupils(room).into_iter().map(move |pupil| (room, pupil))).collect();
    let text = |text: &dyn Fn(&Room, usize) -> String| texts(all.iter().map(|(room, pupil)| text(room, *pupil)));
    let number = |room: &Room| room.first / CLASS_SIZE + turn;
    let minutes: Vec<f64> = all.iter().map(|_| f64::from(dice.random_range(5..60))).collect();
    let given = vec![
        ("assignment", text(&|room, _| format!("{}-{day}", room.class))),
        ("school", text(&|room, _| room.school.clone())),
        ("grade", text(&|room, _| room.grade.to_owned())),
        ("class", text(&|room, _| room.class.clone())),
        ("student", text(&|_, pupil| format!("{pupil:032x}"))),
        ("subject", text(&|room, _| SUBJECTS[number(room) % SUBJECTS.len()].to_owned())),
        ("form", text(&|room, _| ["written", "oral"][number(room) / 6 % 2].to_owned())),
        (
            "status",
            texts(all.iter().map(|_| ["submitted", "submitted", "submitted", "late", "missing"][dice.random_range(0..5)])),
        ),
        ("place", texts(all.iter().map(|_| ["home", "school", "after_school"][dice.random_range(0..3)]))),
        ("minutes", Arc::new(Float64Array::from(minutes))),
        ("minutes_source", texts(all.iter().map(|_| ["measured", "measured", "reported"][dice.random_range(0..3)]))),
        ("assigned_at", moments(day, all.iter().map(|_| 8 * 3_600))),
        ("submitted_at", moments(day, all.iter().map(|_| dice.random_range(10 * 3_600..16 * 3_600)))),
        ("seq", Arc::new(Int64Array::from_iter_values((0_i64..).take(all.len()).map(|row| i64::from(day) * 10_000_000 + row)))),
    ];
    batch(&events(lake, standard, "homework").await.schema(), day, all.len(), given)
}

/// Two assignments a class.
async fn listed(lake: &Lake, standard: &Standard, rooms: &[Room], day: i32, dice: &mut SmallRng) -> RecordBatch {
    let all: Vec<(&Room, usize)> = rooms.iter().flat_map(|room| [(room, 0), (room, 1)]).collect();
    let text = |text: &dyn Fn(&Room, usize) -> String| texts(all.iter().map(|(room, number)| text(room, *number)));
    let given = vec![
        ("assignment", text(&|room, number| format!("{}-{day}-{number}", room.class))),
        ("school", text(&|room, _| room.school.clone())),
        ("grade", text(&|room, _| room.grade.to_owned())),
        ("class", text(&|room, _| room.class.clone())),
        ("subject", texts(all.iter().map(|_| SUBJECTS[dice.random_range(0..SUBJECTS.len())]))),
        ("form", texts(all.iter().map(|_| ["written", "oral"][dice.random_range(0..2)]))),
        ("layer", texts(all.iter().map(|_| ["basic", "consolidate", "extend"][dice.random_range(0..3)]))),
        ("published", Arc::new(BooleanArray::from_iter(all.iter().map(|_| Some(dice.random_range(0..4) > 0))))),
        ("assigned_at", moments(day, all.iter().map(|_| 8 * 3_600))),
        ("seq", Arc::new(Int64Array::from_iter_values((0_i64..).take(all.len()).map(|row| i64::from(day) * 10_000_000 + row)))),
    ];
    batch(&events(lake, standard, "assignment").await.schema(), day, all.len(), given)
}

/// What each pupil scored in one subject.
async fn results(lake: &Lake, standard: &Standard, rooms: &[Room], day: i32, subject: &str, dice: &mut SmallRng) -> RecordBatch {
    let all: Vec<(&Room, usize)> =
        rooms.iter().flat_map(|room| (room.first..room.first + CLASS_SIZE).map(move |pupil| (room, pupil))).collect();
    let text = |text: &dyn Fn(&Room, usize) -> String| texts(all.iter().map(|(room, pupil)| text(room, *pupil)));
    let scores: Vec<f64> = all.iter().map(|_| f64::from(dice.random_range(60..=200)) / 2.0).collect();
    let given = vec![
        ("exam", texts(all.iter().map(|_| "midterm"))),
        ("term", texts(all.iter().map(|_| TERM))),
        ("school", text(&|room, _| room.school.clone())),
        ("class", text(&|room, _| room.class.clone())),
        ("grade", text(&|room, _| room.grade.to_owned())),
        ("subject", texts(all.iter().map(|_| subject))),
        ("item", texts(all.iter().map(|_| ""))),
        ("student", text(&|_, pupil| format!("{pupil:032x}"))),
        ("score", Arc::new(Float64Array::from(scores))),
        ("status", texts(all.iter().map(|_| "scored"))),
        ("seq", Arc::new(Int64Array::from_iter_values((0_i64..).take(all.len()).map(|row| i64::from(day) * 10_000_000 + row)))),
    ];
    batch(&events(lake, standard, "assessment").await.schema(), day, all.len(), given)
}

fn texts<T: AsRef<str>>(texts: impl Iterator<Item = T>) -> ArrayRef {
    Arc::new(texts.map(Some).collect::<StringArray>())
}

async fn student_days(lake: &Lake, rooms: &[Room], day: i32, dice: &mut SmallRng) -> RecordBatch {
    let rows = rooms.len() * CLASS_SIZE;
    let each = |text: fn(&Room) -> &str| -> ArrayRef {
        texts(rooms.iter().flat_map(|room| std::iter::repeat_n(text(room), CLASS_SIZE)))
    };
    let (mut expected, mut pieces, mut seconds, mut written, mut reported, mut reported_seconds) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for room in rooms {
        let most = if room.grade < "20" { 5_400 } else { 9_000 };
        let level = dice.random_range(most / 4..most);
        for _ in 0..CLASS_SIZE {
            let (count, told) = (dice.random_range(2..=4), dice.random_range(0..2));
            let known = if dice.random_range(0..20) == 0 { 0 } else { dice.random_range(level / 2..level) };
            expected.push(count);
            pieces.push(if known == 0 { 0 } else { count - told });
            reported.push(if known == 0 { 0 } else { told });
            reported_seconds.push(known * told / count);
            seconds.push(known - known * told / count);
            written.push(known * 3 / 4);
        }
    }
    let students = rooms.iter().flat_map(|room| (room.first..room.first + CLASS_SIZE).map(|student| format!("{student:032x}")));
    let whole = |values: Vec<i64>| Arc::new(Int64Array::from(values)) as ArrayRef;
    let given = vec![
        ("school", each(|room| &room.school)),
        ("grade", each(|room| room.grade)),
        ("class", each(|room| &room.class)),
        ("student", texts(students)),
        ("homework_submitted", whole(expected.clone())),
        ("homework_expected", whole(expected)),
        ("timed_measured", whole(pieces)),
        ("timed_reported", whole(reported)),
        ("seconds_measured", whole(seconds)),
        ("seconds_reported", whole(reported_seconds)),
        ("written_seconds", whole(written)),
    ];
    batch(&rollup(lake, "student_day").await, day, rows, given)
}

async fn subjects(lake: &Lake, rooms: &[Room], day: i32, dice: &mut SmallRng) -> RecordBatch {
    let (each, size) = (SUBJECTS.len(), CLASS_SIZE as i64);
    let rows = rooms.len() * each;
    let text =
        |text: fn(&Room) -> &str| -> ArrayRef { texts(rooms.iter().flat_map(|room| std::iter::repeat_n(text(room), each))) };
    let whole = |value: &mut dyn FnMut() -> i64| Arc::new(Int64Array::from_iter_values((0..rows).map(|_| value()))) as ArrayRef;
    let seconds = whole(&mut || size * dice.random_range(300..1_200));
    let given = vec![
        ("school", text(|room| &room.school)),
        ("grade", text(|room| room.grade)),
        ("class", text(|room| &room.class)),
        ("subject", texts(SUBJECTS.iter().cycle().take(rows))),
        ("pieces", whole(&mut || 1)),
        ("expected", whole(&mut || size)),
        ("submitted", whole(&mut || size)),
        ("timed_measured", whole(&mut || size)),
        ("seconds_measured", Arc::clone(&seconds)),
        ("written_seconds", seconds),
        ("students", whole(&mut || size)),
    ];
    batch(&rollup(lake, "class_subject_day").await, day, rows, given)
}

async fn write(lake: &Lake, sql: &[Rollup], day: i32, known: [(&str, RecordBatch); 2]) {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
    histogram::register(&context);
    let mut made: Vec<(String, Vec<RecordBatch>)> = known.into_iter().map(|(name, rows)| (name.to_owned(), vec![rows])).collect();
    for (name, rows) in &made {
        let table = MemTable::try_new(rows[0].schema(), vec![rows.clone()]).expect("a table");
        context.register_table(name.as_str(), Arc::new(table)).expect("a new name");
    }
    for name in BUILT {
        let rollup = sql.iter().find(|rollup| rollup.name == name).expect("a built-in rollup");
        let table = lake.existing(&rollup.table_name()).await.expect("a lake");
        let whole = table.as_ref().map_or_else(|| rollup.sql.clone(), |table| rollup.whole(&table.schema()));
        let whole = format!("SELECT * FROM ({whole}) ORDER BY {}", rollup.order().join(", "));
        let rows = context.sql(&whole).await.expect("a plan").collect().await.expect("rows");
        let schema = rows[0].schema();
        context
            .register_table(name, Arc::new(MemTable::try_new(schema, vec![rows.clone()]).expect("a table")))
            .expect("a new name");
        if table.is_some() {
            made.push((name.to_owned(), rows));
        }
    }
    for (name, rows) in made {
        let table = lake.existing(&format!("rollups/{name}")).await.expect("a lake").expect("a rollup's table");
        let rows = rows.iter().map(|rows| fitted(&table.schema(), rows)).collect();
        table.replace_days(&[day], rows, &[]).await.expect("written");
    }
}

fn fitted(schema: &Arc<Schema>, rows: &RecordBatch) -> RecordBatch {
    let column = |field: &Arc<arrow::datatypes::Field>| {
        let column = rows.column_by_name(field.name()).unwrap_or_else(|| panic!("{} is missing", field.name()));
        cast(column, field.data_type()).expect("the table's type")
    };
    RecordBatch::try_new(Arc::clone(schema), schema.fields().iter().map(column).collect()).expect("the table's columns")
}
