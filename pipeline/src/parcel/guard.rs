//! What must hold of a workbook before its reader may open it, because the reader believes what the file says of its own size.
//!
//! Promises: after [`check`] the reader's memory is bounded by the limits; a workbook with a password is known before it is opened.

use std::io::{BufReader, Read};

use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::limits::{CELLS_HELD, IN_MEMORY, WORKBOOK, WORKBOOK_HELD, WORKBOOK_UNPACKED, within};
use super::spool::Spool;
use super::workbook::{Form, damaged, locked};
use crate::{Error, Result};

/// How far into the shared texts their number must stand.
const OPENING: u64 = 64 << 10;

pub(super) fn check(form: Form, spool: &Spool) -> Result<()> {
    match form {
        Form::Xls => {
            within("a workbook", spool.length(), WORKBOOK_HELD)?;
            compound(spool)
        }
        Form::Ods => {
            parts(spool)?;
            spreadsheet(spool)
        }
        Form::Xlsx | Form::Xlsb => parts(spool),
    }
}

/// The parts of a workbook that is an archive. An archive's reader gives no more bytes than it has promised.
fn parts(spool: &Spool) -> Result<()> {
    within("a workbook", spool.length(), WORKBOOK)?;
    let mut zip = ZipArchive::new(spool.clone()).map_err(damaged)?;
    let mut whole = 0_u64;
    for place in 0..zip.len() {
        let part = zip.by_index(place).map_err(damaged)?;
        let name = String::from_utf8_lossy(part.name_raw()).to_ascii_lowercase();
        let size = part.size();
        whole = whole.saturating_add(size);
        let held = !name.contains("worksheets/");
        if held {
            within("a part of a workbook", size, IN_MEMORY)?;
        }
        if name.ends_with("sharedstrings.xml") {
            texts(part, size)?;
        }
    }
    within("an unpacked workbook", whole, WORKBOOK_UNPACKED)
}

/// The reader makes room for as many texts as the part says that it has: no more than there can be.
fn texts(part: impl Read, size: u64) -> Result<()> {
    let mut head = Vec::new();
    part.take(OPENING).read_to_end(&mut head).map_err(damaged)?;
    let head = String::from_utf8_lossy(&head);
    let said = head.split_once("uniqueCount").map(|(_, rest)| rest.trim_start_matches(['=', '"', '\'', ' ']));
    let digits = said.map(|said| &said[..said.bytes().take_while(u8::is_ascii_digit).count()]);
    let too_many = digits.is_some_and(|digits| digits.parse::<u64>().map_or(!digits.is_empty(), |count| count > size));
    let hidden = !head.contains("<sst") && !head.contains(":sst");
    if too_many || (hidden && size > OPENING) { Err(damaged("its texts are not as many as it says")) } else { Ok(()) }
}

fn cells(count: u64) -> Result<()> {
    if count <= CELLS_HELD {
        return Ok(());
    }
    let reason =
        format!("the workbook's sheets span {count} cells, more than {CELLS_HELD}: save it as xlsx, or its sheets as CSV");
    Err(Error::Workbook { reason })
}

/// The cells of an OpenDocument sheet, with what it repeats.
fn spreadsheet(spool: &Spool) -> Result<()> {
    let mut zip = ZipArchive::new(spool.clone()).map_err(damaged)?;
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(zip.by_name("content.xml").map_err(damaged)?));
    xml.config_mut().check_end_names = false;
    let (mut buffer, mut spread) = (Vec::new(), Spread::default());
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(damaged)? {
            Event::Start(tag) => spread.meet(&tag, false),
            Event::Empty(tag) => spread.meet(&tag, true),
            Event::End(tag) if tag.name().as_ref() == Spread::ROW => spread.end_row(),
            Event::End(tag) if tag.name().as_ref() == Spread::TABLE => spread.end_table(),
            Event::Eof => break,
            _ => {}
        }
    }
    spread.end_table();
    cells(spread.cells)
}

