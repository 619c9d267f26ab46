//! A column of yes and no of one row group: a bit for each row that has a value.

use arrow::array::{Array, ArrayRef, AsArray, BooleanBufferBuilder};
use parquet::basic::Encoding;
use parquet::errors::Result;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

use super::pages::{Chunk, PAGE_ROWS, Pages};
use super::presence::{Presence, put_bits};
use super::{Column, unfit};

/// The column's values so far.
pub(super) struct Flags {
    column: ColumnDescPtr,
    presence: Presence,
    values: BooleanBufferBuilder,
}

impl Flags {
    pub fn new(column: ColumnDescPtr, rows: usize) -> Self {
        Self { column, presence: Presence::new(rows), values: BooleanBufferBuilder::new(rows) }
    }
}

impl Column for Flags {
    fn write(&mut self, array: &ArrayRef) -> Result<()> {
        let flags = array.as_boolean_opt().ok_or_else(|| unfit(&self.column, array))?;
        self.presence.append(flags.len(), flags.nulls());
        match flags.nulls() {
            None => self.values.append_buffer(flags.values()),
            Some(nulls) => {
                nulls.valid_slices().for_each(|(from, to)| self.values.append_buffer(&flags.values().slice(from, to - from)));
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>, mut pages: Pages<'_>) -> Result<Chunk> {
        let Self { column, presence, mut values } = *self;
        let (rows, values) = (presence.finish(&column)?, values.finish());
        for span in rows.spans(PAGE_ROWS) {
            let mut page = span.page();
            put_bits(&values.slice(span.values.start, span.values.len()), &mut page);
            pages.data(&page, span.rows, Encoding::PLAIN)?;
        }
        let yes = values.count_set_bits();
        let bounds = (!values.is_empty()).then_some((yes == values.len(), yes > 0));
        let (low, high) = (bounds.map(|bounds| bounds.0), bounds.map(|bounds| bounds.1));
        pages.close(column, rows.count, Statistics::boolean(low, high, None, Some(rows.nulls()), false))
    }
}
