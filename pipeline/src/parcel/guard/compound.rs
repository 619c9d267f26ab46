//! A workbook of the older form. Its records are looked at, and given to the reader in a file of their own.
//!
//! Promises: the reader finds the records that were looked at, and each only once; what they state and the reader need not know – how far
//! a sheet goes, names, how formulas are written – is struck out.

use std::io::{Cursor, Read, Write};
use std::ops::Range;

use super::Held;
use crate::parcel::limits::{Budget, WORKBOOK_HELD, within};
use crate::parcel::spool::Spool;
use crate::parcel::workbook::{damaged, locked};
use crate::{Error, Result};

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000a;
const CONTINUE: u16 = 0x003c;
const SHEET: u16 = 0x0085;
const SHARED: u16 = 0x00fc;
const FORMULA: u16 = 0x0006;
/// Where a formula's length stands.
const WRITTEN: usize = 20;
/// Records of cells; all begin with their row and column, and two end with their last column.
const CELL: [u16; 10] = [0x0203, 0x00fd, 0x027e, 0x00bd, FORMULA, 0x0201, 0x00be, LABEL[0], 0x0205, LABEL[1]];
const SEVERAL: [u16; 2] = [0x00bd, 0x00be];
const OF_SHARED: u16 = 0x00fd;
const LABEL: [u16; 2] = [0x0204, 0x00d6];
const RESULT: u16 = 0x0207;
/// How far a sheet goes, names, and the books that they lie in.
const NEEDLESS: [u16; 3] = [0x0200, 0x0018, 0x0017];
const STRUCK: [u8; 2] = [0xff; 2];
/// The most bytes that a character becomes.
const WIDE: u64 = 3;

/// A file that the reader may open.
pub(super) fn checked(spool: &Spool) -> Result<Spool> {
    let mut book = Book { stream: stream(spool)?, held: Held::default(), shared: Vec::new(), read: Vec::new(), walked: 0 };
    let sheets = book.globals()?;
    for sheet in sheets {
        book.sheet(sheet)?;
        book.held.within_limits()?;
    }
    book.read.sort_by_key(|range| range.start);
    if book.read.windows(2).any(|two| two[0].end > two[1].start) {
        return Err(shared());
    }
    let mut file = cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new())).map_err(damaged)?;
    file.create_stream("/Workbook").and_then(|mut stream| stream.write_all(&book.stream)).map_err(damaged)?;
    file.flush().map_err(damaged)?;
    Ok(Spool::of_reader(&mut file.into_inner().into_inner().as_slice(), &Budget::none())?)
}

fn shared() -> Error {
    damaged("its sheets share bytes")
}

/// The stream of a workbook's records.
fn stream(spool: &Spool) -> Result<Vec<u8>> {
    let mut file = cfb::CompoundFile::open(spool.clone()).map_err(damaged)?;
    if file.exists("/EncryptedPackage") {
        return Err(locked());
    }
    let Some(name) = ["/Workbook", "/Book"].into_iter().find(|name| file.is_stream(name)) else {
        let reason = "it is a document of an older office program, not a workbook: send the table as xlsx or CSV".to_owned();
        return Err(Error::Archive { reason });
    };
    let mut stream = Vec::new();
    file.open_stream(name).and_then(|records| records.take(WORKBOOK_HELD + 1).read_to_end(&mut stream)).map_err(damaged)?;
    within("a workbook", stream.len() as u64, WORKBOOK_HELD)?;
    Ok(stream)
}

struct Book {
    stream: Vec<u8>,
    held: Held,
    /// The lengths of the texts that cells share.
    shared: Vec<u64>,
    /// What the reader will go through.
    read: Vec<Range<usize>>,
    walked: usize,
}

/// A record, by its number and the place of its body.
struct Record {
    kind: u16,
    body: Range<usize>,
}

