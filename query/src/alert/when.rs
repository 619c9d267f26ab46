//! A parameter's value that may depend on the day: `today`, `today - 14`, or the text itself.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// The text of a parameter, relative to the clock or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "toml::Value", into = "String")]
pub enum When {
    /// So many days before today.
    DaysAgo(u64),
    Text(String),
}

const TODAY: &str = "today";

impl When {
    /// What the figure is given on that day.
    pub fn on(&self, today: NaiveDate) -> String {
        match self {
            Self::DaysAgo(days) => today.checked_sub_days(Days::new(*days)).unwrap_or(today).to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    /// Whether another day gives another value.
    pub fn moves(&self) -> bool {
        matches!(self, Self::DaysAgo(_))
    }
}

impl TryFrom<toml::Value> for When {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let Some(rest) = text.strip_prefix(TODAY).map(str::trim) else { return Ok(Self::Text(text)) };
        if rest.is_empty() {
            return Ok(Self::DaysAgo(0));
        }
        let days = rest.strip_prefix('-').and_then(|days| days.trim().parse().ok());
        days.map(Self::DaysAgo).ok_or_else(|| format!("\"{text}\" is no day: write today or today - 14"))
    }
}

impl From<When> for String {
    fn from(when: When) -> String {
        match when {
            When::DaysAgo(0) => TODAY.to_owned(),
            When::DaysAgo(days) => format!("{TODAY} - {days}"),
            When::Text(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_back_from_today() {
        let when = |text: &str| When::try_from(toml::Value::String(text.to_owned()));
        let today = NaiveDate::from_ymd_opt(2026, 3, 1).expect("a day");
        assert_eq!(when("today").expect("a day").on(today), "2026-03-01");
        assert_eq!(when("today - 1").expect("a day").on(today), "2026-02-28");
        assert_eq!(when("today-28").expect("a day").on(today), "2026-02-01");
        assert_eq!(when("math").expect("a text"), When::Text("math".to_owned()));
        assert!(when("today + 1").expect_err("refused").contains("today - 14"));
        assert_eq!(String::from(When::DaysAgo(3)), "today - 3");
    }
}
