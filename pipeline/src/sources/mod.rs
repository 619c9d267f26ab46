//! The doors that fetch: a drop folder, an MQTT broker, a Kafka cluster. Each hands what it gets to [`Ingest`].
//!
//! Promises:
//! - What a source tells its other side (a moved file, an acknowledgement, an offset) comes after the commit. Whatever is cut
//!   off before that is fetched again, and keys, revisions and [`Identity`](crate::Identity) make that harmless.
//! - Memory is bounded: a source fetches no more while its last fetch waits to be committed.
//! - A source never gives up: it waits, says for what and why ([`SourceState`]), and tries again.
//! - After [`Sources::stop`] no source hands anything to ingest any more.
//!
//! ```text
//!  inbox/<mapping>/…  ──▶ inbox ─┐                     moved to done/ or failed/, beside a report
//!  topics of a broker ──▶ mqtt  ─┼──▶ Ingest ─ commit ─▶ PUBACK
//!  topics of a cluster ─▶ kafka ─┘                     offsets are in the commit itself
//! ```

mod backoff;
mod inbox;
mod kafka;
mod mqtt;
mod records;
mod state;
mod submit;
mod tls;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{Error, Ingest, Result};
pub use backoff::Chance;
pub use inbox::{InboxOptions, Language};
use kafka::Kafka;
pub use kafka::{KafkaOptions, KafkaTopic};
use mqtt::Mqtt;
pub use mqtt::{MqttOptions, TopicRule, Version as MqttVersion};
use state::Board;
pub use state::SourceState;

/// Which sources to start.
#[derive(Clone)]
pub struct Doors {
    pub inbox: Option<InboxOptions>,
    pub mqtt: Option<MqttOptions>,
    pub kafka: Option<KafkaOptions>,
    /// Spreads the waits between attempts.
    pub chance: Chance,
}

/// The running sources. Clones share them.
#[derive(Clone)]
pub struct Sources {
    inner: Arc<Inner>,
}

struct Inner {
    stop: CancellationToken,
    states: Vec<(String, watch::Receiver<SourceState>)>,
    /// Held only to take them, never across an await.
    tasks: Mutex<JoinSet<()>>,
}

/// What a source works with.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) ingest: Ingest,
    pub(crate) board: Board,
    pub(crate) stop: CancellationToken,
    pub(crate) chance: Chance,
}

impl Sources {
    /// Starts what `doors` names.
    ///
    /// # Errors
    /// Options that can never work, of any of them: then none is started.
    pub fn start(ingest: &Ingest, doors: Doors) -> Result<Self> {
        let standard = &ingest.setup().standard;
        let wrong = |door: &'static str| move |reason| Error::Source { door, reason };
        let mqtt = doors.mqtt.map(|options| Mqtt::new(options, standard)).transpose().map_err(wrong("mqtt"))?;
        let kafka = doors.kafka.map(|options| Kafka::new(options, standard)).transpose().map_err(wrong("kafka"))?;
        let mut starting =
            Starting { ingest, chance: &doors.chance, stop: CancellationToken::new(), states: Vec::new(), tasks: JoinSet::new() };
        if let Some(options) = doors.inbox {
            starting.source("inbox", |desk| inbox::run(desk, options));
        }
        if let Some(mqtt) = mqtt {
            starting.source("mqtt", |desk| mqtt.run(desk));
        }
        if let Some(kafka) = kafka {
            starting.source("kafka", |desk| kafka.run(desk));
        }
        let Starting { stop, states, tasks, .. } = starting;
        Ok(Self { inner: Arc::new(Inner { stop, states, tasks: Mutex::new(tasks) }) })
    }

    /// What each source is doing now.
    #[must_use]
    pub fn states(&self) -> Vec<(String, SourceState)> {
        self.inner.states.iter().map(|(name, state)| (name.clone(), state.borrow().clone())).collect()
    }

    /// Ends all sources and waits for them; to be called before [`Ingest::shutdown`]. Idempotent.
    pub async fn stop(&self) {
        self.inner.stop.cancel();
        let mut tasks = std::mem::take(&mut *self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a source ended badly");
            }
        }
    }
}

struct Starting<'a> {
    ingest: &'a Ingest,
    chance: &'a Chance,
    stop: CancellationToken,
    states: Vec<(String, watch::Receiver<SourceState>)>,
    tasks: JoinSet<()>,
}

impl Starting<'_> {
    fn source<F: Future<Output = ()> + Send + 'static>(&mut self, name: &str, run: impl FnOnce(Desk) -> F) {
        let (board, state) = Board::new(name);
        let desk =
            Desk { ingest: self.ingest.clone(), board: board.clone(), stop: self.stop.clone(), chance: Arc::clone(self.chance) };
        let running = run(desk);
        self.states.push((name.to_owned(), state));
        self.tasks.spawn(async move {
            running.await;
            board.stopped();
        });
    }
}
