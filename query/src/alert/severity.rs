//! How grave an alert is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use xueqing_schema::Text;

/// From what is good to know to what must be acted on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

impl Severity {
    pub const ALL: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The word for people.
    pub fn title(self) -> Text {
        match self {
            Self::Info => Text::new("提醒", "Notice"),
            Self::Warning => Text::new("预警", "Warning"),
            Self::Critical => Text::new("紧急", "Urgent"),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|severity| severity.name() == text);
        found.ok_or_else(|| format!("\"{text}\" is no severity: use info, warning or critical"))
    }
}
