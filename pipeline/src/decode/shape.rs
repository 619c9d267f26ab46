//! One record, one line: text whose records are not lines is brought into that shape in place, byte for byte, as a stream.
//!
//! A JSON array's elements, and objects printed over several lines, become one line each; lone carriage returns become line
//! feeds. Promise: the text keeps its length, nothing is parsed, and no state grows with the text.

/// How the text's records are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Lines already.
    Lines,
    /// Lines that end in a lone CR.
    CarriageReturns,
    /// The elements of one JSON array.
    Array(Nesting),
    /// JSON objects printed over several lines.
    Spread(Nesting),
}

/// Where in nested JSON the text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Nesting {
    depth: u64,
    string: bool,
    escape: bool,
    /// The array has been closed.
    closed: bool,
}

impl Shape {
    /// The shape of a JSON text that begins so.
    pub fn of_json(text: &[u8]) -> Self {
        let text = text.trim_ascii_start();
        if text.first() == Some(&b'[') {
            return Self::Array(Nesting::default());
        }
        let first_line = text.split(|&byte| byte == b'\n' || byte == b'\r').next().unwrap_or_default();
        if first_line.trim_ascii() == b"{" { Self::Spread(Nesting::default()) } else { Self::of_lines(text) }
    }

    /// The shape of a text of lines that begins so.
    pub fn of_lines(text: &[u8]) -> Self {
        let feed = memchr::memchr2(b'\n', b'\r', text);
        let lone = feed.is_some_and(|at| text[at] == b'\r' && text.get(at + 1) != Some(&b'\n'));
        if lone && memchr::memchr(b'\n', text).is_none() { Self::CarriageReturns } else { Self::Lines }
    }

    /// Brings the next piece of the text into shape.
    pub fn apply(&mut self, text: &mut [u8]) {
        match self {
            Self::Lines => {}
            Self::CarriageReturns => text.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n'),
            Self::Array(nesting) => text.iter_mut().for_each(|byte| nesting.element(byte)),
            Self::Spread(nesting) => text.iter_mut().for_each(|byte| nesting.object(byte)),
        }
    }
}

impl Nesting {
    fn element(&mut self, byte: &mut u8) {
        if self.closed {
            return;
        }
        match (self.depth, *byte) {
            // The array's own brackets and commas.
            (0, b'[') => (self.depth, *byte) = (1, b' '),
            (1, b',') if !self.string => *byte = b'\n',
            (1, b']') if !self.string => (self.closed, *byte) = (true, b'\n'),
            _ => self.inner(byte),
        }
    }

    fn object(&mut self, byte: &mut u8) {
        if self.depth > 0 || !matches!(*byte, b'\n' | b'\r') {
            self.inner(byte);
        }
    }

    fn inner(&mut self, byte: &mut u8) {
        match *byte {
            // A string cannot run over a line's end: it stays visibly wrong, and the next line is read afresh.
            b'\n' if self.string => (self.string, self.escape, *byte) = (false, false, 1),
            b'\n' | b'\r' => *byte = b' ',
            _ if self.escape => self.escape = false,
            b'\\' if self.string => self.escape = true,
            b'"' => self.string = !self.string,
            _ if self.string => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn shaped(text: &str, piece: usize) -> String {
        let mut bytes = text.as_bytes().to_vec();
        let mut shape = Shape::of_json(&bytes);
        bytes.chunks_mut(piece).for_each(|piece| shape.apply(piece));
        String::from_utf8(bytes).unwrap()
    }

    #[rstest]
    #[case::lines("{\"a\":1}\n{\"a\":2}\n", &["{\"a\":1}", "{\"a\":2}"])]
    #[case::carriage_returns("{\"a\":1}\r{\"a\":2}\r", &["{\"a\":1}", "{\"a\":2}"])]
    #[case::array("[{\"a\":1},\n {\"a\":[1,2],\"b\":{}}]\n", &["{\"a\":1}", "{\"a\":[1,2],\"b\":{}}"])]
    #[case::pretty_array("[\n  {\n    \"a\": 1\n  }\n]", &["{     \"a\": 1   }"])]
    #[case::brackets_in_strings(r#"[{"a":"],[\"}"},{"a":"\\"}]"#, &[r#"{"a":"],[\"}"}"#, r#"{"a":"\\"}"#])]
    #[case::empty_array("[]", &[])]
    #[case::spread("{\n \"a\": 1\n}\n{\n \"a\": 2\n}", &["{  \"a\": 1 }", "{  \"a\": 2 }"])]
    #[case::scalars("[1,\"x\"]", &["1", "\"x\""])]
    #[case::behind_the_array("[1]\n2\n", &["1", "2"])]
    fn every_record_is_a_line(#[case] text: &str, #[case] records: &[&str]) {
        for piece in [1, 3, 1000] {
            let lines = shaped(text, piece);
            let found: Vec<&str> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            assert_eq!(found, records, "in pieces of {piece}");
        }
    }

    #[test]
    fn a_string_over_two_lines_stays_wrong() {
        let text = shaped("[{\"a\":\"x\ny\"},{\"a\":1}]", 1000);
        assert!(text.contains('\u{1}'), "{text:?}");
    }

    #[test]
    fn only_lone_carriage_returns_end_lines() {
        assert_eq!(Shape::of_lines(b"a\r\nb"), Shape::Lines);
        assert_eq!(Shape::of_lines(b"a\rb\r"), Shape::CarriageReturns);
        assert_eq!(Shape::of_lines(b"a"), Shape::Lines);
    }
}
