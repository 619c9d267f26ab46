//! Taking one file: whole? in? put away.
//!
//! Promises: a file is put away only after everything in it is committed, or after it is clear that the file itself is at fault;
//! a file that changed while it was read is not put away; a passing trouble leaves it where it is.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use chrono::DateTime;
use tokio::task::spawn_blocking;

use super::look::{self, Sighting};
use super::report::{self, Contents, Facts, Verdict};
use super::watchlist::Ready;
use super::whole::{self, Wholeness};
use super::{InboxOptions, refusal, shelf};
use crate::sources::Desk;
use crate::{Error, Feed, Format, Identity, Item, NotTaken, Origin, Parcel, Receipt};

/// What came of one attempt at a file.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is in `done/` or `failed/`.
    Away(Moved),
    /// It is still on its way: look again.
    NotYet,
    /// The file, or the place it should go to, cannot be used now.
    Later(String),
    /// The lake takes nothing now.
    Lake(String),
    Stopped,
}

/// A file that was put away, as it was then.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) from: PathBuf,
    pub(super) to: PathBuf,
    pub(super) stamp: (u64, SystemTime),
}

/// Takes files of one folder, one after the other.
pub(super) struct Taker {
    pub(super) desk: Desk,
    pub(super) options: Arc<InboxOptions>,
}

/// Why a file could not be read to its end.
enum Trouble {
    /// Its own fault, or the lake's.
    Told(Error),
    /// It cannot be opened, or its disk cannot be read.
    Disk(String),
}

impl Taker {
    /// Ends early when the lake takes nothing, or the server stops.
    pub(super) async fn all(self, files: Vec<Ready>) -> Vec<(PathBuf, Outcome)> {
        let mut outcomes = Vec::new();
        for ready in files {
            let outcome = self.one(&ready).await;
            let last = matches!(outcome, Outcome::Lake(_) | Outcome::Stopped);
            outcomes.push((ready.file.path, outcome));
            if last {
                break;
            }
        }
        outcomes
    }

    async fn one(&self, ready: &Ready) -> Outcome {
        let file = &ready.file;
        let standard = &self.desk.ingest.setup().standard;
        if standard.mapping(&file.folder).is_err() {
            return self.put_away(file, refusal::unknown_folder(standard, &file.folder)).await;
        }
        let verdict = match self.wholeness(file).await {
            Err(reason) => return Outcome::Later(reason),
            Ok(Wholeness::Whole) => None,
            Ok(_) if ready.still < self.options.patience => return Outcome::NotYet,
            Ok(Wholeness::Empty) => Some(refusal::empty()),
            Ok(Wholeness::Partial(format)) => Some(refusal::cut_short(format)),
        };
        if let Some(verdict) = verdict {
            return self.put_away(file, verdict).await;
        }
        let taken = tokio::select! {
            biased;
            () = self.desk.stop.cancelled() => return Outcome::Stopped,
            taken = self.take(file) => taken,
        };
        if look::stamp(&file.path) != Some((file.size, file.modified)) {
            return Outcome::NotYet;
        }
        match taken {
            Ok(verdict) => self.put_away(file, verdict).await,
            Err(Trouble::Told(Error::Closed)) => Outcome::Stopped,
            Err(Trouble::Told(error)) if refusal::is_passing(&error) => Outcome::Lake(error.to_string()),
            Err(Trouble::Told(error)) => self.put_away(file, refusal::of_error(standard, &file.folder, error)).await,
            Err(Trouble::Disk(reason)) => Outcome::Later(reason),
        }
    }

    async fn wholeness(&self, file: &Sighting) -> Result<Wholeness, String> {
        let path = file.path.clone();
        let checked = spawn_blocking(move || whole::check(&path)).await.map_err(|stopped| stopped.to_string())?;
        checked.map_err(|error| error.to_string())
    }

    async fn take(&self, file: &Sighting) -> Result<Verdict, Trouble> {
        let path = file.path.clone();
        let holds = spawn_blocking(move || whole::holds_files(&path)).await.map_err(std::io::Error::other).flatten();
        match holds.map_err(|error| Trouble::Disk(error.to_string()))? {
            true => self.take_parcel(file).await,
            false => self.take_file(file).await.map(Verdict::Read),
        }
    }

