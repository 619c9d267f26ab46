//! The report's own words and how its numbers are written.

use serde_json::Value;
use xueqing_schema::Text;

/// 简体中文 and English.
pub type Pair = (&'static str, &'static str);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Chinese,
    English,
}

impl Language {
    pub fn of(self, text: &Text) -> &str {
        if self == Self::Chinese { &text.zh } else { &text.en }
    }

    pub fn say(self, (zh, en): Pair) -> &'static str {
        if self == Self::Chinese { zh } else { en }
    }

    /// The part in this language of a reason in both: `English · 中文`, with or without a code before it.
    pub fn part(self, reason: &str) -> String {
        let Some((en, zh)) =
            reason.split_once(" · ").filter(|(_, zh)| zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)))
        else {
            return reason.to_owned();
        };
        let plain = |code: &str| code.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let en = en.split_once(": ").filter(|(code, _)| plain(code)).map_or(en, |(_, en)| en);
        if self == Self::Chinese { zh.to_owned() } else { en.to_owned() }
    }

    pub fn bracketed(self, text: &str) -> String {
        if self == Self::Chinese { format!("（{text}）") } else { format!(" ({text})") }
    }

    /// For `lang` of the page.
    pub fn code(self) -> &'static str {
        self.say(("zh-CN", "en"))
    }
}

/// What stands where there is no number.
pub const NONE: &str = "—";

/// A number as it is read; the exact one stands beside it for machines.
pub fn number(value: &Value, unit: Option<&str>) -> String {
    let Some(number) = value.as_f64() else {
        return match value {
            Value::String(text) => text.clone(),
            Value::Bool(flag) => flag.to_string(),
            _ => NONE.to_owned(),
        };
    };
    match unit {
        Some("share") => percent(number),
        Some("1") if number.fract() == 0.0 => grouped(number),
        Some("min") => unsigned(format!("{number:.1}")),
        _ => unsigned(format!("{number:.2}")),
    }
}

/// What rounds to nothing has no sign.
fn unsigned(text: String) -> String {
    let nothing = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    text.strip_prefix('-').filter(|_| nothing).map_or(text.clone(), str::to_owned)
}

/// Rounding makes neither all of nearly all nor none of a few.
pub fn percent(share: f64) -> String {
    let text = format!("{:.1}%", share * 100.0);
    match text.as_str() {
        "100.0%" if share < 1.0 => ">99.9%".to_owned(),
        "0.0%" if share > 0.0 => "<0.1%".to_owned(),
        _ => text,
    }
}

fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0.0 { format!("-{text}") } else { text }
}

/// Names of a limit's attributes, and words that are their values.
const LIMIT_WORDS: [(&str, &str, &str); 9] = [
    ("minutes", "分钟", "Minutes"),
    ("time", "时间", "Time"),
    ("final", "期末", "Finals"),
    ("midterm", "期中", "Mid-terms"),
    ("document", "依据", "Document"),
    ("certainty", "可靠程度", "How sure"),
    ("stated", "见政策原件", "stated in the document itself"),
    ("found", "见公开转载", "found in a public copy"),
    ("common", "行业常识，待核实", "common knowledge, to be checked"),
];

/// A limit's word in this language; what is no word of it stays as it is.
pub fn limit_word(word: &str, language: Language) -> &str {
    LIMIT_WORDS.iter().find(|(code, _, _)| *code == word).map_or(word, |(_, zh, en)| language.say((zh, en)))
}

/// A unit as people write it.
pub fn unit(unit: Option<&str>, language: Language) -> &'static str {
    match unit {
        Some("min") => language.say(("分钟", "min")),
        Some("h") => language.say(("小时", "h")),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reason_is_told_in_the_language_of_the_page() {
        let both = "few_days: 3 days, 8 are needed · 只有 3 天";
        assert_eq!(Language::English.part(both), "3 days, 8 are needed");
        assert_eq!(Language::Chinese.part(both), "只有 3 天");
        assert_eq!(Language::Chinese.part("unknown dimension: day"), "unknown dimension: day");
        assert_eq!(limit_word("found", Language::Chinese), "见公开转载");
    }

    #[test]
    fn numbers_are_written_by_their_unit_and_nothing_is_not_zero() {
        assert_eq!(number(&json!(1_234_567), Some("1")), "1,234,567");
        assert_eq!(number(&json!(59.96), Some("min")), "60.0");
        assert_eq!(number(&json!(0.9999), Some("share")), ">99.9%");
        assert_eq!(number(&json!(0.0), Some("share")), "0.0%");
        assert_eq!(number(&json!(-0.001), None), "0.00");
        assert_eq!(number(&Value::Null, Some("min")), NONE);
    }
}
