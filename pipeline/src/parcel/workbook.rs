//! A workbook, sheet by sheet.
//!
//! Promises: every sheet with cells is an item, hidden ones too; xlsx and xlsb are read row by row, xls and ods are held in memory up to
//! a limit; a workbook with a password, and one that is too large, is refused by name.

use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use calamine::{
    Data, DataRef, Dimensions, Ods, OdsError, Reader, SheetType, Sheets, Xls, XlsError, Xlsb, XlsbError, Xlsx, XlsxError,
};

use super::flow::{self, Outlet};
use super::limits::Budget;
use super::merge::Merges;
use super::sheet::{self, SheetText};
use super::spool::Spool;
use super::{Item, guard};
use crate::feed::Feed;
use crate::{Error, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Xlsx,
    Xlsb,
    Ods,
    Xls,
}

type Book = Sheets<BufReader<Spool>>;

/// The sheets that are yet to come.
pub(super) struct Workbook {
    name: String,
    sheets: std::vec::IntoIter<String>,
    opened: Arc<Mutex<Opened>>,
    budget: Budget,
}

/// An open workbook, of which one sheet is written at a time.
struct Opened {
    book: Book,
    /// The merged cells of the sheet that was written last: a sheet is often begun to know its first rows, then read.
    merges: (String, Vec<Dimensions>),
}

impl Workbook {
    pub fn open(form: Form, spool: Spool, name: &str, budget: &Budget) -> Result<Self> {
        // The reader of a format that is forty years old may meet what it did not expect.
        let opened = catch_unwind(AssertUnwindSafe(|| open(form, BufReader::new(guard::check(form, spool)?))));
        let book = opened.unwrap_or_else(|_| Err(damaged("its reader stopped unexpectedly")))?;
        let sheets = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        let sheets: Vec<String> = sheets.map(|sheet| sheet.name.clone()).collect();
        let opened = Arc::new(Mutex::new(Opened { book, merges: (String::new(), Vec::new()) }));
        Ok(Self { name: name.to_owned(), sheets: sheets.into_iter(), opened, budget: budget.clone() })
    }
}

impl Iterator for Workbook {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        let sheet = self.sheets.next()?;
        let (name, opened, budget) = (sheet.clone(), Arc::clone(&self.opened), self.budget.clone());
        let content = Feed::Again(Box::new(move || {
            let (name, opened) = (name.clone(), Arc::clone(&opened));
            // A sheet whose reading failed leaves the book as it was.
            let write = move |out: &mut Outlet| write(&mut opened.lock().unwrap_or_else(PoisonError::into_inner), &name, out);
            Ok(Box::new(flow::made(&budget, write)?))
        }));
        Some(Item { source: format!("{}[{sheet}]", self.name), sheet: Some(sheet), content: Ok(content) })
    }
}

fn open(form: Form, reader: BufReader<Spool>) -> Result<Book> {
    match form {
        Form::Xlsx => Xlsx::new(reader).map(Sheets::Xlsx).map_err(|error| match error {
            XlsxError::Password => locked(),
            error => damaged(error),
        }),
        Form::Xlsb => Xlsb::new(reader).map(Sheets::Xlsb).map_err(|error| match error {
            XlsbError::Password => locked(),
            error => damaged(error),
        }),
        Form::Ods => Ods::new(reader).map(Sheets::Ods).map_err(|error| match error {
            OdsError::Password => locked(),
            error => damaged(error),
        }),
        Form::Xls => Xls::new(reader).map(Sheets::Xls).map_err(|error| match error {
            XlsError::Password => locked(),
            error => damaged(error),
        }),
    }
}

pub(super) fn locked() -> Error {
    Error::Workbook { reason: "the workbook has a password: save it without one and send it again".to_owned() }
}

pub(super) fn damaged(error: impl std::fmt::Display) -> Error {
    Error::Workbook {
        reason: format!("the workbook cannot be read ({error}): open it in a spreadsheet program, save it and send it again"),
    }
}

/// Writes a sheet's text.
fn write(opened: &mut Opened, name: &str, out: &mut Outlet) -> std::io::Result<()> {
    let Opened { book, merges } = opened;
    match book {
        Sheets::Xlsx(book) => {
            if merges.0 != name {
                *merges = (name.to_owned(), book.merge_cells_by_sheet_name(name).map_err(broken)?);
            }
            let merges = Merges::new(merges.1.clone());
            let mut cells = book.worksheet_cells_reader(name).map_err(broken)?;
            let mut text = SheetText::new(out, cells.dimensions().end.1 as usize + 1, merges)?;
            while let Some(cell) = cells.next_cell().map_err(broken)? {
                put(&mut text, cell.get_position(), cell.get_value())?;
            }
            text.finish()
        }
        Sheets::Xlsb(book) => {
            let mut cells = book.worksheet_cells_reader(name).map_err(broken)?;
            let mut text = SheetText::new(out, cells.dimensions().end.1 as usize + 1, Merges::new(Vec::new()))?;
            while let Some(cell) = cells.next_cell().map_err(broken)? {
                put(&mut text, cell.get_position(), cell.get_value())?;
            }
            text.finish()
        }
        Sheets::Xls(book) => {
            let merges = book.merge_cells_by_sheet_name(name).map_err(broken)?;
            let range = book.worksheet_range(name).map_err(broken)?;
            held(out, &range, merges)
        }
        Sheets::Ods(book) => held(out, &book.worksheet_range(name).map_err(broken)?, Vec::new()),
    }
}

/// A sheet that is in memory as a whole.
fn held(out: &mut Outlet, range: &calamine::Range<Data>, merges: Vec<Dimensions>) -> std::io::Result<()> {
    let (row, column) = range.start().unwrap_or_default();
    let mut text = SheetText::new(out, column as usize + range.width(), Merges::new(merges))?;
    for (below, beside, cell) in range.used_cells() {
        text.put((row + below as u32, column + beside as u32), &sheet::text(cell))?;
    }
    text.finish()
}

fn put(text: &mut SheetText<&mut Outlet>, place: (u32, u32), cell: &DataRef<'_>) -> std::io::Result<()> {
    match cell {
        DataRef::Empty => Ok(()),
        DataRef::SharedString(shared) => text.put(place, shared),
        other => text.put(place, &sheet::text(&Data::from(other.clone()))),
    }
}

fn broken(error: impl std::fmt::Display) -> std::io::Error {
    std::io::Error::other(format!("the sheet is damaged ({error})"))
}
