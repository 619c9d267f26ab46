//! What a text is: JSON or CSV, how its lines end, where its header stands and what it says.
//!
//! Promises: a file without a column that every row needs is refused as a whole, with the headers it has; it would otherwise
//! be refused row by row. Titles above the header are passed over. A header may be two rows, as under merged cells; which of
//! its columns is meant is never guessed (see `titles`).

use std::sync::Arc;

use super::blocks::{Blocks, Cut};
use super::csv::{self, Scan};
use super::plan::{FieldPlan, Input, Plan};
use super::run::Layout;
use super::shape::Shape;
use super::titles::Titles;
use super::{Format, MAX_RECORD};
use crate::error::Missing;
use crate::{Error, Result};

const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];
/// Why a header that is no text of its encoding cannot be used.
pub(crate) const OTHER_ENCODING: &str = "it is not in the encoding it seems to be in: name the file's encoding";
/// The header is looked for in so many rows that are not blank.
const ROWS: usize = 20;

/// Brings the text into shape and takes the header off it: how records are written, and the header's text.
pub(super) fn settle(plan: &Plan, format: Format, blocks: &mut Blocks<'_>) -> Result<(Layout, Option<Arc<str>>)> {
    let text = blocks.peek();
    let json = match format {
        Format::Ndjson | Format::JsonLines => true,
        Format::Csv => false,
        _ => matches!(text.trim_ascii_start().first(), Some(b'{' | b'[')),
    };
    let lines = !json || format == Format::JsonLines;
    let shape = if lines { Shape::of_lines(text) } else { Shape::of_json(text) };
    blocks.set_shape(shape);
    if json {
        return Ok((Layout::Json, None));
    }
    let Header { delimiter, titles, length } = match find(plan, blocks) {
        Ok(found) => found,
        Err(error) => return Err(blocks.take_failure().unwrap_or(error)),
    };
    let slots: Arc<[Option<usize>]> = titles.slots.into();
    let text = String::from_utf8_lossy(&blocks.peek()[..length]).trim_end().into();
    blocks.skip(length);
    blocks.set_cut(Cut::Csv { delimiter, expected: slots.len() });
    Ok((Layout::Csv { delimiter, slots }, Some(text)))
}

/// The slots of columns that come with their names.
pub(super) fn of_names(plan: &Plan, names: &[String]) -> Result<Arc<[Option<usize>]>> {
    let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    let titles = Titles::of_one(plan, &names);
    check(plan, &titles)?;
    Ok(titles.slots.into())
}

struct Header {
    delimiter: u8,
    titles: Titles,
    /// How much text it and what stands before it are.
    length: usize,
}

/// The row that looks most like a header, and what it lacks.
struct Refused {
    titles: Titles,
    error: Error,
}

/// A row that is not blank, and where the next one begins.
struct Row {
    cells: Vec<String>,
    next: usize,
}

/// Takes the mapping's delimiter if the header is found with it, else the one with which most columns are known, then most are found.
fn find(plan: &Plan, blocks: &mut Blocks<'_>) -> Result<Header> {
    blocks.peek();
    let whole = blocks.is_whole();
    let text = blocks.peek();
    let mut best: Option<Header> = None;
    let mut refused: Option<Box<Refused>> = None;
    for delimiter in plan.delimiter.into_iter().chain(DELIMITERS) {
        match header(plan, &rows(text, delimiter, whole)?) {
            Ok((titles, length)) => {
                if best.as_ref().is_none_or(|best| titles.rank() > best.titles.rank()) {
                    best = Some(Header { delimiter, titles, length });
                }
                if plan.delimiter == Some(delimiter) {
                    break;
                }
            }
            Err(other) if refused.as_ref().is_none_or(|best| other.titles.rank() > best.titles.rank()) => refused = Some(other),
            Err(_) => {}
        }
    }
    match (best, refused) {
        (Some(header), _) => Ok(header),
        (None, Some(refused)) => Err(refused.error),
        (None, None) => Err(unreadable("it is empty")),
    }
}

