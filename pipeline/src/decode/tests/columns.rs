//! Arrow and Parquet.

use std::sync::Arc;

use arrow::array::{
    ArrayData, ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, NullArray, RecordBatch, StringArray,
    TimestampMillisecondArray, make_array,
};
use arrow::buffer::Buffer;
use arrow::datatypes::{DataType, Int32Type, IntervalUnit, TimeUnit};
use arrow::ipc::writer::{FileWriter, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{WriterProperties, WriterVersion};
use rstest::rstest;

use super::*;

fn rows(dictionary: bool) -> RecordBatch {
    let students = ["13893", "13894", "13893"];
    let students: ArrayRef = match dictionary {
        true => Arc::new(students.into_iter().collect::<DictionaryArray<Int32Type>>()),
        false => Arc::new(StringArray::from_iter_values(students)),
    };
    let at: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![1_795_132_800_000; 3]).with_timezone("+08:00"));
    let minutes: ArrayRef = Arc::new(Float64Array::from(vec![Some(12.5), None, Some(f64::NAN)]));
    let pages: ArrayRef = Arc::new(Int32Array::from(vec![3, 4, 5]));
    let note: ArrayRef = Arc::new(StringArray::from(vec![Some(" 好 "), Some(""), None]));
    RecordBatch::try_from_iter([("student", students), ("at", at), ("minutes", minutes), ("pages", pages), ("备注", note)])
        .unwrap()
}

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn file(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    parquet_of_pages(batch, 1000)
}

fn parquet_of_pages(batch: &RecordBatch, rows: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pages = WriterProperties::builder().set_data_page_row_count_limit(rows).build();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(pages)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[rstest]
#[case::stream(stream(&[rows(false)]))]
#[case::dictionary(stream(&[rows(true)]))]
#[case::file(file(&rows(true)))]
#[case::parquet(parquet(&rows(false)))]
#[case::zstd(zstd::stream::encode_all(stream(&[rows(true)]).as_slice(), 1).unwrap())]
fn columns_mean_what_cells_mean(#[case] bytes: Vec<u8>) {
    let found = decode("reading", bytes);
    let csv = decode(
        "reading",
        "student,at,minutes,pages,备注\n13893,2026-11-20T08:00:00+08:00,12.5,3,好\n13894,2026-11-20T08:00:00+08:00,,4,\n13893,2026-11-20T08:00:00+08:00,,5,\n",
    );
    assert_eq!(found.error, None);
    assert_eq!((found.rows(), found.rejects.len()), (3, 0), "{:?}", found.rejects);
    for name in ["student", "at", "minutes", "pages", "note", "place", "revision"] {
        assert_eq!(found.column(name), csv.column(name), "{name}");
    }
    assert_eq!(found.lines, [1, 2, 3]);
    assert!(found.raw[0].contains("13893") && found.raw[0].starts_with('{'), "{}", found.raw[0]);
}

#[test]
fn a_fault_costs_its_row_only() {
    let (student, at) =
        (StringArray::from(vec![Some("1"), None, Some("3")]), StringArray::from(vec!["2026-11-20", "2026-11-20", "then"]));
    let columns: [(&str, ArrayRef); 2] = [("student", Arc::new(student)), ("at", Arc::new(at))];
    let found = decode("reading", stream(&[RecordBatch::try_from_iter(columns).unwrap()]));
    assert_eq!(found.rows(), 1);
    assert_eq!(found.rules(), [(2, "required"), (3, "type")]);
    assert!(found.rejects[1].raw.contains("then"), "{}", found.rejects[1].raw);
}

/// Values of a type, each given as its bytes, the lowest first.
fn of_bytes(kind: &DataType, values: &[Vec<u8>]) -> ArrayRef {
    let data = ArrayData::builder(kind.clone()).len(values.len()).add_buffer(Buffer::from_vec(values.concat()));
    make_array(data.build().unwrap())
}

#[test]
fn what_arrow_cannot_write_costs_its_row_only() {
    use DataType::{Date32, Date64, Decimal32, Decimal64, Decimal128, Decimal256, Duration, Float16, Float32, Float64};
    use DataType::{Interval, Time32, Time64, Timestamp};
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let units = [Second, Millisecond, Microsecond, Nanosecond];
    let zone = || Some(Arc::from("Asia/Shanghai"));
    let mut kinds = vec![Date32, Date64, Time32(Second), Time32(Millisecond), Time64(Microsecond), Time64(Nanosecond)];
    kinds.extend([Float16, Float32, Float64, Decimal32(9, 2), Decimal64(18, -3), Decimal128(38, 2), Decimal256(76, -9)]);
    kinds.extend([IntervalUnit::YearMonth, IntervalUnit::DayTime, IntervalUnit::MonthDayNano].map(Interval));
    kinds.extend(units.iter().flat_map(|unit| [Duration(*unit), Timestamp(*unit, None), Timestamp(*unit, zone())]));
    for kind in kinds {
        let width = kind.primitive_width().unwrap();
        let (mut one, mut lowest, mut highest) = (vec![0; width], vec![0; width], vec![0xff; width]);
        (one[0], lowest[width - 1], highest[width - 1]) = (1, 0x80, 0x7f);
        let values = [one.clone(), lowest, highest, one];
        for name in ["备注", "at", "minutes"] {
            let mut columns: Vec<(&str, ArrayRef)> = vec![("student", Arc::new(StringArray::from(vec!["1", "2", "3", "4"])))];
            columns.push((name, of_bytes(&kind, &values)));
            if name != "at" {
                let at: ArrayRef = Arc::new(StringArray::from(vec!["2026-11-20"; 4]));
                columns.push(("at", at));
            }
            let found = decode("reading", stream(&[RecordBatch::try_from_iter(columns).unwrap()]));
            assert_eq!((found.error.as_deref(), found.rows() + found.rejects.len()), (None, 4), "{kind} as {name}");
            if name == "备注" {
                assert!(found.lines.starts_with(&[1]) && found.lines.ends_with(&[4]), "{kind}: {:?}", found.rejects);
            }
        }
    }
}

#[test]
fn what_needs_more_than_a_change_of_type_is_read_like_json() {
    let at: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![1_795_161_600_000]));
    let student: ArrayRef = Arc::new(Int64Array::from(vec![13893]));
    let found = decode("reading", stream(&[RecordBatch::try_from_iter([("student", student), ("at", at)]).unwrap()]));
    assert_eq!(found.column("student"), [ids().hash("student", "", "13893")]);
    let local = decode("reading", "student,at\n13893,2026-11-20 08:00:00\n");
    assert_eq!(found.column("at"), local.column("at"), "a time without a zone is the district's");
}

