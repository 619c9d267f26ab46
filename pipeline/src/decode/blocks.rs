//! The text in blocks of whole records, bounded in size whatever the input holds.
//!
//! Invariants: a block is at most a few MiB and holds at most a given number of records, because what becomes of a short record
//! may be far longer than the record; every record is in one block, or was longer than the limit and is reported by its
//! line and beginning; a read error comes after the blocks of everything complete before it.

use bytes::Bytes;
use memchr::{memchr, memchr_iter, memrchr};
use xxhash_rust::xxh3::Xxh3Default;

use super::encoding::Utf8;
use super::reject::RAW_LIMIT;
use super::shape::Shape;
use super::{MAX_RECORD, csv};
use crate::{Error, Result};

/// A block is cut when there is this much text.
const BLOCK: usize = 4 * MAX_RECORD;

/// A place between two records of an input, and what stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// How much there is before it: bytes of decoded text, or rows where there is no text.
    pub at: u64,
    /// Of all that is before it.
    pub digest: u64,
}

/// Some whole records.
pub(super) struct Block {
    pub text: Bytes,
    /// The number of the text's first line.
    pub line: u64,
    /// The beginning of a record too long to keep; `text` is empty then.
    pub long: Option<Vec<u8>>,
    /// How much text this block stands for.
    pub bytes: u64,
    /// The block's end.
    pub mark: Mark,
}

/// Where blocks may be cut.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cut {
    Lines,
    Csv { delimiter: u8, expected: usize },
}

pub(super) struct Blocks<'r> {
    text: Utf8<'r>,
    buffer: Vec<u8>,
    shape: Shape,
    cut: Cut,
    /// The most records of a block.
    limit: usize,
    line: u64,
    at: u64,
    digest: Xxh3Default,
    ended: bool,
    failed: Option<Error>,
}

impl<'r> Blocks<'r> {
    pub fn new(text: Utf8<'r>, failed: Option<Error>, limit: usize) -> Self {
        let (shape, cut, limit) = (Shape::Lines, Cut::Lines, limit.max(1));
        let digest = Xxh3Default::new();
        Self { text, buffer: Vec::new(), shape, cut, limit, line: 1, at: 0, digest, ended: false, failed }
    }

    /// The text up to the first cut, for a look at what it is.
    pub fn peek(&mut self) -> &[u8] {
        self.fill();
        &self.buffer
    }

    /// Nothing follows what [`Blocks::peek`] shows.
    pub fn is_whole(&self) -> bool {
        self.ended && self.failed.is_none()
    }

    /// Why the text ends early, when nothing else is left of it.
    pub fn take_failure(&mut self) -> Option<Error> {
        self.failed.take()
    }

    /// Settles the shape; to be called once, before any text is taken.
    pub fn set_shape(&mut self, mut shape: Shape) {
        shape.apply(&mut self.buffer);
        self.shape = shape;
    }

    pub fn set_cut(&mut self, cut: Cut) {
        self.cut = cut;
    }

    /// Drops `length` bytes of text, such as a header.
    pub fn skip(&mut self, length: usize) {
        self.line += lines(&self.buffer[..length]);
        self.pass(length);
        self.buffer.drain(..length);
    }

    /// Drops the text before `mark`; false when what stands there is not what the mark was made of.
    pub fn skip_to(&mut self, mark: Mark) -> Result<bool> {
        let mut whole_line = true;
        self.fill();
        while self.at < mark.at && !self.buffer.is_empty() {
            let rest = usize::try_from(mark.at - self.at).unwrap_or(usize::MAX);
            let length = rest.min(self.buffer.len());
            whole_line = self.buffer[length - 1] == b'\n';
            self.skip(length);
            self.fill();
        }
        if self.at < mark.at
            && let Some(error) = self.failed.take()
        {
            return Err(error);
        }
        Ok(self.mark() == mark && (whole_line || self.buffer.is_empty()))
    }

    /// Takes note of text that leaves the buffer.
    fn pass(&mut self, length: usize) {
        self.at += length as u64;
        self.digest.update(&self.buffer[..length]);
    }

    fn mark(&self) -> Mark {
        Mark { at: self.at, digest: self.digest.digest() }
    }

