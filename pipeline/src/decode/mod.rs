//! A vendor's bytes to rows of a kind: unpack, decode the characters, find the records, fit the cells to the fields.
//!
//! Promises:
//! - Whatever the bytes are, decoding ends without a panic, in memory that does not depend on their number: as rows, as
//!   rejects with a reason, or as an error after everything that could be read before it.
//! - Every record read becomes rows or rejects: `read = rows + rejects`. A wide record counts once for each row it holds.
//! - The raw number of a person does not leave this module except in a reject's raw text.
//!
//! ```text
//! bytes ─ input ┬ encoding ─ shape, blocks ─ run ┬ json ┬─ cells ─ convert ─ columns ─▶ Decoded
//!        gz zstd │  UTF-8      whole records      └ csv  ┘          plan       ▲
//!                └ frames ─ refit ─────────────────────────────────────────────┘
//!                  Arrow, Parquet
//! ```

mod blocks;
mod cell;
mod column;
mod convert;
mod csv;
mod encoding;
pub(crate) mod fit;
mod flat;
mod frames;
mod guarded;
mod header;
mod input;
mod instant;
mod json;
mod keys;
mod memo;
mod messages;
mod pages;
mod plan;
mod pool;
mod refit;
mod reject;
mod run;
mod shape;
#[cfg(test)]
mod tests;
mod titles;

use std::io::Read;
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use xueqing_schema::ids::Pseudonyms;
use xueqing_schema::{Mapping, Standard};

use crate::{Error, Result};
pub use blocks::Mark;
use blocks::{Block, Blocks};
use frames::{Frame, Frames};
pub(crate) use header::OTHER_ENCODING;
use plan::Plan;
use pool::{Then, Workers};
use refit::Refit;
pub use reject::{RAW_LIMIT, Reject};
use run::Run;

/// The longest record, in bytes.
pub const MAX_RECORD: usize = 1 << 20;

/// How records are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One JSON object a line, or one JSON array of objects.
    Ndjson,
    /// One JSON object a line, whatever the first line looks like.
    JsonLines,
    /// A header and records of cells.
    Csv,
    /// What the first bytes show: an Arrow stream or file, Parquet, JSON when the text begins with `{` or `[`, else CSV.
    #[default]
    Auto,
}

/// Rows of one batch, and what could not become one.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The rows, in the kind's schema.
    pub batch: RecordBatch,
    /// Where each row of `batch` comes from.
    pub rows: Vec<RowOrigin>,
    pub rejects: Vec<Reject>,
    /// Rows and rejects together.
    pub read: usize,
    /// Bytes of decoded text that this batch stands for.
    pub bytes: u64,
    /// Where reading can go on, if nothing before it is under way any more after this batch.
    pub mark: Option<Mark>,
    /// The header of the cells that the rows' raw texts hold.
    pub header: Option<Arc<str>>,
    source: Source,
}

/// What a batch was read from.
#[derive(Clone, Debug)]
enum Source {
    Text(Bytes),
    Frame(RecordBatch),
}

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowOrigin {
    /// The record's first line in the decoded text, from 1.
    pub line: u64,
    /// Where it stands in what it was read from.
    start: usize,
    length: usize,
}

impl Decoded {
    /// The line that a row of the batch comes from.
    #[must_use]
    pub fn line(&self, row: usize) -> u64 {
        self.rows[row].line
    }

    /// The raw text of a row of the batch, cut to [`RAW_LIMIT`].
    #[must_use]
    pub fn raw(&self, row: usize) -> String {
        let RowOrigin { start, length, .. } = self.rows[row];
        match &self.source {
            Source::Text(text) => reject::cut(&text[start..start + length]),
            Source::Frame(rows) => reject::cut(refit::written(&rows.slice(start, length)).trim_ascii_end()),
        }
    }
}

/// Reads one mapping's exports. Cheap to clone; every run is independent.
#[derive(Clone)]
pub struct Decoder {
    plan: Arc<Plan>,
    format: Format,
    encoding: Option<&'static encoding_rs::Encoding>,
    threads: usize,
    after: Option<Mark>,
}

impl Decoder {
    /// # Errors
    /// `encoding` when there is no encoding of that name (or of the mapping's); the standard's error when it does not have the
    /// mapping's kind or code sets.
    pub fn new(
        standard: &Standard,
        mapping: Arc<Mapping>,
        ids: &Pseudonyms,
        zone: Tz,
        format: Format,
        encoding: Option<&str>,
    ) -> Result<Self> {
        let plan = Arc::new(Plan::new(standard, &mapping, ids, zone)?);
        let encoding = encoding.or(mapping.encoding.as_deref()).map(encoding::named).transpose()?;
        Ok(Self { plan, format, encoding, threads: 1, after: None })
    }

    /// Decodes on so many threads besides the one that reads; with one, the default, there are no others.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Passes over what stands before `mark`; an input that has something else there is the error `identity_reused`.
    #[must_use]
    pub fn after(mut self, mark: Option<Mark>) -> Self {
        self.after = mark;
        self
    }

