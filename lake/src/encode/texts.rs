//! A text column of one row group: each distinct text is looked up once per batch, rows are small numbers.
//!
//! Parquet's own writer looks up every value of every row, also where Arrow's dictionary has told already which rows
//! are the same; on the columns of school events that is most of its time.
//!
//! Invariant: the chunk reads back as exactly the texts and nulls written, whether as dictionary or, where most texts
//! are different, plainly.

use std::hash::BuildHasher;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{DataType, Int32Type};
use bytes::Bytes;
use hashbrown::{DefaultHashBuilder, HashTable};
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::runs;

const PAGE_ROWS: usize = 1 << 16;
const PAGE_BYTES: usize = 1 << 20;
const NULL: u32 = u32::MAX;
const UNSEEN: u32 = u32::MAX - 1;
/// Bounds in the statistics are no longer than this, so that they are never cut.
const LONGEST_BOUND: usize = 256;

/// The column's texts so far.
pub(super) struct Texts {
    column: ColumnDescPtr,
    distinct: Distinct,
    keys: Vec<u32>,
    nulls: usize,
}

/// Each distinct text, as the dictionary page has them: length, then bytes.
#[derive(Default)]
struct Distinct {
    page: Vec<u8>,
    starts: Vec<usize>,
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// A finished column chunk.
pub(super) struct Chunk {
    pub bytes: Bytes,
    pub close: ColumnCloseResult,
}

impl Texts {
    pub fn new(column: ColumnDescPtr, rows: usize) -> Self {
        Self { column, distinct: Distinct::default(), keys: Vec::with_capacity(rows), nulls: 0 }
    }

    pub fn write(&mut self, array: &ArrayRef) -> Result<()> {
        match array.data_type() {
            DataType::Utf8 => self.write_plain(array.as_string()),
            DataType::Dictionary(_, _) => self.write_dictionary(array)?,
            other => return Err(ParquetError::General(format!("a text column cannot hold {other}"))),
        }
        Ok(())
    }

    fn write_plain(&mut self, texts: &StringArray) {
        let mut last: Option<(&str, u32)> = None;
        for text in texts {
            let key = match (text, last) {
                (None, _) => NULL,
                (Some(text), Some((known, key))) if known == text => key,
                (Some(text), _) => self.distinct.key(text),
            };
            self.nulls += usize::from(key == NULL);
            self.keys.push(key);
            last = text.map(|text| (text, key));
        }
    }

    fn write_dictionary(&mut self, array: &ArrayRef) -> Result<()> {
        let dictionary = array.as_dictionary_opt::<Int32Type>();
        let known = dictionary.and_then(|d| Some((d, d.values().as_string_opt::<i32>()?)));
        let (dictionary, texts) = known.ok_or_else(|| ParquetError::General("an unknown kind of dictionary".into()))?;
        let mut keys = vec![UNSEEN; texts.len()];
        let distinct = &mut self.distinct;
        let mut key_of = |place: i32| {
            let place = place as usize;
            if keys[place] == UNSEEN {
                keys[place] = if texts.is_null(place) { NULL } else { distinct.key(texts.value(place)) };
            }
            keys[place]
        };
        let before = self.keys.len();
        match dictionary.keys().nulls() {
            None => self.keys.extend(dictionary.keys().values().iter().map(|place| key_of(*place))),
            Some(_) => self.keys.extend(dictionary.keys().iter().map(|place| place.map_or(NULL, &mut key_of))),
        }
        self.nulls += self.keys[before..].iter().filter(|key| **key == NULL).count();
        Ok(())
    }

    pub fn finish(self) -> Result<Chunk> {
        if self.nulls > 0 && self.column.max_def_level() == 0 {
            return Err(ParquetError::General(format!("column {} must not be empty", self.column.name())));
        }
        let statistics = self.statistics();
        // A dictionary of texts that hardly repeat only costs room.
        let listed = self.distinct.starts.len() <= (self.keys.len() - self.nulls) / 2 || self.distinct.page.len() <= PAGE_BYTES;
        let mut pages = Pages::new()?;
        if listed {
            pages.dictionary(&self.distinct)?;
            self.keyed_pages(&mut pages)?;
        } else {
            self.plain_pages(&mut pages)?;
        }
        pages.close(self.column, self.keys.len(), listed, statistics)
    }

    fn keyed_pages(&self, pages: &mut Pages) -> Result<()> {
        let width = runs::width(u32::try_from(self.distinct.starts.len().saturating_sub(1)).unwrap_or(NULL));
        let mut present = Vec::with_capacity(PAGE_ROWS);
        for keys in self.keys.chunks(PAGE_ROWS) {
            let mut page = self.levels(keys);
            page.push(width);
            present.clear();
            present.extend(keys.iter().copied().filter(|key| *key != NULL));
            runs::encode(&present, width, &mut page);
            pages.data(page, keys.len(), Encoding::RLE_DICTIONARY)?;
        }
        Ok(())
    }

