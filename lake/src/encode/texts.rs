//! A column of texts, or of other bytes, of one row group: each distinct text is looked up once per batch, rows are small numbers.
//!
//! Parquet's own writer looks up every value of every row, also where Arrow's dictionary has told already which rows
//! are the same; on the columns of school events that is most of its time.
//!
//! Invariant: the chunk reads back as exactly the texts and nulls written, whether as dictionary or, where most texts
//! are different, plainly.

use std::hash::BuildHasher;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int32Type};
use hashbrown::{DefaultHashBuilder, HashTable};
use parquet::basic::{ConvertedType, Encoding};
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

use super::pages::{Chunk, PAGE_ROWS, Pages};
use super::presence::{Presence, Rows};
use super::{Column, unfit};

/// A page of texts that are written plainly has about so many bytes.
const PAGE_BYTES: usize = 1 << 20;
const UNSEEN: u32 = u32::MAX;
/// Bounds in the statistics are no longer than this, so that they are never cut.
const LONGEST_BOUND: usize = 256;

/// The column's texts so far.
pub(super) struct Texts {
    column: ColumnDescPtr,
    presence: Presence,
    distinct: Distinct,
    /// The places of the texts, of the rows that have one.
    keys: Vec<u32>,
}

/// Each distinct text, as the dictionary page has them: length, then bytes.
#[derive(Default)]
struct Distinct {
    page: Vec<u8>,
    starts: Vec<usize>,
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Texts {
    pub fn new(column: ColumnDescPtr, rows: usize) -> Self {
        Self { column, presence: Presence::new(rows), distinct: Distinct::default(), keys: Vec::with_capacity(rows) }
    }

    fn write_plain<'t>(&mut self, texts: impl Iterator<Item = &'t [u8]>) {
        let mut last: Option<(&[u8], u32)> = None;
        for text in texts {
            let key = match last {
                Some((known, key)) if known == text => key,
                _ => self.distinct.key(text),
            };
            self.keys.push(key);
            last = Some((text, key));
        }
    }

    fn write_dictionary(&mut self, array: &ArrayRef) -> Result<()> {
        let dictionary = array.as_dictionary_opt::<Int32Type>();
        let known = dictionary.and_then(|d| Some((d, d.values().as_string_opt::<i32>()?)));
        let (dictionary, texts) = known.ok_or_else(|| ParquetError::General("an unknown kind of dictionary".into()))?;
        let mut keys = vec![UNSEEN; texts.len()];
        let distinct = &mut self.distinct;
        let mut key_of = |place: &i32| {
            let place = *place as usize;
            if keys[place] == UNSEEN {
                keys[place] = distinct.key(texts.value(place).as_bytes());
            }
            keys[place]
        };
        let places = dictionary.keys().values();
        match array.logical_nulls() {
            None => self.keys.extend(places.iter().map(key_of)),
            Some(nulls) => {
                nulls.valid_slices().for_each(|(from, to)| self.keys.extend(places[from..to].iter().map(&mut key_of)));
            }
        }
        Ok(())
    }

    fn plain_pages(&self, rows: &Rows, pages: &mut Pages<'_>) -> Result<()> {
        let bytes: usize = self.keys.iter().map(|key| self.distinct.stored(*key).len()).sum();
        let most = rows.count * PAGE_BYTES / bytes.max(1);
        for span in rows.spans(most.clamp(1, PAGE_ROWS)) {
            let mut page = span.page();
            self.keys[span.values.clone()].iter().for_each(|key| page.extend_from_slice(self.distinct.stored(*key)));
            pages.data(&page, span.rows, Encoding::PLAIN)?;
        }
        Ok(())
    }

    fn statistics(&self, nulls: u64) -> Statistics {
        let count = self.distinct.starts.len();
        let texts = || (0..count).map(|place| self.distinct.text(place));
        let bound =
            |text: Option<&[u8]>| text.filter(|text| text.len() <= LONGEST_BOUND).map(|text| ByteArray::from(text.to_vec()));
        // Nobody asks for what lies between bytes that are no text.
        let is_text = self.column.converted_type() == ConvertedType::UTF8;
        let bounds = if is_text { bound(texts().min()).zip(bound(texts().max())) } else { None };
        let (low, high) = bounds.unzip();
        Statistics::byte_array(low, high, Some(count as u64), Some(nulls), false)
    }
}

impl Column for Texts {
    fn write(&mut self, array: &ArrayRef) -> Result<()> {
        self.presence.append(array.len(), array.logical_nulls().as_ref());
        match array.data_type() {
            DataType::Utf8 => self.write_plain(array.as_string::<i32>().iter().flatten().map(str::as_bytes)),
            DataType::Binary => self.write_plain(array.as_binary::<i32>().iter().flatten()),
            DataType::Dictionary(_, _) => self.write_dictionary(array)?,
            _ => return Err(unfit(&self.column, array)),
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, mut pages: Pages<'_>) -> Result<Chunk> {
        let rows = std::mem::replace(&mut self.presence, Presence::new(0)).finish(&self.column)?;
        let count = self.distinct.starts.len();
        // A dictionary of texts that hardly repeat only costs room.
        if count <= self.keys.len() / 2 || self.distinct.page.len() <= PAGE_BYTES {
            pages.dictionary(&self.distinct.page, count)?;
            pages.keys(&rows, &self.keys, count)?;
        } else {
            self.plain_pages(&rows, &mut pages)?;
        }
        let statistics = self.statistics(rows.nulls());
        pages.close(self.column, rows.count, statistics)
    }
}

impl Distinct {
    fn key(&mut self, text: &[u8]) -> u32 {
        let Self { page, starts, places, hasher } = self;
        let found = places.find(hasher.hash_one(text), |place| stored_text(page, starts, *place) == text);
        if let Some(place) = found {
            return *place;
        }
        let place = u32::try_from(starts.len()).unwrap_or(UNSEEN);
        starts.push(page.len());
        page.extend_from_slice(&u32::try_from(text.len()).unwrap_or_default().to_le_bytes());
        page.extend_from_slice(text);
        places.insert_unique(hasher.hash_one(text), place, |place| hasher.hash_one(stored_text(page, starts, *place)));
        place
    }

    fn text(&self, place: usize) -> &[u8] {
        stored_text(&self.page, &self.starts, place as u32)
    }

    /// The text behind its length.
    fn stored(&self, place: u32) -> &[u8] {
        let place = place as usize;
        let end = self.starts.get(place + 1).copied().unwrap_or(self.page.len());
        &self.page[self.starts[place]..end]
    }
}

fn stored_text<'p>(page: &'p [u8], starts: &[usize], place: u32) -> &'p [u8] {
    let place = place as usize;
    let end = starts.get(place + 1).copied().unwrap_or(page.len());
    &page[starts[place] + 4..end]
}
