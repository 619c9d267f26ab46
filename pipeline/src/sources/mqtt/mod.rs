//! MQTT, versions 3.1.1 and 5: gate readers, class boards, clickers.
//!
//! Promises:
//! - A message is acknowledged (PUBACK) only after the commit that holds it, on the connection that brought it. What is cut off
//!   before that, the broker sends again; keys and revisions make that harmless.
//! - Many messages make one commit: they are gathered for a short time, or until the broker waits for us.
//! - What is no record of its kind goes to quarantine by the usual way, and is acknowledged after that commit.
//! - At most [`MOST`] messages, or [`FULL`] bytes and one message more, wait here; beyond this nothing is read from the broker.
//!
//! ```text
//! broker ─▶ Events ─▶ Gathering, by topic rule ─▶ Ingest ─ commit ─▶ Client::ack ─▶ broker
//! ```

mod gather;
mod link;
mod options;
mod topic;

use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

use super::Desk;
use super::backoff::Backoff;
use super::submit::{Batch, submit};
use gather::Gathering;
use link::{Client, Delivery, Event, Message};
pub use options::{MqttOptions, Version};
pub use topic::TopicRule;

/// Messages that may be waiting for their commit.
const MOST: usize = 10_000;
/// Bytes of messages that may be gathered.
const FULL: usize = 32 << 20;
/// The largest message.
const LARGEST: usize = 64 << 20;
/// Waits between attempts to connect.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A door that is set up and not yet open.
pub(super) struct Mqtt {
    options: MqttOptions,
    place: String,
    client: Client,
    events: link::Events,
}

impl Mqtt {
    pub(super) fn new(options: MqttOptions, standard: &xueqing_schema::Standard) -> Result<Self, String> {
        let broker = options.check(standard)?;
        let (client, events) = link::open(&options, &broker)?;
        Ok(Self { place: format!("the broker {}:{}", broker.host, broker.port), options, client, events })
    }

    /// Takes messages until told to stop.
    pub(super) async fn run(self, desk: Desk) {
        let Self { options, place, client, mut events } = self;
        let gathering = Gathering::new(options.gather, options.in_flight);
        let mut door = Door {
            desk,
            options,
            place,
            client,
            gathering,
            work: JoinSet::new(),
            unsent: VecDeque::new(),
            connection: 0,
            refused: None,
        };
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        while let Some(event) = door.next(&mut events).await {
            match event {
                Ok(Event::Connected) => door.subscribe(),
                Ok(Event::Subscribed(granted)) => {
                    backoff.reset();
                    door.subscribed(&granted);
                }
                Ok(Event::Message(message)) => door.take(*message),
                Ok(Event::Other) => {}
                Err(reason) => {
                    door.lost(&reason);
                    door.pause(backoff.wait(&door.desk.chance)).await;
                }
            }
        }
    }
}

/// What was committed, and what to tell the broker then.
struct Committed {
    rule: usize,
    connection: u64,
    deliveries: Vec<Delivery>,
    done: bool,
}

struct Door {
    desk: Desk,
    options: MqttOptions,
    place: String,
    client: Client,
    gathering: Gathering,
    work: JoinSet<Committed>,
    /// Acknowledgements for which there was no room.
    unsent: VecDeque<Delivery>,
    /// Counts connections: a message is acknowledged on its own one only.
    connection: u64,
    /// A subscription that the broker refused.
    refused: Option<String>,
}

impl Door {
    /// The broker's next event; in the meantime, commits are started and acknowledged. None when stopping.
    async fn next(&mut self, events: &mut link::Events) -> Option<Result<Event, String>> {
        // Kept until it is done: an event that is cut off in the middle would be lost.
        let mut event = pin!(events.next());
        loop {
            while self.unsent.front().is_some_and(|delivery| self.client.ack(delivery)) {
                self.unsent.pop_front();
            }
            let due = self.gathering.due();
            tokio::select! {
                biased;
                () = self.desk.stop.cancelled() => return None,
                Some(committed) = self.work.join_next() => self.committed(committed),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.commit(),
                event = &mut event, if self.gathering.has_room() => return Some(event),
            }
        }
    }

    fn subscribe(&mut self) {
        let patterns: Vec<String> = self.options.topics.iter().map(|rule| rule.pattern.clone()).collect();
        if let Err(reason) = self.client.subscribe(&patterns) {
            self.desk.board.waiting(&self.place, format!("the subscription cannot be sent: {reason}"));
        }
    }

    fn subscribed(&mut self, granted: &[bool]) {
        let refused = self.options.topics.iter().zip(granted).find(|(_, granted)| !**granted);
        self.refused =
            refused.map(|(rule, _)| format!("it refuses the topics \"{}\": give this user the right to read them", rule.pattern));
        self.tell();
    }

    /// Connected and taking, unless part of it is refused.
    fn tell(&self) {
        match &self.refused {
            Some(reason) => self.desk.board.waiting(&self.place, reason),
            None => self.desk.board.running(),
        }
    }

    fn take(&mut self, message: Message) {
        match self.options.topics.iter().position(|rule| rule.fits(&message.topic)) {
            Some(rule) => self.gathering.add(rule, message),
            None => {
                // Left over from a subscription of an earlier configuration: nobody says what it is.
                tracing::warn!(
                    topic = message.topic,
                    "no pattern of [[mqtt.topics]] fits this topic any more: the message is left out"
                );
                self.unsent.push_back(message.delivery);
            }
        }
    }

    /// Commits what is due.
    fn commit(&mut self) {
        for (rule, gathered) in self.gathering.take_due() {
            let topics = &self.options.topics[rule];
            let batch = Batch {
                text: gathered.records.into_text().into(),
                mapping: topics.mapping.clone(),
                source: format!("mqtt:{}", topics.pattern),
                identity: crate::Identity::Unknown,
            };
            let (desk, connection) = (self.desk.clone(), self.connection);
            self.work.spawn(async move {
                let done = submit(&desk, batch).await;
                Committed { rule, connection, deliveries: gathered.deliveries, done }
            });
        }
    }

    fn committed(&mut self, committed: Result<Committed, JoinError>) {
        let Committed { rule, connection, deliveries, done } = match committed {
            Ok(committed) => committed,
            Err(error) => {
                // Only while everything stops: not acknowledged, so the broker sends it again on the next connection.
                tracing::error!(%error, "committing messages ended badly");
                return self.gathering.all_finished();
            }
        };
        self.gathering.finished(rule);
        if done && connection == self.connection {
            self.gathering.acknowledged(deliveries.len());
            self.unsent.extend(deliveries);
            self.tell();
        }
    }

    /// The connection is gone: the broker will send again whatever is not acknowledged.
    fn lost(&mut self, reason: &str) {
        self.connection += 1;
        self.gathering.forget();
        self.unsent.clear();
        self.desk.board.waiting(&self.place, reason);
    }

    async fn pause(&self, wait: Duration) {
        tokio::select! {
            () = self.desk.stop.cancelled() => {}
            () = sleep(wait) => {}
        }
    }
}
