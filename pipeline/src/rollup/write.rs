//! Writes the days in memory to the rollups' tables.
//!
//! ```text
//! round   the days of one rollup that wait, and the positions that all of them together stand for
//!   draft   some of these days as they are at one moment; encoded while the logs are followed on
//!     commit  the draft replaces what the table has of its days; the last of a round brings the positions
//! ```
//!
//! Invariants: a table's positions are written with or after the last of the days they stand for; a day is written only by who has
//! followed the sources at least as far as whoever wrote the table last, and not while it is being worked out anew; a day whose draft
//! could not be committed waits again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::{SortColumn, cast, lexsort_to_indices, take_record_batch};
use tokio::task::{JoinHandle, spawn_blocking};
use xueqing_lake::{Error as LakeError, Position, Prepared, Table};

use super::follow::{Progress, position};
use super::keyed::{Keyed, Shape};
use super::{Maintained, Rollups};
use crate::texts::Texts;
use crate::{Error, Result};

pub(super) const DEFINITION: &str = "definition";
/// Rows of one commit, unless it is one day: when all is written, and when rollups are written in turn beside the events that come.
const COMMIT_ROWS: usize = 1 << 19;
const TURN_ROWS: usize = 1 << 16;
/// How often a rollup is written anew when another process wrote it meanwhile.
const ATTEMPTS: usize = 5;

/// The writing of one rollup.
pub(super) struct Round {
    rollup: usize,
    left: Vec<i32>,
    /// None when something is still to be done for a day that they would stand for.
    positions: Vec<Position>,
}

/// Days of one rollup on their way to disk.
pub(super) struct Draft {
    rollup: usize,
    pub days: Vec<i32>,
    positions: Vec<Position>,
    /// How far the logs were followed at that moment, by kind.
    followed: BTreeMap<String, i64>,
    rows: JoinHandle<Result<Prepared>>,
}

impl Rollups {
    /// Writes everything that is not written. The days.
    pub(super) async fn write(&self, progress: &mut Progress) -> Result<BTreeSet<i32>> {
        for _ in 0..ATTEMPTS {
            if let Some(days) = self.write_days(progress).await? {
                return Ok(days);
            }
            self.follow(progress, true).await?;
        }
        let reason = format!("another process kept writing it; tried {ATTEMPTS} times");
        Err(Error::Rollup { file: self.ordered.last().map(|last| last.rollup.name.clone()).unwrap_or_default(), reason })
    }

    /// `None` when another process has followed the sources further than this one.
    pub(super) async fn write_days(&self, progress: &mut Progress) -> Result<Option<BTreeSet<i32>>> {
        progress.round = None;
        let mut complete = match progress.draft.take() {
            Some(draft) => self.commit(progress, draft).await?,
            None => true,
        };
        let mut days = BTreeSet::new();
        for rollup in 0..self.ordered.len() {
            let Some(mut round) = self.begin_round(progress, rollup).await else { continue };
            days.extend(&round.left);
            let mut goes_on = true;
            while goes_on {
                let Some(draft) = self.draft(progress, &mut round, COMMIT_ROWS).await else { break };
                let committed = self.commit(progress, draft).await?;
                complete &= committed;
                goes_on = committed && !round.left.is_empty();
            }
        }
        Ok(complete.then_some(days))
    }

    /// Goes on with the rollup whose turn it is, and with `begin` starts with the next; whoever waits for new figures waits for no
    /// encoding.
    pub(super) async fn write_next(&self, progress: &mut Progress, begin: bool) -> Result<()> {
        if let Some(draft) = progress.draft.take_if(|draft| draft.rows.is_finished()) {
            let committed = self.commit(progress, draft).await?;
            progress.round.take_if(|_| !committed);
        }
        if progress.draft.is_some() {
            return Ok(());
        }
        let mut round = progress.round.take().filter(|round| !round.left.is_empty());
        let number = self.ordered.len();
        let mut next = (progress.last_written + 1..=progress.last_written + number).map(|rollup| rollup % number);
        while begin && round.is_none() {
            let Some(rollup) = next.next() else { break };
            round = self.begin_round(progress, rollup).await;
        }
        if let Some(mut round) = round {
            progress.last_written = round.rollup;
            progress.draft = self.draft(progress, &mut round, TURN_ROWS).await;
            progress.round = Some(round);
        }
        Ok(())
    }

    /// What there is to be written of a rollup, if anything.
    async fn begin_round(&self, progress: &Progress, rollup: usize) -> Option<Round> {
        let maintained = &self.ordered[rollup];
        maintained.table.as_ref()?;
        let days = self.days.read().await;
        let ready = |day: &&i32| days.by_day.contains_key(day) && !progress.todo.contains_key(day);
        let left: Vec<i32> = progress.unwritten[rollup].iter().filter(ready).copied().collect();
        let whole = progress.todo.is_empty() && left.len() == progress.unwritten[rollup].len();
        let positions = if whole { self.positions(progress, maintained) } else { Vec::new() };
        (!left.is_empty() || progress.stale[rollup] && whole).then_some(Round { rollup, left, positions })
    }

