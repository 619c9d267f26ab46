//! Rejects: rows that cannot become rows of the kind, each with the rule it broke and its raw text.
//!
//! Invariants: a reject carries at most [`RAW_LIMIT`] bytes of raw text; its reason is in both languages and says what was
//! wrong and what was expected.

use serde::{Deserialize, Serialize};
use xueqing_schema::Text;

/// The most raw text that a reject carries, in bytes.
pub const RAW_LIMIT: usize = 4096;

/// The most of one cell that a reason quotes, in characters.
const QUOTE_LIMIT: usize = 40;

/// One row that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// The record's first line in the decoded text, from 1; the place of the element in a JSON array.
    pub line: u64,
    /// `type`, `required`, `code`, `encoding`, `json`, `csv`, `too_long`, `columns`, or the name of one of the kind's rules.
    pub rule: String,
    pub field: Option<String>,
    pub reason: Text,
    /// The record's text, cut to [`RAW_LIMIT`].
    pub raw: String,
}

/// Why a record or one of its fields is refused; made only when it is.
#[derive(Debug)]
pub(super) struct Fault {
    pub rule: &'static str,
    pub field: Option<String>,
    pub reason: Text,
}

impl Fault {
    pub fn new(rule: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { rule, field: None, reason: Text::new(zh, en) }
    }

    pub fn at(self, line: u64, raw: &[u8]) -> Reject {
        Reject { line, rule: self.rule.to_owned(), field: self.field, reason: self.reason, raw: cut(raw) }
    }

    pub fn required(field: &str) -> Self {
        Self::new("required", format!("缺少必填字段“{field}”"), format!("the required field {field} is empty")).of(field)
    }

    pub fn mistyped(field: &str, text: &str, (zh, en): (&str, &str)) -> Self {
        let text = quote(text);
        Self::new("type", format!("字段“{field}”的值“{text}”不是{zh}"), format!("{field}: \"{text}\" is not {en}")).of(field)
    }

    pub fn unknown_code(field: &str, text: &str, set: &str) -> Self {
        let text = quote(text);
        let zh = format!("字段“{field}”的值“{text}”不在代码集 {set} 中");
        Self::new("code", zh, format!("{field}: \"{text}\" is no code of the set {set}")).of(field)
    }

    pub fn encoding() -> Self {
        Self::new(
            "encoding",
            "记录中有不属于该编码的字节，请指明文件的编码",
            "the record holds bytes that its encoding does not have: name the file's encoding",
        )
    }

    pub fn nul() -> Self {
        Self::new("encoding", "记录中有空字符（NUL）", "the record holds a NUL character")
    }

    pub fn too_long() -> Self {
        Self::new("too_long", "记录超过 1 MiB", "the record is longer than 1 MiB")
    }

    pub fn open_quote() -> Self {
        Self::new("csv", "引号未正确闭合", "a quote opens here and is not closed as it should be")
    }

    pub fn ragged(found: usize, expected: usize) -> Self {
        let zh = format!("有 {found} 个单元格，表头有 {expected} 个");
        Self::new("columns", zh, format!("the record has {found} cells, the header has {expected}"))
    }

    fn of(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }
}

/// Raw bytes as text, cut to [`RAW_LIMIT`] at a character; what is not UTF-8 becomes U+FFFD.
pub(super) fn cut(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(&raw[..raw.len().min(RAW_LIMIT)]);
    let mut end = text.len().min(RAW_LIMIT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let whole = if raw.len() > RAW_LIMIT { text[..end].trim_end_matches('\u{fffd}') } else { &text[..end] };
    whole.to_owned()
}

fn quote(text: &str) -> String {
    match text.char_indices().nth(QUOTE_LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_text_is_cut_at_a_character() {
        let long = "学".repeat(2000);
        let raw = cut(long.as_bytes());
        assert!(raw.len() <= RAW_LIMIT && raw.len() > RAW_LIMIT - 4, "{}", raw.len());
        assert!(raw.chars().all(|c| c == '学'));
    }

    #[test]
    fn raw_text_never_grows_past_the_limit() {
        assert!(cut(&[0xff; 10_000]).len() <= RAW_LIMIT);
        assert_eq!(cut(b"a\xffb"), "a\u{fffd}b");
    }

    #[test]
    fn a_reason_quotes_only_the_beginning_of_a_cell() {
        let fault = Fault::mistyped("minutes", &"9".repeat(1000), ("数字", "a number"));
        assert!(fault.reason.en.len() < 100, "{}", fault.reason.en);
    }
}
