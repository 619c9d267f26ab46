//! Decoding as a whole, on a kind that has a field of every type.

mod columns;
mod csv;
mod header;
mod json;
mod malformed;
mod speed;

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, Schema, TimestampMicrosecondType};
use arrow::util::display::array_value_to_string;
use xueqing_schema::Standard;
use xueqing_schema::ids::Pseudonyms;

use super::{Decoder, Format, Reject};

const KIND: &str = r#"
title = { zh = "晨读", en = "Reading" }
description = { zh = "", en = "" }
role = "event"
key = ["student", "at"]
time = "at"
[[field]]
name = "student"
type = "identifier"
person = "student"
required = true
title = { zh = "学号", en = "Student" }
[[field]]
name = "at"
type = "timestamp"
required = true
title = { zh = "时间", en = "Time" }
[[field]]
name = "subject"
type = "code"
codes = "book_subjects"
title = { zh = "学科", en = "Subject" }
aliases = ["科目"]
[[field]]
name = "minutes"
type = "number"
title = { zh = "用时", en = "Minutes" }
[[field]]
name = "pages"
type = "integer"
title = { zh = "页数", en = "Pages" }
[[field]]
name = "aloud"
type = "boolean"
title = { zh = "朗读", en = "Aloud" }
[[field]]
name = "due"
type = "date"
title = { zh = "截止", en = "Due" }
[[field]]
name = "note"
type = "text"
title = { zh = "备注", en = "Note" }
[[field]]
name = "place"
type = "text"
default = "school"
title = { zh = "地点", en = "Place" }
"#;

const CODES: &str = r#"
title = { zh = "学科", en = "Subjects" }
[[code]]
code = "chinese"
title = { zh = "语文", en = "Chinese" }
[[code]]
code = "math"
title = { zh = "数学", en = "Mathematics" }
"#;

/// A vendor's mapping with every step of a column.
const VENDOR: &str = r#"
kind = "reading"
title = { zh = "晨读机", en = "Reader" }
id_namespace = "reader"
null = ["", "NULL"]
[columns]
student = { from = ["no"] }
at = { from = ["sj"], formats = ["%Y/%m/%d %H:%M:%S"] }
subject = { from = ["xk"], values = { "1" = "chinese" }, contains = [["数", "math"]] }
minutes = { from = ["hours"], scale = 60.0, null = ["-1"] }
note = { from = ["school", "class"] }
place = { from = ["place"], values = { "H" = "home" }, default = "elsewhere" }
"#;

/// A wide sheet: one column for each subject.
const WIDE: &str = r#"
kind = "reading"
title = { zh = "宽表", en = "Wide" }
[unpivot]
field = "subject"
value = "minutes"
[unpivot.columns]
"语文" = "chinese"
"数学" = "math"
[columns]
student = { from = ["no"] }
at = { from = ["sj"] }
minutes = { from = ["minutes"], null = ["-1"] }
note = { from = ["minutes"], values = { "-1" = "absent" }, default = "read" }
"#;

static STANDARD: LazyLock<Standard> = LazyLock::new(|| {
    let files = [
        ("kinds/reading.toml", KIND),
        ("codes/book_subjects.toml", CODES),
        ("vendors/reader.toml", VENDOR),
        ("vendors/wide.toml", WIDE),
    ];
    Standard::default().extend(files.map(|(path, text)| (path.to_owned(), text.to_owned()))).unwrap()
});

fn ids() -> Pseudonyms {
    Pseudonyms::new(b"key")
}

fn decoder(mapping: &str, format: Format, encoding: Option<&str>) -> Decoder {
    let mapping = STANDARD.mapping(mapping).unwrap();
    Decoder::new(&STANDARD, mapping, &ids(), chrono_tz::Asia::Shanghai, format, encoding).unwrap()
}

/// All that came out of one input.
#[derive(Debug, Default)]
struct Outcome {
    batches: Vec<RecordBatch>,
    rejects: Vec<Reject>,
    lines: Vec<u64>,
    raw: Vec<String>,
    read: usize,
    error: Option<String>,
}

