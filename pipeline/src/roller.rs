//! The task that keeps the rollups current, apart from the commits it follows.
//!
//! Promises: commits never wait for rollups; several commits are caught up with at once; between two runs it rests twice as
//! long as the last run took (ten seconds at most), so that a long load keeps its cores, unless someone waits for it. Now and
//! then it has the tables' upkeep done.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use crate::{Error, Rolling, Rollups};

const LONGEST_REST: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(1);
/// Runs between two rounds of upkeep.
const UPKEEP_EVERY: u32 = 16;

/// How far the rollups have come, in committed groups.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rolled {
    pub(crate) done: u64,
    /// The last attempt, if it failed: what it aimed at and why it failed.
    pub(crate) failed: Option<(u64, Error)>,
}

impl Rolled {
    /// Whether someone who waits for `target` has an answer.
    pub(crate) fn answers(&self, target: u64) -> bool {
        self.done >= target || self.failed.as_ref().is_some_and(|(aimed, _)| *aimed >= target)
    }
}

pub(crate) struct Roller {
    rollups: Arc<Rollups>,
    /// Told now and then, when the tables may need upkeep.
    upkeep: Arc<Notify>,
    runs: u32,
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
        (Self { rollups, upkeep, runs: 0, committed, rolled, hurry, rolling }, state)
    }

    /// Follows the commits until the committer has ended and its last commit is rolled up, or could not be.
    pub(crate) async fn run(mut self) {
        loop {
            if self.rolling == Rolling::WhenAsked {
                self.rest(Duration::MAX).await;
            }
            let open = self.work_to_do().await;
            let target = *self.committed.borrow_and_update();
            if target > self.rolled.borrow().done {
                let rest = self.attempt(target).await;
                if open {
                    self.tidy();
                    self.rest(rest).await;
                }
            } else if !open {
                return;
            }
            if !open && self.rolled.borrow().failed.is_some() {
                return;
            }
        }
    }

    /// Returns when something is committed that is not rolled up; false when the committer has ended.
    async fn work_to_do(&mut self) -> bool {
        let done = self.rolled.borrow().done;
        let open = self.committed.wait_for(|committed| *committed > done).await.is_ok();
        open && self.committed.has_changed().is_ok()
    }

    async fn attempt(&self, target: u64) -> Duration {
        let start = Instant::now();
        match self.rollups.catch_up().await {
            Ok(_) => {
                self.rolled.send_replace(Rolled { done: target, failed: None });
                (start.elapsed() * 2).min(LONGEST_REST)
            }
            Err(error) => {
                tracing::error!(code = error.code(), %error, "the rollups are behind: trying again");
                self.rolled.send_modify(|rolled| rolled.failed = Some((target, error)));
                RETRY
            }
        }
    }

    fn tidy(&mut self) {
        self.runs += 1;
        if self.runs == UPKEEP_EVERY {
            self.runs = 0;
            self.upkeep.notify_one();
        }
    }

    async fn rest(&mut self, long: Duration) {
        let committed = &mut self.committed;
        let ended = async { while committed.changed().await.is_ok() {} };
        tokio::select! {
            () = sleep(long) => {}
            () = self.hurry.notified() => {}
            () = ended => {}
        }
    }
}
