//! Follows the kinds' logs, and brings the days in memory up to them.
//!
//! Invariants: a version counts as followed once its days are noted as work to be done, and work stays noted until it is done; rows
//! that are newer than the version may be taken in, and are taken in again with theirs, which changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use xueqing_lake::{Changes, DataFile, Error as LakeError, RETAINED, Table};

use super::days::{self, Day};
use super::keep::{MEMORY, SHORT};
use super::live::Touch;
use super::write::{DEFINITION, Draft, Round};
use super::{Maintained, Rollups, Source};
use crate::{Error, Result};

/// Versions without a touched day after which a rollup's positions are written all the same, to keep the next start short.
const STALE: i64 = 64;
/// Rows of the days that are worked out at once, unless it is one day: what bounds memory.
const ROWS_UNDER_WAY: u64 = 4 << 20;

/// How far the logs have been followed.
#[derive(Default)]
pub(super) struct Progress {
    /// Whether what was written before the start has been looked at.
    is_ready: bool,
    /// By kind: the version whose changes are noted.
    pub followed: BTreeMap<String, i64>,
    pub todo: BTreeMap<i32, Todo>,
    /// By rollup: days in memory that are newer than on disk, or will be; without those of the draft.
    pub unwritten: Vec<BTreeSet<i32>>,
    /// By rollup: whether its positions are worth writing even without days.
    pub stale: Vec<bool>,
    /// The rollup that was written last.
    pub last_written: usize,
    pub round: Option<Round>,
    pub draft: Option<Draft>,
    /// What watchers have not been told yet.
    touched: BTreeMap<i32, Touch>,
    /// Days that are being worked out anew.
    loading: JoinSet<(i32, Result<(Day, Touch)>)>,
    /// With their rows.
    under_way: BTreeMap<i32, u64>,
}

type Loaded = std::result::Result<(i32, Result<(Day, Touch)>), JoinError>;

/// What is to be done for a day.
#[derive(Default)]
pub(super) struct Todo {
    /// To be worked out from all its rows.
    anew: bool,
    /// Else: the files with new rows.
    files: Vec<(String, DataFile)>,
}

impl Progress {
    pub fn moment(&self) -> i64 {
        self.followed.values().sum()
    }

    /// Notes what watchers are to be told.
    fn touch(&mut self, day: i32, touch: Touch) {
        match self.touched.get_mut(&day) {
            Some(known) => known.add(touch),
            None => drop(self.touched.insert(day, touch)),
        }
    }
}

impl Rollups {
    /// Brings the days in memory up to the logs. Days that have to be worked out from all their rows are begun, and with `wait`
    /// finished; whether nothing is left to be done.
    pub(super) async fn follow(&self, progress: &mut Progress, wait: bool) -> Result<bool> {
        match progress.is_ready {
            true => self.look(progress).await?,
            false => self.look_back(progress).await?,
        }
        self.let_fade(progress).await?;
        self.take_in(progress).await;
        loop {
            self.load(progress).await;
            let loaded = match wait {
                true => progress.loading.join_next().await,
                false => progress.loading.try_join_next(),
            };
            let Some(loaded) = loaded else { break };
            self.loaded(progress, loaded, wait).await?;
            self.take_in(progress).await;
        }
        let moment = progress.moment();
        self.days.write().await.moment = moment;
        let days = std::mem::take(&mut progress.touched);
        if !days.is_empty() {
            self.live.tell(moment, days);
        }
        Ok(progress.todo.is_empty())
    }

