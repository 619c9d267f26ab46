//! Input that comes in columns: Arrow streams and files, Parquet.
//!
//! Promises: memory does not depend on the input's size (Parquet, whose end must be known first, waits in a temporary file); an
//! input that ends early or is damaged is an error that says so, after everything that could be read before it; a few bytes do not
//! stand for endless rows.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use xxhash_rust::xxh3::Xxh3Default;

use super::blocks::Mark;
use super::guarded::guarded;
use super::messages::Messages;
use super::pages;
use super::run::BATCH;
use crate::{Error, Result};

const STREAM: [u8; 4] = [0xff; 4];
const FILE: &[u8; 6] = b"ARROW1";
const PARQUET: &[u8; 4] = b"PAR1";
/// An Arrow file is a stream behind a mark, which is filled up to at most so many times this many bytes, and before an index.
const WORDS: usize = 8;
const MARK_WORDS: usize = 8;
/// Real records, whose keys differ, take more than a byte each; a column without values takes none for any number of rows.
const ROWS_PER_BYTE: u64 = 250;
const ROWS_ALWAYS: u64 = 1 << 20;
/// How many bytes tell what an input is.
pub(super) const HEAD: usize = 8;

/// Some rows, as they came.
pub(super) struct Frame {
    pub rows: RecordBatch,
    /// The number of the first row, from 1.
    pub line: u64,
    /// The end of these rows; none within a batch of the input.
    pub mark: Option<Mark>,
}

/// The rows of one input.
pub(super) struct Frames<'r> {
    source: Source<'r>,
    digest: Arc<Mutex<Xxh3Default>>,
    bytes: Arc<AtomicU64>,
    /// Of the batch in hand, what has not been given out.
    rest: Option<RecordBatch>,
    most: usize,
    at: u64,
    ended: bool,
}

enum Source<'r> {
    Arrow(Box<Messages<Digested<'r>>>),
    Parquet(ParquetRecordBatchReader),
}

/// Counts what is read, and takes it into the digest.
struct Digested<'r> {
    reader: Box<dyn Read + Send + 'r>,
    digest: Arc<Mutex<Xxh3Default>>,
    bytes: Arc<AtomicU64>,
}

impl Read for Digested<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(into)?;
        self.digest.lock().unwrap_or_else(PoisonError::into_inner).update(&into[..read]);
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Whether an input that begins so comes in columns.
pub(super) fn is_columnar(head: &[u8]) -> bool {
    head.starts_with(&STREAM) || head.starts_with(FILE) || head.starts_with(PARQUET)
}

impl<'r> Frames<'r> {
    /// `head` is what has been read of the input already; at most `most` rows are given out at a time.
    pub fn open(head: Vec<u8>, reader: Box<dyn Read + Send + 'r>, most: usize) -> Result<Self> {
        let (digest, bytes) = (Arc::new(Mutex::new(Xxh3Default::new())), Arc::new(AtomicU64::new(0)));
        let (parquet, file) = (head.starts_with(PARQUET), head.starts_with(FILE));
        let mut whole: Box<dyn Read + Send + 'r> = Box::new(Cursor::new(head).chain(reader));
        if file {
            whole = Box::new(Cursor::new(first_words(whole.as_mut())?).chain(whole));
        }
        let mut reader = Digested { reader: whole, digest: Arc::clone(&digest), bytes: Arc::clone(&bytes) };
        let source = match parquet {
            true => Source::Parquet(guarded("Parquet", || parquet_of(&mut reader))?),
            false => Source::Arrow(Box::new(Messages::new(reader))),
        };
        Ok(Self { source, digest, bytes, rest: None, most: most.clamp(1, BATCH), at: 0, ended: false })
    }

    pub fn schema(&mut self) -> Result<SchemaRef> {
        match &mut self.source {
            Source::Arrow(reader) => guarded("Arrow", || reader.schema()),
            Source::Parquet(reader) => Ok(arrow::array::RecordBatchReader::schema(reader)),
        }
    }

    /// Passes over the rows before `mark`; false when what stands there is not what the mark was made of.
    pub fn skip_to(&mut self, mark: Mark) -> Result<bool> {
        while self.at < mark.at {
            let Some(rows) = self.next_batch() else { return Ok(false) };
            self.at += rows?.num_rows() as u64;
        }
        Ok(self.mark() == mark)
    }

    fn mark(&self) -> Mark {
        Mark { at: self.at, digest: self.digest.lock().unwrap_or_else(PoisonError::into_inner).digest() }
    }

    fn next_batch(&mut self) -> Option<Result<RecordBatch>> {
        let (source, name) = (&mut self.source, "Arrow or Parquet");
        let next = guarded(name, || match source {
            Source::Arrow(reader) => reader.next(),
            Source::Parquet(reader) => reader.next().transpose().map_err(|error| unreadable(&error)),
        });
        next.and_then(|batch| batch.map(|batch| self.believable(batch)).transpose()).transpose()
    }

    /// A batch, unless its rows are more than the bytes up to its end can tell of.
    fn believable(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let bytes = self.bytes.load(Ordering::Relaxed);
        let rows = self.at.saturating_add(batch.num_rows() as u64);
        if rows <= bytes.saturating_mul(ROWS_PER_BYTE).saturating_add(ROWS_ALWAYS) {
            return Ok(batch);
        }
        let reason = format!("{rows} rows in {bytes} bytes are more than {ROWS_PER_BYTE} a byte, as real records never are");
        Err(Error::Read { reason })
    }
}

impl Iterator for Frames<'_> {
    type Item = Result<Frame>;

    fn next(&mut self) -> Option<Result<Frame>> {
        if self.ended {
            return None;
        }
        let batch = match self.rest.take().map(Ok).or_else(|| self.next_batch())? {
            Ok(batch) => batch,
            Err(error) => {
                self.ended = true;
                return Some(Err(error));
            }
        };
        let length = batch.num_rows().min(self.most);
        self.rest = (length < batch.num_rows()).then(|| batch.slice(length, batch.num_rows() - length));
        let line = self.at + 1;
        self.at += length as u64;
        let mark = self.rest.is_none().then(|| self.mark());
        Some(Ok(Frame { rows: batch.slice(0, length), line, mark }))
    }
}

/// Passes over a file's mark and the zeros behind it; the first words of the stream.
fn first_words(file: &mut dyn Read) -> Result<[u8; WORDS]> {
    let mut words = [0; WORDS];
    for _ in 0..=MARK_WORDS {
        file.read_exact(&mut words).map_err(|_| Error::Read { reason: "the Arrow file is not whole".to_owned() })?;
        if words.starts_with(&STREAM) {
            break;
        }
    }
    Ok(words)
}

fn parquet_of(reader: &mut Digested<'_>) -> Result<ParquetRecordBatchReader> {
    let mut file: File = tempfile::tempfile()?;
    std::io::copy(reader, &mut file)?;
    pages::check(&mut file)?;
    file.seek(SeekFrom::Start(0))?;
    let damaged = |error| Error::Read { reason: format!("the Parquet file is not whole or damaged ({error})") };
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(damaged)?;
    pages::check_lengths(builder.schema())?;
    builder.with_batch_size(BATCH).build().map_err(damaged)
}

pub(super) fn unreadable(error: &ArrowError) -> Error {
    Error::Read { reason: format!("the Arrow data are not whole or damaged ({error})") }
}
