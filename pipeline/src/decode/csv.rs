//! CSV records: where one ends, and what its cells are. RFC 4180, read as leniently as is safe.
//!
//! Promises: a quote that is never closed costs one line, not the file: a record of several lines must have the header's
//! number of cells and properly closed quotes, else its first line alone is refused and reading goes on at the next.
//! Where a record ends depends only on the text from its start, so that blocks may be cut and scanned again.

use memchr::{memchr, memchr_iter};

use super::MAX_RECORD;
use super::cell::Cells;

/// What stands at the start of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// A record of `lines` lines that ends before `end`; the next begins at `next`.
    Record { end: usize, next: usize, lines: u64 },
    /// One line that opens a quote which is not closed as it should be.
    Broken { end: usize, next: usize },
    /// The text ends within the record.
    Partial,
}

/// Stands for the number of cells of a header, which may be any.
pub(super) const ANY: usize = usize::MAX;

enum State {
    Start,
    Plain,
    Quoted,
    Closed,
}

/// Finds the first record of `text`, which must not be empty. `whole`: nothing follows the text.
pub(super) fn scan(text: &[u8], delimiter: u8, expected: usize, whole: bool) -> Scan {
    let line = match memchr(b'\n', text) {
        Some(end) => (end, end + 1),
        None if whole => (text.len(), text.len()),
        None => return Scan::Partial,
    };
    if line.0 >= MAX_RECORD || memchr(b'"', &text[..line.0]).is_none() {
        return Scan::Record { end: line.0, next: line.1, lines: 1 };
    }
    scan_quoted(text, delimiter, expected, whole, line)
}

fn scan_quoted(text: &[u8], delimiter: u8, expected: usize, whole: bool, line: (usize, usize)) -> Scan {
    let broken = Scan::Broken { end: line.0, next: line.1 };
    let fits = |cells: usize, lines: u64| lines == 1 || cells == expected || expected == ANY;
    let (mut state, mut lines, mut cells) = (State::Start, 1, 1);
    for (at, &byte) in text.iter().take(MAX_RECORD).enumerate() {
        state = match (state, byte) {
            (State::Start, b'"') | (State::Closed, b'"') => State::Quoted,
            (State::Quoted, b'"') => State::Closed,
            (State::Quoted, _) => {
                lines += u64::from(byte == b'\n');
                State::Quoted
            }
            (_, b'\n') if !fits(cells, lines) => return broken,
            (_, b'\n') => return Scan::Record { end: at, next: at + 1, lines },
            (_, byte) if byte == delimiter => {
                cells += 1;
                State::Start
            }
            (State::Closed, b'\r') => State::Closed,
            (State::Closed, _) if lines > 1 => return broken,
            _ => State::Plain,
        };
        if lines > 1 && cells > expected {
            return broken;
        }
    }
    match state {
        _ if text.len() >= MAX_RECORD => broken,
        _ if !whole => Scan::Partial,
        State::Quoted => broken,
        _ if !fits(cells, lines) => broken,
        _ => Scan::Record { end: text.len(), next: text.len(), lines },
    }
}

/// The length of the whole records at the start of `text`, at most `limit` of them, and how many they are.
pub(super) fn boundary(text: &[u8], delimiter: u8, expected: usize, limit: usize) -> (usize, usize) {
    let (mut at, mut records) = (0, 0);
    while at < text.len() && records < limit {
        match scan(&text[at..], delimiter, expected, false) {
            Scan::Record { next, .. } | Scan::Broken { next, .. } => at += next,
            Scan::Partial => break,
        }
        records += 1;
    }
    (at, records)
}

/// Puts a record's cells into their slots. Returns how many there are, not counting empty ones past the header's.
pub(super) fn split<'t>(record: &'t str, delimiter: u8, slots: &[Option<usize>], cells: &mut Cells<'t>) -> usize {
    if memchr(b'"', record.as_bytes()).is_some() {
        return split_quoted(record, delimiter, slots, cells);
    }
    let (mut start, mut count, mut filled) = (0, 0, 0);
    let ends = memchr_iter(delimiter, record.as_bytes()).chain([record.len()]);
    for end in ends {
        match slots.get(count) {
            Some(Some(slot)) => cells.put_text(*slot, &record[start..end]),
            Some(None) => {}
            None if record[start..end].trim().is_empty() => {}
            None => filled = count + 1,
        }
        count += 1;
        start = end + 1;
    }
    if count > slots.len() { filled.max(slots.len()) } else { count }
}

fn split_quoted<'t>(record: &'t str, delimiter: u8, slots: &[Option<usize>], cells: &mut Cells<'t>) -> usize {
    let (mut rest, mut count, mut filled) = (Some(record), 0, 0);
    while let Some(text) = rest {
        let (cell, after) = quoted_cell(text, delimiter);
        match slots.get(count) {
            Some(Some(slot)) => match cell {
                Quoted::Plain(text) => cells.put_text(*slot, text),
                Quoted::Doubled(text) => cells.put_copy(*slot, &text),
            },
            Some(None) => {}
            None if cell.is_blank() => {}
            None => filled = count + 1,
        }
        count += 1;
        rest = after;
    }
    if count > slots.len() { filled.max(slots.len()) } else { count }
}

enum Quoted<'t> {
    Plain(&'t str),
    /// Held doubled quotes, or text behind its closing quote.
    Doubled(String),
}

