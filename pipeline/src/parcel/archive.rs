//! A zip archive, entry by entry.
//!
//! Promises: entries come in the order of their names; a name is UTF-8 or, as Windows in China writes it, GB18030; an entry that is encrypted,
//! packed in an unknown way or damaged is an item that says so; entries that share bytes, or a name, are refused.

use std::io::Read;

use encoding_rs::GB18030;
use zip::ZipArchive;
use zip::result::ZipError;

use super::limits::{Budget, ENTRIES};
use super::spool::Spool;
use super::workbook::Form;
use super::{Item, flow};
use crate::feed::Feed;
use crate::{Error, Result};

/// What the first part of a workbook is called by the programs that write them.
const OFFICE: [&[u8]; 5] = [b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"mimetype"];

pub(super) struct Archive {
    name: String,
    zip: ZipArchive<Spool>,
    /// What is yet to come, the next one last.
    entries: Vec<Entry>,
    budget: Budget,
}

struct Entry {
    name: String,
    place: usize,
    refused: Option<&'static str>,
}

impl Archive {
    pub fn open(spool: Spool, name: &str, budget: &Budget) -> Result<Self> {
        let mut zip = ZipArchive::new(spool.clone()).map_err(|error| unreadable(&error, spool))?;
        let refuse = |reason: String| Err(Error::Archive { reason });
        if zip.len() > ENTRIES {
            return refuse(format!("it holds {} files, more than {ENTRIES}: send it in parts", zip.len()));
        }
        if zip.has_duplicate_names() {
            return refuse("it holds two files of the same name: pack it anew".to_owned());
        }
        if zip.has_overlapping_files().map_err(|error| damaged(&error))? {
            return refuse("its files share bytes, as no honest archive's do: pack it anew".to_owned());
        }
        let mut entries = entries(&zip)?;
        entries.sort_by(|one, other| other.name.cmp(&one.name));
        Ok(Self { name: name.to_owned(), zip, entries, budget: budget.clone() })
    }

    /// The form of the workbook that this archive is, when it is one.
    pub fn workbook(&self) -> Result<Option<Form>> {
        let has = |name: &str| self.entries.iter().any(|entry| entry.name.eq_ignore_ascii_case(name));
        let below = |folder: &str| self.entries.iter().any(|entry| entry.name.starts_with(folder));
        if has("content.xml") && has("mimetype") {
            return Ok(Some(Form::Ods));
        }
        if !has("[Content_Types].xml") {
            return Ok(None);
        }
        if has("xl/workbook.bin") {
            return Ok(Some(Form::Xlsb));
        }
        if below("word/") || below("ppt/") {
            let reason = "it is a document or a presentation, not a workbook: send the table as xlsx or CSV".to_owned();
            return Err(Error::Archive { reason });
        }
        Ok(Some(Form::Xlsx))
    }
}

impl Iterator for Archive {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            let Entry { name, place, refused } = self.entries.pop()?;
            if is_by_the_way(&name) {
                continue;
            }
            let content = match refused {
                Some(reason) => Err(Error::Archive { reason: reason.to_owned() }),
                None => unpacked(self.zip.clone(), place, &self.budget),
            };
            return Some(Item::new(format!("{}/{name}", self.name), content));
        }
    }
}

fn entries(zip: &ZipArchive<Spool>) -> Result<Vec<Entry>> {
    let mut entries = Vec::with_capacity(zip.len());
    for place in 0..zip.len() {
        let entry = zip.by_index_data(place).map_err(|error| damaged(&error))?;
        let refused = entry.encrypted().then_some("it is encrypted: pack it again without a password");
        let refused = refused.or(entry.is_symlink().then_some("it is a link to another file: pack the file itself"));
        if !entry.is_dir() {
            entries.push(Entry { name: decoded(entry.name_raw()), place, refused });
        }
    }
    Ok(entries)
}

/// A name as text, with `/` between its parts.
fn decoded(raw: &[u8]) -> String {
    let name = match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => GB18030.decode_without_bom_handling(raw).0.into_owned(),
    };
    let parts = name.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | ".."));
    parts.collect::<Vec<_>>().join("/").replace(char::is_control, "\u{fffd}")
}

/// What systems put into folders and archives by themselves, and notes to readers.
fn is_by_the_way(name: &str) -> bool {
    let system = |part: &str| part.starts_with('.') || part.starts_with("~$") || part == "__MACOSX";
    let file = name.rsplit('/').next().unwrap_or_default();
    let notes = file.to_ascii_lowercase().ends_with(".md");
    notes
        || name.is_empty()
        || name.split('/').any(system)
        || ["thumbs.db", "desktop.ini"].iter().any(|it| file.eq_ignore_ascii_case(it))
}

/// Unpacks on a thread of its own, which also keeps the archive open.
fn unpacked(mut zip: ZipArchive<Spool>, place: usize, budget: &Budget) -> Result<Feed> {
    drop(zip.by_index(place).map_err(|error| damaged(&error))?);
    let budget = budget.clone();
    Ok(Feed::Again(Box::new(move || {
        let mut zip = zip.clone();
        let inlet = flow::made(&budget, move |out| {
            let mut entry = zip.by_index(place)?;
            std::io::copy(&mut entry, out).map(drop)
        })?;
        Ok(Box::new(inlet))
    })))
}

fn damaged(error: &ZipError) -> Error {
    let reason = match error {
        ZipError::CompressionMethodNotSupported(_) => {
            "it is packed by a method that is not known: pack it as an ordinary zip".to_owned()
        }
        ZipError::InvalidPassword | ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
            "it is encrypted: pack it again without a password".to_owned()
        }
        error => format!("it is damaged ({error}): send it again"),
    };
    Error::Archive { reason }
}

/// Without its directory, which stands at its end, an archive was most often cut off on its way.
fn unreadable(error: &ZipError, mut spool: Spool) -> Error {
    let mut head = Vec::new();
    let looked = spool.by_ref().take(512).read_to_end(&mut head);
    let office = |mark: &[u8]| looked.is_ok() && head.windows(mark.len()).any(|window| window == mark);
    let office = OFFICE.iter().any(|mark| office(mark));
    let what = if office { "workbook" } else { "zip archive" };
    let reason = format!("the {what} is cut off or damaged, its end cannot be read ({error}): send it again");
    if office { Error::Workbook { reason } } else { Error::Archive { reason } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("考勤/a.csv".as_bytes(), "考勤/a.csv")]
    #[case(b"\xbf\xbc\xc7\xda\\a.csv", "考勤/a.csv")]
    #[case(b"../../etc/./x\n.csv", "etc/x\u{fffd}.csv")]
    fn names_are_told_in_any_encoding(#[case] raw: &[u8], #[case] name: &str) {
        assert_eq!(decoded(raw), name);
    }

    #[rstest]
    #[case("__MACOSX/._a.csv", true)]
    #[case("a/.DS_Store", true)]
    #[case("a/~$cj.xlsx", true)]
    #[case("a/Thumbs.db", true)]
    #[case("README.md", true)]
    #[case("a/b.csv", false)]
    fn what_systems_add_is_passed_over(#[case] name: &str, #[case] by_the_way: bool) {
        assert_eq!(is_by_the_way(name), by_the_way);
    }
}
