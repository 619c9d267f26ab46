//! The first commit of a table, and commits that add columns to it.
//!
//! Invariant: when two writers create the same table at once, one of them does and the other opens it.

use std::sync::Arc;

use deltalake::kernel::{Action, Metadata, MetadataExt, Protocol, new_metadata};
use deltalake::protocol::{DeltaOperation, SaveMode};
use serde_json::json;

use crate::error::{Error, Result};
use crate::log::{Log, Written};
use crate::schema::Shape;
use crate::state::State;
use crate::table::{Change, Table};

/// How long the log, and the names of removed files in it, are kept.
const PROPERTIES: [(&str, &str); 2] =
    [("delta.logRetentionDuration", "interval 1 days"), ("delta.deletedFileRetentionDuration", "interval 1 hours")];

impl Log {
    pub(crate) async fn create(&self, shape: &Shape) -> Result<State> {
        let metadata = new_metadata(&shape.to_delta(&self.table)?, shape.partition_name(), PROPERTIES)
            .map_err(|e| refuse(&self.table, e))?;
        let protocol: Protocol = serde_json::from_value(json!({ "minReaderVersion": 1, "minWriterVersion": 2 }))
            .map_err(|e| refuse(&self.table, e))?;
        let operation = DeltaOperation::Create {
            mode: SaveMode::ErrorIfExists,
            location: self.store.root_url().clone(),
            protocol: protocol.clone(),
            metadata: metadata.clone(),
        };
        let actions = vec![Action::Protocol(protocol), Action::Metadata(metadata.clone())];
        match self.write(0, actions, Vec::new(), operation).await? {
            Written::Done(_) => State::new(&self.table, 0, metadata),
            Written::Taken => self.load().await?.ok_or_else(|| Error::Conflict {
                table: self.table.to_string(),
                reason: "it vanished while being created".into(),
            }),
        }
    }
}

impl Table {
    /// Adds the columns of `wanted` that the table lacks.
    pub(crate) async fn grow(&self, wanted: &Shape) -> Result<()> {
        if self.state().shape.grown(self.name(), wanted)?.is_none() {
            return Ok(());
        }
        let plan = |state: &State| {
            let Some(shape) = state.shape.grown(&state.table, wanted)? else { return Ok(Vec::new()) };
            let grown: Metadata =
                state.metadata.clone().with_schema(&shape.to_delta(&state.table)?).map_err(|e| refuse(&state.table, e))?;
            Ok(vec![Action::Metadata(grown)])
        };
        self.commit(Change { positions: &[], mode: SaveMode::Append, plan: &plan, days: None }).await.map(drop)
    }
}

fn refuse(table: &Arc<str>, error: impl ToString) -> Error {
    Error::Schema { table: table.to_string(), reason: error.to_string() }
}
