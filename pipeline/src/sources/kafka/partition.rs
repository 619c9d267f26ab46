//! Reading one partition.
//!
//! Invariants: offsets only grow; a fetch is committed before the fetch after the next is asked for; records that the cluster has
//! dropped before we read them are told in the log with their number, for nobody else can tell.

use std::sync::Arc;
use std::time::Duration;

use rskafka::client::Client;
use rskafka::client::error::{Error, ProtocolError};
use rskafka::client::partition::{OffsetAt, PartitionClient, UnknownTopicHandling};
use rskafka::record::RecordAndOffset;
use tokio::time::sleep;

use super::troubles::Troubles;
use crate::Identity;
use crate::sources::Desk;
use crate::sources::backoff::Backoff;
use crate::sources::records::Records;
use crate::sources::submit::{Batch, submit};

/// Bytes of one fetch.
const FETCH: std::ops::Range<i32> = 1..8 << 20;
/// How long the cluster may wait for a record before it answers.
const LONG_POLL_MS: i32 = 500;
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

pub(super) struct Reader {
    desk: Desk,
    troubles: Troubles,
    client: Arc<Client>,
    topic: String,
    partition: i32,
    mapping: String,
    /// `kafka:<topic>/<partition>`: the name of its offset in the table.
    source: String,
}

/// Records up to an offset.
struct Fetched {
    text: Vec<u8>,
    next: i64,
}

impl Reader {
    pub(super) fn new(desk: Desk, troubles: Troubles, client: Arc<Client>, topic: &str, partition: i32, mapping: &str) -> Self {
        let source = format!("kafka:{topic}/{partition}");
        Self { desk, troubles, client, topic: topic.to_owned(), partition, mapping: mapping.to_owned(), source }
    }

    /// Reads until the server stops.
    pub(super) async fn run(self) {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            match self.read(&mut backoff).await {
                Ok(()) => return,
                Err(reason) => {
                    self.troubles.tell(&self.source, "the cluster", &reason);
                    sleep(backoff.wait(&self.desk.chance)).await;
                }
            }
        }
    }

    /// Reads on from what is committed, until the cluster fails or the server stops.
    async fn read(&self, backoff: &mut Backoff) -> Result<(), String> {
        let client = self.client.partition_client(&self.topic, self.partition, UnknownTopicHandling::Error);
        let client = client.await.map_err(|error| error.to_string())?;
        let start = self.start(&client).await?;
        let mut fetched = self.fetch(&client, start).await?;
        loop {
            backoff.reset();
            self.troubles.over(&self.source);
            let next = fetched.next;
            let (committed, following) = tokio::join!(self.commit(fetched), self.fetch(&client, next));
            if !committed {
                return Ok(());
            }
            fetched = following?;
        }
    }

    /// The offset in the table, or the first that the cluster has.
    async fn start(&self, client: &PartitionClient) -> Result<i64, String> {
        match self.desk.ingest.offset(&self.mapping, &self.source).await.map_err(|error| error.to_string())? {
            Some(next) => Ok(next),
            None => client.get_offset(OffsetAt::Earliest).await.map_err(|error| error.to_string()),
        }
    }

    async fn fetch(&self, client: &PartitionClient, from: i64) -> Result<Fetched, String> {
        match client.fetch_records(from, FETCH, LONG_POLL_MS).await {
            Ok((records, _)) => Ok(gathered(&records, from)),
            Err(Error::ServerError { protocol_error: ProtocolError::OffsetOutOfRange, .. }) => self.skip(client, from).await,
            Err(error) => Err(error.to_string()),
        }
    }

    /// Goes on where the cluster's records begin now.
    async fn skip(&self, client: &PartitionClient, from: i64) -> Result<Fetched, String> {
        let first = client.get_offset(OffsetAt::Earliest).await.map_err(|error| error.to_string())?;
        if first <= from {
            return Err(format!("{} ends before offset {from}: was the topic made anew? then give it another name", self.source));
        }
        tracing::error!(
            source = self.source,
            "the cluster has dropped {} records before they were read: its retention is too short",
            first - from
        );
        Ok(Fetched { text: Vec::new(), next: first })
    }

    /// Commits rows and offset together. False when the server is stopping.
    async fn commit(&self, fetched: Fetched) -> bool {
        let Fetched { text, next } = fetched;
        if text.is_empty() {
            return !self.desk.stop.is_cancelled();
        }
        let identity = Identity::Offset { source: self.source.clone(), next };
        submit(&self.desk, Batch { text: text.into(), mapping: self.mapping.clone(), source: self.source.clone(), identity })
            .await
    }
}

/// A fetch may begin before the offset asked for, where a compressed batch begins. A record without a value deletes nothing here.
fn gathered(records: &[RecordAndOffset], from: i64) -> Fetched {
    let (mut gathered, mut next) = (Records::default(), from);
    for record in records.iter().filter(|record| record.offset >= from) {
        gathered.add(record.record.value.as_deref().unwrap_or_default());
        next = record.offset + 1;
    }
    Fetched { text: gathered.into_text(), next }
}
