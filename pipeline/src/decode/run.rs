//! Blocks of text to batches of rows.
//!
//! Invariants: rows and rejects add up to what was read; every row knows its line and its text; a field's fault costs its row
//! only, and a record's fault that record only.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::filter;
use arrow::datatypes::{Schema, SchemaRef};
use memchr::memchr;

use super::blocks::Block;
use super::cell::{Cell, Cells};
use super::column::Column;
use super::convert::{Converter, Row, Scratch};
use super::csv::{self, Scan};
use super::json;
use super::keys::Keys;
use super::plan::Plan;
use super::pool::Worker;
use super::reject::{Fault, Reject};
use super::{Decoded, MAX_RECORD, RowOrigin, Source};
use crate::Result;

/// The most rows and rejects of one batch.
pub(super) const BATCH: usize = 65_536;
/// Shorter lines than this are not rows, when it comes to making room for them.
const SHORT_RECORD: usize = 32;

/// How records are written.
#[derive(Clone)]
pub(super) enum Layout {
    Json,
    /// The slot of each of the header's cells.
    Csv {
        delimiter: u8,
        slots: Arc<[Option<usize>]>,
    },
}

/// Decodes one block after another.
pub(super) struct Run {
    plan: Arc<Plan>,
    layout: Layout,
    /// The text of the header, for reading rejects again.
    header: Option<Arc<str>>,
    keys: Keys,
    converters: Vec<Converter>,
    scratch: Scratch,
    usual: Usual,
}

/// Records of one source fill the same slots again and again: which of them each field reads is found out once.
#[derive(Default)]
struct Usual {
    filled: Vec<usize>,
    /// By field.
    first: Vec<Option<usize>>,
}

impl Usual {
    fn take_in(&mut self, plan: &Plan, cells: &Cells<'_>) {
        let nulls = || cells.filled().iter().any(|slot| cells.get(*slot) == Cell::Null);
        if self.first.is_empty() || self.filled != cells.filled() || nulls() {
            self.filled.clear();
            self.first.clear();
            self.first.extend(plan.fields.iter().map(|field| field.input.first(cells)));
            if !nulls() {
                self.filled.extend_from_slice(cells.filled());
            }
        }
    }
}

/// How far a block has been decoded.
#[derive(Default)]
pub(super) struct Place {
    offset: usize,
    lines: u64,
}

/// A batch in the making.
struct Batch {
    columns: Vec<Column>,
    rows: usize,
    origins: Vec<RowOrigin>,
    /// Rows in the columns that turned out not to be any.
    dropped: Vec<usize>,
    rejects: Vec<Reject>,
}

/// One record, and where it stands.
#[derive(Clone, Copy)]
struct Record<'t> {
    bytes: &'t [u8],
    start: usize,
    line: u64,
}

impl Worker<Block> for Run {
    fn work(&mut self, block: Block) -> Result<Vec<Decoded>> {
        let (mut place, mut batches) = (Place::default(), Vec::with_capacity(1));
        while let Some(decoded) = self.decode(&block, &mut place)? {
            if decoded.read > 0 {
                batches.push(Decoded { header: self.header.clone(), ..decoded });
            }
        }
        if let Some(last) = batches.last_mut() {
            last.mark = Some(block.mark);
        }
        Ok(batches)
    }
}

impl Run {
    pub fn new(plan: Arc<Plan>, layout: Layout, header: Option<Arc<str>>) -> Self {
        let converters = plan.fields.iter().map(|field| Converter::new(field, &plan)).collect();
        let (keys, scratch, usual) = (Keys::new(&plan.sources), Scratch::default(), Usual::default());
        Self { plan, layout, header, keys, converters, scratch, usual }
    }

    /// Decodes the next batch of the block; None when there is nothing left in it.
    pub fn decode(&mut self, block: &Block, place: &mut Place) -> Result<Option<Decoded>> {
        let from = place.offset;
        let text = &block.text[from..];
        if let (Some(beginning), 0) = (&block.long, place.lines) {
            place.lines = 1;
            let reject = Fault::too_long().at(block.line, beginning);
            return self.batch(0).reject(reject).finish(&self.plan, block, block.bytes).map(Some);
        }
        if text.is_empty() {
            return Ok(None);
        }
        let whole = std::str::from_utf8(text).ok();
        let nul = memchr(0, text).is_some();
        let mut cells = Cells::new(self.plan.sources.len());
        let mut batch = self.batch(self.rows_of(text));
        let full = BATCH.saturating_sub(self.plan.rows_per_record());
        while place.offset < block.text.len() && batch.origins.len() + batch.rejects.len() <= full {
            let (record, fault) = self.next_record(block, place);
            let start = record.start - from;
            let text = whole.map(|text| text.get(start..start + record.bytes.len())).unwrap_or_else(|| str_of(record.bytes));
            let read = match (fault, text) {
                (Some(fault), _) => Err(fault),
                (None, None) => Err(Fault::encoding()),
                (None, Some(text)) if text.trim_ascii().is_empty() => continue,
                (None, Some(text)) if nul && text.contains('\0') => Err(Fault::nul()),
                (None, Some(text)) => self.read_record(text, &mut cells),
            };
            match read {
                Ok(()) => self.append_record(record, &mut cells, &mut batch),
                Err(fault) => {
                    cells.forget();
                    batch.rejects.push(fault.at(record.line, record.bytes));
                }
            }
        }
        for ((field, converter), column) in self.plan.fields.iter().zip(&mut self.converters).zip(&batch.columns) {
            converter.learn(field, column);
        }
        batch.finish(&self.plan, block, (place.offset - from) as u64).map(Some)
    }

