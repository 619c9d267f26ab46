//! What one submitter has checked and not yet committed.
//!
//! Invariants: no submitter waits for room while it holds room (it sends what it has first), so submitters cannot block each
//! other; at most one submission of a submitter is on its way, so the first failed commit ends it.

use std::sync::Arc;

use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use xueqing_lake::Position;
use xueqing_schema::Kind;

use crate::commit::Submission;
use crate::decode::Mark;
use crate::identity::{Claim, Earlier, Identity, Tally};
use crate::{Accepted, Checked, Error, Options, Origin, Rejected, Result};

/// Room is counted in units of this many bytes.
pub(crate) const UNIT: usize = 1024;

pub(crate) struct Outbox {
    kind: Arc<Kind>,
    mapping: Arc<str>,
    source: Arc<str>,
    queue: mpsc::Sender<Submission>,
    room: Arc<Semaphore>,
    units: usize,
    commit_bytes: usize,
    accepted: Vec<Accepted>,
    rejected: Vec<Rejected>,
    bytes: usize,
    /// The memory of what is kept: batches of columns share their dictionaries, and a batch's columns may share one buffer.
    memory: RecordBatchMemoryCounter,
    held: Option<OwnedSemaphorePermit>,
    on_its_way: Option<oneshot::Receiver<Result<i64>>>,
    version: Option<i64>,
    /// Under which name the input's marks are kept, if it has one.
    name: Option<String>,
    /// Where the last batch kept ends, and the rows up to there.
    mark: Option<Mark>,
    tally: Tally,
    /// What is remembered with the next commit.
    claim: Claim,
    /// What is remembered with the last one.
    last: Vec<Position>,
}

impl Outbox {
    pub(crate) fn new(
        origin: &Origin,
        kind: Arc<Kind>,
        queue: mpsc::Sender<Submission>,
        room: Arc<Semaphore>,
        options: &Options,
    ) -> Self {
        Self {
            kind,
            mapping: origin.mapping.as_str().into(),
            source: origin.source.as_str().into(),
            queue,
            room,
            units: (options.max_pending / UNIT).max(1),
            commit_bytes: options.commit_bytes,
            accepted: Vec::new(),
            rejected: Vec::new(),
            bytes: 0,
            memory: RecordBatchMemoryCounter::new(),
            held: None,
            on_its_way: None,
            version: None,
            name: None,
            mark: None,
            tally: Tally::default(),
            claim: Claim::default(),
            last: Vec::new(),
        }
    }

    /// Has the commits remember the input: under `name` how far it is taken, or at the end its source's own number.
    pub(crate) fn claim(&mut self, identity: &Identity, name: Option<String>, claim: Claim, before: Tally) {
        if let Identity::Offset { source, next } = identity {
            self.last = vec![Position { source: source.clone(), value: *next }];
        }
        self.claim = claim;
        self.name = name;
        self.tally = before;
    }

    /// Keeps a checked batch, and sends what is kept when it makes a commit of its own.
    pub(crate) async fn add(&mut self, checked: Checked) -> Result<()> {
        let bytes = self.memory.count_batch(checked.accepted.batch()) + told(&checked);
        self.make_room(bytes).await?;
        self.bytes += bytes;
        let accepted = checked.accepted.rows() as u64;
        self.tally.accepted += accepted;
        self.tally.rejected += checked.read.saturating_sub(accepted);
        self.mark = checked.mark;
        self.accepted.push(checked.accepted);
        if !checked.rejected.rejects().is_empty() {
            self.rejected.push(checked.rejected);
        }
        let full = self.bytes >= self.commit_bytes && self.mark.is_some();
        if full { self.send(true).await } else { Ok(()) }
    }

    /// Sends the rest and waits until all is durable: the version of the last commit, if there was any.
    pub(crate) async fn finish(mut self, urgent: bool) -> Result<Option<i64>> {
        self.arrived().await?;
        self.claim.positions.append(&mut self.last);
        self.send(urgent).await?;
        self.arrived().await?;
        Ok(self.version)
    }

    async fn make_room(&mut self, bytes: usize) -> Result<()> {
        let units = u32::try_from(bytes.div_ceil(UNIT).clamp(1, self.units)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room);
        let permit = match Arc::clone(&room).try_acquire_many_owned(units) {
            Ok(permit) => permit,
            Err(_) => {
                self.send(true).await?;
                room.acquire_many_owned(units).await.map_err(|_| Error::Closed)?
            }
        };
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        Ok(())
    }

    async fn send(&mut self, urgent: bool) -> Result<()> {
        self.arrived().await?;
        if let (Some(name), Some(mark)) = (&self.name, self.mark.take()) {
            self.claim.positions = Earlier { mark, tally: self.tally }.positions(name);
        }
        let nothing = self.accepted.iter().all(|accepted| accepted.rows() == 0) && self.rejected.is_empty();
        if nothing && self.claim.positions.is_empty() {
            return Ok(());
        }
        self.memory = RecordBatchMemoryCounter::new();
        let claim = std::mem::take(&mut self.claim);
        self.claim.expected = claim.advanced();
        let (reply, answer) = oneshot::channel();
        let submission = Submission {
            kind: Arc::clone(&self.kind),
            mapping: Arc::clone(&self.mapping),
            source: Arc::clone(&self.source),
            accepted: std::mem::take(&mut self.accepted),
            rejected: std::mem::take(&mut self.rejected),
            claim,
            bytes: std::mem::take(&mut self.bytes),
            urgent,
            room: self.held.take(),
            reply,
        };
        self.on_its_way = Some(answer);
        self.queue.send(submission).await.map_err(|_| Error::Closed)
    }

    async fn arrived(&mut self) -> Result<()> {
        if let Some(answer) = self.on_its_way.take() {
            self.version = Some(answer.await.map_err(|_| Error::Closed)??);
        }
        Ok(())
    }
}

/// The bytes of what is said of rejects.
fn told(checked: &Checked) -> usize {
    let text = |reject: &crate::Reject| reject.raw.len() + reject.reason.zh.len() + reject.reason.en.len() + 128;
    checked.rejected.rejects().iter().map(text).sum()
}
