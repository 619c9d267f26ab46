//! One record's cells: what stood in each source column, borrowed from the text.
//!
//! Invariant: a cell that had to be rewritten (an escape, a number's digits) lives in one scratch text that is reused from
//! record to record, so that reading a record allocates nothing.

/// What stood in one place of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'t> {
    /// The record does not have this column.
    Missing,
    Null,
    Text(&'t str),
    /// The text that the last record had here.
    Again(&'t str),
    /// A part of the scratch text.
    Copied(usize, usize),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    /// A JSON object or array.
    Nested,
}

/// The cells of one record, by source slot.
pub(super) struct Cells<'t> {
    cells: Vec<Cell<'t>>,
    /// The slots that the record has filled: far fewer than there are names to look for.
    filled: Vec<usize>,
    /// The texts of the last record that became rows, where they stand in the input as they are.
    last: Vec<Option<&'t str>>,
    scratch: String,
}

impl<'t> Cells<'t> {
    pub fn new(slots: usize) -> Self {
        let (cells, last) = (vec![Cell::Missing; slots], vec![None; slots]);
        Self { cells, filled: Vec::with_capacity(slots), last, scratch: String::new() }
    }

    pub fn clear(&mut self) {
        for slot in self.filled.drain(..) {
            self.cells[slot] = Cell::Missing;
        }
        self.scratch.clear();
    }

    /// The text that the last record had in this slot.
    pub fn last(&self, slot: usize) -> Option<&'t str> {
        self.last[slot]
    }

    /// Puts a text that stands in the input as it is, for the next record to be compared with.
    pub fn put_plain(&mut self, slot: usize, text: &'t str) {
        self.last[slot] = Some(text);
        self.put(slot, Cell::Text(text));
    }

    /// The record has not become rows: the next is compared with nothing.
    pub fn forget(&mut self) {
        self.last.fill(None);
    }

    /// The slots that the record has filled, in its order.
    pub fn filled(&self) -> &[usize] {
        &self.filled
    }

    pub fn get(&self, slot: usize) -> Cell<'t> {
        self.cells[slot]
    }

    pub fn put(&mut self, slot: usize, cell: Cell<'t>) {
        self.cells[slot] = cell;
        self.filled.push(slot);
    }

    pub fn put_text(&mut self, slot: usize, text: &'t str) {
        self.put(slot, Cell::Text(text));
    }

    pub fn put_copy(&mut self, slot: usize, text: &str) {
        let start = self.scratch.len();
        self.scratch.push_str(text);
        self.put(slot, Cell::Copied(start, self.scratch.len()));
    }

    /// The cell as trimmed text; None when there is nothing in it. Numbers are written into `digits`.
    pub fn text<'a>(&'a self, slot: usize, digits: &'a mut String) -> Option<&'a str> {
        let text = match self.cells[slot] {
            Cell::Missing | Cell::Null | Cell::Nested => return None,
            Cell::Text(text) | Cell::Again(text) => text,
            Cell::Copied(start, end) => &self.scratch[start..end],
            Cell::Boolean(true) => "true",
            Cell::Boolean(false) => "false",
            Cell::Integer(value) => written(digits, value),
            Cell::Number(value) => written(digits, value),
        };
        let text = trim(text);
        (!text.is_empty()).then_some(text)
    }
}

fn written(digits: &mut String, value: impl std::fmt::Display) -> &str {
    use std::fmt::Write;
    digits.clear();
    // Writing to a String cannot fail.
    let _ = write!(digits, "{value}");
    digits
}

/// Trims white space, and the marks that have no width and come with copied cells; quick for the usual cell that has neither.
pub(super) fn trim(text: &str) -> &str {
    let clean = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_graphic());
    let bytes = text.as_bytes();
    if clean(bytes.first()) && clean(bytes.last()) {
        return text;
    }
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_its_text() {
        let mut cells = Cells::new(1);
        let mut text_of = |cell| {
            cells.put(0, cell);
            cells.text(0, &mut String::new()).map(str::to_owned)
        };
        assert_eq!(text_of(Cell::Integer(13893)).as_deref(), Some("13893"));
        assert_eq!(text_of(Cell::Number(81.5)).as_deref(), Some("81.5"));
        assert_eq!(text_of(Cell::Number(13893.0)).as_deref(), Some("13893"));
        assert_eq!(text_of(Cell::Boolean(true)).as_deref(), Some("true"));
        assert_eq!(text_of(Cell::Text("\t 期中　")).as_deref(), Some("期中"));
        assert_eq!(text_of(Cell::Text(" \u{feff}")), None);
        assert_eq!(text_of(Cell::Null), None);
    }

    #[test]
    fn copies_share_one_text_and_go_with_the_record() {
        let mut cells = Cells::new(2);
        cells.put_copy(0, "a\"b");
        cells.put_copy(1, "c");
        assert_eq!(cells.text(0, &mut String::new()), Some("a\"b"));
        assert_eq!(cells.text(1, &mut String::new()), Some("c"));
        cells.clear();
        assert_eq!(cells.get(0), Cell::Missing);
    }
}