/// The header among the first rows, and the text's length up to its end; else the row that looks most like one, and what it lacks.
fn header(plan: &Plan, rows: &[Row]) -> Result<(Titles, usize), Box<Refused>> {
    let mut nearest: Option<Box<Refused>> = None;
    for (at, row) in rows.iter().enumerate() {
        let below = rows.get(at + 1);
        let both = || below.map(|below| (Titles::of_two(plan, &row.cells, &below.cells), below.next));
        let titles = Titles::of_one(plan, &row.cells);
        match check(plan, &titles) {
            Ok(()) => {
                let (pair, length) = match both() {
                    Some((pair, length)) if goes_on(plan, &titles, &pair, below) && check(plan, &pair).is_ok() => (pair, length),
                    _ => (titles, row.next),
                };
                return Ok((pair, length));
            }
            Err(error) => {
                // The row below may be the whole header by itself.
                let alone = below.is_some_and(|below| check(plan, &Titles::of_one(plan, &below.cells)).is_ok());
                match both() {
                    Some((pair, length)) if !alone && check(plan, &pair).is_ok() => return Ok((pair, length)),
                    _ if nearest.as_ref().is_none_or(|best| titles.known() > best.titles.known()) => {
                        nearest = Some(Box::new(Refused { titles, error }))
                    }
                    _ => {}
                }
            }
        }
    }
    Err(nearest.unwrap_or_else(|| Box::new(Refused { titles: Titles::default(), error: unreadable("it is empty") })))
}

/// Whether the row below a header belongs to it: it could not be a record, and with it no fewer columns are known.
fn goes_on(plan: &Plan, titles: &Titles, pair: &Titles, below: Option<&Row>) -> bool {
    let cell = |column: usize| below.and_then(|below| below.cells.get(column)).map_or("", String::as_str);
    let no_record = plan.fields.iter().filter(|field| field.required && field.default.is_none()).any(|field| {
        let (Input::First(slots) | Input::Joined(slots)) = &field.input else { return false };
        let columns = slots.iter().filter_map(|slot| titles.slots.iter().position(|found| found == &Some(*slot)));
        columns.into_iter().any(|column| cell(column).is_empty() || cell(column) == titles.names[column])
    });
    no_record && pair.known() >= titles.known()
}

/// The first rows that are not blank. The first of them must be readable.
fn rows(text: &[u8], delimiter: u8, whole: bool) -> Result<Vec<Row>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < text.len() && found.len() < ROWS {
        let row = match row(&text[at..], delimiter, whole) {
            Err(error) if found.is_empty() => return Err(error),
            Err(_) => break,
            Ok(row) => row,
        };
        at += row.next;
        if row.cells.iter().any(|cell| !cell.is_empty()) {
            found.push(Row { cells: row.cells, next: at });
        }
    }
    Ok(found)
}

fn row(text: &[u8], delimiter: u8, whole: bool) -> Result<Row> {
    let (end, next) = match csv::scan(text, delimiter, csv::ANY, whole) {
        Scan::Record { end, next, .. } | Scan::Broken { end, next } => (end, next),
        Scan::Partial => return Err(unreadable("its end is not found")),
    };
    if end > MAX_RECORD {
        return Err(unreadable("it is longer than 1 MiB"));
    }
    let row = std::str::from_utf8(&text[..end]);
    let row = row.map_err(|_| unreadable(OTHER_ENCODING))?;
    Ok(Row { cells: csv::cells_of(row.trim_end_matches('\r'), delimiter), next })
}

fn unreadable(reason: &str) -> Error {
    Error::Header { reason: reason.to_owned() }
}

/// Whether the titles are a header of the mapping.
fn check(plan: &Plan, titles: &Titles) -> Result<()> {
    if let Some(name) = &titles.twice {
        return Err(unreadable(&format!("it has the column `{name}` twice")));
    }
    let pivot_value = plan.pivot.as_ref().map(|pivot| pivot.value);
    let present = |slot: usize| titles.slots.contains(&Some(slot)) || pivot_value == Some(slot);
    let starved = plan.fields.iter().filter(|field| field.is_starved(&present));
    let mut missing: Vec<Missing> = starved.map(|field| missing(plan, field)).collect();
    if let Some(pivot) = &plan.pivot
        && !pivot.columns.iter().any(|(slot, ..)| present(*slot))
    {
        let expected = pivot.columns.iter().map(|(_, header, _)| header.as_str()).collect::<Vec<_>>().join(", ");
        missing.push(Missing { field: plan.source(pivot.value).to_owned(), expected });
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::Columns { missing, found: titles.names.clone(), fits: Vec::new() })
}

fn missing(plan: &Plan, field: &FieldPlan) -> Missing {
    let (slots, between) = match &field.input {
        Input::First(slots) => (slots.as_slice(), ", "),
        Input::Joined(slots) => (slots.as_slice(), " and "),
        Input::Absent | Input::Constant(_) | Input::Pivoted => (&[][..], ""),
    };
    let expected = slots.iter().map(|&slot| plan.source(slot)).collect::<Vec<_>>().join(between);
    Missing { field: field.name.clone(), expected }
}
