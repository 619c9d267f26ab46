//! What must hold of a workbook before its reader may open it, because the reader believes what the file says of its own size.
//!
//! Promises: the reader's memory is bounded by the limits, and it comes to an end; a workbook with a password is known before it is
//! opened.

mod binary;
mod compound;
mod spreadsheet;

use std::io::{BufReader, Read};

use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::limits::{CELLS_HELD, IN_MEMORY, TEXTS_HELD, WORKBOOK, WORKBOOK_HELD, WORKBOOK_UNPACKED, within};
use super::spool::Spool;
use super::workbook::{Form, damaged};
use crate::{Error, Result};

/// What the reader may open.
pub(super) fn check(form: Form, spool: Spool) -> Result<Spool> {
    match form {
        Form::Xls => {
            within("a workbook", spool.length(), WORKBOOK_HELD)?;
            return compound::checked(&spool);
        }
        Form::Ods => {
            parts(&spool)?;
            spreadsheet::check(&spool)?;
        }
        Form::Xlsx | Form::Xlsb => parts(&spool)?,
    }
    Ok(spool)
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
        } else if name.ends_with("workbook.bin") {
            binary::names(part, size)?;
        }
    }
    within("an unpacked workbook", whole, WORKBOOK_UNPACKED)
}

/// The reader makes room for as many texts as the part says that it has: no more than there can be.
fn texts(part: impl Read, size: u64) -> Result<()> {
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(part));
    xml.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(damaged)? {
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "sst" => {
                let said = attribute(&tag, "uniqueCount")?;
                let too_many = said.is_some_and(|said| said.parse::<u64>().map_or(!said.is_empty(), |count| count > size));
                return if too_many { Err(damaged("its texts are not as many as it says")) } else { Ok(()) };
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>> {
    let found = tag.try_get_attribute(name).map_err(damaged)?;
    Ok(found.map(|found| found.value.into_owned()))
}

/// What is held in memory of a workbook's sheets.
#[derive(Default)]
struct Held {
    /// With the empty ones between filled ones.
    cells: u64,
    /// Bytes of text.
    texts: u64,
}

impl Held {
    fn within_limits(&self) -> Result<()> {
        let Self { cells, texts } = self;
        let what = if *cells > CELLS_HELD {
            format!("span {cells} cells, more than {CELLS_HELD}")
        } else if *texts > TEXTS_HELD {
            format!("hold {} MiB of text, more than {}, repeated cells counted", texts >> 20, TEXTS_HELD >> 20)
        } else {
            return Ok(());
        };
        Err(Error::Workbook { reason: format!("the workbook's sheets {what}: save it as xlsx, or its sheets as CSV") })
    }
}
