//! A row's values in the words of people: names of schools and classes, titles of codes, shares as percentages.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use xueqing_query::Metric;
use xueqing_query::alert::{Finding, Rule};
use xueqing_schema::{Standard, Text};

use crate::entry::Place;

/// What a school and a class are called.
#[derive(Debug, Default)]
pub(crate) struct Names {
    schools: BTreeMap<String, String>,
    classes: BTreeMap<(String, String), String>,
}

impl Names {
    /// From the rows of the directory of classes.
    pub(crate) fn of(rows: &[Map<String, Value>]) -> Self {
        let mut names = Self::default();
        for row in rows {
            let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
            let Some(school) = text("school") else { continue };
            names.schools.extend(text("school_name").map(|name| (school.clone(), name)));
            let class = text("class").zip(text("class_name"));
            names.classes.extend(class.map(|(class, name)| ((school, class), name)));
        }
        names
    }

    /// Where a subject is.
    pub(crate) fn place(&self, subject: &BTreeMap<String, String>) -> Place {
        let (school, class) = (subject.get("school").cloned(), subject.get("class").cloned());
        let school_name = school.as_ref().and_then(|school| self.schools.get(school)).cloned();
        let both = school.clone().zip(class.clone());
        let class_name = both.and_then(|both| self.classes.get(&both)).cloned();
        Place { school, school_name, class, class_name }
    }
}

/// The reason of a finding in both languages.
pub(crate) fn reason(rule: &Rule, metric: &Metric, standard: &Standard, place: &Place, finding: &Finding, today: &str) -> Text {
    let named = |name: &Option<String>, code: &Option<String>| {
        let name = name.as_deref().or(code.as_deref()).unwrap_or_default();
        Text::new(name, name)
    };
    rule.words.fill(|name| match name {
        "school_name" => named(&place.school_name, &place.school),
        "class_name" => named(&place.class_name, &place.class),
        "today" => Text::new(today, today),
        name => said(name, finding.values.get(name).unwrap_or(&Value::Null), metric, standard),
    })
}

fn said(name: &str, value: &Value, metric: &Metric, standard: &Standard) -> Text {
    let unit = metric.columns.iter().find(|column| column.name == name).and_then(|column| column.unit.as_deref());
    match value {
        Value::String(text) => titled(name, text, standard),
        Value::Number(number) => {
            let text = number_text(number.as_f64().unwrap_or_default(), unit, number.is_f64());
            Text::new(text.clone(), text)
        }
        Value::Null => Text::new("不详", "unknown"),
        other => Text::new(other.to_string(), other.to_string()),
    }
}

/// The title of a code of the set that is named after the dimension, or of a kind.
fn titled(name: &str, text: &str, standard: &Standard) -> Text {
    let code = standard.code_set(&format!("{name}s")).ok().and_then(|set| set.entry(text)).map(|entry| entry.title.clone());
    let kind = || standard.kind(text).ok().filter(|_| name == "kind").map(|kind| kind.title.clone());
    code.or_else(kind).unwrap_or_else(|| Text::new(text, text))
}

fn number_text(number: f64, unit: Option<&str>, real: bool) -> String {
    match unit {
        Some("share") if number > 0.0 && number < 0.001 => "< 0.1%".to_owned(),
        Some("share") => format!("{:.1}%", number * 100.0),
        _ if real && number.fract() != 0.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_say_them() {
        assert_eq!(number_text(0.125, Some("share"), true), "12.5%");
        assert_eq!(number_text(0.000_02, Some("share"), true), "< 0.1%");
        assert_eq!(number_text(72.55, Some("min"), true), "72.5");
        assert_eq!((number_text(60.0, Some("min"), true), number_text(3.0, Some("1"), false)), ("60".into(), "3".into()));
    }

    #[test]
    fn codes_and_kinds_have_titles() {
        let standard = Standard::builtin().unwrap();
        assert_eq!(titled("symptom_group", "rash", &standard).zh, "皮疹");
        assert_eq!(titled("kind", "attendance", &standard), Text::new("考勤", "Attendance"));
        assert_eq!(titled("class", "attendance", &standard), Text::new("attendance", "attendance"));
    }
}
