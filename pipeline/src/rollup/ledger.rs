//! The current rows of one kind on one day, as far as rollups look at them.
//!
//! Invariants: of each key the row with the highest (revision, seq) is kept; a row offered twice changes nothing, so it does not
//! matter in which order rows come, or whether one comes again in another file. A key is known by its columns as they are held; those
//! that nothing else needs and that do not repeat, as an event's number, by 128 bits of their hash.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type, Int64Type, SchemaRef};
use arrow::error::ArrowError;
use hashbrown::HashTable;
use xueqing_schema::Kind;
use xxhash_rust::xxh3::xxh3_128;

use super::Signed;
use super::coded::{Coded, PLACE, array, fold, spread, values};
use super::given::Given;
use super::narrow::{Narrow, push};
use crate::texts::Texts;

#[derive(Clone, Default)]
pub(super) struct Ledger {
    /// Of the key's columns that are not held, if there are such.
    hashes: Vec<u128>,
    places: HashTable<u32>,
    revisions: Narrow,
    seqs: Narrow,
    columns: Vec<Coded>,
}

/// How a batch of a kind's file is made up: first what rollups read, then revision and seq, then what else the key has.
pub(super) struct Layout {
    /// What rollups read.
    read: SchemaRef,
    /// What they are given of it.
    given: Given,
    /// Other columns of the key whose values repeat: they are held, too.
    beside: Vec<String>,
    /// Other columns of the key.
    hashed: Vec<String>,
    /// The key's columns among those that are held.
    by: Vec<usize>,
}

impl Layout {
    pub fn new(kind: &Kind, read: SchemaRef, given: Given) -> Self {
        // The parts of a key repeat; what is a key alone does not.
        let repeats = |_: &String| kind.key.len() > 1;
        let others = kind.key.iter().filter(|name| read.column_with_name(name).is_none()).cloned();
        let (beside, hashed): (Vec<String>, Vec<String>) = others.partition(repeats);
        let held = read.fields().iter().map(|field| field.name()).chain(&beside);
        let by = held.enumerate().filter(|(_, name)| kind.key.contains(name)).map(|(column, _)| column).collect();
        Self { read, given, beside, hashed, by }
    }

    /// The columns to ask a file for.
    pub fn columns(&self) -> Vec<&str> {
        let read = self.read.fields().iter().map(|field| field.name().as_str());
        read.chain(["revision", "seq"]).chain(self.beside.iter().chain(&self.hashed).map(String::as_str)).collect()
    }
}

/// The rows of a batch, in the ledger's codes.
struct Rows<'a> {
    /// The key's columns among those that are held.
    by: &'a [usize],
    codes: Vec<Vec<u32>>,
    /// Of the key's other columns, if there are such.
    hashes: Vec<u128>,
    /// Those of new keys whose values are not in the columns yet, with revision and seq.
    fresh: Vec<(u32, i64, i64)>,
}

impl Rows<'_> {
    fn hash(&self, row: usize) -> u64 {
        hash(self.by.iter().map(|column| self.codes[*column][row]), self.hashes.get(row))
    }
}

fn hash(codes: impl Iterator<Item = u32>, rest: Option<&u128>) -> u64 {
    fold(codes) ^ rest.map_or(0, |hash| *hash as u64)
}

impl Ledger {
    /// About what it takes in memory.
    pub fn footprint(&self) -> usize {
        let columns: usize = self.columns.iter().map(Coded::footprint).sum();
        self.hashes.capacity() * 16 + self.places.capacity() * 5 + self.revisions.footprint() + self.seqs.footprint() + columns
    }

    /// Makes room for so many rows more.
    pub fn reserve(&mut self, layout: &Layout, rows: usize) {
        let Self { hashes, places, columns, .. } = self;
        places.reserve(rows, |place| {
            let codes = layout.by.iter().map(|column| columns[*column].at(*place as usize));
            hash(codes, hashes.get(*place as usize))
        });
    }

