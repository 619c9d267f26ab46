//! Reports over published figures: one self-contained HTML page and one workbook, in either language.
//!
//! ```text
//!   plan (what is asked) ──► the caller asks the engine ──► Told ──► findings ─┐
//!                                                            │                 ├──► page (HTML, chart: SVG) | book (XLSX, its own charts)
//!                                                            └─────────────────┘
//! ```
//!
//! Promises: pure – answers in, bytes out; every number is that of a figure, with the call that gives it printed beside it; what the
//! figures withhold or cannot say is said, never shown as zero; units come in the order of their codes, and nothing is ranked.

mod appendix;
mod book;
mod book_chart;
mod chart;
mod findings;
mod page;
mod plan;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use xueqing_query::policy::recent::Recent;
use xueqing_query::{AnswerColumn, Metric};
use xueqing_schema::{CodeSet, Text};

pub use book::workbook;
pub use page::html;
pub use plan::{Asked, PLAN, WHOLE};
pub use words::Language;

/// A report before it is written.
pub struct Report {
    pub title: Text,
    /// Whose figures these are.
    pub scope: Text,
    /// The term that was asked for; its days are those below.
    pub term: Option<String>,
    /// First and last day, as they were asked for.
    pub from: Option<String>,
    pub to: Option<String>,
    /// When it was made.
    pub made_at: String,
    /// In the order of the plan.
    pub told: Vec<Told>,
    /// The same over the whole scope, for the findings.
    pub whole: Vec<Told>,
    /// The last weeks against the weeks before them, where there is any homework.
    pub change: Option<Change>,
    /// The limits that figures are held against.
    pub limits: Vec<Arc<CodeSet>>,
    pub names: Names,
}

/// What was asked, and the answer or why there is none.
pub struct Told {
    pub asked: &'static Asked,
    pub answer: Result<Found, String>,
}

/// One answer of the engine.
pub struct Found {
    pub metric: Arc<Metric>,
    /// The address that gives the same numbers.
    pub call: String,
    pub columns: Vec<AnswerColumn>,
    pub by: Vec<String>,
    pub rows: Vec<Map<String, Value>>,
    /// The version of each table that was read.
    pub as_of: BTreeMap<String, i64>,
}

/// How the load of the last weeks differs from that of the weeks before, or why it cannot be told.
pub struct Change {
    /// The address that gives the same numbers.
    pub call: String,
    pub recent: Result<Recent, String>,
}

/// The titles of codes, by dimension.
#[derive(Default)]
pub struct Names(pub BTreeMap<(String, String), Text>);

impl Names {
    fn of(&self, dimension: &str, code: &str, language: Language) -> String {
        let found = self.0.get(&(dimension.to_owned(), code.to_owned()));
        found.map_or_else(|| code.to_owned(), |text| language.of(text).to_owned())
    }
}

impl Found {
    /// The rows that are not withheld.
    fn shown(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.rows.iter().filter(|row| row.get("suppressed") != Some(&Value::Bool(true)))
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Report {
    fn found(&self, key: &str) -> Option<&Found> {
        of(&self.told, key)
    }

    /// The one row over the whole scope.
    fn whole(&self, key: &str) -> Option<&Found> {
        of(&self.whole, key)
    }

    fn span(&self, language: Language) -> String {
        let days = match (&self.from, &self.to) {
            (None, None) => language.say(("全部日期", "all days")).to_owned(),
            (from, to) => format!("{} – {}", from.as_deref().unwrap_or("…"), to.as_deref().unwrap_or("…")),
        };
        self.term.as_ref().map_or_else(|| days.clone(), |term| format!("{term}{}", language.bracketed(&days)))
    }
}

fn of<'a>(told: &'a [Told], key: &str) -> Option<&'a Found> {
    told.iter().find(|told| told.asked.key == key)?.answer.as_ref().ok()
}
