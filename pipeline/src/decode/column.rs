//! One field's values of the batch under construction, as an Arrow array in the making.
//!
//! Texts that repeat become a dictionary: each distinct one once, and a number per row. What follows – rules, Parquet – works on
//! the numbers.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, DictionaryArray, Float64Builder, Int32Array, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::Int32Type;

use super::memo::Place;
use super::plan::Target;
use crate::Result;

/// A builder of the field's Arrow type.
pub(super) enum Column {
    /// Texts that repeat.
    Listed(Listed),
    /// Texts that do not.
    Text(StringBuilder),
    Integer(Int64Builder),
    Number(Float64Builder),
    Boolean(BooleanBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Date(Date32Builder),
}

const NONE: i32 = -1;

/// Texts by the place that a [`super::memo::Memo`] gave them.
pub(super) struct Listed {
    /// By row: the text's place, or [`NONE`].
    keys: Vec<i32>,
    texts: StringBuilder,
    count: i32,
    last: i32,
    generation: u64,
    /// By place: the key plus one, or zero for a text that the batch does not have yet.
    known: Vec<i32>,
}

impl Listed {
    fn new(rows: usize) -> Self {
        let (keys, texts) = (Vec::with_capacity(rows), StringBuilder::new());
        Self { keys, texts, count: 0, last: NONE, generation: 0, known: Vec::new() }
    }

    pub fn append(&mut self, place: Place, text: &str) {
        if self.generation != place.generation {
            self.known.clear();
            self.generation = place.generation;
        }
        if self.known.len() <= place.index {
            self.known.resize((place.index + 1).next_power_of_two(), 0);
        }
        let known = &mut self.known[place.index];
        if *known == 0 {
            self.texts.append_value(text);
            self.count += 1;
            *known = self.count;
        }
        self.last = *known - 1;
        self.keys.push(self.last);
    }

    /// Appends what was appended last.
    pub fn append_again(&mut self) {
        self.keys.push(self.last);
    }

    pub fn append_null(&mut self) {
        self.last = NONE;
        self.keys.push(NONE);
    }

    fn finish(mut self) -> Result<ArrayRef> {
        let mut keys = self.keys;
        let nulls = keys.contains(&NONE).then(|| keys.iter().map(|key| *key != NONE).collect::<NullBuffer>());
        keys.iter_mut().for_each(|key| *key = (*key).max(0));
        let keys = Int32Array::new(keys.into(), nulls);
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::new(self.texts.finish()))?))
    }
}

impl Column {
    /// An empty column with room for `rows`; `listed` when texts are expected to repeat.
    pub fn new(target: &Target, listed: bool, rows: usize) -> Self {
        match target {
            Target::Text if !listed => Self::Text(StringBuilder::with_capacity(rows, rows * 16)),
            Target::Text | Target::Code(_) | Target::Identifier { .. } => Self::Listed(Listed::new(rows)),
            Target::Integer => Self::Integer(Int64Builder::with_capacity(rows)),
            Target::Number => Self::Number(Float64Builder::with_capacity(rows)),
            Target::Boolean => Self::Boolean(BooleanBuilder::with_capacity(rows)),
            Target::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC")),
            Target::Date => Self::Date(Date32Builder::with_capacity(rows)),
        }
    }

    pub fn append_null(&mut self) {
        match self {
            Self::Listed(column) => column.append_null(),
            Self::Text(column) => column.append_null(),
            Self::Integer(column) => column.append_null(),
            Self::Number(column) => column.append_null(),
            Self::Boolean(column) => column.append_null(),
            Self::Timestamp(column) => column.append_null(),
            Self::Date(column) => column.append_null(),
        }
    }

    /// Whether most of its texts occur once.
    pub fn hardly_repeats(&self) -> bool {
        matches!(self, Self::Listed(column) if column.count >= 2048 && column.count as usize > column.keys.len() / 4 * 3)
    }

    pub fn finish(self) -> Result<ArrayRef> {
        Ok(match self {
            Self::Listed(column) => column.finish()?,
            Self::Text(mut column) => Arc::new(column.finish()),
            Self::Integer(mut column) => Arc::new(column.finish()),
            Self::Number(mut column) => Arc::new(column.finish()),
            Self::Boolean(mut column) => Arc::new(column.finish()),
            Self::Timestamp(mut column) => Arc::new(column.finish()),
            Self::Date(mut column) => Arc::new(column.finish()),
        })
    }
}
