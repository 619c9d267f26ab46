//! When rules are evaluated and receivers told: the thin loops around everything that decides.
//!
//! Promises: a rule whose figure did not change is not evaluated again, unless the day it is asked about has; all rules together take
//! a small part of the time at most, for one follows another after a rest that is longer the longer the first took, the one that has
//! waited longest next; a receiver that does not answer holds up no other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::{Days, NaiveDate, NaiveTime};
use futures::future::join_all;
use tokio::time::{Instant, sleep, timeout};
use xueqing_pipeline::{Change, Rollups};
use xueqing_query::alert::Rule;
use xueqing_schema::time;

use crate::{Alerts, Receiver};

/// A rule that was evaluated asks for so many times as long of rest for all.
const REST: u32 = 8;
/// So much rest may be owed: a few quick rules are evaluated at once.
const OWED: Duration = Duration::from_secs(20);
/// Figures look a little further back than a rule says.
const MARGIN: Days = Days::new(7);
/// A receiver is looked after at least so often.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// How long the last deliveries may take when everything stops.
const LAST_WORDS: Duration = Duration::from_secs(15);

/// What is known of a rule's last evaluation.
#[derive(Debug, Clone)]
struct Seen {
    /// Its figure has changed since.
    stale: bool,
    /// What its figure was asked.
    params: Option<BTreeMap<String, String>>,
    at: Instant,
}

impl Seen {
    /// Whether it is time: something is new, and the rule's time of day has come.
    fn wants(&self, rule: &Rule, today: NaiveDate, time: NaiveTime) -> bool {
        let asked = rule.request(today).params;
        let new = self.stale || self.params.as_ref() != Some(&asked);
        new && rule.after.is_none_or(|after| time >= after)
    }
}

impl Alerts {
    /// Begins to watch and to deliver; ends with [`Alerts::stop`].
    pub fn start(&self, rollups: Arc<Rollups>) {
        let mut tasks = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let watching = self.clone();
        tasks.push(tokio::spawn(async move {
            let mut stopping = watching.inner.stopping.subscribe();
            tokio::select! {
                () = watching.watch_figures(&rollups) => {}
                _ = stopping.wait_for(|stopping| *stopping) => {}
            }
        }));
        for receiver in self.inner.setup.receivers.clone() {
            let delivering = self.clone();
            tasks.push(tokio::spawn(async move { delivering.look_after(&receiver).await }));
        }
    }

    /// Ends watching and delivering; what is on its way is recorded. What has not been delivered is, after the next start.
    pub async fn stop(&self) {
        self.inner.stopping.send_replace(true);
        let tasks = std::mem::take(&mut *self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        if timeout(LAST_WORDS, join_all(tasks)).await.is_err() {
            tracing::warn!("a receiver of alerts is still being told; it may be told again after the next start");
        }
    }

    async fn watch_figures(&self, rollups: &Rollups) {
        let mut moments = rollups.live().watch();
        let mut told = *moments.borrow_and_update();
        // When the rest that was asked for would be over.
        let mut rested = Instant::now();
        let fresh = Seen { stale: true, params: None, at: rested };
        let rules: Vec<Arc<Rule>> = self.rules().enabled().cloned().collect();
        let mut seen = vec![fresh; rules.len()];
        let options = &self.inner.setup.options;
        loop {
            let began = Instant::now();
            if rested <= began + OWED {
                self.round(&rules, &mut seen).await;
                rested = rested.max(began) + began.elapsed() * REST;
            }
            let local = self.local(self.now());
            let waiting = rules.iter().zip(&seen).any(|(rule, seen)| seen.wants(rule, local.date_naive(), local.time()));
            let rest = rested.duration_since(Instant::now() + OWED);
            let pause = if waiting { rest.min(options.tick) } else { options.tick };
            // A look after the tick at the latest: time itself may have changed something.
            let changed = timeout(pause, moments.changed()).await;
            if let Ok(Ok(())) = changed {
                sleep(options.settle).await;
            }
            moments.borrow_and_update();
            match rollups.live().since(told) {
                None => seen.iter_mut().for_each(|one| one.stale = true),
                Some(changes) => self.mark(&rules, &mut seen, &changes),
            }
            told = *moments.borrow();
        }
    }

    /// Evaluates the rule that is due and has waited longest; resolves what is over.
    async fn round(&self, rules: &[Arc<Rule>], seen: &mut [Seen]) {
        let local = self.local(self.now());
        let due = rules.iter().zip(seen).filter(|(rule, seen)| seen.wants(rule, local.date_naive(), local.time()));
        if let Some((rule, seen)) = due.min_by_key(|(_, seen)| seen.at) {
            match self.judge(rule).await {
                Ok(()) => (seen.stale, seen.params) = (false, Some(rule.request(local.date_naive()).params)),
                Err(error) => {
                    tracing::warn!(rule = rule.name, code = error.code(), %error, "a rule could not be evaluated: it is tried again later");
                }
            }
            seen.at = Instant::now();
        }
        if let Err(error) = async { self.follow().await.and(self.resolve().await) }.await {
            tracing::warn!(code = error.code(), %error, "alerts could not be looked through: it is tried again later");
        }
    }

    /// Marks the rules whose figures have changed on days that they look at.
    fn mark(&self, rules: &[Arc<Rule>], seen: &mut [Seen], changes: &[Arc<Change>]) {
        let today = self.local(self.now()).date_naive();
        for (day, touch) in changes.iter().flat_map(|change| &change.days) {
            let figures: BTreeSet<&str> = self.inner.setup.engine.reading(&touch.tables).collect();
            for (rule, seen) in rules.iter().zip(seen.iter_mut()) {
                let before = rule.looks_back_to(today).and_then(|from| from.checked_sub_days(MARGIN));
                let in_sight = before.is_none_or(|before| time::date(*day) >= before);
                seen.stale |= in_sight && figures.contains(rule.figure.as_str());
            }
        }
    }

    async fn look_after(&self, receiver: &Receiver) {
        let mut stopping = self.inner.stopping.subscribe();
        while !*stopping.borrow_and_update() {
            // Before looking, so that nothing that comes meanwhile is missed.
            let woken = self.inner.wake.notified();
            let pause = match self.deliver(receiver).await {
                None => LONGEST_SLEEP,
                Some(at) => Duration::from_micros(u64::try_from(at - self.now()).unwrap_or_default()).min(LONGEST_SLEEP),
            };
            if !pause.is_zero() {
                tokio::select! {
                    _ = timeout(pause, woken) => {}
                    _ = stopping.changed() => {}
                }
            }
        }
    }
}
