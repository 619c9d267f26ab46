//! What is encoded reads back through Parquet's own reader.

use super::*;
use arrow::array::{
    AsArray, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array, Int32Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::Field;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;

fn layout() -> Layout {
    let fields = [
        ("must", DataType::Utf8, false),
        ("may", DataType::Utf8, true),
        ("n", DataType::Float64, true),
        (SEQ, DataType::Int64, false),
    ];
    let fields: Vec<Field> = fields.into_iter().map(|(name, kind, null)| Field::new(name, kind, null)).collect();
    Layout::new(&Arc::new(Schema::new(fields))).unwrap()
}

fn batch(rows: &[(String, Option<String>)], dictionary: bool) -> RecordBatch {
    let must: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.0)));
    let may: ArrayRef = Arc::new(rows.iter().map(|row| row.1.as_deref()).collect::<StringArray>());
    let n: ArrayRef = Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.0.len() as f64)));
    let key = |array: ArrayRef| match dictionary {
        true => Arc::new(array.as_string::<i32>().iter().collect::<DictionaryArray<Int32Type>>()) as ArrayRef,
        false => array,
    };
    RecordBatch::try_from_iter([("must", key(must)), ("may", key(may)), ("n", n)]).unwrap()
}

fn read(file: Encoded) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file.bytes)).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

type Row = (String, Option<String>);

fn check(batches: &[(Vec<Row>, bool)]) {
    let parts = vec![batches.iter().map(|(rows, dictionary)| batch(rows, *dictionary)).collect::<Vec<_>>()];
    let layout = layout();
    let file = layout.file(layout.encode(&parts).unwrap(), 7).unwrap();
    let expected: Vec<&Row> = batches.iter().flat_map(|(rows, _)| rows).collect();
    assert_eq!(file.rows, expected.len() as u64);
    let mut at = 0;
    for batch in read(file) {
        let text = |name| cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
        let (must, may) = (text("must"), text("may"));
        let seq = batch.column_by_name(SEQ).unwrap().as_primitive::<Int64Type>().clone();
        for row in 0..batch.num_rows() {
            let may = may.as_string::<i32>();
            let may = may.iter().nth(row).flatten();
            assert_eq!((must.as_string::<i32>().value(row), may), (expected[at].0.as_str(), expected[at].1.as_deref()));
            assert_eq!(seq.value(row), 7 + at as i64);
            at += 1;
        }
    }
    assert_eq!(at, expected.len());
}

#[test]
fn many_different_texts_are_written_plainly_and_read_back() {
    let rows = (0..200_000).map(|n| (format!("event-{n:012}"), (n % 3 > 0).then(|| format!("{}", n / 50)))).collect();
    check(&[(rows, false)]);
}

