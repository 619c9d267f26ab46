//! The task that keeps the rollups current, apart from the commits it follows.
//!
//! Promises: commits never wait for rollups; several commits are taken in at once; between two looks it rests as long as the last
//! one took (a quarter of a second at most), so that a long load keeps its cores. What is in memory is written now and then, one rollup
//! after the other, and all of it when someone waits for it and at the end. Every few writings it has the tables' upkeep done.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{Error, Rolling, Rollups};

const LONGEST_REST: Duration = Duration::from_millis(250);
const RETRY: Duration = Duration::from_secs(1);
/// How often each rollup is written.
const WRITE_EVERY: Duration = Duration::from_secs(30);
/// Looks between two rounds of upkeep.
const UPKEEP_EVERY: u32 = 64;

/// How far the rollups have come, in committed groups.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rolled {
    /// In memory.
    pub(crate) done: u64,
    /// On disk.
    pub(crate) written: u64,
    /// The last attempt, if it failed: what it aimed at and why it failed.
    pub(crate) failed: Option<(u64, Error)>,
}

impl Rolled {
    fn so_far(&self) -> (u64, u64) {
        (self.done, self.written)
    }

    /// Whether someone who waits for `target` on disk has an answer.
    pub(crate) fn answers(&self, target: u64) -> bool {
        self.written >= target || self.failed.as_ref().is_some_and(|(aimed, _)| *aimed >= target)
    }
}

/// Why the roller wakes up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wake {
    Committed,
    /// It is time to write the next rollup.
    Write,
    /// Someone waits for everything to be written.
    Asked,
    /// The committer has ended.
    Ended,
}

pub(crate) struct Roller {
    rollups: Arc<Rollups>,
    /// Told now and then, when the tables may need upkeep.
    upkeep: Arc<Notify>,
    looks: u32,
    last_write: Instant,
    /// Someone has asked while it was busy.
    asked: bool,
    committed: watch::Receiver<u64>,
    rolled: watch::Sender<Rolled>,
    hurry: Arc<Notify>,
    rolling: Rolling,
}

impl Roller {
    pub(crate) fn new(
        rollups: Arc<Rollups>,
        upkeep: Arc<Notify>,
        committed: watch::Receiver<u64>,
        hurry: Arc<Notify>,
        rolling: Rolling,
    ) -> (Self, watch::Receiver<Rolled>) {
        let (rolled, state) = watch::channel(Rolled::default());
        (Self { rollups, upkeep, looks: 0, last_write: Instant::now(), asked: false, committed, rolled, hurry, rolling }, state)
    }

    /// Follows the commits until the committer has ended and its last commit is rolled up and written, or could not be.
    pub(crate) async fn run(mut self) {
        loop {
            let wake = self.wake().await;
            let target = *self.committed.borrow_and_update();
            let (done, written) = self.rolled.borrow().so_far();
            let rest = match target > done || wake != Wake::Committed && target > written {
                true => self.attempt(target, wake).await,
                false => Duration::ZERO,
            };
            if wake == Wake::Ended {
                return;
            }
            self.tidy();
            self.rest(rest).await;
        }
    }

    async fn wake(&mut self) -> Wake {
        if self.committed.has_changed().is_err() {
            return Wake::Ended;
        }
        if std::mem::take(&mut self.asked) {
            return Wake::Asked;
        }
        let (done, written) = self.rolled.borrow().so_far();
        let following = self.rolling == Rolling::Following;
        let tables = u32::try_from(self.rollups.written()).unwrap_or(u32::MAX).max(1);
        tokio::select! {
            open = self.committed.wait_for(|committed| following && *committed > done) => match open {
                Ok(_) => Wake::Committed,
                Err(_) => Wake::Ended,
            },
            () = self.hurry.notified() => Wake::Asked,
            () = sleep_until(self.last_write + WRITE_EVERY / tables), if following && written < done => Wake::Write,
        }
    }

    async fn attempt(&mut self, target: u64, wake: Wake) -> Duration {
        let start = Instant::now();
        let reached = match wake {
            Wake::Committed => self.rollups.keep_up(false).await,
            Wake::Write => self.rollups.keep_up(true).await,
            Wake::Asked | Wake::Ended => self.rollups.catch_up().await.map(|_| (true, true)),
        };
        if wake != Wake::Committed {
            self.last_write = Instant::now();
        }
        match reached {
            Ok((done, written)) => {
                self.rolled.send_modify(|rolled| {
                    rolled.done = if done { target } else { rolled.done };
                    rolled.written = if written { target } else { rolled.written };
                    rolled.failed = None;
                });
                // What is not done is looked at again soon.
                if done { start.elapsed().min(LONGEST_REST) } else { LONGEST_REST }
            }
            Err(error) => {
                tracing::error!(code = error.code(), %error, "the rollups are behind: trying again");
                self.rolled.send_modify(|rolled| rolled.failed = Some((target, error)));
                RETRY
            }
        }
    }

    fn tidy(&mut self) {
        self.looks += 1;
        if self.looks == UPKEEP_EVERY {
            self.looks = 0;
            self.upkeep.notify_one();
        }
    }

    async fn rest(&mut self, long: Duration) {
        let mut committed = self.committed.clone();
        let ended = async { while committed.changed().await.is_ok() {} };
        tokio::select! {
            () = sleep(long) => {}
            () = self.hurry.notified() => self.asked = true,
            () = ended => {}
        }
    }
}
