//! Columns as they came to the columns of a kind.
//!
//! Promises: a column of the field's type is taken as it is, and each distinct text is looked up once; what needs more than that
//! is written out as JSON and read like any JSON, so a value means the same in every format. A fault costs its row only, even
//! where arrow panics over a value.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayData, ArrayRef, AsArray, BooleanArray, DictionaryArray, Int32Array, RecordBatch, StringArray, UInt32Array,
};
use arrow::compute::{cast, filter, take};
use arrow::datatypes::{DataType, Float64Type, Int32Type, TimeUnit};
use arrow::json::LineDelimitedWriter;

use super::blocks::{Block, Mark};
use super::cell::Cells;
use super::column::Column;
use super::convert::{Converter, NUMBER, Row, Scratch};
use super::frames::Frame;
use super::guarded::guarded;
use super::header;
use super::plan::{FieldPlan, Input, Plan, Target};
use super::pool::Worker;
use super::reject::Fault;
use super::run::{Layout, Run, typed};
use super::{Decoded, RowOrigin, Source};
use crate::Result;

/// Fits frames to a kind, one after another.
pub(super) struct Refit {
    plan: Arc<Plan>,
    /// By slot: the input's column.
    places: Vec<Option<usize>>,
    converters: Vec<Converter>,
    /// By field: the last dictionary's texts, and what became of them.
    dictionaries: Vec<Option<(ArrayData, ArrayRef)>>,
    /// Reads what is written out.
    run: Run,
}

/// A field's column of a frame, and why rows have no value for it.
struct Fitted {
    column: ArrayRef,
    faults: Vec<(usize, Fault)>,
}

impl From<ArrayRef> for Fitted {
    fn from(column: ArrayRef) -> Self {
        Self { column, faults: Vec::new() }
    }
}

impl Refit {
    /// # Errors
    /// `columns` when the input lacks one that every row needs.
    pub fn new(plan: &Arc<Plan>, names: &[String]) -> Result<Self> {
        let slots = header::of_names(plan, names)?;
        let mut places = vec![None; plan.sources.len()];
        for (place, slot) in slots.iter().enumerate() {
            if let Some(slot) = slot {
                places[*slot] = Some(place);
            }
        }
        let converters = plan.fields.iter().map(|field| Converter::new(field, plan)).collect();
        let dictionaries = plan.fields.iter().map(|_| None).collect();
        let run = Run::new(Arc::clone(plan), Layout::Json, None);
        Ok(Self { plan: Arc::clone(plan), places, converters, dictionaries, run })
    }

    /// The fields' columns, or `None` when one needs more than a change of type.
    fn columns(&mut self, rows: &RecordBatch) -> Result<Option<Vec<Fitted>>> {
        if self.plan.pivot.is_some() {
            return Ok(None);
        }
        let plan = Arc::clone(&self.plan);
        let mut columns = Vec::with_capacity(plan.fields.len());
        for (place, field) in plan.fields.iter().enumerate() {
            match self.column(place, field, rows)? {
                Some(fitted) => columns.push(fitted),
                None => return Ok(None),
            }
        }
        Ok(Some(columns))
    }

    fn column(&mut self, place: usize, field: &FieldPlan, rows: &RecordBatch) -> Result<Option<Fitted>> {
        let from = match &field.input {
            Input::Absent | Input::Constant(_) => None,
            Input::First(slots) => match slots.iter().filter_map(|slot| self.places[*slot]).collect::<Vec<_>>()[..] {
                [] => None,
                [one] => Some(rows.column(one)).filter(|column| *column.data_type() != DataType::Null),
                _ => return Ok(None),
            },
            Input::Joined(_) | Input::Pivoted => return Ok(None),
        };
        let Some(from) = from else { return self.same(place, field, rows.num_rows()) };
        match (&field.target, from.data_type()) {
            (Target::Text | Target::Code(_) | Target::Identifier { .. }, DataType::Dictionary(_, texts)) if is_text(texts) => {
                self.listed(place, field, from).map(Some)
            }
            (_, DataType::Dictionary(_, texts)) if is_text(texts) => self.texts(place, field, from).map(Some),
            (_, kind) if is_text(kind) => self.texts(place, field, from).map(Some),
            _ => direct(field, from),
        }
    }