#[test]
fn a_missing_column_is_told_with_those_that_are_there() {
    let pages: ArrayRef = Arc::new(Int32Array::from(vec![3]));
    let error = decode("reading", stream(&[RecordBatch::try_from_iter([("pages", pages)]).unwrap()])).error.unwrap();
    assert!(error.contains("student") && error.contains("pages"), "{error}");
}

#[rstest]
#[case::stream(stream(&[rows(false), rows(false)]))]
#[case::file(file(&rows(false)))]
#[case::parquet(parquet(&rows(false)))]
fn cut_or_damaged_input_is_an_error(#[case] bytes: Vec<u8>) {
    for cut in [9, bytes.len() / 2, bytes.len() - 40] {
        let found = decode("reading", &bytes[..cut]);
        assert!(found.error.is_some() || found.rows() > 0, "cut at {cut}");
    }
    for at in (0..bytes.len()).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        drop(decode("reading", damaged));
    }
}

/// A Parquet file as it should be, in every way in which texts can be written.
#[rstest]
#[case(Encoding::PLAIN, WriterVersion::PARQUET_1_0, "")]
#[case(Encoding::DELTA_BYTE_ARRAY, WriterVersion::PARQUET_1_0, "")]
#[case(Encoding::DELTA_BYTE_ARRAY, WriterVersion::PARQUET_2_0, "x")]
#[case(Encoding::DELTA_LENGTH_BYTE_ARRAY, WriterVersion::PARQUET_1_0, "x")]
#[case(Encoding::DELTA_LENGTH_BYTE_ARRAY, WriterVersion::PARQUET_2_0, "")]
fn what_a_sound_file_states_is_believed(#[case] encoding: Encoding, #[case] version: WriterVersion, #[case] before: &str) {
    for rows in [1, 2, 127, 128, 129, 130, 5000] {
        let students: ArrayRef =
            Arc::new(StringArray::from_iter_values((0..rows).map(|row| format!("{before}{}", row * 7919 % 10_007))));
        let at: ArrayRef = Arc::new(StringArray::from(vec!["2026-11-20"; rows]));
        let note: ArrayRef = Arc::new((0..rows).map(|row| (row % 3 > 0).then(|| "好".repeat(row % 40))).collect::<StringArray>());
        let batch =
            RecordBatch::try_from_iter_with_nullable([("student", students, false), ("at", at, false), ("备注", note, true)])
                .unwrap();
        let properties =
            WriterProperties::builder().set_writer_version(version).set_dictionary_enabled(false).set_encoding(encoding);
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties.build())).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let found = decode("reading", bytes);
        assert_eq!((found.error.as_deref(), found.rows(), found.rejects.len()), (None, rows, 0), "{rows} rows");
    }
}