fn decode(mapping: &str, input: impl AsRef<[u8]>) -> Outcome {
    run(&decoder(mapping, Format::Auto, None), input.as_ref())
}

fn run(decoder: &Decoder, input: &[u8]) -> Outcome {
    let mut outcome = Outcome::default();
    for decoded in decoder.batches(input) {
        match decoded {
            Ok(decoded) => {
                assert_eq!(decoded.read, decoded.batch.num_rows() + decoded.rejects.len(), "read = rows + rejects");
                assert_eq!(decoded.rows.len(), decoded.batch.num_rows());
                outcome.lines.extend((0..decoded.rows.len()).map(|row| decoded.line(row)));
                outcome.raw.extend((0..decoded.rows.len().min(10)).map(|row| decoded.raw(row)));
                outcome.read += decoded.read;
                outcome.rejects.extend(decoded.rejects);
                outcome.batches.push(plain(&decoded.batch));
            }
            Err(error) => outcome.error = Some(error.to_string()),
        }
    }
    outcome
}

/// The batch with texts where it has dictionaries.
fn plain(batch: &RecordBatch) -> RecordBatch {
    let columns = batch.schema_ref().fields().iter().zip(batch.columns()).map(|(field, column)| {
        let text = matches!(column.data_type(), DataType::Dictionary(..));
        let column = if text { cast(column, &DataType::Utf8).unwrap() } else { column.clone() };
        (field.as_ref().clone().with_data_type(column.data_type().clone()), column)
    });
    let (fields, columns): (Vec<_>, Vec<_>) = columns.unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

impl Outcome {
    /// The column's values in the first batch, as text; null as `-`.
    fn column(&self, name: &str) -> Vec<String> {
        let show = |batch: &RecordBatch| {
            let column = batch.column_by_name(name).unwrap().clone();
            let text = |row| if column.is_null(row) { "-".to_owned() } else { array_value_to_string(&column, row).unwrap() };
            (0..column.len()).map(text).collect::<Vec<_>>()
        };
        self.batches.iter().flat_map(show).collect()
    }

    fn rules(&self) -> Vec<(u64, &str)> {
        self.rejects.iter().map(|reject| (reject.line, reject.rule.as_str())).collect()
    }

    fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

#[test]
fn an_integer_a_text_and_a_float_name_one_person() {
    let json = decode(
        "reading",
        r#"{"student":13893,"at":"2026-11-20"}"#.to_owned() + "\n{\"student\":\"13893\",\"at\":\"2026-11-20\"}",
    );
    let csv = decode("reading", "student,at\n13893.0,2026-11-20\n");
    let hash = ids().hash("student", "", "13893");
    assert_eq!([json.column("student"), csv.column("student")].concat(), [hash.as_str(); 3]);
}

#[test]
fn values_have_the_types_of_the_kind() {
    let outcome = decode("reading", "student,at,minutes,pages\n1,2026-11-20T08:00:00+08:00,12.5,3.0\n");
    let batch = &outcome.batches[0];
    assert_eq!(batch.schema(), STANDARD.kind("reading").unwrap().schema());
    let at = batch["at"].as_primitive::<TimestampMicrosecondType>();
    assert_eq!(at.value(0), 1_795_132_800_000_000);
    assert_eq!(batch["minutes"].as_primitive::<Float64Type>().value(0).to_bits(), 12.5_f64.to_bits());
    assert_eq!(batch["pages"].as_primitive::<Int64Type>().value(0), 3);
    assert_eq!(batch["revision"].as_primitive::<Int64Type>().value(0), 0);
    assert_eq!(outcome.column("place"), ["school"]);
}

#[test]
fn rows_know_their_line_and_text() {
    let outcome = decode("reading", "\u{feff}学号,时间,备注\r\n1,2026-11-20,\"two\r\nlines\"\r\n\r\n2,2026-11-20,x\r\n");
    assert_eq!(outcome.lines, [2, 5]);
    assert_eq!(outcome.raw, ["1,2026-11-20,\"two\r\nlines\"", "2,2026-11-20,x"]);
    assert_eq!(outcome.column("note"), ["two\r\nlines", "x"]);
}
