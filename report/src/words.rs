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
        Some("min") => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
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
    fn numbers_are_written_by_their_unit_and_nothing_is_not_zero() {
        assert_eq!(number(&json!(1_234_567), Some("1")), "1,234,567");
        assert_eq!(number(&json!(59.96), Some("min")), "60.0");
        assert_eq!(number(&json!(0.9999), Some("share")), ">99.9%");
        assert_eq!(number(&json!(0.0), Some("share")), "0.0%");
        assert_eq!(number(&Value::Null, Some("min")), NONE);
    }
}