    /// Reads everything, batch by batch, and ends after the first error.
    pub fn batches<'r>(&self, reader: impl Read + Send + 'r) -> Batches<'r, Decoded> {
        self.each(reader, Arc::new(Ok))
    }

    /// [`Decoder::batches`] with a further step, which runs on the decoding threads.
    pub fn each<'r, T: Send + 'static>(&self, reader: impl Read + Send + 'r, then: Then<T>) -> Batches<'r, T> {
        let reader: Box<dyn Read + Send + 'r> = Box::new(reader);
        Batches { decoder: self.clone(), then, stage: Stage::Unopened(reader) }
    }
}

/// The batches of one input.
pub struct Batches<'r, T> {
    decoder: Decoder,
    then: Then<T>,
    stage: Stage<'r, T>,
}

enum Stage<'r, T> {
    Unopened(Box<dyn Read + Send + 'r>),
    Open(Box<Open<'r, T>>),
    Done,
}

struct Open<'r, T> {
    pieces: Pieces<'r, T>,
    ready: std::vec::IntoIter<T>,
    /// Why reading ended, kept until what came before it is out.
    failed: Option<Error>,
}

/// What an input is cut into, and who decodes it.
enum Pieces<'r, T> {
    Text(Box<Blocks<'r>>, Workers<Run, Block, T>),
    Columns(Frames<'r>, Workers<Refit, Frame, T>),
}

impl<T: Send + 'static> Iterator for Batches<'_, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let step = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Done => return None,
            Stage::Unopened(reader) => self.decoder.open(reader, &self.then).map(|open| open.map(Box::new)),
            Stage::Open(open) => Ok(Some(open)),
        };
        let next = step.and_then(|open| {
            let Some(mut open) = open else { return Ok(None) };
            let next = open.next_batch()?;
            self.stage = Stage::Open(open);
            Ok(next)
        });
        if !matches!(next, Ok(Some(_))) {
            self.stage = Stage::Done;
        }
        next.transpose()
    }
}

impl Decoder {
    /// None when the input is empty.
    fn open<'r, T: Send + 'static>(&self, reader: Box<dyn Read + Send + 'r>, then: &Then<T>) -> Result<Option<Open<'r, T>>> {
        let mut input = input::Input::open(reader)?;
        let pieces = match self.format == Format::Auto && frames::is_columnar(input.peek(frames::HEAD)) {
            true => Some(self.columns(input, then)?),
            false => self.text(input, then)?,
        };
        Ok(pieces.map(|pieces| Open { pieces, ready: Vec::new().into_iter(), failed: None }))
    }

    fn text<'r, T: Send + 'static>(&self, input: input::Input<'r>, then: &Then<T>) -> Result<Option<Pieces<'r, T>>> {
        let (text, failed) = encoding::Utf8::open(input, self.encoding);
        let mut blocks = Blocks::new(text, failed, run::BATCH / self.plan.rows_per_record());
        if blocks.peek().trim_ascii().is_empty() && blocks.is_whole() {
            return self.after.map_or(Ok(None), |_| Err(Error::Reused));
        }
        let (layout, header) = header::settle(&self.plan, self.format, &mut blocks)?;
        if let Some(mark) = self.after
            && !blocks.skip_to(mark)?
        {
            return Err(Error::Reused);
        }
        let threads = if blocks.is_whole() { 1 } else { self.threads };
        let run = || Ok(Run::new(self.plan.clone(), layout.clone(), header.clone()));
        Ok(Some(Pieces::Text(Box::new(blocks), Workers::new(threads, run, then)?)))
    }

    fn columns<'r, T: Send + 'static>(&self, input: input::Input<'r>, then: &Then<T>) -> Result<Pieces<'r, T>> {
        let (head, reader) = input.into_parts();
        let mut frames = Frames::open(head, reader, run::BATCH / self.plan.rows_per_record())?;
        let names: Vec<String> = frames.schema()?.fields().iter().map(|field| field.name().clone()).collect();
        let workers = Workers::new(self.threads, || Refit::new(&self.plan, &names), then)?;
        if let Some(mark) = self.after
            && !frames.skip_to(mark)?
        {
            return Err(Error::Reused);
        }
        Ok(Pieces::Columns(frames, workers))
    }
}

impl<T: Send + 'static> Open<'_, T> {
    fn next_batch(&mut self) -> Result<Option<T>> {
        loop {
            if let Some(batch) = self.ready.next() {
                return Ok(Some(batch));
            }
            let next = match &mut self.pieces {
                Pieces::Text(blocks, workers) => workers.next(blocks.as_mut(), &mut self.failed),
                Pieces::Columns(frames, workers) => workers.next(frames, &mut self.failed),
            };
            match next {
                Some(batches) => self.ready = batches?.into_iter(),
                None => return self.failed.take().map_or(Ok(None), Err),
            }
        }
    }
}