    /// Notes what the logs have that is not followed yet.
    async fn look(&self, progress: &mut Progress) -> Result<()> {
        for (kind, source) in self.kinds.iter() {
            let (changes, everything) = changes(&source.table, progress.followed.get(kind).copied()).await?;
            let removed: BTreeSet<i32> = changes.removed.iter().filter_map(|file| file.day).collect();
            let mut days = changes.days;
            days.retain(|day| self.note(progress, kind, *day));
            for day in &days {
                progress.todo.entry(*day).or_default().anew |= everything || removed.contains(day);
            }
            for file in changes.added {
                if let Some(todo) = file.day.filter(|day| days.contains(day)).and_then(|day| progress.todo.get_mut(&day)) {
                    todo.files.push((kind.clone(), file));
                }
            }
            progress.followed.insert(kind.clone(), changes.version);
        }
        Ok(())
    }

    /// At a start: notes what has changed since each rollup was last written, by whatever process.
    async fn look_back(&self, progress: &mut Progress) -> Result<()> {
        progress.unwritten = vec![BTreeSet::new(); self.ordered.len()];
        progress.stale = vec![false; self.ordered.len()];
        for (kind, source) in self.kinds.iter() {
            progress.followed.insert(kind.clone(), source.table.refresh().await?);
        }
        for (index, maintained) in self.ordered.iter().enumerate() {
            let Maintained { table: Some(table), kinds, fingerprint, .. } = maintained else { continue };
            table.refresh().await?;
            let same = table.position(DEFINITION) == Some(*fingerprint);
            let mut days = if same { BTreeSet::new() } else { table.days() };
            for kind in kinds {
                let source = &self.kinds[kind].table;
                let known = table.position(&position(source)).filter(|_| same);
                let (changes, _) = changes(source, known).await?;
                progress.stale[index] |= known.is_none_or(|known| changes.version - known >= STALE);
                days.extend(changes.days);
            }
            let kept_from = self.kept_from(maintained);
            for day in days.into_iter().filter(|day| *day >= kept_from) {
                progress.unwritten[index].insert(day);
                progress.todo.entry(day).or_default().anew = true;
            }
        }
        progress.is_ready = true;
        self.live.begin(progress.moment());
        Ok(())
    }

    /// Notes which rollups of a kind will have to be written for a day; whether there are any.
    fn note(&self, progress: &mut Progress, kind: &str, day: i32) -> bool {
        let mut any = false;
        for (maintained, unwritten) in self.ordered.iter().zip(&mut progress.unwritten) {
            if maintained.table.is_some() && maintained.kinds.contains(kind) && day >= self.kept_from(maintained) {
                unwritten.insert(day);
                any = true;
            }
        }
        any
    }

    /// The first day of which all the rollup's sources are still there.
    fn kept_from(&self, maintained: &Maintained) -> i32 {
        let kept = maintained.kinds.iter().filter_map(|kind| self.kinds[kind].table.position(RETAINED)).max();
        kept.map_or(i32::MIN, |day| i32::try_from(day).unwrap_or(i32::MAX))
    }

    /// What is left of an emptied day is not the day: it is written as it was, and goes out of memory.
    async fn let_fade(&self, progress: &mut Progress) -> Result<()> {
        let kept_from = self.ordered.iter().map(|maintained| self.kept_from(maintained)).max().unwrap_or(i32::MIN);
        let fading: Vec<i32> = self.days.read().await.by_day.range(..kept_from).map(|(day, _)| *day).collect();
        if !fading.is_empty() {
            self.write_days(progress).await?;
            let mut days = self.days.write().await;
            for day in fading {
                days.by_day.remove(&day);
                progress.unwritten.iter_mut().for_each(|unwritten| unwritten.retain(|other| *other != day));
            }
        }
        Ok(())
    }

