//! The drop folder: what is put into `inbox/<vendor or kind>/` is taken in and moved to `done/` or `failed/`, beside a report.
//!
//! Promises:
//! - A file is taken when it has not changed for a while and is whole; it is moved after its commit, in one step, with its report
//!   already there. Killed at any instant, it is either still in the inbox, to be taken again harmlessly, or away with its report.
//! - While the lake takes nothing, files stay and are tried again, less and less often.
//! - Files of one folder go in order, oldest first; a few folders go side by side.
//! - The folder is looked at again and again instead of asking the system for notices, so network shares work like disks. One
//!   process at a time watches it.
//!
//! ```text
//! <folder>/inbox/<mapping>/a.csv ── look ─▶ watchlist ── whole? take ──▶ <folder>/done/<mapping>/a.csv + a.csv.report.txt
//!                                            settled                └──▶ <folder>/failed/…
//! ```

mod look;
mod place;
mod refusal;
mod report;
mod shelf;
mod take;
mod watchlist;
mod whole;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet, spawn_blocking};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Desk;
use super::backoff::Backoff;
use place::Place;
pub use report::Language;
use take::{Moved, Outcome, Taker};
use watchlist::{Ready, Watchlist};

/// For how long a file that was put away is watched: a writer that paused may go on in it.
const AFTERCARE: Duration = Duration::from_secs(120);
/// Waits while the lake takes nothing.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How the drop folder works.
#[derive(Debug, Clone)]
pub struct InboxOptions {
    /// Holds `inbox/`, `done/` and `failed/`, which must be on one file system.
    pub folder: PathBuf,
    /// A file that has not changed for so long is complete.
    pub settle: Duration,
    /// A file that ends too early and has not changed for so long is given up.
    pub patience: Duration,
    /// How often the folder is looked at.
    pub poll: Duration,
    /// Folders whose files are taken at the same time.
    pub side_by_side: usize,
    /// The language of reports.
    pub language: Language,
}

/// Watches until told to stop.
pub(super) async fn run(desk: Desk, options: InboxOptions) {
    let watchlist = Watchlist::new(options.settle);
    let backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    let options = Arc::new(options);
    let place = None;
    let (work, busy, moved) = (JoinSet::new(), HashMap::new(), Vec::new());
    let inbox = Inbox { desk, options, place, watchlist, work, busy, moved, backoff, hold: None };
    inbox.run().await;
}

struct Inbox {
    desk: Desk,
    options: Arc<InboxOptions>,
    /// The folders, once they are there and ours.
    place: Option<Place>,
    watchlist: Watchlist,
    work: JoinSet<Vec<(PathBuf, Outcome)>>,
    busy: HashMap<Id, String>,
    moved: Vec<(Moved, Instant)>,
    backoff: Backoff,
    /// Nothing is tried before this time.
    hold: Option<Instant>,
}

impl Inbox {
    async fn run(mut self) {
        let mut ticks = interval(self.options.poll);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = self.desk.stop.cancelled() => break,
                Some(done) = self.work.join_next_with_id() => self.note(done),
                _ = ticks.tick() => self.look().await,
            }
        }
        // Those under way see the same signal and end between two steps.
        while self.work.join_next().await.is_some() {}
    }

    /// Looks at the folder once and starts on what is ready.
    async fn look(&mut self) {
        if self.hold.is_some_and(|until| Instant::now() < until) {
            return;
        }
        let found = match self.place().await {
            Ok(inbox) => spawn_blocking(move || look::look(&inbox)).await.map_err(std::io::Error::other).flatten(),
            Err(error) => Err(error),
        };
        match found {
            Ok(files) => {
                self.take_back_what_grew();
                let ready = self.watchlist.look(files, Instant::now());
                self.start(ready);
            }
            Err(error) => {
                self.place = None;
                let folder = self.options.folder.display().to_string();
                self.hold(&format!("the drop folder {folder}"), error.to_string());
            }
        }
    }

    /// The inbox, made and locked if need be.
    async fn place(&mut self) -> std::io::Result<PathBuf> {
        if self.place.is_none() {
            let (folder, language) = (self.options.folder.clone(), self.options.language);
            let standard = Arc::clone(&self.desk.ingest.setup().standard);
            let opened = spawn_blocking(move || Place::open(&folder, &standard, language)).await;
            self.place = Some(opened.map_err(std::io::Error::other).flatten()?);
        }
        Ok(self.options.folder.join("inbox"))
    }

    fn start(&mut self, ready: BTreeMap<String, Vec<Ready>>) {
        if ready.is_empty() && self.work.is_empty() {
            self.hold = None;
        }
        if self.hold.is_none() {
            self.desk.board.running();
        }
        let mut folders: Vec<_> = ready.into_iter().collect();
        folders.sort_by_key(|(_, files)| files.first().map(|ready| ready.file.modified));
        for (folder, files) in folders {
            if self.work.len() >= self.options.side_by_side.max(1) {
                return;
            }
            if !self.busy.values().any(|busy| *busy == folder) {
                let taker = Taker { desk: self.desk.clone(), options: Arc::clone(&self.options) };
                self.busy.insert(self.work.spawn(taker.all(files)).id(), folder);
            }
        }
    }

    fn note(&mut self, done: Result<(Id, Vec<(PathBuf, Outcome)>), JoinError>) {
        let (id, outcomes) = match done {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(%error, "taking a file ended badly: it is tried again");
                (error.id(), Vec::new())
            }
        };
        self.busy.remove(&id);
        for (path, outcome) in outcomes {
            match outcome {
                Outcome::Away(moved) => {
                    self.backoff.reset();
                    self.hold = None;
                    self.moved.push((moved, Instant::now() + AFTERCARE));
                }
                Outcome::Later(reason) => self.put_off(&path, &reason),
                Outcome::Lake(reason) => self.hold("the lake", reason),
                Outcome::NotYet | Outcome::Stopped => {}
            }
        }
    }

    fn put_off(&mut self, path: &Path, reason: &str) {
        // A file that is gone was taken back by whoever put it there.
        if look::stamp(path).is_none() {
            return;
        }
        let doubled = |attempts: u32| (FIRST_WAIT * 2_u32.pow(attempts.min(10))).min(LONGEST_WAIT);
        let wait = self.watchlist.put_off(path, Instant::now(), doubled);
        tracing::warn!(file = %path.display(), "cannot be taken now, tried again in {} s: {reason}", wait.as_secs());
    }

    fn hold(&mut self, awaited: &str, reason: String) {
        self.desk.board.waiting(awaited, reason);
        self.hold = Some(Instant::now() + self.backoff.wait(&self.desk.chance));
    }

    /// Whoever was still writing to a file when it was moved went on in `done/`: back to the inbox with it.
    fn take_back_what_grew(&mut self) {
        let now = Instant::now();
        self.moved.retain(|(moved, until)| {
            let grown = look::stamp(&moved.to).is_some_and(|stamp| stamp != moved.stamp);
            if grown {
                match shelf::take_back(&moved.to, &moved.from) {
                    Ok(()) => tracing::warn!(file = %moved.from.display(), "it grew after it was taken: it is taken again"),
                    Err(error) => {
                        tracing::error!(file = %moved.to.display(), %error, "it grew after it was taken and cannot be moved back")
                    }
                }
            }
            !grown && now < *until
        });
    }
}