    /// Takes days of a round as they are now, and begins to encode them. Those for which something is to be done again stay behind.
    async fn draft(&self, progress: &mut Progress, round: &mut Round, most: usize) -> Option<Draft> {
        let Round { rollup, left, positions } = round;
        let Maintained { table, shape, rollup: file, .. } = &self.ordered[*rollup];
        let (table, shape, order) = (table.clone()?, Arc::clone(shape), file.order());
        let held = self.days.read().await;
        let (mut days, mut states, mut rows) = (Vec::new(), Vec::new(), 0);
        while rows < most
            && let Some(day) = left.pop()
        {
            match held.by_day.get(&day).filter(|_| !progress.todo.contains_key(&day)) {
                Some(held) => {
                    progress.unwritten[*rollup].remove(&day);
                    days.push(day);
                    rows += held.states[*rollup].len();
                    states.push((Arc::clone(&held.states[*rollup]), Arc::clone(&held.texts)));
                }
                None => positions.clear(),
            }
        }
        let positions = if left.is_empty() { std::mem::take(positions) } else { Vec::new() };
        let rows = tokio::spawn(async move {
            let schema = table.clone();
            let read = spawn_blocking(move || batches(&schema, &shape, &states, &order)).await;
            let batches = read.map_err(|stopped| Error::Read { reason: stopped.to_string() })??;
            Ok(table.prepare(batches).await?)
        });
        Some(Draft { rollup: *rollup, days, positions, followed: progress.followed.clone(), rows })
    }

    /// Whether it was committed: not when another process has followed the sources further.
    async fn commit(&self, progress: &mut Progress, draft: Draft) -> Result<bool> {
        let (rollup, days, last) = (draft.rollup, draft.days.clone(), !draft.positions.is_empty());
        let committed = self.replace(draft).await;
        match committed {
            Ok(true) => progress.stale[rollup] &= !last,
            Ok(false) | Err(_) => progress.unwritten[rollup].extend(days),
        }
        committed
    }

    async fn replace(&self, draft: Draft) -> Result<bool> {
        let Draft { rollup, days, positions, followed, rows } = draft;
        let maintained = &self.ordered[rollup];
        let Some(table) = &maintained.table else { return Ok(true) };
        let prepared = rows.await.map_err(|stopped| Error::Read { reason: stopped.to_string() })??;
        let _writer = self.lake.lock().await?;
        table.refresh().await?;
        if self.is_behind(&followed, maintained, table) {
            return Ok(false);
        }
        match table.replace_days_prepared(&days, prepared, &positions).await {
            Err(LakeError::Conflict { .. }) => Ok(false),
            committed => Ok(committed.map(|_| true)?),
        }
    }

    fn positions(&self, progress: &Progress, maintained: &Maintained) -> Vec<Position> {
        let followed = maintained.kinds.iter().filter_map(|kind| {
            let value = *progress.followed.get(kind)?;
            Some(Position { source: position(&self.kinds[kind].table), value })
        });
        [Position { source: DEFINITION.to_owned(), value: maintained.fingerprint }].into_iter().chain(followed).collect()
    }

    /// Whether the table was written by someone who had seen more.
    fn is_behind(&self, followed: &BTreeMap<String, i64>, maintained: &Maintained, table: &Table) -> bool {
        let same = table.position(DEFINITION) == Some(maintained.fingerprint);
        let ahead = |kind: &String| {
            let seen = table.position(&position(&self.kinds[kind].table));
            seen > followed.get(kind).copied()
        };
        same && maintained.kinds.iter().any(ahead)
    }
}

/// The rows of days, with the table's columns, each day's in order: who looks for a school or a class reads few of them.
fn batches(table: &Table, shape: &Shape, states: &[(Arc<Keyed>, Arc<Texts>)], order: &[String]) -> Result<Vec<RecordBatch>> {
    let schema = table.schema();
    let all: Vec<usize> = (0..schema.fields().len()).collect();
    let mut batches = Vec::new();
    for (state, texts) in states {
        let (columns, rows) = state.read(shape, texts, &all, &[])?;
        let columns = columns.iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
        if rows > 0 {
            let rows = RecordBatch::try_new(Arc::clone(&schema), columns.collect::<arrow::error::Result<_>>()?)?;
            batches.push(sorted(&rows, order)?);
        }
    }
    Ok(batches)
}

fn sorted(rows: &RecordBatch, order: &[String]) -> arrow::error::Result<RecordBatch> {
    let by = order.iter().filter_map(|name| rows.column_by_name(name));
    let by: Vec<SortColumn> = by.map(|values| SortColumn { values: Arc::clone(values), options: None }).collect();
    if by.is_empty() { Ok(rows.clone()) } else { take_record_batch(rows, &lexsort_to_indices(&by, None)?) }
}
