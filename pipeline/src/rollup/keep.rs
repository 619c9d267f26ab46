//! Writes the days in memory to the rollups' tables, and lets go of days that are on disk when memory is short.
//!
//! Invariants: a table's positions are written with or after the last of the days they stand for; a day is written only by who has
//! followed the sources at least as far as whoever wrote the table last, and not while it is being worked out anew; no day leaves
//! memory unwritten.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use xueqing_lake::{Error as LakeError, Position, Table};

use super::days::Day;
use super::follow::{Progress, position};
use super::{Maintained, Rollups};
use crate::{Error, Result};

pub(super) const DEFINITION: &str = "definition";
/// What the days in memory may take before those not used lately go.
const MEMORY: usize = 192 << 20;
/// How long after its last event a day counts as one that events come for.
const STREAMING: Duration = Duration::from_secs(600);
/// Rows of one commit, when many days are written.
const COMMIT_ROWS: usize = 1 << 19;
/// How often a rollup is written anew when another process wrote it meanwhile.
const ATTEMPTS: usize = 5;

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
        let mut days = BTreeSet::new();
        let mut complete = true;
        for (index, maintained) in self.ordered.iter().enumerate() {
            let Some(table) = &maintained.table else { continue };
            match self.write_rollup(progress, index, table).await? {
                Some(written) => days.extend(written),
                None => complete = false,
            }
        }
        Ok(complete.then_some(days))
    }

    /// Writes the days of one rollup, in turn: whoever waits for new figures waits for no more than that.
    pub(super) async fn write_next(&self, progress: &mut Progress) -> Result<()> {
        let number = self.ordered.len();
        let after = progress.last_written + 1;
        let waits = |index: &usize| !progress.unwritten[*index].is_empty() || progress.stale[*index];
        let next = (after..after + number).map(|index| index % number).find(waits);
        if let Some((index, table)) = next.and_then(|index| Some((index, self.ordered[index].table.as_ref()?))) {
            progress.last_written = index;
            self.write_rollup(progress, index, table).await?;
        }
        Ok(())
    }

    async fn write_rollup(&self, progress: &mut Progress, index: usize, table: &Table) -> Result<Option<BTreeSet<i32>>> {
        let maintained = &self.ordered[index];
        let waiting: BTreeSet<i32> = {
            let days = self.days.read().await;
            let ready = |day: &&i32| days.by_day.contains_key(day) && !progress.todo.contains_key(day);
            progress.unwritten[index].iter().filter(ready).copied().collect()
        };
        let whole = progress.todo.is_empty() && waiting.len() == progress.unwritten[index].len();
        if waiting.is_empty() && !(progress.stale[index] && whole) {
            return Ok(Some(waiting));
        }
        let mut left: Vec<i32> = waiting.iter().copied().collect();
        loop {
            let (part, batches) = self.part(index, table, &mut left).await?;
            let positions = if whole && left.is_empty() { self.positions(progress, maintained) } else { Vec::new() };
            let _writer = self.lake.lock().await?;
            table.refresh().await?;
            if self.is_behind(progress, maintained, table) {
                return Ok(None);
            }
            match table.replace_days(&part, batches, &positions).await {
                Err(LakeError::Conflict { .. }) => return Ok(None),
                committed => committed?,
            };
            progress.unwritten[index].retain(|day| !part.contains(day));
            if left.is_empty() {
                progress.stale[index] &= !whole;
                return Ok(Some(waiting));
            }
        }
    }

    /// The rows of as many of the days that are left as one commit should have.
    async fn part(&self, index: usize, table: &Table, left: &mut Vec<i32>) -> Result<(Vec<i32>, Vec<RecordBatch>)> {
        let days = self.days.read().await;
        let (mut part, mut batches, mut rows) = (Vec::new(), Vec::new(), 0);
        while rows < COMMIT_ROWS
            && let Some(day) = left.pop()
        {
            part.push(day);
            if let Some(held) = days.by_day.get(&day) {
                let schema = table.schema();
                let all: Vec<usize> = (0..schema.fields().len()).collect();
                let (columns, count) = held.states[index].read(&self.ordered[index].shape, &held.texts, &all, &[])?;
                let columns = columns.iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
                rows += count;
                if count > 0 {
                    batches.push(RecordBatch::try_new(Arc::clone(&schema), columns.collect::<arrow::error::Result<_>>()?)?);
                }
            }
        }
        Ok((part, batches))
    }

    fn positions(&self, progress: &Progress, maintained: &Maintained) -> Vec<Position> {
        let followed = maintained.kinds.iter().filter_map(|kind| {
            let value = *progress.followed.get(kind)?;
            Some(Position { source: position(&self.kinds[kind].table), value })
        });
        [Position { source: DEFINITION.to_owned(), value: maintained.fingerprint }].into_iter().chain(followed).collect()
    }

    /// Whether the table was written by someone who had seen more.
    fn is_behind(&self, progress: &Progress, maintained: &Maintained, table: &Table) -> bool {
        let same = table.position(DEFINITION) == Some(maintained.fingerprint);
        let ahead = |kind: &String| {
            let seen = table.position(&position(&self.kinds[kind].table));
            seen > progress.followed.get(kind).copied()
        };
        same && maintained.kinds.iter().any(ahead)
    }

    /// Lets go of days while those in memory take too much.
    pub(super) async fn make_room(&self, progress: &mut Progress) -> Result<()> {
        let taken = self.days.read().await.by_day.values().map(Day::footprint).sum::<usize>();
        if taken <= MEMORY {
            return Ok(());
        }
        self.write_days(progress).await?;
        let unwritten: BTreeSet<i32> = progress.unwritten.iter().flatten().copied().collect();
        let mut days = self.days.write().await;
        let guests = days.by_day.iter().map(|(day, held)| Guest {
            streaming: held.streaming.is_some_and(|last| last.elapsed() < STREAMING),
            used: held.used,
            day: *day,
            footprint: held.footprint(),
        });
        for day in to_let_go(guests.collect(), &unwritten, !progress.todo.is_empty()) {
            days.by_day.remove(&day);
        }
        Ok(())
    }
}

