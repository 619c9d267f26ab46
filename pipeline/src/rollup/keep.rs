//! Lets go of days that are on disk when memory is short.
//!
//! Invariant: no day leaves memory unwritten. Beside events that come, days are written in turn anyway, and go once they are: who waits
//! for new figures waits for no writing, unless memory is very short.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Rollups;
use super::days::Day;
use super::follow::Progress;
use crate::Result;

/// What the days in memory may take before those not used lately go.
pub(super) const MEMORY: usize = 192 << 20;
/// What they may take when a day comes in beside events, before those not written yet are written at once.
pub(super) const SHORT: usize = 4 * MEMORY;
/// How long after its last event a day counts as one that events come for.
const STREAMING: Duration = Duration::from_secs(600);

impl Rollups {
    /// Lets go of days while those in memory take too much; writes them first when they take more than `most`.
    pub(super) async fn make_room(&self, progress: &mut Progress, most: usize) -> Result<()> {
        let taken = self.days.read().await.by_day.values().map(Day::footprint).sum::<usize>();
        if taken <= MEMORY {
            return Ok(());
        }
        if taken > most {
            self.write_days(progress).await?;
        }
        let on_their_way = progress.draft.iter().flat_map(|draft| &draft.days);
        let unwritten: BTreeSet<i32> = progress.unwritten.iter().flatten().chain(on_their_way).copied().collect();
        let mut days = self.days.write().await;
        let guests = days.by_day.iter().map(|(day, held)| Guest {
            streaming: held.streaming.is_some_and(|last| last.elapsed() < STREAMING),
            used: held.revision,
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
