//! What would become of a body, without taking it.
//!
//! Promise: the same decoding, the same rules, the same pseudonyms as [`Ingest::submit`]; nothing is committed, nothing goes to quarantine.

use crate::ingest::{Ingest, Origin, Raw};
use crate::{Checked, Error, Result};

impl Ingest {
    /// Decodes and checks one body, batch by batch.
    ///
    /// # Errors
    /// What decoding says of a body that cannot be read at all. Rows that break the standard are no error.
    pub async fn try_out(&self, raw: Raw) -> Result<Vec<Checked>> {
        let Raw { bytes, mapping, format, encoding, source, identity } = raw;
        let reading = self.reading(&Origin { mapping, format, encoding, source, identity })?;
        let (mut chunks, task) = reading.start(&bytes.into(), None);
        let mut all = Vec::new();
        while let Some(checked) = chunks.recv().await {
            all.push(checked?);
        }
        task.await.map_err(|stopped| Error::Read { reason: stopped.to_string() })?;
        Ok(all)
    }
}