impl Book {
    /// The record that begins at a place, if it is whole.
    fn record(&self, at: usize) -> Option<Record> {
        let head = self.stream.get(at..at.checked_add(4)?)?;
        let (kind, length) = (u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]]));
        let body = at + 4..at + 4 + usize::from(length);
        (body.end <= self.stream.len()).then_some(Record { kind, body })
    }

    /// A number in a record's body, zero behind its end.
    fn number(&self, body: &Range<usize>, at: usize) -> u64 {
        self.stream[body.clone()].get(at..at + 2).map_or(0, |two| u64::from(u16::from_le_bytes([two[0], two[1]])))
    }

    fn strike(&mut self, record: &Record) {
        self.stream[record.body.start - 4..record.body.start - 2].copy_from_slice(&STRUCK);
    }

    /// Where the sheets begin. What is no sheet with cells is struck out.
    fn globals(&mut self) -> Result<Vec<usize>> {
        let (mut sheets, mut at) = (Vec::new(), 0);
        while let Some(record) = self.record(at) {
            at = record.body.end;
            let body = &self.stream[record.body.clone()];
            match record.kind {
                EOF => break,
                SHEET => match *body {
                    [a, b, c, d, _, 0, ..] => sheets.push(u32::from_le_bytes([a, b, c, d]) as usize),
                    _ => self.strike(&record),
                },
                SHARED => self.shared = self.texts(&record),
                kind if NEEDLESS.contains(&kind) => self.strike(&record),
                _ => {}
            }
        }
        self.went(0..at)?;
        if sheets.iter().any(|&sheet| sheet > self.stream.len()) { Err(damaged("it is not whole")) } else { Ok(sheets) }
    }

    /// Nothing is gone through twice, not even to find that out.
    fn went(&mut self, read: Range<usize>) -> Result<()> {
        self.walked += read.len();
        self.read.push(read);
        if self.walked > self.stream.len() { Err(shared()) } else { Ok(()) }
    }

    /// The cells of a sheet, without those of the charts that lie in it.
    fn sheet(&mut self, start: usize) -> Result<()> {
        let (mut at, mut depth) = (start, 0_usize);
        let (mut rows, mut columns) = (0, 0);
        while let Some(record) = self.record(at) {
            at = record.body.end;
            match record.kind {
                BOF => depth += 1,
                EOF if depth <= 1 => break,
                EOF => depth -= 1,
                _ if depth > 1 => {}
                kind if NEEDLESS.contains(&kind) => self.strike(&record),
                kind => {
                    if CELL.contains(&kind) {
                        let last = record.body.len().saturating_sub(2);
                        let last = if SEVERAL.contains(&kind) { self.number(&record.body, last) } else { 0 };
                        rows = rows.max(self.number(&record.body, 0) + 1);
                        columns = columns.max(self.number(&record.body, 2).max(last) + 1);
                    }
                    self.held.texts = self.held.texts.saturating_add(self.text(&record));
                    if kind == FORMULA && record.body.len() >= WRITTEN + 2 {
                        let written = record.body.start + WRITTEN;
                        self.stream[written..written + 2].fill(0);
                    }
                }
            }
        }
        self.went(start..at)?;
        self.held.cells = self.held.cells.saturating_add(rows * columns);
        Ok(())
    }

    /// The room that a cell's text takes.
    fn text(&self, Record { kind, body }: &Record) -> u64 {
        match *kind {
            OF_SHARED => {
                let place = self.number(body, 6) | self.number(body, 8) << 16;
                self.shared.get(place as usize).copied().unwrap_or(0)
            }
            kind if LABEL.contains(&kind) => self.number(body, 6) * WIDE,
            RESULT => self.number(body, 0) * WIDE,
            _ => 0,
        }
    }

    /// The lengths of the shared texts: of their characters, their formats and how they are spoken, only the first counts.
    fn texts(&self, record: &Record) -> Vec<u64> {
        let mut pieces = vec![&self.stream[record.body.clone()]];
        let mut at = record.body.end;
        while let Some(Record { kind: CONTINUE, body }) = self.record(at) {
            pieces.push(&self.stream[body.clone()]);
            at = body.end;
        }
        pieces[0] = pieces[0].get(8..).unwrap_or_default();
        let (mut texts, mut lengths) = (Texts { pieces, piece: 0 }, Vec::new());
        while let Some(length) = texts.next_length() {
            lengths.push(length * WIDE);
        }
        lengths
    }
}

/// Shared texts, which go on from record to record.
struct Texts<'s> {
    /// What is left of each record.
    pieces: Vec<&'s [u8]>,
    piece: usize,
}

impl Texts<'_> {
    /// None at the end, and where a text is cut off.
    fn next_length(&mut self) -> Option<u64> {
        if self.pieces.get(self.piece)?.is_empty() {
            self.piece += 1;
            // The reader takes an empty record for an empty text.
            if self.pieces.get(self.piece)?.is_empty() {
                return Some(0);
            }
        }
        let [a, b, flags] = self.take::<3>()?;
        let length = u16::from_le_bytes([a, b]);
        let formats = if flags & 8 != 0 { usize::from(u16::from_le_bytes(self.take()?)) * 4 } else { 0 };
        let spoken = if flags & 4 != 0 { u32::from_le_bytes(self.take()?) as usize } else { 0 };
        self.characters(usize::from(length), flags)?;
        self.skip(formats.saturating_add(spoken))?;
        Some(length.into())
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.pieces.get(self.piece)?.split_first_chunk()?;
        self.pieces[self.piece] = rest;
        Some(*taken)
    }

    /// Each record says anew how wide its characters are.
    fn characters(&mut self, mut count: usize, mut flags: u8) -> Option<()> {
        loop {
            let width = if flags & 1 != 0 { 2 } else { 1 };
            let here = count.min(self.pieces.get(self.piece)?.len() / width);
            self.pieces[self.piece] = &self.pieces[self.piece][here * width..];
            count -= here;
            if count == 0 {
                return Some(());
            }
            self.piece += 1;
            [flags] = self.take()?;
        }
    }

    fn skip(&mut self, mut count: usize) -> Option<()> {
        while count > 0 {
            let here = count.min(self.pieces.get(self.piece)?.len());
            self.pieces[self.piece] = &self.pieces[self.piece][here..];
            count -= here;
            if count > 0 {
                self.piece += 1;
            }
        }
        Some(())
    }
}
