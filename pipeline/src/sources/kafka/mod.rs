//! Kafka: records of topics, with the offsets in the tables' own commits.
//!
//! Promises:
//! - How far a partition has been taken is written in the commit that holds its rows, so neither can be ahead of the other: after
//!   a crash, reading goes on at exactly the next record. The cluster keeps no offsets for us, and no consumer group is joined.
//! - Every partition is read, new ones within a minute.
//! - Of each partition one fetch is committed while the next one is on its way, and no more wait.
//!
//! ```text
//! cluster ─ list of partitions ─▶ one Reader each ─ fetch ─▶ Ingest ─ commit: rows and "kafka:<topic>/<partition>" → next offset
//! ```

mod options;
#[cfg(feature = "kafka")]
mod partition;
#[cfg(feature = "kafka")]
mod troubles;

pub use options::{KafkaOptions, KafkaTopic};

#[cfg(not(feature = "kafka"))]
pub(super) use closed::Kafka;
#[cfg(feature = "kafka")]
pub(super) use open::Kafka;

/// Without the feature there is no such door.
#[cfg(not(feature = "kafka"))]
mod closed {
    use super::KafkaOptions;
    use crate::sources::Desk;

    pub(in crate::sources) struct Kafka(std::convert::Infallible);

    impl Kafka {
        pub(in crate::sources) fn new(options: KafkaOptions, standard: &xueqing_schema::Standard) -> Result<Self, String> {
            options.check(standard)?;
            Err("this program was built without Kafka: build it with `--features kafka`, or take [kafka] out".to_owned())
        }

        pub(in crate::sources) async fn run(self, _: Desk) {
            match self.0 {}
        }
    }
}

#[cfg(feature = "kafka")]
mod open {
    use std::collections::HashSet;
    use std::sync::Arc;
    use std::time::Duration;

    use rskafka::BackoffConfig;
    use rskafka::client::{Client, ClientBuilder, Credentials, SaslConfig};
    use tokio::task::JoinSet;
    use tokio::time::sleep;

    use super::partition::Reader;
    use super::troubles::Troubles;
    use super::{KafkaOptions, KafkaTopic};
    use crate::sources::backoff::Backoff;
    use crate::sources::{Desk, tls};

    const FIRST_WAIT: Duration = Duration::from_millis(500);
    const LONGEST_WAIT: Duration = Duration::from_secs(30);
    /// How often new partitions are looked for.
    const LOOK: Duration = Duration::from_secs(60);
    /// For how long the client itself tries again before it says why it fails.
    const PATIENCE: Duration = Duration::from_secs(5);

    /// A door that is set up and not yet open.
    pub(in crate::sources) struct Kafka {
        options: KafkaOptions,
        tls: Option<Arc<rustls::ClientConfig>>,
    }

    impl Kafka {
        pub(in crate::sources) fn new(options: KafkaOptions, standard: &xueqing_schema::Standard) -> Result<Self, String> {
            options.check(standard)?;
            let tls = options.tls.then(|| tls::client(options.ca_file.as_deref())).transpose()?;
            Ok(Self { options, tls })
        }

        /// Reads until told to stop.
        pub(in crate::sources) async fn run(self, desk: Desk) {
            let troubles = Troubles::new(desk.board.clone());
            let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
            let (mut readers, mut known) = (JoinSet::new(), HashSet::new());
            let reading = async {
                loop {
                    let wait = match self.look(&desk, &troubles, &mut known, &mut readers).await {
                        Ok(()) => {
                            backoff.reset();
                            troubles.over("cluster");
                            LOOK
                        }
                        Err(reason) => {
                            troubles.tell("cluster", "the cluster", &reason);
                            backoff.wait(&desk.chance)
                        }
                    };
                    sleep(wait).await;
                }
            };
            tokio::select! {
                () = desk.stop.cancelled() => {}
                () = reading => {}
            }
            readers.shutdown().await;
        }

        /// Starts a reader for each partition that has none.
        async fn look(
            &self,
            desk: &Desk,
            troubles: &Troubles,
            known: &mut HashSet<(String, i32)>,
            readers: &mut JoinSet<()>,
        ) -> Result<(), String> {
            let client = Arc::new(self.connect().await?);
            let topics = client.list_topics().await.map_err(|error| error.to_string())?;
            let mut missing = Vec::new();
            for KafkaTopic { topic, mapping } in &self.options.topics {
                let Some(found) = topics.iter().find(|found| found.name == *topic) else {
                    missing.push(topic.as_str());
                    continue;
                };
                for &partition in &found.partitions {
                    if known.insert((topic.clone(), partition)) {
                        let reader = Reader::new(desk.clone(), troubles.clone(), Arc::clone(&client), topic, partition, mapping);
                        readers.spawn(reader.run());
                    }
                }
            }
            if missing.is_empty() { Ok(()) } else { Err(format!("it has no topic {}", missing.join(", "))) }
        }

        async fn connect(&self) -> Result<Client, String> {
            let backoff = BackoffConfig { deadline: Some(PATIENCE), ..BackoffConfig::default() };
            let mut builder = ClientBuilder::new(self.options.brokers.clone()).client_id("xueqing").backoff_config(backoff);
            if let Some(tls) = &self.tls {
                builder = builder.tls_config(Arc::clone(tls));
            }
            if let (Some(user), Some(password)) = (&self.options.username, &self.options.password) {
                builder = builder.sasl_config(SaslConfig::Plain(Credentials::new(user.clone(), password.clone())));
            }
            builder.build().await.map_err(|error| error.to_string())
        }
    }
}
