//! A rule as its file says it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use xueqing_schema::Text;

use super::{Severity, Template, When};
use crate::bind::Request;

/// When to tell whom what about a figure.
#[derive(Clone, Debug, Serialize)]
pub struct Rule {
    /// `attendance/illness_cluster`
    pub name: String,
    pub title: Text,
    /// What it stands on, and what it leaves out.
    pub description: Text,
    /// The document or method that it follows.
    pub source: Text,
    pub enabled: bool,
    /// The one figure that it reads.
    pub figure: String,
    /// What the figure is grouped by.
    pub by: Vec<String>,
    /// The dimensions that make it the same alert; the others may change under it.
    pub subject: Vec<String>,
    /// The figure's parameters.
    pub params: BTreeMap<String, When>,
    /// Local time of day before which nothing is judged.
    pub after: Option<NaiveTime>,
    /// Conditions, the gravest first.
    pub levels: Vec<Level>,
    /// Why, with places for the row's values.
    pub reason: Text,
    /// So long after the condition held last it is still the same alert; then it is resolved.
    pub hold_hours: u32,
    /// Whom it is for.
    pub audience: Vec<Audience>,
    #[serde(skip)]
    pub words: Template,
}

/// A severity and when it holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    pub severity: Severity,
    /// An SQL expression over the figure's columns.
    pub when: String,
    /// Told in quiet hours too.
    #[serde(default)]
    pub at_night: bool,
}

/// Who has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Teachers of the class.
    Class,
    School,
    District,
    /// Those who run the system.
    Operator,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: Text,
    description: Text,
    source: Text,
    #[serde(default = "yes")]
    enabled: bool,
    figure: String,
    by: Vec<String>,
    subject: Option<Vec<String>>,
    #[serde(default)]
    params: BTreeMap<String, When>,
    after: Option<String>,
    levels: Vec<Level>,
    reason: Text,
    #[serde(default)]
    hold_hours: u32,
    audience: Vec<Audience>,
}

fn yes() -> bool {
    true
}

impl Rule {
    /// Reads one file; what it says of its figure is checked by [`super::check`].
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        let File { title, description, source, enabled, figure, by, subject, params, after, .. } = file;
        let time = |text: String| {
            NaiveTime::parse_from_str(&text, "%H:%M").map_err(|_| format!("after = \"{text}\" is no time of day: write 10:30"))
        };
        let words = Template::parse(&file.reason)?;
        let subject = subject.unwrap_or_else(|| by.clone());
        let mut levels = file.levels;
        levels.sort_by_key(|level| std::cmp::Reverse(level.severity));
        let after = after.map(time).transpose()?;
        let (reason, hold_hours, audience) = (file.reason, file.hold_hours, file.audience);
        let name = name.to_owned();
        Ok(Self {
            name,
            title,
            description,
            source,
            enabled,
            figure,
            by,
            subject,
            params,
            after,
            levels,
            reason,
            hold_hours,
            audience,
            words,
        })
    }

    /// What the figure is asked on that day.
    pub fn request(&self, today: NaiveDate) -> Request {
        let params = self.params.iter().map(|(name, when)| (name.clone(), when.on(today))).collect();
        Request { by: self.by.clone(), params }
    }

    /// How long it stays the same alert without its condition.
    pub fn hold(&self) -> Duration {
        Duration::from_secs(u64::from(self.hold_hours) * 60 * 60)
    }

    /// The first day that it looks at, when it has one; what changes before it does not matter.
    pub fn looks_back_to(&self, today: NaiveDate) -> Option<NaiveDate> {
        match self.params.get("from")? {
            When::DaysAgo(_) => self.params["from"].on(today).parse().ok(),
            When::Text(text) => text.parse().ok(),
        }
    }
}