    /// An archive or a workbook: each thing in it by itself.
    async fn take_parcel(&self, file: &Sighting) -> Result<Verdict, Trouble> {
        let (path, name, folder) = (file.path.clone(), source(file), file.folder.clone());
        let opened = spawn_blocking(move || {
            let file = File::open(&path).map_err(|error| Trouble::Disk(error.to_string()))?;
            Parcel::of_file(file, &name, None).map_err(Trouble::Told)
        });
        let parcel = opened.await.map_err(|stopped| Trouble::Disk(stopped.to_string()))??;
        let origin = |item: &Item| {
            let (mapping, source) = (folder.clone(), item.source.clone());
            Some(Origin { mapping, format: Format::Auto, encoding: None, source, identity: Identity::Content })
        };
        let mut delivery = self.desk.ingest.submit_parcel(parcel, origin, |_, _| {}).await;
        let passing = |one: &NotTaken| one.error.as_ref().is_some_and(refusal::is_passing);
        if let Some(place) = delivery.failed.iter().position(passing) {
            return Err(Trouble::Told(delivery.failed.swap_remove(place).error.unwrap_or(Error::Closed)));
        }
        let standard = &self.desk.ingest.setup().standard;
        Ok(Verdict::Parcel(Contents::of(delivery, |error| refusal::of_error(standard, &file.folder, error))))
    }

    async fn take_file(&self, file: &Sighting) -> Result<Receipt, Trouble> {
        let failed = Arc::new(AtomicBool::new(false));
        let feed = noted(file.path.clone(), Arc::clone(&failed));
        let origin = Origin {
            mapping: file.folder.clone(),
            format: Format::Auto,
            encoding: None,
            source: source(file),
            identity: Identity::Content,
        };
        let taken = self.desk.ingest.submit_file(feed, origin, |_| {}).await;
        taken
            .map_err(|error| if failed.load(Ordering::Relaxed) { Trouble::Disk(error.to_string()) } else { Trouble::Told(error) })
    }

    async fn put_away(&self, file: &Sighting, verdict: Verdict) -> Outcome {
        let report = report::write(self.options.language, &self.facts(file), &verdict);
        let shelf = self.options.folder.join(if verdict.is_done() { "done" } else { "failed" }).join(&file.folder);
        let Sighting { path: from, below, size, modified, .. } = file.clone();
        let moving = spawn_blocking(move || {
            let to = shelf::put_away(&from, &shelf, &below, &report)?;
            Ok::<_, std::io::Error>(Moved { from, to, stamp: (size, modified) })
        });
        match moving.await.map_err(std::io::Error::other).flatten() {
            Ok(moved) => {
                tracing::info!(file = %source(file), to = %moved.to.display(), "put away");
                Outcome::Away(moved)
            }
            Err(error) => Outcome::Later(format!("it cannot be put away: {error}")),
        }
    }

    fn facts(&self, file: &Sighting) -> Facts {
        let setup = self.desk.ingest.setup();
        let now = DateTime::from_timestamp_micros((setup.clock)()).unwrap_or_default().with_timezone(&setup.timezone);
        Facts {
            name: file.below.to_string_lossy().into_owned(),
            folder: file.folder.clone(),
            title: setup.standard.mapping(&file.folder).ok().map(|mapping| mapping.title.clone()),
            source: source(file),
            at: now.format("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }
}

/// What the quarantine calls the sender: `<folder>/<path>`.
fn source(file: &Sighting) -> String {
    let below = file.below.to_string_lossy().replace('\\', "/");
    if file.folder.is_empty() { below } else { format!("{}/{below}", file.folder) }
}

/// A file that can be read again, and tells when the disk failed: then the content is not at fault.
fn noted(path: PathBuf, failed: Arc<AtomicBool>) -> Feed {
    Feed::Again(Box::new(move || {
        let file = File::open(&path).inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
        Ok(Box::new(Noted { file, failed: Arc::clone(&failed) }))
    }))
}

struct Noted {
    file: File,
    failed: Arc<AtomicBool>,
}

impl Read for Noted {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.file.read(into).inspect_err(|_| self.failed.store(true, Ordering::Relaxed))
    }
}
