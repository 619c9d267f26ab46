//! The messages of an Arrow stream, looked at before anything is made of them.
//!
//! Promise: no length that the input states is believed: room grows with what is really read, and what a compressed buffer says
//! it will become is held against a limit.

use std::io::Read;

use arrow::buffer::Buffer;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::{Message, root_as_message};
use arrow::record_batch::RecordBatch;

use super::frames::unreadable;
use crate::{Error, Result};

const CONTINUES: [u8; 4] = [0xff; 4];
/// The end of a stream.
const END: [u8; PREFIX] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
const PREFIX: usize = 8;
const LONGEST_METADATA: usize = 64 << 20;
/// The most that one batch may be, packed or not.
const LARGEST: u64 = 512 << 20;

/// The batches of a stream.
pub(super) struct Messages<R> {
    reader: R,
    decoder: StreamDecoder,
    /// Came while the columns were looked for.
    first: Option<RecordBatch>,
    ended: bool,
}

impl<R: Read> Messages<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, decoder: StreamDecoder::new(), first: None, ended: false }
    }

    /// The columns, which come before any batch.
    pub fn schema(&mut self) -> Result<arrow::datatypes::SchemaRef> {
        while self.decoder.schema().is_none() && self.first.is_none() && !self.ended {
            if let Step::Batch(batch) = self.step()? {
                self.first = Some(batch);
            }
        }
        self.decoder.schema().ok_or_else(damaged)
    }

    pub fn next(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(batch) = self.first.take() {
            return Ok(Some(batch));
        }
        loop {
            match self.step()? {
                Step::Batch(batch) => return Ok(Some(batch)),
                Step::More => {}
                Step::End => return Ok(None),
            }
        }
    }

    fn step(&mut self) -> Result<Step> {
        if self.ended {
            return Ok(Step::End);
        }
        let message = message(&mut self.reader)?;
        self.ended = message.is_none();
        // A message without a body is taken in with the next.
        let mut message = Buffer::from_vec(message.unwrap_or_else(|| END.to_vec()));
        let batch = self.decoder.decode(&mut message).map_err(|error| unreadable(&error))?;
        Ok(match batch {
            Some(batch) => Step::Batch(batch),
            None if self.ended => Step::End,
            None => Step::More,
        })
    }
}

enum Step {
    Batch(RecordBatch),
    More,
    End,
}

/// The next message with its prefix; none at the stream's end.
fn message(reader: &mut impl Read) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    take(reader, PREFIX as u64, &mut bytes)?;
    let length = match bytes.as_slice() {
        [] => return Ok(None),
        [head @ .., a, b, c, d] if head == CONTINUES => u32::from_le_bytes([*a, *b, *c, *d]) as usize,
        _ => return Err(damaged()),
    };
    if length == 0 {
        return Ok(None);
    }
    if length > LONGEST_METADATA || take(reader, length as u64, &mut bytes)? < length {
        return Err(damaged());
    }
    let body = {
        let message = root_as_message(&bytes[PREFIX..]).map_err(|_| damaged())?;
        u64::try_from(message.bodyLength()).map_err(|_| damaged())?
    };
    within(body)?;
    if (take(reader, body, &mut bytes)? as u64) < body {
        return Err(damaged());
    }
    let (metadata, body) = bytes[PREFIX..].split_at(length);
    check(&root_as_message(metadata).map_err(|_| damaged())?, body)?;
    Ok(Some(bytes))
}

fn take(reader: &mut impl Read, length: u64, bytes: &mut Vec<u8>) -> Result<usize> {
    // Read errors come with their own words.
    Ok(reader.by_ref().take(length).read_to_end(bytes)?)
}

/// Compressed buffers begin with what they will become.
fn check(message: &Message<'_>, body: &[u8]) -> Result<()> {
    let batch = message.header_as_record_batch().or_else(|| message.header_as_dictionary_batch()?.data());
    let Some(batch) = batch.filter(|batch| batch.compression().is_some()) else { return Ok(()) };
    let mut all = 0;
    for buffer in batch.buffers().iter().flatten() {
        let start = usize::try_from(buffer.offset()).map_err(|_| damaged())?;
        let Some(prefix) = body.get(start..).and_then(|rest| rest.first_chunk::<8>()) else { continue };
        all += u64::try_from(i64::from_le_bytes(*prefix)).unwrap_or(0);
        within(all)?;
    }
    Ok(())
}

fn within(size: u64) -> Result<()> {
    if size <= LARGEST {
        return Ok(());
    }
    let reason = format!("a batch of Arrow data is larger than {} MiB or damaged: write batches of fewer rows", LARGEST >> 20);
    Err(Error::Read { reason })
}

fn damaged() -> Error {
    Error::Read { reason: "the Arrow data are not whole or damaged".to_owned() }
}
