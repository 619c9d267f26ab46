//! Texts with places: `{class_name}有 {cases_1_day} 例`.
//!
//! Promise: every place is known when the file is read, and none is a student's.

use std::collections::BTreeSet;

use xueqing_schema::Text;

/// Places that every rule may use beside its figure's: names of the school and the class, and the day of the evaluation.
pub const NAMES: [&str; 3] = ["school_name", "class_name", "today"];

/// Pieces of text, every second one a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    zh: Vec<String>,
    en: Vec<String>,
}

impl Template {
    pub(crate) fn parse(text: &Text) -> Result<Self, String> {
        Ok(Self { zh: pieces(&text.zh)?, en: pieces(&text.en)? })
    }

    /// The places of both languages.
    pub(crate) fn places(&self) -> BTreeSet<&str> {
        self.zh.iter().skip(1).step_by(2).chain(self.en.iter().skip(1).step_by(2)).map(String::as_str).collect()
    }

    /// Both texts with their places filled.
    pub fn fill(&self, value: impl Fn(&str) -> Text) -> Text {
        let filled = |pieces: &[String], pick: fn(Text) -> String| -> String {
            let pieces = pieces.iter().enumerate();
            pieces.map(|(at, piece)| if at % 2 == 1 { pick(value(piece)) } else { piece.clone() }).collect()
        };
        Text::new(filled(&self.zh, |text| text.zh), filled(&self.en, |text| text.en))
    }
}

fn pieces(text: &str) -> Result<Vec<String>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (place, after) = after.split_once('}').ok_or_else(|| format!("\"{{\" is not closed in \"{text}\""))?;
        pieces.extend([before.to_owned(), place.trim().to_owned()]);
        rest = after;
    }
    pieces.push(rest.to_owned());
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_in_each_language() {
        let template = Template::parse(&Text::new("{class} 有 {n} 例", "{n} cases in {class}")).expect("parses");
        assert_eq!(template.places(), BTreeSet::from(["class", "n"]));
        let filled = template.fill(|place| if place == "n" { Text::new("三", "3") } else { Text::new("一班", "class 1") });
        assert_eq!(filled, Text::new("一班 有 三 例", "3 cases in class 1"));
        assert!(Template::parse(&Text::new("{x", "")).is_err());
    }
}