/// How far the sheets spread: rows times the widest.
#[derive(Default)]
struct Spread {
    cells: u64,
    /// Rows up to the last that is filled, and up to the one being read.
    filled: u64,
    rows: u64,
    widest: u64,
    repeats: u64,
    /// Columns of the row up to the last that is filled, and up to the one being read.
    width: u64,
    columns: u64,
}

impl Spread {
    const TABLE: &str = "table:table";
    const ROW: &str = "table:table-row";
    const CELLS: [&str; 2] = ["table:table-cell", "table:covered-table-cell"];

    fn meet(&mut self, tag: &BytesStart<'_>, empty: bool) {
        let tag_name = tag.name();
        if tag_name.as_ref() == Self::ROW {
            (self.repeats, self.width, self.columns) = (repeats(tag, "table:number-rows-repeated"), 0, 0);
            if empty {
                self.end_row();
            }
        } else if Self::CELLS.contains(&tag_name.as_ref()) {
            self.columns = self.columns.saturating_add(repeats(tag, "table:number-columns-repeated"));
            let filled = !empty || attribute(tag, "office:value-type").is_some() || attribute(tag, "table:formula").is_some();
            if filled {
                self.width = self.columns;
            }
        }
    }

    fn end_row(&mut self) {
        self.rows = self.rows.saturating_add(self.repeats);
        if self.width > 0 {
            self.filled = self.rows;
            self.widest = self.widest.max(self.width);
        }
        self.repeats = 0;
    }

    fn end_table(&mut self) {
        self.cells = self.cells.saturating_add(self.filled.saturating_mul(self.widest));
        (self.filled, self.rows, self.widest) = (0, 0, 0);
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).ok().flatten()?;
    Some(found.value.into_owned())
}

fn repeats(tag: &BytesStart<'_>, name: &str) -> u64 {
    attribute(tag, name).map_or(1, |value| value.parse().unwrap_or(u64::MAX))
}

/// The cells of the sheets of a workbook of the older form, and whether it is one at all.
fn compound(spool: &Spool) -> Result<()> {
    let mut file = cfb::CompoundFile::open(spool.clone()).map_err(damaged)?;
    if file.exists("/EncryptedPackage") {
        return Err(locked());
    }
    let Some(stream) = ["/Workbook", "/Book"].into_iter().find(|name| file.is_stream(name)) else {
        let reason = "it is a document of an older office program, not a workbook: send the table as xlsx or CSV".to_owned();
        return Err(Error::Archive { reason });
    };
    let mut records = BufReader::new(file.open_stream(stream).map_err(damaged)?);
    cells(spread(&mut records).map_err(damaged)?)
}

const BOF: u16 = 0x0809;
/// Records of cells; all begin with their row and column, and two end with their last column.
const CELL: [u16; 10] = [0x0203, 0x00fd, 0x027e, 0x00bd, 0x0006, 0x0201, 0x00be, 0x0204, 0x0205, 0x00d6];
const SEVERAL: [u16; 2] = [0x00bd, 0x00be];

fn spread(records: &mut impl Read) -> std::io::Result<u64> {
    let (mut cells, mut rows, mut columns) = (0_u64, 0_u64, 0_u64);
    let mut head = [0; 4];
    let mut body = Vec::new();
    while records.read_exact(&mut head).is_ok() {
        let (kind, length) = (u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]]));
        body.clear();
        records.by_ref().take(length.into()).read_to_end(&mut body)?;
        let number = |at: usize| body.get(at..at + 2).map_or(0, |two| u64::from(u16::from_le_bytes([two[0], two[1]])));
        if kind == BOF {
            cells = cells.saturating_add(rows * columns);
            (rows, columns) = (0, 0);
        } else if CELL.contains(&kind) {
            let last = if SEVERAL.contains(&kind) { number(body.len().saturating_sub(2)) } else { 0 };
            rows = rows.max(number(0) + 1);
            columns = columns.max(number(2).max(last) + 1);
        }
    }
    Ok(cells.saturating_add(rows * columns))
}
