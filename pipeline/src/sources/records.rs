//! Messages become lines: every JSON record of a message on a line of its own, so that many messages make one submission.
//!
//! Promises: a message may hold one object, objects on lines of their own or one after another, or an array of them, printed in any
//! way; what a value says is not changed. What is no JSON is passed on line by line, to be refused by itself; it cannot change how
//! the others are read: the text opens with a line end, so that no message's first bytes are taken for a mark of the whole.

use serde_json::Deserializer;
use serde_json::value::RawValue;

/// The byte-order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The records of some messages.
#[derive(Debug, Default)]
pub(super) struct Records(Vec<u8>);

impl Records {
    /// Adds what one message holds.
    pub(super) fn add(&mut self, message: &[u8]) {
        let message = message.strip_prefix(MARK).unwrap_or(message);
        match values(message) {
            Some(values) => values.iter().for_each(|value| self.push(value.get().as_bytes())),
            None => message.split(|&byte| byte == b'\n').for_each(|line| self.push(line)),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// One record a line.
    pub(super) fn into_text(self) -> Vec<u8> {
        self.0
    }

    /// Adds a line. In JSON, line ends stand only between the parts of a value, where a blank does as well.
    fn push(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        if self.0.is_empty() {
            self.0.push(b'\n');
        }
        self.0.extend(line.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
        self.0.push(b'\n');
    }
}

/// The values of a text that is JSON throughout; an array stands for its elements.
fn values(text: &[u8]) -> Option<Vec<&RawValue>> {
    let mut values = Vec::new();
    for value in Deserializer::from_slice(text).into_iter::<&RawValue>() {
        let value = value.ok()?;
        match value.get().starts_with('[') {
            true => values.extend(serde_json::from_str::<Vec<&RawValue>>(value.get()).ok()?),
            false => values.push(value),
        }
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn lines(messages: &[&[u8]]) -> Vec<String> {
        let mut records = Records::default();
        messages.iter().for_each(|message| records.add(message));
        let text = records.into_text();
        text.split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect()
    }

    #[rstest]
    #[case::object(b"{\"a\":1}", &["{\"a\":1}"])]
    #[case::spread(b"{\r\n \"a\": 1\n}\n", &["{   \"a\": 1 }"])]
    #[case::lines(b"{\"a\":1}\n\n{\"a\":2}", &["{\"a\":1}", "{\"a\":2}"])]
    #[case::array(b"[{\"a\":1},\n{\"a\":\"],[\"}]", &["{\"a\":1}", "{\"a\":\"],[\"}"])]
    #[case::marked(b"\xef\xbb\xbf{\"a\":1}", &["{\"a\":1}"])]
    #[case::empty(b"", &[])]
    #[case::number_is_kept(b"{\"a\":1.000000000000000000001}", &["{\"a\":1.000000000000000000001}"])]
    #[case::one_bad_line(b"{\"a\":1}\n{\"a\":\n{\"a\":2}", &["{\"a\":1}", "{\"a\":", "{\"a\":2}"])]
    #[case::no_json(b"[broken", &["[broken"])]
    #[case::scalar(b"7", &["7"])]
    fn a_message_becomes_lines(#[case] message: &[u8], #[case] expected: &[&str]) {
        assert_eq!(lines(&[message]), expected);
    }

    #[test]
    fn no_message_begins_the_text() {
        let mut records = Records::default();
        records.add(b"\xff\xfe{}");
        records.add(b"{\"a\":1}");
        assert_eq!(records.into_text(), b"\n\xff\xfe{}\n{\"a\":1}\n");
        assert_eq!(Records::default().into_text(), b"");
    }
}
