//! Whether there is room for a commit.
//!
//! Invariants: a probe leaves nothing behind that grows (one file name for all processes); what it asks for is really
//! written and flushed, so that sparse files and delayed allocation do not deceive.

use std::iter::repeat_n;

use bytes::Bytes;
use object_store::{ObjectStoreExt, PutPayload};

use crate::error::{Error, Result};
use crate::lake::Lake;

const FILE: &str = ".probe";
const CHUNK: usize = 64 << 10;

impl Lake {
    /// Writes and removes as many bytes as a commit may need.
    ///
    /// # Errors
    /// `lake_full` when there is no room; storage errors.
    pub async fn probe(&self, bytes: u64) -> Result<()> {
        let failed = |source| Error::Storage { doing: "looking for room".into(), source }.or_full();
        let (store, path) = self.beside_the_tables(FILE);
        let chunks = usize::try_from(bytes).unwrap_or(usize::MAX).div_ceil(CHUNK);
        let payload: PutPayload = repeat_n(Bytes::from(vec![1; CHUNK]), chunks).collect();
        store.put(&path, payload).await.map_err(failed)?;
        match store.delete(&path).await {
            Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }
}