/// A day in memory, in the order in which days go: first those that no events come for, the least used first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Guest {
    streaming: bool,
    used: i64,
    day: i32,
    footprint: usize,
}

/// The days that go. A day that events come for stays unless memory is very short, and the last of them always does, for it would
/// only have to be worked out again; a last one that no events come for goes if others wait for its room.
fn to_let_go(mut guests: Vec<Guest>, unwritten: &BTreeSet<i32>, others_wait: bool) -> Vec<i32> {
    let mut taken: usize = guests.iter().map(|guest| guest.footprint).sum();
    guests.sort_unstable();
    if guests.last().is_some_and(|last| last.streaming || !others_wait) {
        guests.pop();
    }
    let mut gone = Vec::new();
    for guest in guests {
        if taken <= if guest.streaming { 2 * MEMORY } else { MEMORY } {
            break;
        }
        if !unwritten.contains(&guest.day) {
            taken -= guest.footprint;
            gone.push(guest.day);
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const BIG: usize = MEMORY * 3 / 4;

    fn guest(streaming: bool, used: i64, footprint: usize) -> Guest {
        Guest { streaming, used, day: i32::try_from(used).expect("small"), footprint }
    }

    #[rstest]
    #[case::room_enough(vec![guest(false, 1, BIG)], false, &[])]
    #[case::least_used_first(vec![guest(false, 2, BIG), guest(false, 1, BIG)], false, &[1])]
    #[case::not_streamed_first(vec![guest(true, 1, BIG), guest(false, 2, BIG)], false, &[2])]
    #[case::streamed_stay_longer(vec![guest(true, 1, BIG), guest(true, 2, BIG)], false, &[])]
    #[case::but_not_all(vec![guest(true, 1, BIG), guest(true, 2, BIG), guest(true, 3, BIG)], false, &[1])]
    #[case::the_last_streamed_stays(vec![guest(true, 2, 4 * BIG), guest(false, 1, BIG)], true, &[1])]
    #[case::all_there_is(vec![guest(false, 1, 4 * BIG)], false, &[])]
    #[case::a_backlog(vec![guest(false, 1, 4 * BIG)], true, &[1])]
    fn days_go_in_order(#[case] guests: Vec<Guest>, #[case] others_wait: bool, #[case] gone: &[i32]) {
        assert_eq!(to_let_go(guests, &BTreeSet::new(), others_wait), gone);
    }

    #[test]
    fn no_day_goes_unwritten() {
        let guests = vec![guest(false, 1, BIG), guest(false, 2, BIG), guest(false, 3, BIG)];
        assert_eq!(to_let_go(guests, &BTreeSet::from([1]), false), [2]);
    }
}
