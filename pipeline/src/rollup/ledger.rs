//! The current rows of one kind on one day, as far as rollups look at them.
//!
//! Invariants: of each key the row with the highest (revision, seq) is kept; a row offered twice changes nothing, so it does not
//! matter in which order rows come, or whether one comes again in another file. A key is known by 128 bits of its hash.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type, Int64Type, SchemaRef};
use arrow::error::ArrowError;
use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_128;

use super::Signed;
use super::coded::{Coded, PLACE, array, spread, values};
use super::given::Given;
use super::narrow::{Narrow, push};
use crate::texts::Texts;

#[derive(Clone, Default)]
pub(super) struct Ledger {
    hashes: Vec<u128>,
    places: HashTable<u32>,
    revisions: Narrow,
    seqs: Narrow,
    columns: Vec<Coded>,
}

/// How a batch of a kind's file is made up: first what rollups read, then revision and seq, then the key.
pub(super) struct Layout {
    /// What rollups read.
    pub read: SchemaRef,
    pub key: Vec<String>,
    /// What they are given of it.
    pub given: Given,
}

impl Layout {
    /// The columns to ask a file for.
    pub fn columns(&self) -> Vec<&str> {
        let read = self.read.fields().iter().map(|field| field.name().as_str());
        read.chain(["revision", "seq"]).chain(self.key.iter().map(String::as_str)).collect()
    }
}

impl Ledger {
    /// About what it takes in memory.
    pub fn footprint(&self) -> usize {
        let columns: usize = self.columns.iter().map(Coded::footprint).sum();
        self.hashes.capacity() * 16 + self.places.capacity() * 5 + self.revisions.footprint() + self.seqs.footprint() + columns
    }

    /// Makes room for so many rows more.
    pub fn reserve(&mut self, rows: usize) {
        self.places.reserve(rows, |place| self.hashes[*place as usize] as u64);
    }

    /// Puts the values of new keys' rows into the columns.
    fn append(&mut self, codes: &[Vec<u32>], fresh: &mut Vec<(u32, i64, i64)>) {
        self.revisions.extend(fresh.iter().map(|(_, revision, _)| *revision));
        self.seqs.extend(fresh.iter().map(|(.., seq)| *seq));
        for (column, codes) in self.columns.iter_mut().zip(codes) {
            column.extend(fresh.iter().map(|(row, ..)| codes[*row as usize]));
        }
        fresh.clear();
    }

    /// Takes in rows with the columns of [`Layout::columns`].
    pub fn apply(&mut self, layout: &Layout, texts: &mut Texts, batch: &RecordBatch) -> Result<Signed, ArrowError> {
        let (read, rest) = batch.columns().split_at(layout.read.fields().len());
        let revisions = rest[0].as_primitive::<Int64Type>();
        let seqs = rest[1].as_primitive::<Int64Type>();
        let hashes = hashes(&rest[2..], batch.num_rows())?;
        self.columns.resize_with(read.len(), Coded::default);
        let all = read.iter().map(|column| values(column, texts)).collect::<Result<Vec<_>, ArrowError>>()?;
        let coded = self.columns.iter_mut().zip(&all);
        let codes: Vec<Vec<u32>> = coded.map(|(coded, values)| values.iter().map(|value| coded.code(*value)).collect()).collect();
        let mut kept = Vec::with_capacity(batch.num_rows());
        let mut gone: Vec<Vec<Option<i64>>> = vec![Vec::new(); read.len()];
        // Rows of new keys whose values are not in the columns yet.
        let mut fresh: Vec<(u32, i64, i64)> = Vec::new();
        for (row, hash) in hashes.into_iter().enumerate() {
            let (revision, seq) = (if revisions.is_null(row) { 0 } else { revisions.value(row) }, seqs.value(row));
            match self.places.find(hash as u64, |place| self.hashes[*place as usize] == hash).copied() {
                None => {
                    let place = self.hashes.len() as u32;
                    push(&mut self.hashes, hash);
                    let hashes = &self.hashes;
                    self.places.insert_unique(hash as u64, place, |place| hashes[*place as usize] as u64);
                    fresh.push((row as u32, revision, seq));
                }
                Some(place) => {
                    let place = place as usize;
                    if place >= self.seqs.len() {
                        self.append(&codes, &mut fresh);
                    }
                    if (revision, seq) <= (self.revisions.get(place), self.seqs.get(place)) {
                        continue;
                    }
                    self.revisions.set(place, revision);
                    self.seqs.set(place, seq);
                    for ((column, codes), gone) in self.columns.iter_mut().zip(&codes).zip(&mut gone) {
                        gone.push(column.value(place));
                        column.set(place, codes[row]);
                    }
                }
            }
            kept.push(row as u32);
        }
        self.append(&codes, &mut fresh);
        let rows = (kept.len() < batch.num_rows()).then(|| UInt32Array::from(kept.clone()));
        let new = layout.given.batch(|column, kind| match (&rows, *kind == PLACE) {
            (_, true) => array(kind, kept.iter().map(|row| all[column][*row as usize]), texts),
            (None, _) => Ok(Arc::clone(&read[column])),
            (Some(rows), _) => take(&read[column], rows, None),
        })?;
        let gone = layout.given.batch(|column, kind| array(kind, gone[column].iter().copied(), texts))?;
        Ok(Signed::of(gone, new))
    }
}

/// One hash per row over the columns of the key.
fn hashes(key: &[ArrayRef], rows: usize) -> Result<Vec<u128>, ArrowError> {
    const ODD: u128 = 0x2d99_787f_ca55_8b0d_9e37_79b9_7f4a_7c15;
    let mut hashes = vec![ODD; rows];
    for column in key {
        let mix = |hash: &mut u128, value: u128| *hash = (hash.rotate_left(49) ^ value).wrapping_mul(ODD);
        match column.data_type() {
            DataType::Dictionary(..) => {
                let column = column.as_dictionary::<Int32Type>();
                let texts = column.values().as_string::<i32>().iter();
                let texts: Vec<u128> = texts.map(|text| text.map_or(1, |text| xxh3_128(text.as_bytes()))).collect();
                let keys = hashes.iter_mut().zip(column.keys());
                keys.for_each(|(hash, key)| mix(hash, key.map_or(1, |key| texts[key as usize])));
            }
            // Keys are texts, dates and whole numbers: all have values of their own.
            _ => hashes.iter_mut().zip(values(column, &mut Texts::default())?).for_each(|(hash, value)| {
                mix(hash, value.map_or(1, |value| u128::from(spread(value)) << 64 | u128::from(value as u64)));
            }),
        }
    }
    Ok(hashes)
}
