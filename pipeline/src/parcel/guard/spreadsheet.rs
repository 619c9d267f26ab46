//! The sheets of an OpenDocument workbook: how far they spread, and how much text they hold, with what they repeat.
//!
//! Promise: every table and cell that begins also ends, in the order in which they began, because the reader looks for nothing but that end.

use std::io::BufReader;

use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::{Held, attribute};
use crate::Result;
use crate::parcel::spool::Spool;
use crate::parcel::workbook::damaged;

const TABLE: &str = "table:table";
const ROW: &str = "table:table-row";
const CELLS: [&str; 2] = ["table:table-cell", "table:covered-table-cell"];
const SPACES: &str = "text:s";
/// What fills a cell that has no content.
const VALUES: [&str; 7] = [
    "office:value",
    "office:value-type",
    "office:string-value",
    "office:date-value",
    "office:time-value",
    "office:boolean-value",
    "table:formula",
];

pub(super) fn check(spool: &Spool) -> Result<()> {
    let mut zip = ZipArchive::new(spool.clone()).map_err(damaged)?;
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(zip.by_name("content.xml").map_err(damaged)?));
    let (mut buffer, mut spread, mut depth) = (Vec::new(), Spread::default(), 0_usize);
    loop {
        buffer.clear();
        let from = xml.buffer_position();
        let event = xml.read_event_into(&mut buffer).map_err(damaged)?;
        match event {
            Event::Start(tag) => {
                depth += 1;
                spread.begin(&tag, from)?;
            }
            Event::Empty(tag) => {
                spread.begin(&tag, from)?;
                spread.end(tag.name().as_ref(), xml.buffer_position(), true);
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                spread.end(tag.name().as_ref(), xml.buffer_position(), false);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if depth > 0 {
        return Err(damaged("it ends in the middle"));
    }
    spread.held.within_limits()
}

/// How far the sheets spread: rows times the widest.
#[derive(Default)]
struct Spread {
    held: Held,
    /// Rows up to the last that is filled, and up to the one being read.
    filled: u64,
    rows: u64,
    widest: u64,
    repeats: u64,
    /// Columns of the row up to the last that is filled, and up to the one being read.
    width: u64,
    columns: u64,
    /// Bytes of text in the row.
    texts: u64,
    cell: Option<Cell>,
}

/// The cell that is being read.
struct Cell {
    from: u64,
    repeats: u64,
    spaces: u64,
    valued: bool,
}

impl Spread {
    fn begin(&mut self, tag: &BytesStart<'_>, from: u64) -> Result<()> {
        let name = tag.name();
        if name.as_ref() == ROW {
            (self.repeats, self.width, self.columns, self.texts) = (repeats(tag, "table:number-rows-repeated")?, 0, 0, 0);
        } else if CELLS.contains(&name.as_ref()) {
            if self.cell.is_some() {
                return Err(damaged("a cell lies in another"));
            }
            let repeats = repeats(tag, "table:number-columns-repeated")?;
            let mut valued = false;
            for value in VALUES {
                valued |= attribute(tag, value)?.is_some();
            }
            self.cell = Some(Cell { from, repeats, spaces: 0, valued });
        } else if let (SPACES, Some(cell)) = (name.as_ref(), &mut self.cell) {
            cell.spaces = cell.spaces.saturating_add(repeats(tag, "text:c")?);
        }
        Ok(())
    }

    fn end(&mut self, name: &str, to: u64, empty: bool) {
        match name {
            ROW => self.end_row(),
            TABLE => self.end_table(),
            name if CELLS.contains(&name) => self.end_cell(to, empty),
            _ => {}
        }
    }

    fn end_cell(&mut self, to: u64, empty: bool) {
        let Some(Cell { from, repeats, spaces, valued }) = self.cell.take() else { return };
        self.columns = self.columns.saturating_add(repeats);
        if valued || !empty {
            self.width = self.columns;
            // What stands for a cell is no shorter than what it means, but for spaces.
            let text = to.saturating_sub(from).saturating_add(spaces);
            self.texts = self.texts.saturating_add(text.saturating_mul(repeats));
        }
    }

    fn end_row(&mut self) {
        self.rows = self.rows.saturating_add(self.repeats);
        if self.width > 0 {
            self.filled = self.rows;
            self.widest = self.widest.max(self.width);
        }
        self.held.texts = self.held.texts.saturating_add(self.texts.saturating_mul(self.repeats));
        self.repeats = 0;
    }

    fn end_table(&mut self) {
        self.held.cells = self.held.cells.saturating_add(self.filled.saturating_mul(self.widest));
        (self.filled, self.rows, self.widest) = (0, 0, 0);
    }
}

fn repeats(tag: &BytesStart<'_>, name: &str) -> Result<u64> {
    Ok(attribute(tag, name)?.map_or(1, |value| value.parse().unwrap_or(u64::MAX)))
}
