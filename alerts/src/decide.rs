//! From what a rule finds and the alerts that are open to what is to be recorded. Pure.
//!
//! Promises: a subject that has an open alert gets no second one; what is found again unchanged is kept and costs nothing; an alert
//! is resolved only after its rule's hold.

use std::collections::{BTreeMap, BTreeSet};

use xueqing_query::alert::{Finding, Rule};
use xueqing_schema::Text;

use crate::book::{Alert, Book, STUDENT};
use crate::entry::{Entry, Event, Place, Raised};

/// What a round of one rule comes to.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Decision {
    /// What is recorded.
    pub entries: Vec<Entry>,
    /// What is kept: the alerts' numbers with what is said of them now.
    pub kept: Vec<(String, Said)>,
    /// The open alerts that were not found.
    pub absent: Vec<String>,
}

/// A finding with its words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub finding: Finding,
    pub place: Place,
    pub reason: Text,
}

/// What to do about what `rule` found. New alerts are numbered from `next` on, by their place among the entries.
pub(crate) fn decide(book: &Book, rule: &Rule, found: Vec<Said>, now: i64, next: i64) -> Decision {
    let mut open: BTreeMap<&BTreeMap<String, String>, &Alert> =
        book.open().filter(|alert| alert.rule == rule.name).map(|alert| (&alert.subject, alert)).collect();
    let mut decision = Decision::default();
    for said in gravest(found) {
        match open.remove(&said.finding.subject) {
            None => {
                let number = next + i64::try_from(decision.entries.len()).unwrap_or_default();
                decision.entries.push(raised(rule, said, now, number));
            }
            Some(alert) if alert.severity != said.finding.level.severity => decision.entries.push(changed(alert, said, now)),
            Some(alert) => decision.kept.push((alert.id.clone(), said)),
        }
    }
    decision.absent = open.into_values().map(|alert| alert.id.clone()).collect();
    decision
}

/// The alerts whose condition has not held for as long as their rule waits, or whose rule is gone.
pub(crate) fn expired(book: &Book, rules: &BTreeMap<&str, &Rule>, now: i64) -> Vec<Entry> {
    let over = |alert: &&Alert| match rules.get(alert.rule.as_str()) {
        None => true,
        Some(rule) => {
            let hold = i64::try_from(rule.hold().as_micros()).unwrap_or(i64::MAX);
            alert.absent.is_some_and(|since| now.saturating_sub(since) >= hold)
        }
    };
    book.open().filter(over).map(|alert| entry(alert.id.clone(), now, Event::Resolved)).collect()
}

/// One finding for each subject, in the order of their first.
fn gravest(found: Vec<Said>) -> Vec<Said> {
    let mut order: Vec<Said> = Vec::with_capacity(found.len());
    let mut places: BTreeMap<BTreeMap<String, String>, usize> = BTreeMap::new();
    for said in found {
        match places.get(&said.finding.subject) {
            Some(&place) if order[place].finding.level.severity >= said.finding.level.severity => {}
            Some(&place) => order[place] = said,
            None => {
                places.insert(said.finding.subject.clone(), order.len());
                order.push(said);
            }
        }
    }
    order
}

fn raised(rule: &Rule, said: Said, now: i64, number: i64) -> Entry {
    let Said { finding, place, reason } = said;
    let mut subject = finding.subject;
    let student = subject.remove(STUDENT);
    let mut values = finding.values;
    values.remove(STUDENT);
    let raised = Raised {
        rule: rule.name.clone(),
        title: rule.title.clone(),
        severity: finding.level.severity,
        at_night: finding.level.at_night,
        audience: rule.audience.iter().copied().collect::<BTreeSet<_>>().into_iter().collect(),
        subject,
        place,
        reason,
        values,
    };
    Entry { at: now, alert: number.to_string(), student, event: Event::Raised(Box::new(raised)) }
}

fn changed(alert: &Alert, said: Said, now: i64) -> Entry {
    let mut values = said.finding.values;
    values.remove(STUDENT);
    let level = said.finding.level;
    let event = Event::Changed { severity: level.severity, at_night: level.at_night, reason: said.reason, values };
    entry(alert.id.clone(), now, event)
}

pub(crate) fn entry(alert: String, at: i64, event: Event) -> Entry {
    Entry { at, alert, student: None, event }
}
