//! The handle: what rules find is judged, recorded, listed, acknowledged and delivered through it. Clones share it.
//!
//! Invariants: the book is what the record says; entries are decided and appended under the lake's writer lock, after what other
//! processes have added was taken in, so that two of them raise nothing twice.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use serde::Serialize;
use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinHandle;
use xueqing_lake::Lake;
use xueqing_pipeline::Clock;
use xueqing_query::alert::{Finding, Rule, Rules, Severity};
use xueqing_query::{Engine, Request, Scope, format};
use xueqing_schema::{Standard, Text};

use crate::book::{Alert, Book};
use crate::decide::{Said, decide, entry, expired};
use crate::entry::{Entry, Event, Place};
use crate::message::Message;
use crate::outbox::{self, Due, Patience};
use crate::record::Record;
use crate::send::Sender;
use crate::words::{self, Names};
use crate::{Error, Filter, Receiver, Result};

/// The figure with the names of schools and classes.
const DIRECTORY: &str = "directory/classes";
const LONGEST_NAME: usize = 64;
const LONGEST_NOTE: usize = 500;
/// Between two attempts to record what was delivered.
const AGAIN: Duration = Duration::from_secs(5);

/// What alerts are opened with.
pub struct Setup {
    pub lake: Lake,
    pub engine: Engine,
    pub rules: Rules,
    pub standard: Arc<Standard>,
    pub receivers: Vec<Receiver>,
    /// The district's zone: of the school day, of rules' times of day, of quiet hours.
    pub timezone: Tz,
    pub clock: Clock,
    /// Where the dashboard is, for links in messages.
    pub page: Option<String>,
    pub options: Options,
}

/// How patient everything is.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long a changed figure rests before its rules are evaluated.
    pub settle: Duration,
    /// How often it is looked whether time itself has changed something.
    pub tick: Duration,
    /// How long the first notice waits for others to go with it.
    pub gather: Duration,
    pub first_retry: Duration,
    pub longest_retry: Duration,
    pub attempts: u32,
    /// How long a receiver may take.
    pub timeout: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(2),
            tick: Duration::from_secs(60),
            gather: Duration::from_secs(10),
            first_retry: Duration::from_secs(30),
            longest_retry: Duration::from_secs(60 * 60),
            attempts: 10,
            timeout: None,
        }
    }
}

/// What a rule would tell now.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    pub rule: String,
    pub severity: Severity,
    pub place: Place,
    pub reason: Text,
    /// The number of the open alert that it is, if it is one already.
    pub alert: Option<String>,
}