    /// The place of a row's key, if it has one; else it gets one.
    fn find(&mut self, rows: &Rows<'_>, row: usize) -> Option<u32> {
        let Self { hashes, places, columns, seqs, .. } = self;
        let code = |column: usize, place: usize| match place.checked_sub(seqs.len()) {
            None => columns[column].at(place),
            Some(new) => rows.codes[column][rows.fresh[new].0 as usize],
        };
        let same = |place: &u32| {
            let place = *place as usize;
            hashes.get(place) == rows.hashes.get(row)
                && rows.by.iter().all(|column| code(*column, place) == rows.codes[*column][row])
        };
        let known = places.find(rows.hash(row), same).copied();
        if known.is_none() {
            let place = (seqs.len() + rows.fresh.len()) as u32;
            places.insert_unique(rows.hash(row), place, |place| {
                let place = *place as usize;
                hash(rows.by.iter().map(|column| code(*column, place)), hashes.get(place))
            });
            rows.hashes.get(row).into_iter().for_each(|hash| push(hashes, *hash));
        }
        known
    }

    /// Puts the values of new keys' rows into the columns.
    fn append(&mut self, rows: &mut Rows<'_>) {
        let fresh = std::mem::take(&mut rows.fresh);
        self.revisions.extend(fresh.iter().map(|(_, revision, _)| *revision));
        self.seqs.extend(fresh.iter().map(|(.., seq)| *seq));
        for (column, codes) in self.columns.iter_mut().zip(&rows.codes) {
            column.extend(fresh.iter().map(|(row, ..)| codes[*row as usize]));
        }
    }

    /// Takes in rows with the columns of [`Layout::columns`].
    pub fn apply(&mut self, layout: &Layout, texts: &mut Texts, batch: &RecordBatch) -> Result<Signed, ArrowError> {
        let (read, rest) = batch.columns().split_at(layout.read.fields().len());
        let revisions = rest[0].as_primitive::<Int64Type>();
        let seqs = rest[1].as_primitive::<Int64Type>();
        let (beside, hashed) = rest[2..].split_at(layout.beside.len());
        let held = read.iter().chain(beside);
        let all = held.map(|column| values(column, texts)).collect::<Result<Vec<_>, ArrowError>>()?;
        self.columns.resize_with(all.len(), Coded::default);
        let coded = self.columns.iter_mut().zip(&all);
        let codes = coded.map(|(coded, values)| values.iter().map(|value| coded.code(*value)).collect()).collect();
        let mut rows = Rows { by: &layout.by, codes, hashes: hashes(hashed, batch.num_rows())?, fresh: Vec::new() };
        let mut kept = Vec::with_capacity(batch.num_rows());
        let mut gone: Vec<Vec<Option<i64>>> = vec![Vec::new(); read.len()];
        for row in 0..batch.num_rows() {
            let (revision, seq) = (if revisions.is_null(row) { 0 } else { revisions.value(row) }, seqs.value(row));
            match self.find(&rows, row) {
                None => rows.fresh.push((row as u32, revision, seq)),
                Some(place) => {
                    let place = place as usize;
                    if place >= self.seqs.len() {
                        self.append(&mut rows);
                    }
                    if (revision, seq) <= (self.revisions.get(place), self.seqs.get(place)) {
                        continue;
                    }
                    self.revisions.set(place, revision);
                    self.seqs.set(place, seq);
                    for ((column, codes), gone) in self.columns.iter_mut().zip(&rows.codes).zip(&mut gone) {
                        gone.push(column.value(place));
                        column.set(place, codes[row]);
                    }
                }
            }
            kept.push(row as u32);
        }
        self.append(&mut rows);
        let some = (kept.len() < batch.num_rows()).then(|| UInt32Array::from(kept.clone()));
        let new = layout.given.batch(|column, kind| match (&some, *kind == PLACE) {
            (_, true) => array(kind, kept.iter().map(|row| all[column][*row as usize]), texts),
            (None, _) => Ok(Arc::clone(&read[column])),
            (Some(some), _) => take(&read[column], some, None),
        })?;
        let gone = layout.given.batch(|column, kind| array(kind, gone[column].iter().copied(), texts))?;
        Ok(Signed::of(gone, new))
    }
}

/// One hash per row over columns of the key, if there are any.
fn hashes(key: &[ArrayRef], rows: usize) -> Result<Vec<u128>, ArrowError> {
    const ODD: u128 = 0x2d99_787f_ca55_8b0d_9e37_79b9_7f4a_7c15;
    let mut hashes = vec![ODD; if key.is_empty() { 0 } else { rows }];
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