#[test]
fn a_text_that_must_be_there_is_missed() {
    let nulls: ArrayRef = Arc::new(StringArray::from(vec![None, Some("a")]));
    let batch = RecordBatch::try_from_iter([("must", Arc::clone(&nulls)), ("may", nulls)]).unwrap();
    assert!(layout().encode(&[vec![batch]]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn rows_read_back_as_written(batches in prop::collection::vec(
        (prop::collection::vec(("[a-c]{0,2}|学情|[a-z]{300}", prop::option::of("[a-z]{0,3}")), 1..40), any::<bool>()), 1..4)
    ) {
        check(&batches);
    }
}

/// One column of each stored type that is not a text, written in two batches, and what a reader makes of it.
fn all_types(values: &[Option<i64>], split: usize) -> (Vec<Field>, Vec<RecordBatch>) {
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let types =
        [DataType::Int32, DataType::Int64, DataType::Float32, DataType::Float64, DataType::Date32, DataType::Boolean, utc];
    let column = |kind: &DataType| -> ArrayRef {
        let bits = || values.iter().copied();
        match kind {
            DataType::Int32 => Arc::new(bits().map(|v| v.map(|v| v as i32)).collect::<Int32Array>()),
            DataType::Date32 => Arc::new(bits().map(|v| v.map(|v| v as i32)).collect::<Date32Array>()),
            DataType::Float32 => Arc::new(bits().map(|v| v.map(|v| f32::from_bits(v as u32))).collect::<Float32Array>()),
            DataType::Float64 => Arc::new(bits().map(|v| v.map(|v| f64::from_bits(v as u64))).collect::<Float64Array>()),
            DataType::Boolean => Arc::new(bits().map(|v| v.map(|v| v % 2 == 0)).collect::<BooleanArray>()),
            DataType::Int64 => Arc::new(bits().collect::<Int64Array>()),
            _ => Arc::new(bits().collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
        }
    };
    let fields: Vec<Field> = types.iter().map(|kind| Field::new(format!("{kind}"), kind.clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields.clone()));
    let batch = RecordBatch::try_new(schema, types.iter().map(column).collect()).unwrap();
    let split = split.min(batch.num_rows());
    (fields, vec![batch.slice(0, split), batch.slice(split, batch.num_rows() - split)])
}

fn check_types(values: &[Option<i64>], split: usize) {
    let (mut fields, batches) = all_types(values, split);
    let whole = concat_batches(&batches[0].schema(), &batches).unwrap();
    fields.push(Field::new(SEQ, DataType::Int64, false));
    let layout = Layout::new(&Arc::new(Schema::new(fields))).unwrap();
    let file = layout.file(layout.encode(&[batches]).unwrap(), 7).unwrap();
    let read = read(file);
    let read = concat_batches(&read[0].schema(), &read).unwrap();
    assert_eq!(read.num_rows(), values.len());
    for (place, column) in whole.columns().iter().enumerate() {
        let column = column.slice(0, column.len());
        let same = |bits: &dyn Fn(&ArrayRef) -> Vec<Option<u64>>| assert_eq!(bits(read.column(place)), bits(&column), "{place}");
        match column.data_type() {
            // What is not a number is equal by its bits only.
            DataType::Float32 => {
                same(&|array| array.as_primitive::<Float32Type>().iter().map(|v| v.map(|v| u64::from(v.to_bits()))).collect())
            }
            DataType::Float64 => same(&|array| array.as_primitive::<Float64Type>().iter().map(|v| v.map(f64::to_bits)).collect()),
            _ => assert_eq!(read.column(place), &column, "{place}"),
        }
    }
}

#[test]
fn every_form_of_numbers_reads_back() {
    let scattered = |n: i64| {
        let spread = n.wrapping_mul(0x5851_f42d_4c95_7f2d);
        (spread ^ (spread >> 31)).wrapping_mul(0x1405_7b7e_f767_814f)
    };
    let rows = 150_000;
    let gaps = |n: i64, value: i64| (n % 11 > 0).then_some(value);
    check_types(&(0..rows).map(|n| Some(scattered(n % 300))).collect::<Vec<_>>(), 70_001);
    check_types(&(0..rows).map(|n| gaps(n, scattered(n % 70_000))).collect::<Vec<_>>(), 70_001);
    check_types(&(0..rows).map(|n| gaps(n, n * 37)).collect::<Vec<_>>(), 3);
    check_types(&(0..rows).map(|n| gaps(n, scattered(n))).collect::<Vec<_>>(), 65_536);
    check_types(&(0..rows).map(|n| (n < 3).then_some(n)).collect::<Vec<_>>(), 65_536);
    check_types(&(0..rows).map(|_| None).collect::<Vec<_>>(), 1);
}

#[test]
fn numbers_that_must_be_there_are_missed() {
    let nulls: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(1)]));
    let layout = Layout::new(&Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]))).unwrap();
    let batch = RecordBatch::try_from_iter([("n", nulls)]).unwrap();
    assert!(layout.encode(&[vec![batch]]).is_err());
}

#[test]
fn a_column_of_another_type_is_refused() {
    let layout = Layout::new(&Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]))).unwrap();
    let other: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    let batch = RecordBatch::try_from_iter([("n", other)]).unwrap();
    assert!(layout.encode(&[vec![batch]]).is_err());
}

/// Numbers as they come: steps, scattered ones, the ends of their range, and gaps.
fn numbers() -> impl Strategy<Value = Vec<Option<i64>>> {
    let piece =
        (any::<i64>(), prop::sample::select(vec![0i64, 1, 1000, 86_400_000_000, i64::MAX, 0x7ff0_0000_0000_0000]), 1..200i64);
    let pieces = prop::collection::vec((piece, 1..9i64), 1..6);
    let numbers = pieces.prop_map(|pieces| {
        let values = |((from, step, count), gap): ((i64, i64, i64), i64)| {
            (0..count).map(move |n| (gap == 8 || n % gap > 0).then_some(from.wrapping_add(step.wrapping_mul(n))))
        };
        pieces.into_iter().flat_map(values).collect::<Vec<_>>()
    });
    prop_oneof![numbers, prop::collection::vec(prop::option::of(any::<i64>()), 1..300)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn numbers_read_back_as_written(values in numbers(), split in 0usize..100) {
        check_types(&values, split);
    }
}