/// The alerts of one district.
#[derive(Clone)]
pub struct Alerts {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) setup: Setup,
    record: Record,
    sender: Sender,
    book: RwLock<Book>,
    /// The version of the record that the book is of; held while entries are added.
    writing: Mutex<i64>,
    changed: watch::Sender<u64>,
    /// There may be something to deliver.
    pub(crate) wake: Notify,
    pub(crate) stopping: watch::Sender<bool>,
    pub(crate) tasks: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl Alerts {
    /// Reads the record, or begins one.
    ///
    /// # Errors
    /// A receiver that nothing could be delivered to; what the lake says.
    pub async fn open(setup: Setup) -> Result<Self> {
        setup.receivers.iter().try_for_each(Receiver::check)?;
        let record = Record::open(&setup.lake).await?;
        let version = record.refresh().await?;
        let book = RwLock::new(record.read().await?);
        let refused = |reason| Error::Receiver { name: "all".to_owned(), reason };
        let sender = Sender::new(setup.options.timeout).map_err(refused)?;
        let (changed, stopping) = (watch::channel(0).0, watch::channel(false).0);
        let (writing, wake, tasks) = (Mutex::new(version), Notify::new(), std::sync::Mutex::default());
        Ok(Self { inner: Arc::new(Inner { setup, record, sender, book, writing, changed, wake, stopping, tasks }) })
    }

    /// What a record says, without anything that evaluates or delivers; nothing when there is none.
    ///
    /// # Errors
    /// What the lake says.
    pub async fn recorded(lake: &Lake, filter: &Filter) -> Result<Vec<Alert>> {
        let Some(record) = Record::existing(lake).await? else { return Ok(Vec::new()) };
        record.refresh().await?;
        Ok(record.read().await?.all().rev().filter(|alert| filter.wants(alert)).cloned().collect())
    }

    /// The rules in force, those switched off included.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.inner.setup.rules
    }

    /// Goes up whenever an alert has changed.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    /// The alerts that a filter leaves, the newest first.
    #[must_use]
    pub fn list(&self, filter: &Filter) -> Vec<Alert> {
        self.book().all().rev().filter(|alert| filter.wants(alert)).cloned().collect()
    }

    /// Takes note of an alert. The first who does stays; doing it again changes nothing.
    ///
    /// # Errors
    /// `unknown_alert`, `alert_resolved`, `bad_acknowledgement`; what the lake says.
    pub async fn acknowledge(&self, id: &str, who: &str, note: &str) -> Result<Alert> {
        let (who, note) = (who.trim(), note.trim());
        if who.is_empty() || who.chars().count() > LONGEST_NAME || note.chars().count() > LONGEST_NOTE {
            return Err(Error::Who);
        }
        let now = self.now();
        let checked = |book: &Book| match book.get(id) {
            None => Err(Error::UnknownAlert { id: id.to_owned() }),
            Some(alert) if alert.acknowledged.is_some() => Ok(Vec::new()),
            Some(alert) if !alert.is_open() => Err(Error::Resolved { id: id.to_owned() }),
            Some(_) => {
                let event = Event::Acknowledged { who: who.to_owned(), note: note.to_owned() };
                Ok(vec![entry(id.to_owned(), now, event)])
            }
        };
        let mut outcome = Ok(());
        let decided = |book: &Book, _| {
            checked(book).unwrap_or_else(|error| {
                outcome = Err(error);
                Vec::new()
            })
        };
        self.commit(decided).await?;
        outcome?;
        self.book().get(id).cloned().ok_or_else(|| Error::UnknownAlert { id: id.to_owned() })
    }

    /// Evaluates one rule and records what is new.
    ///
    /// # Errors
    /// Those of the rule's figure and of the lake; what was open stays open.
    pub async fn judge(&self, rule: &Rule) -> Result<()> {
        let now = self.now();
        let said = self.said(rule, self.local(now).date_naive()).await?;
        let mut decision = decide(&self.book(), rule, said.clone(), now, 0);
        if !decision.entries.is_empty() {
            let decided = |book: &Book, next| {
                decision = decide(book, rule, said, now, next);
                std::mem::take(&mut decision.entries)
            };
            self.commit(decided).await?;
        }
        let mut book = self.book_mut();
        for (id, said) in decision.kept {
            if let Some(alert) = book.get_mut(&id) {
                (alert.absent, alert.reason, alert.values) = (None, said.reason, said.finding.values);
                alert.values.remove(crate::book::STUDENT);
            }
        }
        for id in decision.absent {
            if let Some(alert) = book.get_mut(&id) {
                alert.absent.get_or_insert(now);
            }
        }
        Ok(())
    }

    /// Resolves what has not been found for long enough, or whose rule is gone.
    ///
    /// # Errors
    /// What the lake says.
    pub async fn resolve(&self) -> Result<()> {
        let now = self.now();
        let rules: BTreeMap<&str, &Rule> = self.rules().enabled().map(|rule| (rule.name.as_str(), &**rule)).collect();
        if expired(&self.book(), &rules, now).is_empty() {
            return Ok(());
        }
        self.commit(|book, _| expired(book, &rules, now)).await
    }

    /// What every rule would tell now; nothing is recorded.
    ///
    /// # Errors
    /// Those of the figures.
    pub async fn check(&self, rules: &[Arc<Rule>]) -> Result<Vec<Checked>> {
        let today = self.local(self.now()).date_naive();
        let mut all = Vec::new();
        for rule in rules {
            let said = self.said(rule, today).await?;
            let book = self.book();
            all.extend(said.into_iter().map(|one| {
                let open = book.open().find(|alert| alert.rule == rule.name && alert.subject == one.finding.subject);
                let (rule, severity) = (rule.name.clone(), one.finding.level.severity);
                Checked { rule, severity, place: one.place, reason: one.reason, alert: open.map(|alert| alert.id.clone()) }
            }));
        }
        Ok(all)
    }

    /// Sends what a receiver is due, once; the moment at which to look again.
    /// What was sent is recorded before it returns, however long that takes.
    pub async fn deliver(&self, receiver: &Receiver) -> Option<i64> {
        let Setup { options, timezone, page, .. } = &self.inner.setup;
        let (patience, now) = (options.patience(), self.now());
        let (message, told) = match outbox::due(&self.book(), receiver, patience, *timezone, now) {
            Due::Nothing => return None,
            Due::Later(at) => return Some(at),
            Due::Now(items) => {
                let message = Message::of(&receiver.name, &items, receiver.english, page.as_deref());
                let told = items.iter().map(|item| (item.alert.id.clone(), item.number, item.failed)).collect::<Vec<_>>();
                (message, told)
            }
        };
        let failure = self.inner.sender.send(receiver, &message, now).await.err();
        if let Some(reason) = &failure {
            tracing::warn!(receiver = receiver.name, reason, alerts = told.len(), "an alert was not delivered");
        }
        let entries = outcome(receiver, &told, failure.as_deref(), patience.attempts, self.now());
        while let Err(error) = self.commit(|_, _| entries.clone()).await {
            tracing::error!(code = error.code(), %error, "a delivery could not be recorded: it is tried again");
            tokio::time::sleep(AGAIN).await;
        }
        Some(now)
    }

    /// Takes in what other processes have recorded.
    pub(crate) async fn follow(&self) -> Result<()> {
        let mut version = self.inner.writing.lock().await;
        self.catch_up(&mut version).await
    }

    pub(crate) fn now(&self) -> i64 {
        (self.inner.setup.clock)()
    }

    pub(crate) fn local(&self, micros: i64) -> DateTime<Tz> {
        DateTime::from_timestamp_micros(micros).unwrap_or_default().with_timezone(&self.inner.setup.timezone)
    }

    /// Appends what is decided over the newest book, and tells who watches.
    async fn commit(&self, decided: impl FnOnce(&Book, i64) -> Vec<Entry>) -> Result<()> {
        let mut version = self.inner.writing.lock().await;
        let writer = self.inner.record.lock().await?;
        self.catch_up(&mut version).await?;
        let entries = decided(&self.book(), self.inner.record.next());
        if entries.is_empty() {
            return Ok(());
        }
        *version = self.inner.record.append(&entries).await?;
        entries.into_iter().for_each(|entry| self.book_mut().add(entry));
        drop(writer);
        self.tell();
        match self.inner.record.tidy().await {
            Ok(tidied) => *version = tidied,
            Err(error) => tracing::warn!(code = error.code(), %error, "the record of alerts was not tidied"),
        }
        Ok(())
    }

    async fn catch_up(&self, version: &mut i64) -> Result<()> {
        let newest = self.inner.record.refresh().await?;
        if newest != *version {
            let mut book = self.inner.record.read().await?;
            for alert in self.book().open() {
                if let Some(same) = book.get_mut(&alert.id) {
                    same.absent = alert.absent;
                }
            }
            *self.book_mut() = book;
            *version = newest;
            self.tell();
        }
        Ok(())
    }

    fn tell(&self) {
        self.inner.changed.send_modify(|count| *count += 1);
        self.inner.wake.notify_waiters();
    }

    async fn said(&self, rule: &Rule, today: NaiveDate) -> Result<Vec<Said>> {
        let Setup { engine, standard, .. } = &self.inner.setup;
        let found = engine.findings(rule, today, &Scope::District).await?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let directory = engine.run(DIRECTORY, Request::default(), &Scope::District).await?;
        let names = Names::of(&format::json_rows(&directory)?);
        let metric = engine.metric(&rule.figure)?;
        let day = today.to_string();
        let said = |finding: Finding| {
            let place = names.place(&finding.subject);
            let reason = words::reason(rule, metric, standard, &place, &finding, &day);
            Said { finding, place, reason }
        };
        Ok(found.into_iter().map(said).collect())
    }

    fn book(&self) -> RwLockReadGuard<'_, Book> {
        self.inner.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn book_mut(&self) -> RwLockWriteGuard<'_, Book> {
        self.inner.book.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Options {
    fn patience(&self) -> Patience {
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        Patience {
            gather: seconds(self.gather),
            first: seconds(self.first_retry),
            longest: seconds(self.longest_retry),
            attempts: self.attempts,
        }
    }
}

/// What is recorded of one attempt.
fn outcome(receiver: &Receiver, told: &[(String, usize, u32)], failure: Option<&str>, attempts: u32, at: i64) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (alert, notice, failed) in told {
        let (receiver, notice) = (receiver.name.clone(), *notice);
        let event = match failure {
            None => Event::Delivered { receiver: receiver.clone(), notice },
            Some(error) => Event::Failed { receiver: receiver.clone(), notice, error: error.to_owned() },
        };
        entries.push(entry(alert.clone(), at, event));
        if failure.is_some() && failed + 1 >= attempts {
            entries.push(entry(alert.clone(), at, Event::GivenUp { receiver, notice }));
        }
    }
    entries
}
