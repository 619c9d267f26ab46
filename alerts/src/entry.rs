//! What happened to alerts, one entry each: the only thing that is written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use xueqing_query::alert::{Audience, Severity};
use xueqing_schema::Text;

/// One entry of the record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// Microseconds since 1970 (UTC).
    pub at: i64,
    /// The alert's number.
    pub alert: String,
    /// The student that it is about, apart from everything else, so that a person's rows can be found and erased.
    pub student: Option<String>,
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    Raised(Box<Raised>),
    /// It has become graver, or less so.
    Changed {
        severity: Severity,
        at_night: bool,
        reason: Text,
        values: Map<String, Value>,
    },
    Resolved,
    Acknowledged {
        who: String,
        note: String,
    },
    Delivered {
        receiver: String,
        notice: usize,
    },
    Failed {
        receiver: String,
        notice: usize,
        error: String,
    },
    GivenUp {
        receiver: String,
        notice: usize,
    },
}

/// What an alert is when it begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Raised {
    pub rule: String,
    pub title: Text,
    pub severity: Severity,
    pub at_night: bool,
    pub audience: Vec<Audience>,
    /// Without the student.
    pub subject: BTreeMap<String, String>,
    pub place: Place,
    pub reason: Text,
    pub values: Map<String, Value>,
}

/// Where it is, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub school: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub school_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub class_name: Option<String>,
}

impl Event {
    /// Its stable name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Raised(_) => "raised",
            Self::Changed { .. } => "changed",
            Self::Resolved => "resolved",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Delivered { .. } => "delivered",
            Self::Failed { .. } => "failed",
            Self::GivenUp { .. } => "given_up",
        }
    }
}