    /// The same value in every row; `None` when it is none.
    fn same(&mut self, place: usize, field: &FieldPlan, rows: usize) -> Result<Option<Fitted>> {
        let mut column = Column::new(&field.target, true, 1);
        let (cells, mut scratch) = (Cells::new(self.plan.sources.len()), Scratch::default());
        let row = Row { cells: &cells, pivoted: None };
        if self.converters[place].append((field, &self.plan), &row, None, &mut scratch, &mut column).is_err() {
            return Ok(None);
        }
        let first = UInt32Array::from_value(0, rows);
        Ok(Some(take(&column.finish()?, &first, None)?.into()))
    }

    /// Each text of a dictionary once.
    fn listed(&mut self, place: usize, field: &FieldPlan, from: &ArrayRef) -> Result<Fitted> {
        let keyed = cast(from, &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)))?;
        let dictionary = keyed.as_dictionary::<Int32Type>();
        let data = dictionary.values().to_data();
        let known = self.dictionaries[place].as_ref().filter(|(from, _)| from.ptr_eq(&data)).map(|(_, texts)| Arc::clone(texts));
        let texts = match known {
            Some(texts) => texts,
            None => {
                let texts = self.converters[place].all(field, &self.plan, dictionary.values().as_string())?;
                let Some(texts) = texts else { return self.texts(place, field, from) };
                self.dictionaries[place] = Some((data, Arc::clone(&texts)));
                texts
            }
        };
        let null = |key: &Option<i32>| key.is_none_or(|key| texts.is_null(key as usize));
        if texts.null_count() == 0 && dictionary.keys().null_count() == 0 {
            return Ok(Fitted::from(Arc::new(dictionary.with_values(texts)) as ArrayRef));
        }
        if field.required || field.default.is_some() {
            return self.texts(place, field, from);
        }
        let keys: Int32Array = dictionary.keys().iter().map(|key| if null(&key) { None } else { key }).collect();
        Ok(Fitted::from(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, texts)?) as ArrayRef))
    }

    /// Text by text.
    fn texts(&mut self, place: usize, field: &FieldPlan, from: &ArrayRef) -> Result<Fitted> {
        let from = cast(from, &DataType::Utf8)?;
        let converter = &mut self.converters[place];
        let mut column = converter.column(field, from.len());
        let mut faults = Vec::new();
        for (row, text) in from.as_string::<i32>().iter().enumerate() {
            let text = text.map(super::cell::trim).filter(|text| !text.is_empty());
            if let Err(fault) = converter.append_text(field, &self.plan, text, &mut column) {
                faults.push((row, fault));
                column.append_null();
            }
        }
        converter.learn(field, &column);
        Ok(Fitted { column: column.finish()?, faults })
    }

    fn decoded(&self, frame: Frame, columns: Vec<Fitted>) -> Result<Decoded> {
        let Frame { rows, line, mark } = frame;
        let (mut arrays, mut faults) = (Vec::with_capacity(columns.len()), Vec::new());
        for Fitted { column, faults: found } in columns {
            arrays.push(column);
            faults.extend(found);
        }
        faults.sort_by_key(|(row, _)| *row);
        faults.dedup_by_key(|(row, _)| *row);
        let mut keep = vec![true; rows.num_rows()];
        faults.iter().for_each(|(row, _)| keep[*row] = false);
        let origin = |row: usize| RowOrigin { line: line + row as u64, start: row, length: 1 };
        let origins = (0..rows.num_rows()).filter(|row| keep[*row]).map(origin).collect();
        if !faults.is_empty() {
            let keep = BooleanArray::from(keep);
            arrays = arrays.iter().map(|array| filter(array, &keep)).collect::<Result<_, _>>()?;
        }
        let batch = RecordBatch::try_new(typed(&self.plan.schema, &arrays), arrays)?;
        let rejects = faults.into_iter().map(|(row, fault)| fault.at(line + row as u64, written(&rows.slice(row, 1)).as_slice()));
        let rejects: Vec<_> = rejects.collect();
        let (read, bytes) = (rows.num_rows(), rows.get_array_memory_size() as u64);
        Ok(Decoded { batch, rows: origins, rejects, read, bytes, mark, header: None, source: Source::Frame(rows) })
    }

    /// Rows written out, and read like any other JSON.
    fn in_words(&mut self, frame: &Frame) -> Result<Vec<Decoded>> {
        let text = written(&frame.rows);
        let mark = frame.mark.unwrap_or(Mark { at: 0, digest: 0 });
        let block = Block { bytes: text.len() as u64, text: text.into(), line: frame.line, long: None, mark };
        let mut batches = self.run.work(block)?;
        if let (Some(last), None) = (batches.last_mut(), frame.mark) {
            last.mark = None;
        }
        Ok(batches)
    }
}

