//! Deleting files that no reader needs.
//!
//! Invariants: a file is deleted only when the newest version does not name it, no running query of this process reads it,
//! and it has been out of the table (or never in it) for the keep time; a keep time shorter than [`KEEP`] waits until nobody
//! on this machine reads. Deleting goes on under the lake's lock, so that no file is deleted between its making and its commit
//! (see [`crate::swap`]). Half-written files go too.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use deltalake::kernel::Action;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::litter::{self, Staged};
use crate::table::Table;

/// Readers of other processes that pinned an older version have this long to finish; no query may run longer.
pub(crate) const KEEP: Duration = Duration::from_secs(30 * 60);
/// The log does not say for longer than this when a file was taken out.
const LONGEST_KEEP: Duration = Duration::from_secs(24 * 60 * 60);
/// How long running queries are waited for.
const PATIENCE: Duration = Duration::from_secs(60);
const LOG_FOLDER: &str = "_delta_log/";

/// How long to keep, and whether to delete at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VacuumOptions {
    /// Files that have been out of the table for this long are deleted; at most a day counts.
    pub keep: Duration,
    /// Only say what would go.
    pub dry_run: bool,
}

impl Default for VacuumOptions {
    fn default() -> VacuumOptions {
        VacuumOptions { keep: KEEP, dry_run: false }
    }
}

/// A file that no version needs any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Litter {
    /// Below the table's folder.
    pub path: String,
    pub bytes: u64,
}

/// What vacuum did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Vacuum {
    pub deleted: Vec<Litter>,
    pub bytes: u64,
    /// Files that are no longer part of the table and stay for now.
    pub kept: usize,
}

impl Table {
    /// Deletes what no reader needs.
    ///
    /// # Errors
    /// `lake_in_use` when files are wanted gone at once and queries that read do not end; storage errors.
    pub async fn vacuum(&self, options: VacuumOptions) -> Result<Vacuum> {
        let _alone = if options.keep < KEEP && !options.dry_run { Some(self.alone().await?) } else { None };
        self.refresh().await?;
        // Listed before the lock, which others wait for; what has been committed since is no candidate any more.
        let candidates = self.unnamed().await?;
        let _writer = self.site().gate.enter().await?;
        self.refresh().await?;
        let (state, mut done) = (self.state(), Vacuum::default());
        let spared = self.spared(options.keep).await?;
        for object in candidates {
            let path = object.location.to_string();
            if state.files.contains_key(path.as_str()) {
                continue;
            }
            let old = self.age(&object) >= options.keep;
            if !old || spared.contains(&path) {
                done.kept += 1;
                continue;
            }
            self.remove(&object.location, options).await?;
            done.count(path, object.size);
        }
        for Staged { path, bytes } in self.half_written(options.keep).await? {
            if !options.dry_run {
                self.off_the_runtime(move || std::fs::remove_file(path)).await?;
            }
            done.count("(half-written)".to_owned(), bytes);
        }
        Ok(done)
    }

    async fn alone(&self) -> Result<crate::site::Lease> {
        let alone = self.site().readers.alone(PATIENCE).await.map_err(Error::Lock)?;
        alone.ok_or_else(|| Error::InUse { table: self.name().to_owned() })
    }

    /// Files below the table's folder that are neither part of it nor of its log.
    pub(crate) async fn unnamed(&self) -> Result<Vec<ObjectMeta>> {
        let state = self.state();
        let store = self.log().store.object_store(None);
        let listed: Vec<ObjectMeta> =
            store.list(None).try_collect().await.map_err(|source| self.failed("listing the files", source))?;
        let named = |path: &str| path.starts_with(LOG_FOLDER) || state.files.contains_key(path);
        Ok(listed.into_iter().filter(|object| !named(object.location.as_ref())).collect())
    }

    /// Files that running queries read, and those that were taken out within the keep time.
    async fn spared(&self, keep: Duration) -> Result<BTreeSet<String>> {
        let mut spared: BTreeSet<String> = self.site().pins.files().iter().map(ToString::to_string).collect();
        for (path, at) in self.taken_out(keep.min(LONGEST_KEEP)).await? {
            if millis_since(at, self.now()) < keep.min(LONGEST_KEEP) {
                spared.insert(path);
            }
        }
        Ok(spared)
    }

    /// The files that the log entries of this last while took out, and when.
    pub(crate) async fn taken_out(&self, within: Duration) -> Result<Vec<(String, i64)>> {
        let mut found = Vec::new();
        for (version, written) in self.log().entries().await? {
            if millis_since(written, self.now()) > within {
                continue;
            }
            for action in self.log().commit_entry(version).await?.unwrap_or_default() {
                if let Action::Remove(remove) = action {
                    found.push((remove.path, remove.deletion_timestamp.unwrap_or(written)));
                }
            }
        }
        Ok(found)
    }

    /// Half-written files below the table's folder that nobody writes any more.
    pub(crate) async fn half_written(&self, keep: Duration) -> Result<Vec<Staged>> {
        let Some(folder) = self.folder() else { return Ok(Vec::new()) };
        let now = self.now();
        self.off_the_runtime(move || litter::below(&folder, now, keep)).await
    }

    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.site().lake.as_ref().map(|lake| lake.join(self.name()))
    }

    async fn remove(&self, path: &Path, options: VacuumOptions) -> Result<()> {
        if options.dry_run {
            return Ok(());
        }
        match self.log().store.object_store(None).delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(self.failed("deleting a file", source)),
        }
    }

    fn age(&self, object: &ObjectMeta) -> Duration {
        millis_since(object.last_modified.timestamp_millis(), self.now())
    }

    pub(crate) async fn off_the_runtime<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let cancelled = |_| Error::Cancelled { table: self.name().to_owned(), doing: "working on files" };
        let failed = |source| object_store::Error::Generic { store: "disk", source: Box::new(source) };
        let done = tokio::task::spawn_blocking(work).await.map_err(cancelled)?;
        done.map_err(|error| self.failed("working on a file", failed(error)))
    }
}

impl Vacuum {
    fn count(&mut self, path: String, bytes: u64) {
        self.bytes += bytes;
        self.deleted.push(Litter { path, bytes });
    }
}

fn millis_since(then: i64, now: i64) -> Duration {
    Duration::from_millis(u64::try_from(now.saturating_sub(then)).unwrap_or_default())
}
