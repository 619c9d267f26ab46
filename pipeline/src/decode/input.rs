//! Compressed input: gzip (also of several members) and zstd are recognised by their first bytes and read as a stream.
//!
//! Promises: memory does not depend on the input's size; a stream that ends early, or is damaged, is an error that says so and
//! comes after everything that could still be read.

use std::io::{BufRead, BufReader, Cursor, ErrorKind, Read};

use crate::{Error, Result};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const ZIP: [u8; 4] = *b"PK\x03\x04";

/// How the input is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// Plain bytes, whatever the packing.
pub(super) struct Input<'r> {
    bytes: Box<dyn Read + Send + 'r>,
    /// Looked at and not yet passed on, and what ended the look.
    head: Vec<u8>,
    failed: Option<std::io::Error>,
    packing: Packing,
    count: u64,
}

impl<'r> Input<'r> {
    pub fn open(mut reader: impl Read + Send + 'r) -> Result<Self> {
        let mut head = Vec::with_capacity(4);
        reader.by_ref().take(4).read_to_end(&mut head)?;
        let packing = Packing::of(&head)?;
        let whole = BufReader::with_capacity(64 << 10, Cursor::new(head).chain(reader));
        let bytes: Box<dyn Read + Send + 'r> = match packing {
            Packing::Plain => Box::new(whole.into_inner()),
            Packing::Gzip => Box::new(Members { member: Some(flate2::bufread::GzDecoder::new(whole)) }),
            Packing::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(whole)?),
        };
        Ok(Self { bytes, head: Vec::new(), failed: None, packing, count: 0 })
    }

    /// The first bytes, up to `length` of them, which stay where they are; fewer where the input ends or cannot be read.
    pub fn peek(&mut self, length: usize) -> &[u8] {
        self.failed = self.bytes.by_ref().take(length as u64).read_to_end(&mut self.head).err();
        &self.head
    }

    /// What was looked at, and the rest.
    pub fn into_parts(self) -> (Vec<u8>, Box<dyn Read + Send + 'r>) {
        (self.head, self.bytes)
    }

    /// Appends up to `limit` bytes to `buffer`, fewer only at the end of the input.
    pub fn read_into(&mut self, buffer: &mut Vec<u8>, limit: usize) -> Result<usize> {
        let before = buffer.len();
        let ready = self.head.len().min(limit);
        buffer.extend(self.head.drain(..ready));
        let read = match self.failed.take() {
            Some(error) => Err(error),
            None => self.bytes.by_ref().take((limit - ready) as u64).read_to_end(buffer),
        };
        let added = buffer.len() - before;
        self.count += added as u64;
        read.map(|_| added).map_err(|error| self.describe(&error))
    }

    fn describe(&self, error: &std::io::Error) -> Error {
        let name = match self.packing {
            Packing::Plain => return Error::Read { reason: error.to_string() },
            Packing::Gzip => "gzip",
            Packing::Zstd => "zstd",
        };
        let what = match error.kind() {
            ErrorKind::UnexpectedEof => "is truncated",
            _ => "is damaged",
        };
        Error::Read { reason: format!("the {name} stream {what} after {} bytes of text", self.count) }
    }
}

impl Packing {
    fn of(head: &[u8]) -> Result<Self> {
        if head.starts_with(&GZIP) {
            Ok(Self::Gzip)
        } else if head == ZSTD {
            Ok(Self::Zstd)
        } else if head == ZIP {
            Err(Error::Read { reason: "it is a zip archive or a workbook: unpack it, or save the sheet as CSV".to_owned() })
        } else {
            Ok(Self::Plain)
        }
    }
}

/// The members of a gzip file one after another. Zero bytes after the last are padding; anything else there is damage.
struct Members<R: BufRead> {
    member: Option<flate2::bufread::GzDecoder<R>>,
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            self.next_member()?;
        }
        Ok(0)
    }
}

impl<R: BufRead> Members<R> {
    fn next_member(&mut self) -> std::io::Result<()> {
        let Some(finished) = self.member.take() else { return Ok(()) };
        let mut rest = finished.into_inner();
        loop {
            let ahead = rest.fill_buf()?;
            let Some(zeros) = ahead.iter().position(|&byte| byte != 0).or((!ahead.is_empty()).then_some(ahead.len())) else {
                return Ok(());
            };
            if zeros < ahead.len() {
                rest.consume(zeros);
                self.member = Some(flate2::bufread::GzDecoder::new(rest));
                return Ok(());
            }
            rest.consume(zeros);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        zstd::stream::encode_all(text, 1).unwrap()
    }

    fn unpack(bytes: &[u8]) -> (Vec<u8>, Option<String>) {
        let mut text = Vec::new();
        let mut input = match Input::open(bytes) {
            Ok(input) => input,
            Err(error) => return (text, Some(error.to_string())),
        };
        loop {
            match input.read_into(&mut text, 1000) {
                Ok(0) => return (text, None),
                Ok(_) => {}
                Err(error) => return (text, Some(error.to_string())),
            }
        }
    }

    #[rstest]
    #[case::plain(b"one\ntwo\n".to_vec())]
    #[case::gzip(gzip(b"one\ntwo\n"))]
    #[case::gzip_members([gzip(b"one\n"), gzip(b"two\n")].concat())]
    #[case::gzip_padded([gzip(b"one\ntwo\n"), vec![0; 100_000]].concat())]
    #[case::zstd(zstd(b"one\ntwo\n"))]
    #[case::zstd_frames([zstd(b"one\n"), zstd(b"two\n")].concat())]
    fn every_packing_is_recognised(#[case] bytes: Vec<u8>) {
        assert_eq!(unpack(&bytes), (b"one\ntwo\n".to_vec(), None));
    }

    #[rstest]
    #[case::empty(b"")]
    #[case::one(b"a")]
    #[case::two(b"\x28\xb5")]
    fn short_input_is_plain(#[case] bytes: &[u8]) {
        assert_eq!(unpack(bytes), (bytes.to_vec(), None));
    }

    #[rstest]
    #[case::gzip(gzip(&b"0123456789\n".repeat(50_000)), "the gzip stream is truncated")]
    #[case::zstd(zstd(&b"0123456789\n".repeat(50_000)), "the zstd stream is truncated")]
    fn a_cut_stream_is_an_error_that_says_so(#[case] bytes: Vec<u8>, #[case] message: &str) {
        for cut in [5, bytes.len() / 2, bytes.len() - 1] {
            let (_, error) = unpack(&bytes[..cut]);
            let error = error.expect("an error");
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn damage_and_archives_are_named() {
        let mut damaged = gzip(&b"0123456789\n".repeat(5000));
        let middle = damaged.len() / 2;
        damaged[middle..middle + 8].fill(0xff);
        assert!(unpack(&damaged).1.expect("an error").contains("the gzip stream is"), "damage");
        assert!(unpack(b"PK\x03\x04rest").1.expect("an error").contains("workbook"), "zip");
        assert!(unpack(&[gzip(b"a"), b"rubbish".to_vec()].concat()).1.is_some(), "bytes after the last member");
    }
}
