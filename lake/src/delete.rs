//! Taking rows out of a table, wherever they stand.
//!
//! Invariants: a file is rewritten only when it holds a doomed row; its other rows keep their order; rows that arrive
//! meanwhile are looked at too, until a look at the newest version finds none. A closed day stays closed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::dataframe::DataFrame;
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{Expr, is_true, not};
use datafusion::prelude::{SessionConfig, SessionContext};
use serde::Serialize;

use crate::close::{CloseOptions, properties};
use crate::error::{Error, Result};
use crate::state::{LiveFile, State};
use crate::table::Table;
use crate::write::NewFile;
use crate::{digest, encode};

const ATTEMPTS: usize = 20;

/// What was taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Deletion {
    /// The version in which no such row is left.
    pub version: i64,
    /// Files that held such rows.
    pub files: usize,
    pub rows: u64,
}

impl Table {
    /// How many rows are doomed, and in how many files. Changes nothing.
    ///
    /// # Errors
    /// `lake_plan` when `doomed` does not fit the table; storage errors.
    pub async fn count_doomed(&self, doomed: &Expr) -> Result<Deletion> {
        self.refresh().await?;
        let state = self.state();
        let mut found = Deletion { version: state.version, ..Deletion::default() };
        for file in state.files.values() {
            let rows = self.doomed_in(&state, file, doomed).await?;
            found.files += usize::from(rows > 0);
            found.rows += rows;
        }
        Ok(found)
    }

    /// Takes out every row for which `doomed` is true. With `data_change` false, followers of the log see no change.
    /// `bloom` names the columns that keep their bloom filters.
    ///
    /// # Errors
    /// As [`Table::count_doomed`]; `lake_conflict` when such rows kept arriving. What was taken out before stays out.
    pub async fn delete(&self, doomed: &Expr, data_change: bool, bloom: &[String]) -> Result<Deletion> {
        let mut done = Deletion::default();
        let mut clean: HashSet<Arc<str>> = HashSet::new();
        for _ in 0..ATTEMPTS {
            self.refresh().await?;
            let state = self.state();
            let unseen: Vec<_> = state.files.values().filter(|file| !clean.contains(&file.path)).cloned().collect();
            if unseen.is_empty() {
                return Ok(Deletion { version: state.version, ..done });
            }
            for file in unseen {
                let rows = self.doomed_in(&state, &file, doomed).await?;
                if rows == 0 || self.take_out(&state, &file, doomed, (data_change, bloom)).await? {
                    clean.insert(Arc::clone(&file.path));
                    done.files += usize::from(rows > 0);
                    done.rows += rows;
                }
            }
        }
        Err(Error::Conflict { table: self.name().to_owned(), reason: "rows to be taken out kept arriving".to_owned() })
    }

    async fn doomed_in(&self, state: &Arc<State>, file: &Arc<LiveFile>, doomed: &Expr) -> Result<u64> {
        let counted = async {
            let found = self.only(state, file)?.filter(doomed.clone())?.count().await?;
            Ok(found as u64)
        };
        counted.await.map_err(Error::plan(self.name()))
    }

    /// False when another writer took the file out first.
    async fn take_out(
        &self,
        state: &Arc<State>,
        file: &Arc<LiveFile>,
        doomed: &Expr,
        (data_change, bloom): (bool, &[String]),
    ) -> Result<bool> {
        let left = self.only(state, file).and_then(|rows| rows.filter(not(is_true(doomed.clone()))));
        let left = left.map_err(Error::plan(self.name()))?;
        let layout = match &file.closing {
            Some(_) => properties(state, &CloseOptions { bloom: bloom.to_vec(), ..CloseOptions::default() }),
            None => encode::properties(&state.shape.file_schema).build(),
        };
        let mut files: Vec<NewFile> = self.spool(state, file.day, left, layout, usize::MAX).await?;
        for new in &mut files {
            if let Some(closing) = &file.closing {
                digest::mark_closed(new.add.tags.get_or_insert_default(), closing);
            }
        }
        Ok(self.swap(std::slice::from_ref(file), &files, data_change).await?.is_some())
    }

    /// The rows of one file, in their order.
    fn only(&self, state: &Arc<State>, file: &Arc<LiveFile>) -> PlanResult<DataFrame> {
        let files = [(Arc::clone(&file.path), Arc::clone(file))].into();
        let State { table, version, shape, metadata, .. } = &**state;
        let alone = State {
            table: Arc::clone(table),
            version: *version,
            shape: Arc::clone(shape),
            metadata: metadata.clone(),
            files,
            positions: HashMap::new(),
        };
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
        context.read_table(self.provider_of(Arc::new(alone)))
    }
}
