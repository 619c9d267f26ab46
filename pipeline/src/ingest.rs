//! The handle through which everything enters.
//!
//! Promises:
//! - A [`Receipt`] means committed and flushed. An error after part of a large file is harmless: send the file again, the
//!   rows already there are replaced by their equals.
//! - A submission up to `commit_bytes` is committed whole or not at all.
//! - Waiting rows never exceed `max_pending`: submitters wait, holding at most what they are decoding.
//! - After [`Ingest::shutdown`] nothing is accepted, and everything accepted before is committed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use xueqing_lake::Lake;
use xueqing_schema::{Kind, Mapping, SEQ, Standard};

use crate::closing::{self, Calendar};
use crate::commit::{Committer, Submission, Tables};
use crate::decode::Mark;
use crate::identity::{Claim, Earlier, Identity};
use crate::outbox::{Outbox, UNIT};
use crate::quarantine::{self, Filter, QuarantinedRow};
use crate::refusals::{self, Page, Refusals};
use crate::roller::{Rolled, Roller};
use crate::setup::{Options, Setup};
use crate::space::{Intake, Space};
use crate::upkeep::Upkeep;
use crate::{Checked, Decoder, Error, Feed, Format, Progress, Receipt, Result, Rollups, Validator};

/// Submissions that may stand in the committer's queue.
const QUEUE: usize = 1024;

/// Inputs that are decoded at a time; each has a few batches in hand that are not counted as pending yet.
const READERS: usize = 4;

/// Bytes as a vendor sent them.
#[derive(Debug, Clone)]
pub struct Raw {
    pub bytes: Bytes,
    /// A vendor mapping, or a kind for the standard's own field names.
    pub mapping: String,
    pub format: Format,
    /// Overrides the mapping's encoding and detection.
    pub encoding: Option<String>,
    /// What the quarantine calls the sender.
    pub source: String,
    pub identity: Identity,
}

/// How to read a stream, and whose it is: [`Raw`] without the bytes.
#[derive(Debug, Clone)]
pub struct Origin {
    pub mapping: String,
    pub format: Format,
    pub encoding: Option<String>,
    pub source: String,
    pub identity: Identity,
}

/// What waits for its commit at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    pub submissions: usize,
    pub bytes: usize,
}

/// One district's ingest. Clones share it.
#[derive(Clone)]
pub struct Ingest {
    inner: Arc<Inner>,
}

struct Inner {
    setup: Setup,
    tables: Arc<Tables>,
    validators: BTreeMap<String, Validator>,
    rollups: Arc<Rollups>,
    /// `None` once shutting down. Held only to clone or take, never across an await.
    queue: Mutex<Option<mpsc::Sender<Submission>>>,
    room: Arc<Semaphore>,
    readers: Semaphore,
    committed: watch::Receiver<u64>,
    rolled: watch::Receiver<Rolled>,
    hurry: Arc<Notify>,
    space: Space,
    upkeep: JoinHandle<()>,
}

