//! Group commit: what several submitters sent becomes one Delta commit per table.
//!
//! Promises:
//! - A submitter is answered only after its rejects and then its rows are committed and flushed.
//! - `seq` is unique and increasing in each table over all processes: the next number travels in the table's own log, and is
//!   read and advanced under the lake's writer lock.
//! - The queue is bounded, and when its last sender is gone everything accepted is committed before the task ends.
//!
//! - What is remembered of an input is committed with its rows; rows that someone else has committed meanwhile are refused.
//!
//! The writer lock is held across `.await`: it is a file lock between processes, no lock between tasks of this one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};
use xueqing_lake::{Error as LakeError, Lake, Position, Table};
use xueqing_schema::{Kind, Standard};

use crate::identity::Claim;
use crate::space::Space;
use crate::validate::{Accepted, Rejected};
use crate::{Clock, Error, Options, Result, quarantine};

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
    /// What is remembered with the rows.
    pub(crate) claim: Claim,
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
    pub(crate) space: Space,
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
        let stopped = self.space.check().err();
        let accepting = stopped.is_none();
        let bytes = group.iter().map(|submission| submission.bytes).sum();
        let refused = match stopped {
            None => self.quarantine(&group).await.err(),
            full => full,
        };
        let mut kinds: BTreeMap<String, Vec<Submission>> = BTreeMap::new();
        for submission in group {
            kinds.entry(submission.kind.name.clone()).or_default().push(submission);
        }
        let mut answers = Vec::new();
        for submissions in kinds.into_values() {
            match &refused {
                Some(error) => answers.extend(submissions.into_iter().map(|one| (one, Err(error.clone())))),
                None => answers.append(&mut self.of_kind(submissions).await),
            }
        }
        if accepting {
            answers.iter().filter_map(|(_, answer)| answer.as_ref().err()).for_each(|error| self.space.note(error, bytes));
        }
        self.committed.send_modify(|count| *count += 1);
        for (Submission { reply, room, .. }, version) in answers {
            drop(room);
            // A submitter that has gone away does not need its answer.
            let _ = reply.send(version);
        }
    }

    /// Rejects first: a row may be in quarantine twice, but none may be acknowledged and missing.
    async fn quarantine(&self, group: &[Submission]) -> Result<()> {
        let rejects = self.rejects(group)?;
        if rejects.is_empty() {
            return Ok(());
        }
        let _writer = self.lake.lock().await?;
        append(&self.tables.quarantine, &rejects, &[]).await.map(drop)
    }

    /// The submissions of one kind as one commit; each with its answer.
    async fn of_kind(&self, mut group: Vec<Submission>) -> Vec<(Submission, Result<i64>)> {
        let mut answers = Vec::new();
        while let Some(first) = group.first() {
            let done = match self.tables.kind(&first.kind) {
                Ok(table) => self.write(table, &group).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(Done::Written(version)) => answers.extend(group.drain(..).map(|one| (one, Ok(version)))),
                Ok(Done::Raced(raced)) => {
                    for place in raced.into_iter().rev() {
                        answers.push((group.remove(place), Err(Error::Raced)));
                    }
                }
                Err(error) => answers.extend(group.drain(..).map(|one| (one, Err(error.clone())))),
            }
        }
        answers
    }

    /// Encodes before it takes the lock: what is under the lock is numbering, copying and flushing.
    async fn write(&self, table: &Table, group: &[Submission]) -> Result<Done> {
        let batches: Vec<RecordBatch> = group
            .iter()
            .flat_map(|one| &one.accepted)
            .filter(|accepted| accepted.rows() > 0)
            .map(|accepted| accepted.batch().clone())
            .collect();
        let positions: Vec<Position> = group.iter().flat_map(|one| one.claim.positions.iter().cloned()).collect();
        if batches.is_empty() && positions.is_empty() {
            return Ok(Done::Written(table.version()));
        }
        let prepared = table.prepare(batches.clone()).await?;
        let _writer = self.lake.lock().await?;
        table.refresh().await?;
        let raced = raced(table, group);
        if !raced.is_empty() {
            return Ok(Done::Raced(raced));
        }
        match table.append_prepared(prepared, &positions).await {
            // Only where the lock does not reach: remote storage has none between machines.
            Err(LakeError::Conflict { .. }) => append(table, &batches, &positions).await.map(Done::Written),
            committed => Ok(Done::Written(committed?.version)),
        }
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

/// How the commit of a group ended.
enum Done {
    Written(i64),
    /// Nothing was written: these submissions' inputs have been taken by someone else.
    Raced(Vec<usize>),
}

/// The submissions whose input someone else has moved on, or another of the group is about to.
fn raced(table: &Table, group: &[Submission]) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let mut lost = |one: &Submission| match &one.claim.expected {
        Some((source, before)) => table.position(source) != *before || !seen.insert(source.clone()),
        None => false,
    };
    group.iter().enumerate().filter(|(_, one)| lost(one)).map(|(place, _)| place).collect()
}

/// Commits rows, numbering them anew when another machine was faster.
async fn append(table: &Table, batches: &[RecordBatch], positions: &[Position]) -> Result<i64> {
    let mut attempt = 1;
    loop {
        table.refresh().await?;
        match table.append(batches.to_vec(), positions).await {
            Err(LakeError::Conflict { .. }) if attempt < ATTEMPTS => attempt += 1,
            committed => return Ok(committed?.version),
        }
    }
}