    /// Begins to work out days anew, the newest first, several at a time.
    async fn load(&self, progress: &mut Progress) {
        let in_memory: BTreeSet<i32> = self.days.read().await.by_day.keys().copied().collect();
        let Progress { todo, loading, under_way, .. } = progress;
        let waiting = todo.iter_mut().rev().filter(|(day, todo)| todo.anew || !in_memory.contains(day));
        for (&day, todo) in waiting {
            let rows: u64 = days::files(&self.kinds, day).iter().map(|(_, file)| file.rows).sum();
            let fits = under_way.is_empty() || under_way.values().sum::<u64>() + rows <= ROWS_UNDER_WAY;
            if fits && under_way.len() < cores() && !under_way.contains_key(&day) {
                under_way.insert(day, rows);
                // What is noted from now on is taken in afterwards.
                *todo = Todo::default();
                let whole = self.ordered.iter().map(|maintained| day >= self.kept_from(maintained)).collect();
                let work = load(Arc::clone(&self.ordered), Arc::clone(&self.kinds), day, whole);
                loading.spawn(async move { (day, work.await) });
            }
        }
    }

    async fn loaded(&self, progress: &mut Progress, loaded: Loaded, wait: bool) -> Result<()> {
        let (day, loaded) = match loaded {
            Ok(done) => done,
            Err(stopped) => {
                progress.under_way.clear();
                return Err(Error::Read { reason: stopped.to_string() });
            }
        };
        progress.under_way.remove(&day);
        let (mut loaded, touch) = match loaded {
            Ok(done) => done,
            Err(error) => {
                progress.todo.entry(day).or_default().anew = true;
                return Err(error);
            }
        };
        let mut days = self.days.write().await;
        loaded.revision = days.next_revision();
        let before = days.by_day.insert(day, loaded);
        drop(days);
        let is_new = before.is_none() && !self.tables().any(|table| table.days().contains(&day));
        // Whatever it was before may be gone.
        let classes = touch.classes.filter(|_| is_new);
        progress.touch(day, Touch { classes, ..touch });
        if progress.todo.get(&day).is_some_and(|todo| !todo.anew && todo.files.is_empty()) {
            progress.todo.remove(&day);
        }
        self.make_room(progress, if wait { MEMORY } else { SHORT }).await
    }

    /// Takes new rows into the days in memory, all at once for those who read. A day where that fails goes out of memory.
    async fn take_in(&self, progress: &mut Progress) {
        let mut days = self.days.write().await;
        let moment = progress.moment();
        let ready = |(day, todo): (&i32, &Todo)| (!todo.anew && !progress.under_way.contains_key(day)).then_some(*day);
        let ready: Vec<i32> = progress.todo.iter().filter_map(ready).collect();
        for number in ready {
            let revision = days.next_revision();
            let (Some(todo), Some(day)) = (progress.todo.get(&number), days.by_day.get_mut(&number)) else { continue };
            match day.take_in(&self.ordered, &self.kinds, &todo.files).await {
                Ok(touch) => {
                    day.revision = revision;
                    day.streaming = Some(Instant::now());
                    progress.touch(number, touch);
                    progress.todo.remove(&number);
                }
                Err(error) => {
                    tracing::warn!(code = error.code(), %error, "a day in memory is worked out anew");
                    days.by_day.remove(&number);
                }
            }
        }
        days.moment = moment;
    }
}

async fn load(
    ordered: Arc<[Maintained]>,
    kinds: Arc<BTreeMap<String, Source>>,
    day: i32,
    whole: Vec<bool>,
) -> Result<(Day, Touch)> {
    let mut loaded = Day::new(&ordered, whole);
    let touch = loaded.take_in(&ordered, &kinds, &days::files(&kinds, day)).await?;
    Ok((loaded, touch))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The name of a kind's position in a rollup's log.
pub(super) fn position(source: &Table) -> String {
    format!("source:{}", source.name())
}

/// The changes of a kind's table since `known`, and whether that is everything: nothing is known, or the log does not reach back.
async fn changes(source: &Table, known: Option<i64>) -> Result<(Changes, bool)> {
    if let Some(known) = known {
        match source.changes_since(known).await {
            Err(LakeError::HistoryGone { .. }) => {}
            changes => return Ok((changes?, false)),
        }
    }
    Ok((source.changes_since(-1).await?, true))
}
