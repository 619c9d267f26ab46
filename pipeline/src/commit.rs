//! Group commit: what several submitters sent becomes one Delta commit per table.
//!
//! Promises:
//! - A submitter is answered only after its rejects and then its rows are committed and flushed.
//! - `seq` is unique and increasing in each table over all processes: the next number travels in the table's own log, and is
//!   read and advanced under the lake's writer lock.
//! - The queue is bounded, and when its last sender is gone everything accepted is committed before the task ends.
//!
//! The writer lock is held across `.await`: it is a file lock between processes, no lock between tasks of this one.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};
use xueqing_lake::{Error as LakeError, Lake, Position, Table};
use xueqing_schema::{Kind, SEQ, Standard};

use crate::validate::{Accepted, Rejected};
use crate::{Clock, Options, Result, quarantine};

/// How often rows are numbered anew before a conflict is reported.
const ATTEMPTS: usize = 20;

/// The tables that ingest writes to.
pub(crate) struct Tables {
    kinds: BTreeMap<String, Table>,
    pub(crate) quarantine: Table,
}

impl Tables {
    /// Opens or creates the table of each kind, and the quarantine.
    pub(crate) async fn open(lake: &Lake, standard: &Standard) -> Result<Self> {
        let mut kinds = BTreeMap::new();
        for kind in standard.kinds() {
            let table = lake.table(&kind.table_name(), kind.table_schema(), kind.partition()).await?;
            kinds.insert(kind.name.clone(), table);
        }
        let quarantine = lake.table(quarantine::TABLE, quarantine::schema(), None).await?;
        Ok(Self { kinds, quarantine })
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Table> {
        self.kinds.values().chain([&self.quarantine])
    }

    pub(crate) fn kind(&self, kind: &Kind) -> Result<&Table> {
        let unknown = || crate::Error::Batch { reason: format!("kind `{}` has no table", kind.name) };
        self.kinds.get(&kind.name).ok_or_else(unknown)
    }
}

/// What one submitter wants committed together.
pub(crate) struct Submission {
    pub(crate) kind: Arc<Kind>,
    pub(crate) mapping: Arc<str>,
    pub(crate) source: Arc<str>,
    pub(crate) accepted: Vec<Accepted>,
    pub(crate) rejected: Vec<Rejected>,
    pub(crate) bytes: usize,
    /// Nobody else is worth waiting for: commit the group now.
    pub(crate) urgent: bool,
    /// Frees the room in `max_pending` when the submission is dropped, after its commit.
    pub(crate) room: Option<OwnedSemaphorePermit>,
    pub(crate) reply: oneshot::Sender<Result<i64>>,
}

/// The task that commits.
pub(crate) struct Committer {
    pub(crate) lake: Lake,
    pub(crate) tables: Arc<Tables>,
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) queue: mpsc::Receiver<Submission>,
    /// Counts the groups committed; told before their submitters are answered.
    pub(crate) committed: watch::Sender<u64>,
}

impl Committer {
    /// Commits group after group until every sender is gone and the queue is empty.
    pub(crate) async fn run(mut self) {
        while let Some(first) = self.queue.recv().await {
            let group = self.gather(first).await;
            self.commit(group).await;
        }
    }

    async fn gather(&mut self, first: Submission) -> Vec<Submission> {
        let deadline = Instant::now() + self.options.commit_interval;
        let mut bytes = first.bytes;
        let mut urgent = first.urgent;
        let mut group = vec![first];
        while bytes < self.options.commit_bytes {
            let next = match urgent {
                true => self.queue.try_recv().ok(),
                false => timeout_at(deadline, self.queue.recv()).await.ok().flatten(),
            };
            let Some(next) = next else { break };
            bytes += next.bytes;
            urgent |= next.urgent;
            group.push(next);
        }
        group
    }

    async fn commit(&self, group: Vec<Submission>) {
        let written = self.write(&group).await;
        self.committed.send_modify(|count| *count += 1);
        for submission in group {
            let Submission { kind, reply, room, .. } = submission;
            let version = match &written {
                Ok(tables) => tables.get(&kind.name).cloned().unwrap_or_else(|| Ok(self.tables.kind(&kind)?.version())),
                Err(error) => Err(error.clone()),
            };
            drop(room);
            // A submitter that has gone away does not need its answer.
            let _ = reply.send(version);
        }
    }

    /// Rejects first: a row may be in quarantine twice, but none may be acknowledged and missing.
    async fn write(&self, group: &[Submission]) -> Result<BTreeMap<String, Result<i64>>> {
        let _writer = self.lake.lock().await?;
        let rejects = self.rejects(group)?;
        if !rejects.is_empty() {
            append(&self.tables.quarantine, &quarantine::schema(), &rejects).await?;
        }
        let mut versions = BTreeMap::new();
        for (name, (kind, batches)) in by_kind(group) {
            let table = self.tables.kind(&kind)?;
            versions.insert(name, append(table, &kind.table_schema(), &batches).await);
        }
        Ok(versions)
    }

    fn rejects(&self, group: &[Submission]) -> Result<Vec<RecordBatch>> {
        let received = (self.clock)();
        let mut batches = Vec::new();
        for submission in group {
            for rejected in submission.rejected.iter().filter(|rejected| !rejected.rejects().is_empty()) {
                batches.push(quarantine::rows(rejected, &submission.mapping, &submission.source, received)?);
            }
        }
        Ok(batches)
    }
}

fn by_kind(group: &[Submission]) -> BTreeMap<String, (Arc<Kind>, Vec<RecordBatch>)> {
    let mut kinds = BTreeMap::new();
    for accepted in group.iter().flat_map(|submission| &submission.accepted).filter(|accepted| accepted.rows() > 0) {
        let kind = accepted.kind();
        let (_, batches) = kinds.entry(kind.name.clone()).or_insert_with(|| (Arc::clone(kind), Vec::new()));
        batches.push(accepted.batch().clone());
    }
    kinds
}

/// Numbers the rows and commits them. The caller holds the writer lock; where that lock does not reach (remote storage has none
/// between machines), the table refuses a number that was taken meanwhile, and the rows are numbered again.
async fn append(table: &Table, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<i64> {
    let mut attempt = 1;
    loop {
        table.refresh().await?;
        let (numbered, next) = number(schema, batches, table.position(SEQ).unwrap_or(0))?;
        let position = Position { source: SEQ.to_owned(), value: next };
        match table.append(numbered, &[position]).await {
            Err(LakeError::Conflict { .. }) if attempt < ATTEMPTS => attempt += 1,
            committed => return Ok(committed?.version),
        }
    }
}

fn number(schema: &SchemaRef, batches: &[RecordBatch], mut next: i64) -> Result<(Vec<RecordBatch>, i64)> {
    let mut numbered = Vec::with_capacity(batches.len());
    for batch in batches {
        let end = next + batch.num_rows() as i64;
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        columns.push(Arc::new(Int64Array::from_iter_values(next..end)));
        numbered.push(RecordBatch::try_new(Arc::clone(schema), columns)?);
        next = end;
    }
    Ok((numbered, next))
}