    fn plain_pages(&self, pages: &mut Pages) -> Result<()> {
        let mut rest = self.keys.as_slice();
        while !rest.is_empty() {
            let (mut bytes, mut rows) = (Vec::with_capacity(PAGE_BYTES + PAGE_BYTES / 8), 0);
            while rows < rest.len().min(PAGE_ROWS) && bytes.len() < PAGE_BYTES {
                if rest[rows] != NULL {
                    bytes.extend_from_slice(self.distinct.stored(rest[rows]));
                }
                rows += 1;
            }
            let mut page = self.levels(&rest[..rows]);
            page.append(&mut bytes);
            pages.data(page, rows, Encoding::PLAIN)?;
            rest = &rest[rows..];
        }
        Ok(())
    }

    /// Which rows have a text; nothing for a column in which all must.
    fn levels(&self, keys: &[u32]) -> Vec<u8> {
        if self.column.max_def_level() == 0 {
            return Vec::new();
        }
        let mut page = vec![0; 4];
        if self.nulls == 0 {
            runs::encode(&vec![1; keys.len()], 1, &mut page);
        } else {
            let present: Vec<u32> = keys.iter().map(|key| u32::from(*key != NULL)).collect();
            runs::encode(&present, 1, &mut page);
        }
        let length = u32::try_from(page.len() - 4).unwrap_or_default();
        page[..4].copy_from_slice(&length.to_le_bytes());
        page
    }

    fn statistics(&self) -> Statistics {
        let count = self.distinct.starts.len();
        let texts = || (0..count).map(|place| self.distinct.text(place));
        let bound =
            |text: Option<&[u8]>| text.filter(|text| text.len() <= LONGEST_BOUND).map(|text| ByteArray::from(text.to_vec()));
        let (low, high) = (bound(texts().min()), bound(texts().max()));
        let (low, high) = if low.is_some() && high.is_some() { (low, high) } else { (None, None) };
        Statistics::byte_array(low, high, Some(count as u64), Some(self.nulls as u64), false)
    }
}

impl Distinct {
    fn key(&mut self, text: &str) -> u32 {
        let Self { page, starts, places, hasher } = self;
        let text = text.as_bytes();
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

/// The pages of one chunk.
struct Pages {
    sink: TrackedWrite<Vec<u8>>,
    compressor: zstd::bulk::Compressor<'static>,
    dictionary: bool,
    uncompressed: usize,
    first_data: Option<u64>,
    places: OffsetIndexBuilder,
}

impl Pages {
    fn new() -> Result<Self> {
        let compressor = zstd::bulk::Compressor::new(super::ZSTD_LEVEL)?;
        let (sink, places) = (TrackedWrite::new(Vec::new()), OffsetIndexBuilder::new());
        Ok(Self { sink, compressor, dictionary: false, uncompressed: 0, first_data: None, places })
    }

    fn dictionary(&mut self, distinct: &Distinct) -> Result<()> {
        self.dictionary = true;
        let num_values = u32::try_from(distinct.starts.len()).unwrap_or_default();
        let buf = self.compressed(&distinct.page)?;
        let page = Page::DictionaryPage { buf, num_values, encoding: Encoding::PLAIN, is_sorted: false };
        self.write(page, distinct.page.len()).map(drop)
    }

    fn data(&mut self, page: Vec<u8>, rows: usize, encoding: Encoding) -> Result<()> {
        let size = page.len();
        let page = Page::DataPage {
            buf: self.compressed(&page)?,
            num_values: u32::try_from(rows).unwrap_or_default(),
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let (at, length) = self.write(page, size)?;
        self.first_data.get_or_insert(at);
        self.places.append_offset_and_size(at.cast_signed(), i32::try_from(length).unwrap_or_default());
        self.places.append_row_count(i64::try_from(rows).unwrap_or_default());
        Ok(())
    }

    /// Where the page stands, and its length with its header.
    fn write(&mut self, page: Page, size: usize) -> Result<(u64, usize)> {
        let written = SerializedPageWriter::new(&mut self.sink).write_page(CompressedPage::new(page, size))?;
        self.uncompressed += written.uncompressed_size;
        Ok((written.offset, written.compressed_size))
    }

    fn compressed(&mut self, page: &[u8]) -> Result<Bytes> {
        Ok(self.compressor.compress(page)?.into())
    }

    fn close(self, column: ColumnDescPtr, rows: usize, listed: bool, statistics: Statistics) -> Result<Chunk> {
        let bytes = self.sink.into_inner()?;
        let encodings = match listed {
            true => vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY],
            false => vec![Encoding::PLAIN, Encoding::RLE],
        };
        let metadata = ColumnChunkMetaData::builder(column)
            .set_compression(Compression::ZSTD(super::zstd_level()))
            .set_encodings(encodings)
            .set_num_values(i64::try_from(rows).unwrap_or_default())
            .set_total_compressed_size(i64::try_from(bytes.len()).unwrap_or_default())
            .set_total_uncompressed_size(i64::try_from(self.uncompressed).unwrap_or_default())
            .set_dictionary_page_offset(self.dictionary.then_some(0))
            .set_data_page_offset(i64::try_from(self.first_data.unwrap_or_default()).unwrap_or_default())
            .set_statistics(statistics)
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: Some(self.places.build()),
        };
        Ok(Chunk { bytes: bytes.into(), close })
    }
}
