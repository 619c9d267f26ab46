//! Files take the place of others, in one commit.
//!
//! Invariants: the new files were made without the lake's lock and become part of the table only under it, only if they are
//! still on disk and all that they replace is still part of the table; else nothing changes and the new files are removed.

use std::sync::Arc;

use bytes::Bytes;
use deltalake::kernel::Action;
use deltalake::protocol::SaveMode;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::error::{Error, Result};
use crate::state::{LiveFile, State};
use crate::table::{Change, Table};
use crate::write::NewFile;

impl Table {
    /// Swaps files; `None` when another writer took out one of `old`. With `data_change` false, followers of the log see
    /// no change of rows.
    pub(crate) async fn swap(&self, old: &[Arc<LiveFile>], new: &[NewFile], data_change: bool) -> Result<Option<Arc<State>>> {
        let _writer = self.site().gate.enter().await?;
        self.refresh().await?;
        let now = self.now();
        let all_live = |state: &State| old.iter().all(|file| state.files.contains_key(&file.path));
        if !all_live(&self.state()) || !self.all_there(new).await? {
            self.discard(new).await;
            return Ok(None);
        }
        let plan = |state: &State| {
            if !all_live(state) {
                return Ok(Vec::new());
            }
            let removed = old.iter().map(|file| file.remove(now, data_change));
            Ok(removed.chain(new.iter().map(|file| file.action(data_change))).collect::<Vec<Action>>())
        };
        let change = Change { positions: &[], mode: SaveMode::Overwrite, plan: &plan, days: None };
        let after = self.commit(change).await?;
        let swapped = !old.iter().any(|file| after.files.contains_key(&file.path))
            && new.iter().all(|file| after.files.contains_key(file.add.path.as_str()));
        Ok(swapped.then_some(after))
    }

    /// Whether vacuum has left the new files alone.
    async fn all_there(&self, files: &[NewFile]) -> Result<bool> {
        let store = self.log().store.object_store(None);
        for file in files {
            match store.head(&self.path_of(&file.add.path)?).await {
                Ok(_) => {}
                Err(object_store::Error::NotFound { .. }) => return Ok(false),
                Err(source) => return Err(self.failed("looking at a new file", source)),
            }
        }
        Ok(true)
    }

    /// What cannot be removed is litter, which vacuum finds.
    pub(crate) async fn discard(&self, files: &[NewFile]) {
        let store = self.log().store.object_store(None);
        for path in files.iter().filter_map(|file| self.path_of(&file.add.path).ok()) {
            let _ = store.delete(&path).await;
        }
    }

    /// All of a file.
    pub(crate) async fn fetch(&self, path: &Path) -> Result<Bytes> {
        let failed = |source| self.failed("reading a file", source);
        let found = self.log().store.object_store(None).get(path).await.map_err(failed)?;
        found.bytes().await.map_err(failed)
    }

    pub(crate) fn path_of(&self, path: &str) -> Result<Path> {
        Path::parse(path).map_err(|error| self.failed("naming a file", error.into()))
    }

    pub(crate) fn failed(&self, doing: &str, source: object_store::Error) -> Error {
        Error::Storage { doing: format!("{doing} of table {}", self.name()), source }.or_full()
    }
}
