//! A table in memory: what it holds, and of what.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::datasource::MemTable;
use datafusion::error::Result;

use super::asked::{Asked, Made, Marks};
use super::days::Span;
use super::{Provider, Wanted};

/// Parts that are read at the same time.
const PARTS: usize = 2;

/// What a table holds.
pub(super) struct Added {
    /// The versions of the registers that it depends on.
    pub registers: Vec<Option<i64>>,
    /// By column of the key, what stands for what; of days `alike`.
    pub stands: Vec<(&'static str, RecordBatch)>,
    /// The days of the calendar with their terms, where days are alike.
    pub terms: HashMap<i32, String>,
    /// The columns of the rows that are added up.
    pub schema: SchemaRef,
    /// The days of the tables, what the days of the rows are made of, and which of these are alike, by the first of them.
    pub there: BTreeSet<i32>,
    pub made: Made,
    pub alike: Made,
    /// What there was of days that are alike when they were last asked for.
    pub seen: BTreeMap<i32, Marks>,
    pub days: BTreeMap<i32, Day>,
}

/// The rows of a day, or of days that are alike.
pub(super) struct Day {
    pub made_of: Marks,
    pub rows: RecordBatch,
    pub memory: usize,
}

impl Added {
    pub(super) fn memory(&self) -> usize {
        self.days.values().map(|day| day.memory).sum()
    }

    /// What each of the days, or those that are alike, would be made of now.
    pub(super) fn marks(&self, asked: &Asked<'_>) -> BTreeMap<i32, Marks> {
        let of = |days: &BTreeSet<i32>| asked.marks(days.iter().flat_map(|day| &self.made[day]));
        self.alike.iter().map(|(first, days)| (*first, of(days))).collect()
    }

    /// Of the days that are wanted: those that have rows together, by the first of them, as all of them are wanted and none has changed since
    /// the last question, and each of the others.
    pub(super) fn parts(&self, marks: &BTreeMap<i32, Marks>, span: Span, wanted: Wanted<'_>) -> (Vec<i32>, BTreeSet<i32>) {
        let (mut together, mut each) = (Vec::new(), BTreeSet::new());
        for (first, days) in &self.alike {
            let rests = || span == Span::Day || self.seen.get(first).is_none_or(|seen| *seen == marks[first]);
            if days.iter().all(|day| wanted(*day)) && (self.days.contains_key(first) || rests()) {
                together.push(*first);
            } else {
                each.extend(days.iter().copied().filter(|day| wanted(*day)));
            }
        }
        (together, each)
    }
}

/// Rows of a table.
pub(super) struct Rows {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
}

impl Rows {
    pub(super) fn provider(self) -> Result<Provider> {
        let batches: Vec<RecordBatch> = self.batches.into_iter().filter(|rows| rows.num_rows() > 0).collect();
        let mut parts: Vec<Vec<RecordBatch>> =
            batches.chunks(batches.len().div_ceil(PARTS).max(1)).map(<[RecordBatch]>::to_vec).collect();
        // There is a part even if it is empty.
        parts.resize_with(parts.len().max(1), Vec::new);
        Ok(Arc::new(MemTable::try_new(self.schema, parts)?))
    }
}