impl Quoted<'_> {
    fn is_blank(&self) -> bool {
        match self {
            Self::Plain(text) => text.trim().is_empty(),
            Self::Doubled(text) => text.trim().is_empty(),
        }
    }
}

/// The first cell of `text`, and what follows its delimiter.
fn quoted_cell(text: &str, delimiter: u8) -> (Quoted<'_>, Option<&str>) {
    let bytes = text.as_bytes();
    let until_delimiter = |from: usize| memchr(delimiter, &bytes[from..]).map(|at| from + at);
    let split = |end: Option<usize>| (end.unwrap_or(text.len()), end.map(|at| &text[at + 1..]));
    if bytes.first() != Some(&b'"') {
        let (end, rest) = split(until_delimiter(0));
        return (Quoted::Plain(&text[..end]), rest);
    }
    let (mut from, mut owned) = (1, String::new());
    while let Some(quote) = memchr(b'"', &bytes[from..]).map(|at| from + at) {
        if bytes.get(quote + 1) == Some(&b'"') {
            owned.push_str(&text[from..=quote]);
            from = quote + 2;
            continue;
        }
        let (end, rest) = split(until_delimiter(quote + 1));
        let behind = text[quote + 1..end].trim_end_matches('\r');
        if owned.is_empty() && behind.is_empty() {
            return (Quoted::Plain(&text[from..quote]), rest);
        }
        owned.push_str(&text[from..quote]);
        owned.push_str(behind);
        return (Quoted::Doubled(owned), rest);
    }
    owned.push_str(&text[from..]);
    (Quoted::Doubled(owned), None)
}

/// All cells of a record, trimmed: for headers.
pub(super) fn cells_of(record: &str, delimiter: u8) -> Vec<String> {
    let (mut rest, mut cells) = (Some(record), Vec::new());
    while let Some(text) = rest {
        let (cell, after) = quoted_cell(text, delimiter);
        cells.push(match cell {
            Quoted::Plain(text) => text.trim().to_owned(),
            Quoted::Doubled(text) => text.trim().to_owned(),
        });
        rest = after;
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    /// All records, with `!` before the broken ones.
    fn records(text: &str, expected: usize) -> Vec<String> {
        let (mut at, mut found) = (0, Vec::new());
        while at < text.len() {
            match scan(&text.as_bytes()[at..], b',', expected, true) {
                Scan::Record { end, next, .. } => {
                    found.push(text[at..at + end].to_owned());
                    at += next;
                }
                Scan::Broken { end, next } => {
                    found.push(format!("!{}", &text[at..at + end]));
                    at += next;
                }
                Scan::Partial => unreachable!("the text is whole"),
            }
        }
        found
    }

    #[rstest]
    #[case::plain("a,b\nc,d", &["a,b", "c,d"])]
    #[case::break_in_quotes("a,\"b\nc\"\nd,e\n", &["a,\"b\nc\"", "d,e"])]
    #[case::doubled("a,\"b\"\"\nc\"\nd,e\n", &["a,\"b\"\"\nc\"", "d,e"])]
    #[case::never_closed("a,\"b\nc,d\ne,f\n", &["!a,\"b", "c,d", "e,f"])]
    #[case::closed_in_another_record("a,\"b\nc,d\ne,\"f\"\n", &["!a,\"b", "c,d", "e,\"f\""])]
    #[case::quote_within("a,b\"c\nd,e\n", &["a,b\"c", "d,e"])]
    #[case::text_behind("a,\"b\"c\nd,e\n", &["a,\"b\"c", "d,e"])]
    #[case::last_line("a,\"b", &["!a,\"b"])]
    fn an_open_quote_costs_one_line(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(records(text, 2), expected);
    }

    #[test]
    fn a_quote_is_not_followed_past_the_record_limit() {
        let text = format!("a,\"b\n{}", "c,d\n".repeat(MAX_RECORD / 2));
        assert_eq!(scan(text.as_bytes(), b',', 1000, false), Scan::Broken { end: 4, next: 5 });
    }

    #[rstest]
    #[case("a,\"b,c\",d", &["a", "b,c", "d"])]
    #[case("\"\",\"x\"\"y\"", &["", "x\"y"])]
    #[case(" a , \"b", &["a", "\"b"])]
    #[case("\"a\"b,c", &["ab", "c"])]
    #[case("", &[""])]
    fn cells_are_unquoted(#[case] record: &str, #[case] cells: &[&str]) {
        assert_eq!(cells_of(record, b','), cells);
    }

    proptest! {
        #[test]
        fn boundaries_are_record_ends(text in "[a,\"\n]{0,60}", expected in 1..4usize, limit in 1..9usize) {
            let (cut, count) = boundary(text.as_bytes(), b',', expected, limit);
            prop_assert!(count <= limit);
            let (head, tail) = text.split_at(cut);
            prop_assert_eq!([records(head, expected), records(tail, expected)].concat(), records(&text, expected));
        }

        #[test]
        fn well_formed_csv_reads_as_with_another_reader(
            rows in prop::collection::vec(prop::collection::vec("[a-c ,\"\n学]{0,6}", 3), 1..6)
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read: Vec<Vec<String>> = records(&text, 3).iter().map(|record| cells_of(record, b',')).collect();
            let written: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| cell.trim().to_owned()).collect()).collect();
            prop_assert_eq!(read, written);
        }
    }
}
