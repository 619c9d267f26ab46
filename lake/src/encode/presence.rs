//! Which rows of a column have a value: Parquet's definition levels.
//!
//! Invariant: the values of a span are as many as its rows that have one.

use std::ops::Range;

use arrow::array::NullBufferBuilder;
use arrow::buffer::{BooleanBuffer, NullBuffer};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

use super::runs;

/// The rows so far.
pub(super) struct Presence {
    bits: NullBufferBuilder,
}

/// All rows of a column.
pub(super) struct Rows {
    pub count: usize,
    nulls: Option<NullBuffer>,
    optional: bool,
}

/// The rows of one page.
pub(super) struct Span {
    pub rows: usize,
    /// The place of their values among those of all rows.
    pub values: Range<usize>,
    nulls: Option<NullBuffer>,
    optional: bool,
}

impl Presence {
    pub fn new(rows: usize) -> Self {
        Self { bits: NullBufferBuilder::new(rows) }
    }

    pub fn append(&mut self, rows: usize, nulls: Option<&NullBuffer>) {
        match nulls {
            Some(nulls) => self.bits.append_buffer(nulls),
            None => self.bits.append_n_non_nulls(rows),
        }
    }

    /// # Errors
    /// When the column must have a value in each row and has not.
    pub fn finish(mut self, column: &ColumnDescriptor) -> Result<Rows> {
        let (count, nulls) = (self.bits.len(), self.bits.finish().filter(|nulls| nulls.null_count() > 0));
        let optional = column.max_def_level() > 0;
        if nulls.is_some() && !optional {
            return Err(ParquetError::General(format!("column {} must not be empty", column.name())));
        }
        Ok(Rows { count, nulls, optional })
    }
}

impl Rows {
    pub fn nulls(&self) -> u64 {
        self.nulls.as_ref().map_or(0, NullBuffer::null_count) as u64
    }

    /// The rows in spans of at most so many.
    pub fn spans(&self, most: usize) -> impl Iterator<Item = Span> {
        let mut before = 0;
        (0..self.count).step_by(most.max(1)).map(move |start| {
            let rows = (self.count - start).min(most.max(1));
            let nulls = self.nulls.as_ref().map(|nulls| nulls.slice(start, rows));
            let values = before..before + rows - nulls.as_ref().map_or(0, NullBuffer::null_count);
            before = values.end;
            Span { rows, values, nulls, optional: self.optional }
        })
    }
}

impl Span {
    /// The beginning of the span's page: its levels behind their length, nothing for a column in which all rows have a value.
    pub fn page(&self) -> Vec<u8> {
        if !self.optional {
            return Vec::new();
        }
        let mut page = vec![0; 4];
        match &self.nulls {
            Some(nulls) if !self.values.is_empty() && nulls.null_count() > 0 => {
                runs::packed_head(self.rows, &mut page);
                put_bits(nulls.inner(), &mut page);
            }
            _ => runs::repeated(u32::from(!self.values.is_empty()), self.rows, 1, &mut page),
        }
        let length = u32::try_from(page.len() - 4).unwrap_or_default();
        page[..4].copy_from_slice(&length.to_le_bytes());
        page
    }
}

/// Appends bits as whole bytes, zeros behind the last.
pub(super) fn put_bits(bits: &BooleanBuffer, out: &mut Vec<u8>) {
    out.extend_from_slice(&bits.sliced()[..bits.len().div_ceil(8)]);
    if let (Some(last), over @ 1..) = (out.last_mut(), bits.len() % 8) {
        *last &= (1 << over) - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_cut_out_from_anywhere() {
        let bits: Vec<bool> = (0..200).map(|n| n % 3 == 0 || n % 7 == 1).collect();
        let buffer = BooleanBuffer::from(bits.clone());
        for (start, length) in [(0, 0), (0, 8), (8, 12), (3, 5), (3, 13), (61, 130), (0, 200)] {
            let mut out = Vec::new();
            put_bits(&buffer.slice(start, length), &mut out);
            assert_eq!(out.len(), length.div_ceil(8));
            let bit = |at: usize| out[at / 8] >> (at % 8) & 1 == 1;
            assert!((0..length).all(|at| bit(at) == bits[start + at]));
            assert!((length..out.len() * 8).all(|at| !bit(at)), "what fills the last byte is zero");
        }
    }
}
