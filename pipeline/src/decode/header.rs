//! What a text is: JSON or CSV, how its lines end, and what its header says.
//!
//! Promise: a file without a column that every row needs is refused as a whole, with the headers it has; it would otherwise
//! be refused row by row.

use std::sync::Arc;

use super::blocks::{Blocks, Cut};
use super::csv::{self, Scan};
use super::plan::{FieldPlan, Input, Plan};
use super::run::Layout;
use super::shape::Shape;
use super::{Format, MAX_RECORD};
use crate::{Error, Result};

const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Brings the text into shape and takes the header off it.
pub(super) fn settle(plan: &Plan, format: Format, blocks: &mut Blocks<'_>) -> Result<Layout> {
    let text = blocks.peek();
    let json = match format {
        Format::Ndjson | Format::JsonLines => true,
        Format::Csv => false,
        Format::Auto => matches!(text.trim_ascii_start().first(), Some(b'{' | b'[')),
    };
    let lines = !json || format == Format::JsonLines;
    let shape = if lines { Shape::of_lines(text) } else { Shape::of_json(text) };
    blocks.set_shape(shape);
    if json {
        return Ok(Layout::Json);
    }
    let Header { delimiter, cells: headers, length } = match Header::find(plan, blocks) {
        Ok(found) => found,
        Err(error) => return Err(blocks.take_failure().unwrap_or(error)),
    };
    let slots = slots(plan, &headers)?;
    check(plan, &headers, &slots)?;
    blocks.skip(length);
    blocks.set_cut(Cut::Csv { delimiter, expected: slots.len() });
    Ok(Layout::Csv { delimiter, slots })
}

/// The slots of columns that come with their names.
pub(super) fn of_names(plan: &Plan, names: &[String]) -> Result<Arc<[Option<usize>]>> {
    let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    let slots = slots(plan, &names)?;
    check(plan, &names, &slots)?;
    Ok(slots)
}

/// The first record that is not blank.
struct Header {
    delimiter: u8,
    cells: Vec<String>,
    /// How much text it and the blank lines before it are.
    length: usize,
}

impl Header {
    /// Takes the delimiter under which the header has most columns that the mapping knows, then most columns.
    fn find(plan: &Plan, blocks: &mut Blocks<'_>) -> Result<Self> {
        blocks.peek();
        let whole = blocks.is_whole();
        let text = blocks.peek();
        if let Some(delimiter) = plan.delimiter {
            return Self::read(text, delimiter, whole);
        }
        let mut best = Self::read(text, DELIMITERS[0], whole)?;
        for &delimiter in &DELIMITERS[1..] {
            let other = Self::read(text, delimiter, whole)?;
            if other.rank(plan) > best.rank(plan) {
                best = other;
            }
        }
        Ok(best)
    }

    fn read(text: &[u8], delimiter: u8, whole: bool) -> Result<Self> {
        let blank = text.len() - text.trim_ascii_start().len();
        let from = memchr::memrchr(b'\n', &text[..blank]).map_or(0, |at| at + 1);
        let (end, next) = match csv::scan(&text[from..], delimiter, csv::ANY, whole) {
            Scan::Record { end, next, .. } | Scan::Broken { end, next } => (end, next),
            Scan::Partial => return Err(unreadable("its end is not found")),
        };
        if end > MAX_RECORD {
            return Err(unreadable("it is longer than 1 MiB"));
        }
        let header = std::str::from_utf8(&text[from..from + end]);
        let header = header.map_err(|_| unreadable("it is not in the encoding it seems to be in: name the file's encoding"))?;
        let cells = csv::cells_of(header.trim_end_matches('\r'), delimiter);
        Ok(Self { delimiter, cells, length: from + next })
    }

    fn rank(&self, plan: &Plan) -> (usize, usize) {
        (self.cells.iter().filter(|cell| plan.sources.contains_key(*cell)).count(), self.cells.len())
    }
}

fn unreadable(reason: &str) -> Error {
    Error::Header { reason: reason.to_owned() }
}

fn slots(plan: &Plan, headers: &[String]) -> Result<Arc<[Option<usize>]>> {
    let mut slots = Vec::with_capacity(headers.len());
    for header in headers {
        let slot = plan.sources.get(header).copied();
        if slot.is_some() && slots.contains(&slot) {
            return Err(unreadable(&format!("it has the column `{header}` twice")));
        }
        slots.push(slot);
    }
    Ok(slots.into())
}

fn check(plan: &Plan, headers: &[String], slots: &[Option<usize>]) -> Result<()> {
    let pivot_value = plan.pivot.as_ref().map(|pivot| pivot.value);
    let present = |slot: usize| slots.contains(&Some(slot)) || pivot_value == Some(slot);
    let found = || headers.join(", ");
    if let Some(field) = plan.fields.iter().find(|field| field.is_starved(&present)) {
        return Err(Error::Columns { field: field.name.clone(), expected: expected(plan, field), found: found() });
    }
    match &plan.pivot {
        Some(pivot) if !pivot.columns.iter().any(|(slot, ..)| present(*slot)) => Err(Error::Columns {
            field: plan.source(pivot.value).to_owned(),
            expected: pivot.columns.iter().map(|(_, header, _)| header.as_str()).collect::<Vec<_>>().join(", "),
            found: found(),
        }),
        _ => Ok(()),
    }
}

fn expected(plan: &Plan, field: &FieldPlan) -> String {
    let (slots, between) = match &field.input {
        Input::First(slots) => (slots.as_slice(), ", "),
        Input::Joined(slots) => (slots.as_slice(), " and "),
        Input::Absent | Input::Constant(_) | Input::Pivoted => (&[][..], ""),
    };
    slots.iter().map(|&slot| plan.source(slot)).collect::<Vec<_>>().join(between)
}
