//! Messages that wait to be committed together.
//!
//! Invariants: of one topic rule at most one commit is under way, and what arrives meanwhile makes the next; nothing waits longer
//! than `gather` once its rule is free; when the broker waits for us, nothing waits at all.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::link::{Delivery, Message};
use super::{FULL, MOST};
use crate::sources::records::Records;

/// Bytes that make a commit of their own.
const ENOUGH: usize = 4 << 20;

pub(super) struct Gathering {
    gather: Duration,
    /// So many unacknowledged messages the broker sends.
    in_flight: usize,
    waiting: BTreeMap<usize, Gathered>,
    busy: BTreeSet<usize>,
    /// Messages of this connection that are not acknowledged.
    open: usize,
}

/// Messages of one topic rule.
pub(super) struct Gathered {
    pub(super) records: Records,
    pub(super) deliveries: Vec<Delivery>,
    since: Instant,
}

impl Gathering {
    pub(super) fn new(gather: Duration, in_flight: usize) -> Self {
        Self { gather, in_flight: in_flight.max(1), waiting: BTreeMap::new(), busy: BTreeSet::new(), open: 0 }
    }

    pub(super) fn add(&mut self, rule: usize, message: Message) {
        let new = || Gathered { records: Records::default(), deliveries: Vec::new(), since: Instant::now() };
        let gathered = self.waiting.entry(rule).or_insert_with(new);
        gathered.records.add(&message.payload);
        gathered.deliveries.push(message.delivery);
        self.open += 1;
    }

    pub(super) fn has_room(&self) -> bool {
        self.open < MOST && self.waiting.values().map(|gathered| gathered.records.len()).sum::<usize>() < FULL
    }

    /// When the next commit is to be started.
    pub(super) fn due(&self) -> Option<Instant> {
        let free = self.waiting.iter().filter(|(rule, _)| !self.busy.contains(rule));
        free.map(|(_, gathered)| self.due_at(gathered)).min()
    }

    fn due_at(&self, gathered: &Gathered) -> Instant {
        let waits_for_us = self.open >= self.in_flight || gathered.records.len() >= ENOUGH;
        if waits_for_us { gathered.since } else { gathered.since + self.gather }
    }

    /// What is to be committed now, by topic rule; these are busy until [`Gathering::finished`].
    pub(super) fn take_due(&mut self) -> Vec<(usize, Gathered)> {
        let now = Instant::now();
        let due = |rule: &usize, gathered: &Gathered| !self.busy.contains(rule) && self.due_at(gathered) <= now;
        let rules: Vec<usize> =
            self.waiting.iter().filter(|(rule, gathered)| due(rule, gathered)).map(|(rule, _)| *rule).collect();
        self.busy.extend(&rules);
        rules.into_iter().filter_map(|rule| Some((rule, self.waiting.remove(&rule)?))).collect()
    }

    pub(super) fn finished(&mut self, rule: usize) {
        self.busy.remove(&rule);
    }

    /// It is not known which commits are under way: those that are may run beside others.
    pub(super) fn all_finished(&mut self) {
        self.busy.clear();
    }

    pub(super) fn acknowledged(&mut self, messages: usize) {
        self.open = self.open.saturating_sub(messages);
    }

    /// Drops what waits: it comes again.
    pub(super) fn forget(&mut self) {
        self.waiting.clear();
        self.open = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumqttc::mqttbytes::QoS;

    fn message() -> Message {
        let publish = rumqttc::Publish::new("t", QoS::AtLeastOnce, "");
        Message { topic: "t".to_owned(), payload: "{}".into(), delivery: Delivery::V3(publish) }
    }

    #[tokio::test]
    async fn messages_are_gathered_until_time_is_up_or_the_broker_waits() {
        let mut gathering = Gathering::new(Duration::from_secs(1), 3);
        assert!(gathering.due().is_none());
        gathering.add(0, message());
        gathering.add(0, message());
        assert!(gathering.due().is_some_and(|due| due > Instant::now()));
        assert!(gathering.take_due().is_empty());
        gathering.add(0, message());
        assert_eq!(gathering.take_due()[0].1.deliveries.len(), 3, "the broker sends no more before we acknowledge");
        gathering.add(0, message());
        assert!(gathering.due().is_none(), "one commit of a rule at a time");
        gathering.finished(0);
        gathering.acknowledged(3);
        assert!(gathering.take_due().is_empty());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(gathering.take_due().len(), 1);
    }

    #[tokio::test]
    async fn there_is_room_for_so_many_and_no_more() {
        let mut gathering = Gathering::new(Duration::ZERO, 20);
        (0..MOST).for_each(|_| gathering.add(0, message()));
        assert!(!gathering.has_room());
        gathering.forget();
        assert!(gathering.has_room());
    }
}