impl Ingest {
    /// Creates the tables, catches the rollups up with the log, and starts the committer and the roller.
    ///
    /// # Errors
    /// A file of the standard or a rollup file that is wrong; a lake that cannot be opened for writing.
    pub async fn start(setup: Setup) -> Result<Self> {
        let validators = validators(&setup)?;
        let tables = Arc::new(Tables::open(&setup.lake, &setup.standard).await?);
        let rollups = Rollups::open(&setup.lake, &setup.standard, &setup.rollup_files).await?;
        let space = Space::new(setup.lake.clone(), Arc::clone(&setup.clock));
        // On a full disk there is still much to read: the roller tries again.
        let behind = match rollups.catch_up().await {
            Err(error) if error.code() == "lake_full" => {
                space.note(&error, 0);
                true
            }
            done => done.map(|_| false)?,
        };
        let (queue, submissions) = mpsc::channel(QUEUE);
        let (count, committed) = watch::channel(u64::from(behind));
        let committer = Committer {
            lake: setup.lake.clone(),
            tables: Arc::clone(&tables),
            options: setup.options.clone(),
            clock: Arc::clone(&setup.clock),
            queue: submissions,
            committed: count,
            space: space.clone(),
        };
        let hurry = Arc::new(Notify::new());
        let nudge = Arc::new(Notify::new());
        let upkeep = upkeep(&setup, &tables, &rollups)?.start(Arc::clone(&nudge));
        let (roller, rolled) =
            Roller::new(Arc::clone(&rollups), nudge, committed.clone(), Arc::clone(&hurry), setup.options.rolling);
        tokio::spawn(committer.run());
        tokio::spawn(roller.run());
        let room = Arc::new(Semaphore::new((setup.options.max_pending / UNIT).max(1)));
        let readers = Semaphore::new(READERS);
        let queue = Mutex::new(Some(queue));
        let inner = Inner { setup, tables, validators, rollups, queue, room, readers, committed, rolled, hurry, space, upkeep };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Takes one body. Everything in it is durable when this returns.
    ///
    /// # Errors
    /// `closed` when shutting down; `identity_reused` and `identity_busy` for an input under a name that stands for another one
    /// or is being taken; what decoding says of a body that cannot be read at all; what the lake says of a failed commit.
    /// Rows that break the standard are no error.
    pub async fn submit(&self, raw: Raw) -> Result<Receipt> {
        let Raw { bytes, mapping, format, encoding, source, identity } = raw;
        let origin = Origin { mapping, format, encoding, source, identity };
        self.take(bytes.into(), origin, false, |_| {}).await
    }

    /// Takes a stream of any length in bounded memory, commit by commit. Everything in it is durable when this returns.
    ///
    /// # Errors
    /// As [`Ingest::submit`]; the rows before the fault may be committed already, and sending the whole again is safe.
    pub async fn submit_file(
        &self,
        feed: impl Into<Feed>,
        origin: Origin,
        progress: impl Fn(Progress) + Send,
    ) -> Result<Receipt> {
        self.take(feed.into(), origin, true, progress).await
    }

    async fn take(&self, feed: Feed, origin: Origin, urgent: bool, progress: impl Fn(Progress) + Send) -> Result<Receipt> {
        self.inner.space.check()?;
        let queue = self.queue()?;
        let reading = self.reading(&origin)?;
        let table = self.inner.tables.kind(reading.validator.kind())?;
        let turn = self.inner.readers.acquire().await.map_err(|_| Error::Closed)?;
        let (name, feed) = named(&origin, Arc::clone(&reading.mapping), feed).await?;
        if name.is_some() {
            table.refresh().await?;
        }
        // Before what was taken is read: whatever is committed after this look makes the commit refuse.
        let claim = Claim::of(&origin.identity, name.as_deref(), table);
        let earlier = name.as_deref().and_then(|name| Earlier::of(table, name));
        let mut receipt = earlier.map(Earlier::receipt).unwrap_or_default();
        let kind = Arc::clone(reading.validator.kind());
        let mut outbox = Outbox::new(&origin, kind, queue, Arc::clone(&self.inner.room), self.options());
        let (mut chunks, mut task) = reading.start(&feed, earlier.map(|earlier| earlier.mark));
        let mut first = chunks.recv().await;
        if matches!((&first, &origin.identity, &feed), (Some(Err(Error::Reused)), Identity::Content, Feed::Again(_))) {
            // It only begins like an input that was taken before.
            receipt = Receipt::default();
            (chunks, task) = reading.start(&feed, None);
            first = chunks.recv().await;
        }
        outbox.claim(&origin.identity, name, claim, receipt.tally());
        let mut bytes = 0;
        let mut next = first;
        while let Some(checked) = next {
            let checked = checked?;
            bytes += checked.bytes;
            receipt.count(&checked);
            progress(Progress { bytes, read: receipt.read, accepted: receipt.accepted, rejected: receipt.rejected });
            outbox.add(checked).await?;
            next = chunks.recv().await;
        }
        task.await.map_err(|stopped| Error::Read { reason: stopped.to_string() })?;
        drop(turn);
        receipt.version = match outbox.finish(urgent).await? {
            Some(version) => version,
            None => table.version(),
        };
        Ok(receipt)
    }

    /// How far `source` has been taken into the table of a mapping's kind; see [`Identity::Offset`].
    ///
    /// # Errors
    /// An unknown mapping; what the lake says when it cannot be read.
    pub async fn offset(&self, mapping: &str, source: &str) -> Result<Option<i64>> {
        let standard = &self.inner.setup.standard;
        let table = self.inner.tables.kind(standard.kind(&standard.mapping(mapping)?.kind)?)?;
        table.refresh().await?;
        Ok(table.position(source))
    }

    /// Waits until the rollups have caught up with everything acknowledged before this call, on disk too.
    ///
    /// # Errors
    /// What the rollups last failed with; they try again on their own.
    pub async fn settled(&self) -> Result<()> {
        let target = *self.inner.committed.borrow();
        self.inner.hurry.notify_one();
        let mut rolled = self.inner.rolled.clone();
        let state = rolled.wait_for(|rolled| rolled.answers(target)).await.map_err(|_| Error::Closed)?;
        match (state.written >= target, &state.failed) {
            (false, Some((_, error))) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Lists rejects by source and line, each once however often it was sent.
    ///
    /// # Errors
    /// What the lake says when it cannot be read.
    pub async fn quarantine(&self, filter: Filter) -> Result<Vec<QuarantinedRow>> {
        self.inner.tables.quarantine.refresh().await?;
        quarantine::list(&self.inner.tables.quarantine, filter).await
    }

    /// Lists rejects page by page, without their raw text.
    ///
    /// # Errors
    /// What the lake says when it cannot be read.
    pub async fn refusals(&self, page: &Page) -> Result<Refusals> {
        self.inner.tables.quarantine.refresh().await?;
        refusals::list(&self.inner.tables.quarantine, page).await
    }

    /// A place in the quarantine that no reject yet to come is before.
    #[must_use]
    pub fn quarantined(&self) -> i64 {
        self.inner.tables.quarantine.position(SEQ).unwrap_or(0)
    }

    /// What waits for its commit now.
    #[must_use]
    pub fn load(&self) -> Load {
        let submissions = self.queue().map_or(0, |queue| queue.max_capacity() - queue.capacity());
        let bytes = self.options().max_pending.saturating_sub(self.inner.room.available_permits() * UNIT);
        Load { submissions, bytes }
    }

    /// Takes nothing more, commits what was accepted, brings the rollups up to date and ends the tasks. Idempotent.
    pub async fn shutdown(&self) {
        drop(self.inner.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.inner.upkeep.abort();
        self.inner.hurry.notify_one();
        let mut rolled = self.inner.rolled.clone();
        while rolled.changed().await.is_ok() {}
    }

    /// The rollups that this ingest keeps current.
    #[must_use]
    pub fn rollups(&self) -> &Arc<Rollups> {
        &self.inner.rollups
    }

    #[must_use]
    pub fn lake(&self) -> &Lake {
        &self.inner.setup.lake
    }

    /// Whether anything is taken in: not while the disk is full.
    #[must_use]
    pub fn intake(&self) -> Intake {
        self.inner.space.intake()
    }

    pub(crate) fn setup(&self) -> &Setup {
        &self.inner.setup
    }

    pub(crate) fn tables(&self) -> &Tables {
        &self.inner.tables
    }

    pub(crate) fn standard(&self) -> &Standard {
        &self.inner.setup.standard
    }

    fn options(&self) -> &Options {
        &self.inner.setup.options
    }

    fn queue(&self) -> Result<mpsc::Sender<Submission>> {
        self.inner.queue.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Error::Closed)
    }

    pub(crate) fn reading(&self, origin: &Origin) -> Result<Reading> {
        let Setup { standard, ids, timezone, .. } = &self.inner.setup;
        let mapping = standard.mapping(&origin.mapping)?;
        let kind = standard.kind(&mapping.kind)?;
        let unknown = || Error::Batch { reason: format!("kind `{}` has no rules", kind.name) };
        let validator = self.inner.validators.get(&kind.name).cloned().ok_or_else(unknown)?;
        let decoder = Decoder::new(standard, Arc::clone(&mapping), ids, *timezone, origin.format, origin.encoding.as_deref())?;
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Reading { mapping, decoder: decoder.with_threads(threads), validator })
    }
}

fn upkeep(setup: &Setup, tables: &Tables, rollups: &Rollups) -> Result<Upkeep> {
    Ok(Upkeep {
        lake: setup.lake.clone(),
        tables: tables.all().chain(rollups.tables()).cloned().collect(),
        kinds: closing::dated(&setup.standard, tables)?,
        calendar: Calendar::of(setup),
        terms: setup.options.retention.clone(),
    })
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.upkeep.abort();
    }
}

/// How one input is read.
pub(crate) struct Reading {
    mapping: Arc<Mapping>,
    pub(crate) decoder: Decoder,
    pub(crate) validator: Validator,
}

impl Reading {
    /// Decodes and validates on threads of their own, a few batches ahead of the receiver; ends when the receiver is dropped.
    pub(crate) fn start(&self, feed: &Feed, after: Option<Mark>) -> (mpsc::Receiver<Result<Checked>>, JoinHandle<()>) {
        let (sender, chunks) = mpsc::channel(1);
        let (decoder, validator) = (self.decoder.clone().after(after), self.validator.clone());
        let reader = feed.open();
        let reading = spawn_blocking(move || {
            let batches = reader.map(|reader| decoder.each(reader, Arc::new(move |decoded| validator.check(decoded))));
            let batches: Box<dyn Iterator<Item = Result<Checked>>> = match batches {
                Ok(batches) => Box::new(batches),
                Err(error) => Box::new(std::iter::once(Err(error.into()))),
            };
            for checked in batches {
                let last = checked.is_err();
                if sender.blocking_send(checked).is_err() || last {
                    break;
                }
            }
        });
        (chunks, reading)
    }
}

/// The name of the input's marks; made off the threads that serve, for it may read from a disk.
async fn named(origin: &Origin, mapping: Arc<Mapping>, feed: Feed) -> Result<(Option<String>, Feed)> {
    let (identity, encoding) = (origin.identity.clone(), origin.encoding.clone());
    let named = spawn_blocking(move || Ok((identity.name(&mapping, encoding.as_deref(), &feed)?, feed)));
    named.await.map_err(|stopped| Error::Read { reason: stopped.to_string() })?
}

fn validators(setup: &Setup) -> Result<BTreeMap<String, Validator>> {
    let compiled = |kind: &Arc<Kind>| Ok((kind.name.clone(), Validator::new(kind, setup.timezone)?));
    setup.standard.kinds().map(compiled).collect()
}