/// Where memory cannot be had the program ends, so these must be refused before any is asked for.
#[test]
fn what_a_damaged_file_states_is_not_believed() {
    let batch = rows(false);
    let properties = WriterProperties::builder().set_dictionary_enabled(false).set_compression(Compression::UNCOMPRESSED);
    let mut bytes = Vec::new();
    let properties = properties.set_encoding(Encoding::DELTA_BYTE_ARRAY).build();
    let columns = RecordBatch::try_from_iter([("student", batch.column(0).clone()), ("at", batch.column(0).clone())]).unwrap();
    let mut writer = ArrowWriter::try_new(&mut bytes, columns.schema(), Some(properties)).unwrap();
    writer.write(&columns).unwrap();
    writer.close().unwrap();
    // Two runs of lengths of three texts each: blocks of 128 values in 4 parts.
    let runs: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..].starts_with(&[0x80, 1, 4, 3])).collect();
    assert_eq!(runs.len(), 4, "both runs of both columns");
    for at in runs {
        for many in [4, 0x7f] {
            let mut damaged = bytes.clone();
            damaged[at + 3] = many;
            let error = decode("reading", damaged).error.unwrap();
            assert!(error.contains(&format!("claims {many} values or bytes")), "{error}");
        }
    }
    let footer = bytes.len() - 8 - u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap()) as usize;
    let mut errors = std::collections::BTreeSet::new();
    for at in footer..bytes.len() - 8 {
        for many in [0xfc, 0xff, 0x7f] {
            let mut damaged = bytes.clone();
            damaged[at] = many;
            errors.extend(decode("reading", damaged).error.map(|error| error.contains("its footer cannot be read")));
        }
    }
    assert_eq!(errors.len(), 2, "some are found here, and some by the reader");
}

#[test]
fn a_page_does_not_become_what_there_is_no_room_for() {
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, rows(false).schema(), Some(properties)).unwrap();
    writer.write(&rows(false)).unwrap();
    writer.close().unwrap();
    // The head of the first page: its sort (field 1, dictionary), then as a number of one byte what it becomes (field 2).
    assert_eq!((&bytes[4..7], bytes[7] < 0x80), (&[0x15, 4, 0x15][..], true));
    let mut damaged = [&bytes[..7], &[0xfe, 0xff, 0xff, 0xff, 0x0f], &bytes[8..]].concat();
    let error = decode("reading", &damaged).error.unwrap();
    assert!(error.contains(&format!("claims {} values or bytes", i32::MAX)), "{error}");
    damaged.truncate(40);
    assert!(decode("reading", damaged).error.is_some());
}

#[test]
fn a_value_with_room_for_very_much_is_refused_by_its_column() {
    let wide = |length: i32, inner: i32| {
        let values = Arc::new(NullArray::new((length * inner) as usize)) as ArrayRef;
        let field = |kind: &DataType| Arc::new(arrow::datatypes::Field::new_list_field(kind.clone(), true));
        let list = arrow::array::FixedSizeListArray::new(field(values.data_type()), inner, values, None);
        let lists = arrow::array::FixedSizeListArray::new(field(list.data_type()), length, Arc::new(list), None);
        let student: ArrayRef = Arc::new(StringArray::from(vec!["1"]));
        let columns = [("student", student.clone()), ("at", student), ("embedding", Arc::new(lists) as ArrayRef)];
        decode("reading", parquet(&RecordBatch::try_from_iter(columns).unwrap())).error
    };
    let error = wide(80, 80).unwrap();
    assert!(error.contains("\"embedding\"") && error.contains("leave it out"), "{error}");
    assert_eq!(wide(8, 8), None);
}

#[test]
fn marks_lead_on_from_any_batch() {
    let bytes = stream(&[rows(false), rows(false), rows(false)]);
    let decoder = decoder("reading", Format::Auto, None);
    let marks: Vec<_> = decoder.batches(bytes.as_slice()).map(|decoded| decoded.unwrap().mark.unwrap()).collect();
    assert_eq!(marks.iter().map(|mark| mark.at).collect::<Vec<_>>(), [3, 6, 9]);
    let rest = run(&decoder.clone().after(Some(marks[1])), &bytes);
    assert_eq!((rest.rows(), rest.lines), (3, vec![7, 8, 9]));
    let other = run(&decoder.after(Some(marks[1])), &stream(&[rows(false).slice(0, 2), rows(false), rows(false), rows(false)]));
    assert!(other.error.is_some());
}

#[test]
fn a_few_bytes_do_not_stand_for_endless_rows() {
    let nothing = |rows: usize| {
        let columns = ["student", "at"].map(|name| (name, Arc::new(NullArray::new(rows)) as ArrayRef));
        stream(&[RecordBatch::try_from_iter(columns).unwrap()])
    };
    assert_eq!(decode("reading", nothing(1000)).rejects.len(), 1000);
    let endless = decode("reading", nothing(1 << 40));
    assert!(endless.rejects.is_empty() && endless.error.unwrap().contains("rows in"));
    let repeated: ArrayRef = Arc::new(Int32Array::from(vec![None; 2_000_000]));
    let columns = [("student", Arc::clone(&repeated)), ("at", repeated)];
    let found = decode("reading", parquet_of_pages(&RecordBatch::try_from_iter(columns).unwrap(), usize::MAX));
    assert!(found.error.unwrap().contains("rows in"));
}
