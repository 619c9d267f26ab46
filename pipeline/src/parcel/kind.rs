//! What a file is, by its first bytes; names are not asked.
//!
//! Promise: what is known and cannot be read is refused by its name, with what to do, rather than read as text.

use crate::{Error, Result};

/// How many first bytes are looked at.
pub(super) const HEAD: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// CSV, JSON and the like, perhaps as gzip or zstd, and columnar formats: what decoding opens by itself.
    Text,
    /// An archive, or a workbook that is one.
    Zip,
    /// The compound file of older office programs.
    Compound,
}

const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
const REPACK: &str = "unpack it and send the files, or pack them as zip";
const RESAVE: &str = "open it in a spreadsheet program and save it as xlsx or CSV";

/// (first bytes, what it is, what to do)
const FOREIGN: [(&[u8], &str, &str); 4] = [
    (b"Rar!\x1a\x07", "a RAR archive", REPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", REPACK),
    (b"%PDF-", "a PDF document", "send the table that it was made from"),
    (b"\x09\x08\x10\x00\x00\x06", "a workbook of a very old form", RESAVE),
];

impl Kind {
    pub fn of(head: &[u8]) -> Result<Self> {
        if ZIP.iter().any(|mark| head.starts_with(mark)) {
            return Ok(Self::Zip);
        }
        if head.starts_with(COMPOUND) {
            return Ok(Self::Compound);
        }
        match foreign(head) {
            Some((what, todo)) => Err(Error::Archive { reason: format!("it is {what}, which cannot be read: {todo}") }),
            None => Ok(Self::Text),
        }
    }
}

fn foreign(head: &[u8]) -> Option<(&'static str, &'static str)> {
    if let Some((_, what, todo)) = FOREIGN.iter().find(|(mark, ..)| head.starts_with(mark)) {
        return Some((what, todo));
    }
    // Systems that offer "Excel" often send a page or an XML text under the name .xls.
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let page = ["<html", "<!doctype html", "<table", "<meta", "<head", "<style"].iter().any(|tag| text.starts_with(tag));
    match text {
        _ if page => Some(("a web page, perhaps under the name of a workbook", RESAVE)),
        text if text.starts_with("<?xml") => Some(("an XML text, perhaps under the name of a workbook", RESAVE)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::csv(b"a,b\n", Kind::Text)]
    #[case::empty(b"", Kind::Text)]
    #[case::gzip(b"\x1f\x8b\x08", Kind::Text)]
    #[case::zip(b"PK\x03\x04...", Kind::Zip)]
    #[case::empty_zip(b"PK\x05\x06", Kind::Zip)]
    #[case::compound(COMPOUND, Kind::Compound)]
    fn kinds_are_told_by_their_first_bytes(#[case] head: &[u8], #[case] kind: Kind) {
        assert_eq!(Kind::of(head).unwrap(), kind);
    }

    #[rstest]
    #[case(b"Rar!\x1a\x07\x01", "RAR")]
    #[case(b"7z\xbc\xaf\x27\x1c", "7z")]
    #[case(b"%PDF-1.7", "PDF")]
    #[case(b"\xef\xbb\xbf\n<HTML xmlns:x=\"urn:schemas-microsoft-com\">", "web page")]
    #[case(b"<?xml version=\"1.0\"?><Workbook>", "XML")]
    fn what_cannot_be_read_is_named_with_what_to_do(#[case] head: &[u8], #[case] name: &str) {
        let told = Kind::of(head).unwrap_err().to_string();
        assert!(told.contains(name) && told.contains(": "), "{told}");
    }
}