    fn fill(&mut self) {
        while !self.ended && self.buffer.len() < BLOCK {
            let before = self.buffer.len();
            match self.text.read_into(&mut self.buffer, BLOCK - before) {
                Ok(more) => self.ended = !more,
                Err(error) => {
                    self.ended = true;
                    self.failed = Some(error);
                }
            }
            self.shape.apply(&mut self.buffer[before..]);
        }
    }

    fn boundary(&self) -> usize {
        let (length, full) = match self.cut {
            Cut::Csv { delimiter, expected } if memchr(b'"', &self.buffer).is_some() => {
                let (length, records) = csv::boundary(&self.buffer, delimiter, expected, self.limit);
                (length, records == self.limit)
            }
            _ => match memchr_iter(b'\n', &self.buffer).nth(self.limit - 1) {
                Some(at) => (at + 1, true),
                None => (memrchr(b'\n', &self.buffer).map_or(0, |at| at + 1), false),
            },
        };
        if self.is_whole() && !full { self.buffer.len() } else { length }
    }

    fn take(&mut self, length: usize) -> Block {
        self.pass(length);
        let mut rest = Vec::new();
        if length < self.buffer.len() {
            rest.reserve(BLOCK + 64);
            rest.extend_from_slice(&self.buffer[length..]);
        }
        let mut text = std::mem::replace(&mut self.buffer, rest);
        text.truncate(length);
        let line = self.line;
        self.line += lines(&text);
        Block { bytes: text.len() as u64, text: text.into(), line, long: None, mark: self.mark() }
    }

    /// Passes over a record that does not fit into a block, keeping only its beginning.
    fn pass_over(&mut self) -> Option<Block> {
        let beginning = self.buffer[..self.buffer.len().min(RAW_LIMIT)].to_vec();
        let (line, mut bytes) = (self.line, 0);
        loop {
            if let Some(end) = memchr(b'\n', &self.buffer) {
                self.pass(end + 1);
                self.buffer.drain(..=end);
                bytes += end as u64 + 1;
                break;
            }
            bytes += self.buffer.len() as u64;
            self.pass(self.buffer.len());
            self.buffer.clear();
            if self.ended {
                break;
            }
            self.fill();
        }
        self.line += 1;
        Some(Block { text: Bytes::new(), line, long: Some(beginning), bytes, mark: self.mark() })
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Block>;

    fn next(&mut self) -> Option<Result<Block>> {
        self.fill();
        match self.boundary() {
            0 if self.buffer.len() > MAX_RECORD => self.pass_over().map(Ok),
            0 => {
                self.buffer.clear();
                self.failed.take().map(Err)
            }
            length => Some(Ok(self.take(length))),
        }
    }
}

fn lines(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::input::Input;
    use rstest::rstest;

    fn blocks(text: &str, cut: Cut, limit: usize) -> Vec<String> {
        let (utf8, failed) = Utf8::open(Input::open(text.as_bytes()).unwrap(), None);
        let mut blocks = Blocks::new(utf8, failed, limit);
        blocks.set_cut(cut);
        blocks.map(|block| String::from_utf8(block.unwrap().text.to_vec()).unwrap()).collect()
    }

    const CSV: Cut = Cut::Csv { delimiter: b',', expected: 2 };

    #[rstest]
    #[case::lines("a\nb\nc\nd", Cut::Lines, &["a\nb\n", "c\nd"])]
    #[case::csv("a,b\nc,d\ne,f\n", CSV, &["a,b\nc,d\n", "e,f\n"])]
    #[case::csv_over_lines("a,\"b\n\"\nc,d\ne,f", CSV, &["a,\"b\n\"\nc,d\n", "e,f"])]
    #[case::open_quote("a,b\nc,\"d", CSV, &["a,b\nc,\"d"])]
    #[case::empty("", Cut::Lines, &[])]
    fn a_block_holds_no_more_records_than_allowed(#[case] text: &str, #[case] cut: Cut, #[case] expected: &[&str]) {
        assert_eq!(blocks(text, cut, 2), expected);
    }

    #[test]
    fn short_lines_do_not_make_long_blocks() {
        let found = blocks(&"x\n".repeat(3_000_000), Cut::Lines, 65_536);
        assert!(found.iter().all(|block| block.len() <= 2 * 65_536));
        assert_eq!(found.iter().map(String::len).sum::<usize>(), 6_000_000);
    }
}