    fn batch(&mut self, rows: usize) -> Batch {
        let columns = self.plan.fields.iter().zip(&mut self.converters).map(|(field, converter)| converter.column(field, rows));
        let (columns, origins) = (columns.collect(), Vec::with_capacity(rows));
        Batch { columns, rows: 0, origins, dropped: Vec::new(), rejects: Vec::new() }
    }

    /// About how many rows there are in `text`, by its first line.
    fn rows_of(&self, text: &[u8]) -> usize {
        let line = memchr(b'\n', text).map_or(text.len(), |end| end + 1).max(SHORT_RECORD);
        ((text.len() / line + 1) * self.plan.rows_per_record() * 9 / 8).clamp(1, BATCH)
    }

    /// Takes the next record's text, without its line end.
    fn next_record<'t>(&self, block: &'t Block, place: &mut Place) -> (Record<'t>, Option<Fault>) {
        let text = &block.text[place.offset..];
        let (end, next, lines, fault) = match &self.layout {
            Layout::Json => match memchr(b'\n', text) {
                Some(end) => (end, end + 1, 1, None),
                None => (text.len(), text.len(), 1, None),
            },
            Layout::Csv { delimiter, slots } => match csv::scan(text, *delimiter, slots.len(), true) {
                Scan::Record { end, next, lines } => (end, next, lines, None),
                Scan::Broken { end, next } => (end, next, 1, Some(Fault::open_quote())),
                Scan::Partial => (text.len(), text.len(), 1, None),
            },
        };
        let bytes = text[..end].strip_suffix(b"\r").unwrap_or(&text[..end]);
        let record = Record { bytes, start: place.offset, line: block.line + place.lines };
        place.offset += next;
        place.lines += lines;
        (record, if bytes.len() > MAX_RECORD { Some(Fault::too_long()) } else { fault })
    }

    fn read_record<'t>(&mut self, text: &'t str, cells: &mut Cells<'t>) -> Result<(), Fault> {
        cells.clear();
        match &self.layout {
            Layout::Json => json::parse(text, &mut self.keys, cells),
            Layout::Csv { delimiter, slots } => match csv::split(text, *delimiter, slots, cells) {
                count if count == slots.len() => Ok(()),
                count => Err(Fault::ragged(count, slots.len())),
            },
        }
    }

    fn append_record(&mut self, record: Record<'_>, cells: &mut Cells<'_>, batch: &mut Batch) {
        if self.plan.pivot.is_none() {
            return self.append_row(record, &Row { cells, pivoted: None }, batch);
        }
        let plan = Arc::clone(&self.plan);
        let Some(pivot) = &plan.pivot else { return };
        let before = batch.rows;
        let mut digits = String::new();
        for (slot, _, code) in &pivot.columns {
            let filled = cells.text(*slot, &mut digits).is_some_and(|text| !pivot.nulls.iter().any(|null| null == text));
            if !filled && cells.get(*slot) != Cell::Nested {
                continue;
            }
            // The last value was another column's.
            let cell = match cells.get(*slot) {
                Cell::Again(text) => Cell::Text(text),
                cell => cell,
            };
            cells.put(pivot.value, cell);
            self.append_row(record, &Row { cells, pivoted: Some(code) }, batch);
        }
        if batch.rows == before {
            let fault = Fault::required(plan.source(pivot.value));
            cells.forget();
            batch.rejects.push(fault.at(record.line, record.bytes));
        }
    }

    fn append_row(&mut self, record: Record<'_>, row: &Row<'_, '_>, batch: &mut Batch) {
        let mut fault = None;
        self.usual.take_in(&self.plan, row.cells);
        let fields = self.plan.fields.iter().zip(&mut self.converters).zip(&self.usual.first).zip(&mut batch.columns);
        for (((field, converter), first), column) in fields {
            if fault.is_none() {
                fault = converter.append((field, &self.plan), row, *first, &mut self.scratch, column).err();
            }
            if fault.is_some() {
                column.append_null();
            }
        }
        match fault {
            None => batch.origins.push(record.origin()),
            Some(fault) => {
                self.converters.iter_mut().for_each(Converter::forget);
                batch.dropped.push(batch.rows);
                batch.rejects.push(fault.at(record.line, record.bytes));
            }
        }
        batch.rows += 1;
    }
}

fn str_of(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

impl Record<'_> {
    fn origin(&self) -> RowOrigin {
        RowOrigin { line: self.line, start: self.start, length: self.bytes.len() }
    }
}

impl Batch {
    fn reject(mut self, reject: Reject) -> Self {
        self.rejects.push(reject);
        self
    }

    fn finish(self, plan: &Plan, block: &Block, bytes: u64) -> Result<Decoded> {
        let mut arrays = self.columns.into_iter().map(Column::finish).collect::<Result<Vec<ArrayRef>>>()?;
        if !self.dropped.is_empty() {
            let mut keep = vec![true; self.rows];
            self.dropped.iter().for_each(|&row| keep[row] = false);
            let keep = BooleanArray::from(keep);
            arrays = arrays.iter().map(|array| filter(array, &keep)).collect::<Result<_, _>>()?;
        }
        let read = self.origins.len() + self.rejects.len();
        let batch = RecordBatch::try_new(typed(&plan.schema, &arrays), arrays)?;
        Ok(Decoded {
            batch,
            rows: self.origins,
            rejects: self.rejects,
            read,
            bytes,
            mark: None,
            header: None,
            source: Source::Text(block.text.clone()),
        })
    }
}

/// The schema with the types that the columns really have: texts may be dictionaries.
pub(super) fn typed(schema: &SchemaRef, arrays: &[ArrayRef]) -> SchemaRef {
    let fields = schema.fields().iter().zip(arrays).map(|(field, array)| match field.data_type() == array.data_type() {
        true => Arc::clone(field),
        false => Arc::new(field.as_ref().clone().with_data_type(array.data_type().clone())),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
