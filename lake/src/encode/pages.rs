//! The pages of one column chunk, and what the file's end says of them.
//!
//! Invariant: what is written is a whole chunk of Parquet's format: a dictionary before the data that need it, each page compressed,
//! and its place known.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::Result;
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::presence::Rows;
use super::runs;

/// A page of numbers has no more rows than this.
pub(super) const PAGE_ROWS: usize = 1 << 16;

/// Compresses pages; its room serves column after column.
pub(super) type Compressor = zstd::bulk::Compressor<'static>;

/// A finished column chunk.
pub(super) struct Chunk {
    pub bytes: Bytes,
    pub close: ColumnCloseResult,
}

pub(super) struct Pages<'c> {
    sink: TrackedWrite<Vec<u8>>,
    compressor: &'c mut Compressor,
    dictionary: bool,
    encodings: Vec<Encoding>,
    uncompressed: usize,
    first_data: Option<u64>,
    places: OffsetIndexBuilder,
}

impl<'c> Pages<'c> {
    pub fn new(compressor: &'c mut Compressor) -> Self {
        let (sink, places) = (TrackedWrite::new(Vec::new()), OffsetIndexBuilder::new());
        // Levels are runs.
        let encodings = vec![Encoding::RLE];
        Self { sink, compressor, dictionary: false, encodings, uncompressed: 0, first_data: None, places }
    }

    /// The dictionary of `count` values, which stand plainly in `page`.
    pub fn dictionary(&mut self, page: &[u8], count: usize) -> Result<()> {
        self.dictionary = true;
        self.encoded(Encoding::PLAIN);
        let num_values = u32::try_from(count).unwrap_or_default();
        let buf = self.compressed(page)?;
        let compressed = Page::DictionaryPage { buf, num_values, encoding: Encoding::PLAIN, is_sorted: false };
        self.write(compressed, page.len()).map(drop)
    }

    /// The rows as places in a dictionary of `count` values; `keys` are those of the rows that have a value.
    pub fn keys(&mut self, rows: &Rows, keys: &[u32], count: usize) -> Result<()> {
        let width = runs::width(u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX));
        for span in rows.spans(PAGE_ROWS) {
            let mut page = span.page();
            page.push(width);
            runs::encode(&keys[span.values.clone()], width, &mut page);
            self.data(&page, span.rows, Encoding::RLE_DICTIONARY)?;
        }
        Ok(())
    }

    /// A page of levels and values.
    pub fn data(&mut self, page: &[u8], rows: usize, encoding: Encoding) -> Result<()> {
        self.encoded(encoding);
        let compressed = Page::DataPage {
            buf: self.compressed(page)?,
            num_values: u32::try_from(rows).unwrap_or_default(),
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let (at, length) = self.write(compressed, page.len())?;
        self.first_data.get_or_insert(at);
        self.places.append_offset_and_size(at.cast_signed(), i32::try_from(length).unwrap_or_default());
        self.places.append_row_count(i64::try_from(rows).unwrap_or_default());
        Ok(())
    }

    fn encoded(&mut self, encoding: Encoding) {
        if !self.encodings.contains(&encoding) {
            self.encodings.push(encoding);
        }
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

    pub fn close(self, column: ColumnDescPtr, rows: usize, statistics: Statistics) -> Result<Chunk> {
        let bytes = self.sink.into_inner()?;
        let metadata = ColumnChunkMetaData::builder(column)
            .set_compression(Compression::ZSTD(super::zstd_level()))
            .set_encodings(self.encodings)
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