impl Worker<Frame> for Refit {
    fn work(&mut self, frame: Frame) -> Result<Vec<Decoded>> {
        // In words, the row is found that cannot be cast.
        match guarded("Arrow or Parquet", || self.columns(&frame.rows)) {
            Ok(Some(columns)) => self.decoded(frame, columns).map(|decoded| vec![decoded]),
            Ok(None) | Err(_) => self.in_words(&frame),
        }
    }
}

/// Rows as lines of JSON; a row that cannot be written is a line that its reader will refuse.
pub(super) fn written(rows: &RecordBatch) -> Vec<u8> {
    match (guarded("Arrow or Parquet", || lines(rows)), rows.num_rows()) {
        (Ok(text), _) => text,
        (Err(_), 0 | 1) => b"?\n".repeat(rows.num_rows()),
        (Err(_), length) => {
            let half = length / 2;
            [written(&rows.slice(0, half)), written(&rows.slice(half, length - half))].concat()
        }
    }
}

fn lines(rows: &RecordBatch) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut writer = LineDelimitedWriter::new(&mut text);
    writer.write(rows).and_then(|()| writer.finish())?;
    drop(writer);
    Ok(text)
}

fn is_text(kind: &DataType) -> bool {
    matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// A column that needs no more than another type.
fn direct(field: &FieldPlan, from: &ArrayRef) -> Result<Option<Fitted>> {
    if !field.direct || (from.null_count() > 0 && (field.required || field.default.is_some())) {
        return Ok(None);
    }
    let kind = from.data_type();
    let to = match &field.target {
        Target::Integer if kind.is_integer() && *kind != DataType::UInt64 => DataType::Int64,
        Target::Number if kind.is_floating() => return numbers(field, from).map(Some),
        Target::Number if kind.is_integer() => DataType::Float64,
        Target::Boolean if *kind == DataType::Boolean => DataType::Boolean,
        Target::Timestamp if matches!(kind, DataType::Timestamp(_, Some(_))) => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        }
        Target::Date if *kind == DataType::Date32 => DataType::Date32,
        _ => return Ok(None),
    };
    Ok(Some(cast(from, &to)?.into()))
}

/// What is not a number is a gap; what is infinite is a fault.
fn numbers(field: &FieldPlan, from: &ArrayRef) -> Result<Fitted> {
    let numbers = cast(from, &DataType::Float64)?;
    let values = numbers.as_primitive::<Float64Type>();
    if values.values().iter().all(|value| value.is_finite()) {
        return Ok(numbers.into());
    }
    let infinite = values.iter().enumerate().filter_map(|(row, value)| Some((row, value.filter(|value| value.is_infinite())?)));
    let faults = infinite.map(|(row, value)| (row, Fault::mistyped(&field.name, &value.to_string(), NUMBER))).collect();
    let finite = values.iter().map(|value| value.filter(|value| value.is_finite()));
    Ok(Fitted { column: Arc::new(finite.collect::<arrow::array::Float64Array>()), faults })
}

impl Converter {
    /// The texts of a dictionary as the field has them; `None` when one is unknown.
    fn all(&mut self, field: &FieldPlan, plan: &Plan, texts: &StringArray) -> Result<Option<ArrayRef>> {
        let mut values = Vec::with_capacity(texts.len());
        for text in texts {
            let text = text.map(super::cell::trim).filter(|text| !text.is_empty());
            match self.stands_for(field, plan, text) {
                Ok(value) => values.push(value.map(str::to_owned)),
                Err(()) => return Ok(None),
            }
        }
        Ok(Some(Arc::new(values.into_iter().collect::<StringArray>())))
    }
}
