//! All alerts, folded from the entries of the record. Pure.
//!
//! Invariants: the same entries give the same book; entries of an alert that is not there any more (a person was erased) are passed
//! over; of a subject there is at most one open alert.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use xueqing_query::alert::{Audience, Severity};
use xueqing_schema::Text;

use crate::entry::{Entry, Event, Place, Raised};

/// The dimension that is kept apart.
pub(crate) const STUDENT: &str = "student";

/// One alert and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    pub id: String,
    pub rule: String,
    pub title: Text,
    pub severity: Severity,
    pub reason: Text,
    pub place: Place,
    pub audience: Vec<Audience>,
    /// The dimensions that make it this alert, a student's pseudonym included.
    pub subject: BTreeMap<String, String>,
    /// The figure's row.
    pub values: Map<String, Value>,
    /// Microseconds since 1970 (UTC), as all times here.
    pub raised: i64,
    pub resolved: Option<i64>,
    pub acknowledged: Option<Acknowledged>,
    /// What there was to tell, the latest last.
    pub notices: Vec<Notice>,
    pub deliveries: Vec<Delivery>,
    /// Since when its condition has not held. Not recorded: after a restart the time begins anew.
    #[serde(skip)]
    pub(crate) absent: Option<i64>,
}

/// Who has taken note of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Acknowledged {
    pub at: i64,
    pub who: String,
    pub note: String,
}

/// Something to tell about an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Notice {
    pub kind: NoticeKind,
    pub severity: Severity,
    pub at: i64,
    pub at_night: bool,
}

/// Why it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    Raised,
    Escalated,
    Resolved,
}

/// How one notice got to one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    pub receiver: String,
    /// Which of the alert's notices.
    pub notice: usize,
    pub state: DeliveryState,
    /// The last attempt.
    pub at: i64,
    pub attempts: u32,
    /// What the last attempt failed with.
    pub error: Option<String>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Delivered,
    /// It is tried again.
    Failed,
    GivenUp,
}

impl Alert {
    pub fn is_open(&self) -> bool {
        self.resolved.is_none()
    }

    /// How the notice got to a receiver, if it was tried.
    pub(crate) fn delivery(&self, receiver: &str, notice: usize) -> Option<&Delivery> {
        self.deliveries.iter().find(|one| one.receiver == receiver && one.notice == notice)
    }

    fn begin(id: &str, at: i64, student: Option<&String>, raised: Raised) -> Self {
        let Raised { rule, title, severity, at_night, audience, mut subject, place, reason, values } = raised;
        subject.extend(student.map(|student| (STUDENT.to_owned(), student.clone())));
        let notices = vec![Notice { kind: NoticeKind::Raised, severity, at, at_night }];
        let id = id.to_owned();
        Self {
            id,
            rule,
            title,
            severity,
            reason,
            place,
            audience,
            subject,
            values,
            raised: at,
            resolved: None,
            acknowledged: None,
            notices,
            deliveries: Vec::new(),
            absent: None,
        }
    }

    fn take(&mut self, at: i64, event: Event) {
        match event {
            Event::Raised(_) => {}
            Event::Changed { severity, at_night, reason, values } => {
                if severity > self.severity {
                    self.notices.push(Notice { kind: NoticeKind::Escalated, severity, at, at_night });
                }
                (self.severity, self.reason, self.values) = (severity, reason, values);
            }
            Event::Resolved => {
                self.resolved = Some(at);
                self.notices.push(Notice { kind: NoticeKind::Resolved, severity: self.severity, at, at_night: false });
            }
            Event::Acknowledged { who, note } => self.acknowledged = Some(Acknowledged { at, who, note }),
            Event::Delivered { receiver, notice } => self.tried(at, receiver, notice, DeliveryState::Delivered, None),
            Event::Failed { receiver, notice, error } => {
                self.tried(at, receiver, notice, DeliveryState::Failed, Some(error));
            }
            Event::GivenUp { receiver, notice } => {
                if let Some(delivery) = self.deliveries.iter_mut().find(|one| one.receiver == receiver && one.notice == notice) {
                    delivery.state = DeliveryState::GivenUp;
                }
            }
        }
    }

    fn tried(&mut self, at: i64, receiver: String, notice: usize, state: DeliveryState, error: Option<String>) {
        let place = self.deliveries.iter().position(|one| one.receiver == receiver && one.notice == notice);
        match place.and_then(|place| self.deliveries.get_mut(place)) {
            Some(known) => {
                (known.at, known.state, known.error) = (at, state, error);
                known.attempts += 1;
            }
            None => self.deliveries.push(Delivery { receiver, notice, state, at, attempts: 1, error }),
        }
    }
}

/// The alerts by their numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Book {
    alerts: BTreeMap<u64, Alert>,
}

impl Book {
    /// Takes an entry in.
    pub(crate) fn add(&mut self, entry: Entry) {
        let Entry { at, alert, student, event } = entry;
        let Ok(number) = alert.parse() else { return };
        match event {
            Event::Raised(raised) => {
                self.alerts.entry(number).or_insert_with(|| Alert::begin(&alert, at, student.as_ref(), *raised));
            }
            event => {
                if let Some(known) = self.alerts.get_mut(&number) {
                    known.take(at, event);
                }
            }
        }
    }

    /// In the order in which they were raised.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &Alert> {
        self.alerts.values()
    }

    pub(crate) fn open(&self) -> impl Iterator<Item = &Alert> {
        self.all().filter(|alert| alert.is_open())
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Alert> {
        self.alerts.get(&id.parse().ok()?)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Alert> {
        self.alerts.get_mut(&id.parse().ok()?)
    }
}
