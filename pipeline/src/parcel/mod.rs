//! What a file holds: itself, or the files of an archive, or the sheets of a workbook.
//!
//! Promises:
//! - Every file and sheet inside comes out as an [`Item`] that reads as text: a sheet as CSV in UTF-8, one line for each of its rows, so that
//!   a line's number is the row's.
//! - What cannot be read is an item too, with the reason; it does not keep the others out. Left away without a word are only folders,
//!   notes (`.md`) and what systems add by themselves (`__MACOSX`, `.DS_Store`, `~$…`).
//! - Memory does not depend on the size of the file; what must be read from its end lies in an anonymous temporary file, which is gone
//!   when its reader is. What unpacks to far more than any real file is refused.
//!
//! ```text
//! bytes ── kind ──┬ plain, gz, zst ───────────────▶ Item            a.csv
//!                 ├ zip ── archive ── each entry ─▶ (again) ──────▶ a.zip/kaoqin/b.csv
//!                 └ xlsx, xls, xlsb, ods ─ workbook ── each sheet ▶ cj.xlsx[高一]
//! ```

mod archive;
mod deliver;
mod flow;
mod guard;
mod kind;
mod limits;
mod merge;
mod sheet;
mod spool;
#[cfg(test)]
mod tests;
mod workbook;

use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::sync::Arc;

use crate::feed::{Feed, Reader};
use crate::{Error, Result};
use archive::Archive;
pub use deliver::{Delivery, NotTaken, Taken};
use kind::Kind;
use limits::Budget;
use spool::Spool;
use workbook::Workbook;

/// Archives within archives, and no deeper.
const DEEPEST: usize = 4;

/// Is told how many more bytes of the file have been read.
pub type Watch = Arc<dyn Fn(u64) + Send + Sync>;

/// One text that a parcel holds.
pub struct Item {
    /// Its name with what it lies in: `a.csv`, `a.zip/kaoqin/b.csv`, `a.zip/cj.xlsx[高一]`.
    pub source: String,
    /// The sheet's name, when it is one.
    pub sheet: Option<String>,
    content: Result<Feed>,
}

impl Item {
    /// The text, which may still be packed as gzip or zstd. It can be read again, unless the parcel is a stream of plain text.
    ///
    /// # Errors
    /// Why it cannot be read at all.
    pub fn open(self) -> Result<Feed> {
        self.content
    }

    /// The name of the folder that it lies in, when `source` has one.
    #[must_use]
    pub fn folder(&self) -> Option<&str> {
        let path = self.sheet.as_ref().map_or(self.source.as_str(), |sheet| &self.source[..self.source.len() - sheet.len() - 2]);
        path.rsplit('/').nth(1)
    }

    fn new(source: String, content: Result<Feed>) -> Self {
        Self { source, sheet: None, content }
    }
}

/// The items of one file, one after another. A workbook's sheets are made as they are read, one at a time: drop a reader before the next
/// sheet is read. Reading blocks: use it on a thread that may.
pub struct Parcel {
    /// What is open, the innermost last.
    layers: Vec<Layer>,
    budget: Budget,
}

enum Layer {
    One(Option<Box<Item>>),
    Archive(Box<Archive>),
    Workbook(Workbook),
}

impl Parcel {
    /// From a stream. Archives and workbooks are written to a temporary file first, as their directory stands at the end.
    ///
    /// # Errors
    /// `archive` or `workbook` when it is one that cannot be read at all; `unreadable` when reading fails.
    pub fn of_reader(mut reader: Box<dyn Read + Send>, name: &str) -> Result<Self> {
        let mut head = Vec::with_capacity(kind::HEAD);
        reader.by_ref().take(kind::HEAD as u64).read_to_end(&mut head)?;
        let kind = Kind::of(&head)?;
        let mut whole = Cursor::new(head).chain(reader);
        if kind == Kind::Text {
            let whole: Reader = Box::new(whole);
            return Ok(Self::plain(name, whole.into()));
        }
        let spool = Spool::of_reader(&mut whole, &Budget::none())?;
        Self::packed(kind, spool, name)
    }

    /// From a file on disk, which is read where it lies. `watch` is told of every byte read.
    ///
    /// # Errors
    /// As [`Parcel::of_reader`].
    pub fn of_file(mut file: File, name: &str, watch: Option<Watch>) -> Result<Self> {
        if !file.metadata()?.is_file() {
            return Self::of_reader(Box::new(file), name);
        }
        let mut head = Vec::with_capacity(kind::HEAD);
        file.by_ref().take(kind::HEAD as u64).read_to_end(&mut head)?;
        file.rewind()?;
        let spool = Spool::of_file(file, watch)?;
        match Kind::of(&head)? {
            Kind::Text => Ok(Self::plain(name, Feed::Again(Box::new(move || Ok(Box::new(spool.clone())))))),
            kind => Self::packed(kind, spool, name),
        }
    }

    fn plain(name: &str, content: Feed) -> Self {
        let item = Item::new(name.to_owned(), Ok(content));
        Self { layers: vec![Layer::One(Some(Box::new(item)))], budget: Budget::none() }
    }

    fn packed(kind: Kind, spool: Spool, name: &str) -> Result<Self> {
        let budget = Budget::of(spool.length());
        let layer = layer(kind, spool, name, &budget)?;
        Ok(Self { layers: vec![layer], budget })
    }

    /// Opens what an entry of an archive holds.
    fn enter(&mut self, entry: Item) -> Option<Item> {
        let Item { source, content, .. } = entry;
        match content.and_then(|content| self.look(content, &source)) {
            Ok(Layer::One(item)) => item.map(|item| *item),
            Ok(layer) => {
                self.layers.push(layer);
                None
            }
            Err(error) => Some(Item::new(source, Err(error))),
        }
    }

    fn look(&self, content: Feed, source: &str) -> Result<Layer> {
        let (mut reader, mut head) = (content.open()?, Vec::with_capacity(kind::HEAD));
        reader.by_ref().take(kind::HEAD as u64).read_to_end(&mut head)?;
        let kind = Kind::of(&head)?;
        if kind == Kind::Text {
            return Ok(Layer::One(Some(Box::new(Item::new(source.to_owned(), Ok(content))))));
        }
        if self.layers.len() >= DEEPEST {
            let reason = format!("archives lie more than {DEEPEST} deep in each other: unpack the outer ones");
            return Err(Error::Archive { reason });
        }
        let mut whole = Cursor::new(head).chain(reader);
        layer(kind, Spool::of_reader(&mut whole, &self.budget)?, source, &self.budget)
    }
}

fn layer(kind: Kind, spool: Spool, name: &str, budget: &Budget) -> Result<Layer> {
    if kind == Kind::Zip {
        let archive = Archive::open(spool.clone(), name, budget)?;
        if let Some(kind) = archive.workbook()? {
            return Ok(Layer::Workbook(Workbook::open(kind, spool, name, budget)?));
        }
        return Ok(Layer::Archive(Box::new(archive)));
    }
    Ok(Layer::Workbook(Workbook::open(workbook::Form::Xls, spool, name, budget)?))
}

impl Iterator for Parcel {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            let found = match self.layers.last_mut()? {
                Layer::One(item) => item.take().map(|item| *item),
                Layer::Workbook(workbook) => workbook.next(),
                Layer::Archive(archive) => match archive.next() {
                    Some(entry) => match self.enter(entry) {
                        None => continue,
                        found => found,
                    },
                    None => None,
                },
            };
            if found.is_some() {
                return found;
            }
            self.layers.pop();
        }
    }
}
