//! A short way through plain records: `{"name":"text","name":12.5,"name":true}` without escapes or nesting.
//!
//! Invariant: where this reads a record at all, the cells are those that [`super::json`] reads with serde; at the first thing
//! that is not plain it gives up, having decided nothing, and serde says what the record is.

use super::cell::{Cell, Cells};
use super::keys::Keys;
use crate::texts::same;

/// Powers of ten that are exact as floating point.
const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
/// Numbers of so many digits are exact both as integers and as floating point.
const DIGITS: usize = 15;

/// Reads a plain record into `cells`; None when it is not plain.
pub(super) fn read<'t>(record: &'t str, keys: &mut Keys, cells: &mut Cells<'t>) -> Option<()> {
    let mut text = Text { record, bytes: record.as_bytes(), at: 0 };
    text.skip_space();
    text.take(b'{')?;
    for place in 0.. {
        let slot = text.name(place, keys)?;
        text.skip_space();
        if let Some(slot) = slot
            && cells.get(slot) != Cell::Missing
        {
            return None;
        }
        match (slot, slot.and_then(|slot| cells.last(slot))) {
            (Some(slot), Some(last)) if text.repeats(last) => cells.put(slot, Cell::Again(last)),
            (slot, _) => match (slot, text.value()?) {
                (Some(slot), Cell::Text(plain)) => cells.put_plain(slot, plain),
                (Some(slot), cell) => cells.put(slot, cell),
                (None, _) => {}
            },
        }
        text.skip_space();
        match text.next()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    text.skip_space();
    (text.at == text.bytes.len()).then_some(())
}

struct Text<'t> {
    record: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Text<'t> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// The slot of the member that follows, its name and colon taken.
    #[inline]
    fn name(&mut self, place: usize, keys: &mut Keys) -> Option<Option<usize>> {
        self.skip_space();
        if let Some((length, slot)) = keys.usual(place, &self.bytes[self.at..]) {
            self.at += length;
            return Some(slot);
        }
        self.take(b'"')?;
        let name = self.string()?;
        self.skip_space();
        self.take(b':')?;
        Some(keys.slot(place, name))
    }

    /// Passes over a string if it is this one.
    fn repeats(&mut self, last: &str) -> bool {
        let end = self.at + 1 + last.len();
        let same = self.bytes.get(end) == Some(&b'"')
            && self.bytes[self.at] == b'"'
            && same(&self.bytes[self.at + 1..end], last.as_bytes());
        if same {
            self.at = end + 1;
        }
        same
    }

    fn value(&mut self) -> Option<Cell<'t>> {
        match self.next()? {
            b'"' => Some(Cell::Text(self.string()?)),
            b't' => self.word(b"rue", Cell::Boolean(true)),
            b'f' => self.word(b"alse", Cell::Boolean(false)),
            b'n' => self.word(b"ull", Cell::Null),
            b'-' if self.peek() != Some(b'0') => self.number(true),
            b'0'..=b'9' => {
                self.at -= 1;
                self.number(false)
            }
            _ => None,
        }
    }

    fn word(&mut self, rest: &[u8], cell: Cell<'t>) -> Option<Cell<'t>> {
        let fits = self.bytes[self.at..].starts_with(rest);
        self.at += rest.len();
        fits.then_some(cell)
    }

    /// The rest of a string, up to its closing quote.
    fn string(&mut self) -> Option<&'t str> {
        let start = self.at;
        let end = start + plain_length(&self.bytes[start..]);
        self.at = end;
        self.take(b'"')?;
        self.record.get(start..end)
    }

    fn number(&mut self, negative: bool) -> Option<Cell<'t>> {
        let start = self.at;
        let whole = self.digits(0)?;
        let count = self.at - start;
        if self.bytes[start] == b'0' && count > 1 {
            return None;
        }
        if self.peek() != Some(b'.') {
            let plain = count <= DIGITS && !matches!(self.peek(), Some(b'e' | b'E'));
            return plain.then_some(Cell::Integer(if negative { -whole } else { whole }));
        }
        self.at += 1;
        let point = self.at;
        let all = self.digits(whole)?;
        let places = self.at - point;
        let plain = count + places <= DIGITS && !matches!(self.peek(), Some(b'e' | b'E'));
        let value = plain.then(|| all as f64 / POWERS[places])?;
        Some(Cell::Number(if negative { -value } else { value }))
    }

    /// At least one digit, behind those of `value`; wraps past [`DIGITS`], where nobody looks at it.
    fn digits(&mut self, mut value: i64) -> Option<i64> {
        let start = self.at;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        (self.at > start).then_some(value)
    }
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGHS: u64 = ONES * 0x80;

/// Whether a string stands in JSON as it is.
pub(super) fn is_plain(text: &str) -> bool {
    plain_length(text.as_bytes()) == text.len()
}

/// How many bytes there are before the first quote, backslash or control character; eight at a time.
fn plain_length(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let found = zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control;
        if found != 0 {
            return place * 8 + (found.trailing_zeros() / 8) as usize;
        }
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    bytes.len() - rest.len() + rest.iter().position(special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_special_byte_is_found() {
        for length in 0..40 {
            for special in [b'"', b'\\', 0, 0x1f] {
                let mut text = vec![b'x'; length];
                text.push(special);
                text.extend_from_slice(b"\xe5\xad\xa6 \x7f\"\\");
                assert_eq!(plain_length(&text), length);
            }
            assert_eq!(plain_length(&vec![0xe5; length]), length);
        }
    }

    fn number(text: &str) -> Option<Cell<'_>> {
        let mut text = Text { record: text, bytes: text.as_bytes(), at: 0 };
        text.value().filter(|_| text.at == text.bytes.len())
    }

    #[test]
    fn plain_numbers_are_read_and_others_left() {
        assert_eq!(number("12"), Some(Cell::Integer(12)));
        assert_eq!(number("-7"), Some(Cell::Integer(-7)));
        assert_eq!(number("0.25"), Some(Cell::Number(0.25)));
        assert_eq!(number("0"), Some(Cell::Integer(0)));
        for other in ["-0", "01", "1e3", "1.", ".5", "1.5e3", "-", "12345678901234567890", "0.1234567890123456"] {
            assert_eq!(number(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_serde(text in "-?[0-9]{1,9}(\\.[0-9]{1,9})?") {
            match number(&text) {
                Some(Cell::Integer(value)) => prop_assert_eq!(value, serde_json::from_str::<i64>(&text).unwrap()),
                Some(Cell::Number(value)) => prop_assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits()),
                _ => {}
            }
        }
    }
}
