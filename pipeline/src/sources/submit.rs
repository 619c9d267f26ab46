//! Handing gathered records to ingest, until they are committed.
//!
//! Promise: true means committed and flushed, false means that the server is stopping; there is no third answer. A lake that takes
//! nothing is waited for, and the state says so.

use std::time::Duration;

use bytes::Bytes;

use super::Desk;
use super::backoff::Backoff;
use crate::{Error, Format, Identity, Origin};

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// JSON records, one a line.
pub(super) struct Batch {
    pub(super) text: Bytes,
    pub(super) mapping: String,
    pub(super) source: String,
    pub(super) identity: Identity,
}

/// Commits a batch, trying again while the lake takes nothing.
pub(super) async fn submit(desk: &Desk, batch: Batch) -> bool {
    let Batch { text, mapping, source, identity } = batch;
    // One sender's odd bytes must not change how the others' are read.
    let own = desk.ingest.setup().standard.mapping(&mapping).is_ok_and(|mapping| mapping.encoding.is_some());
    let encoding = (!own).then(|| "utf-8".to_owned());
    let origin = Origin { mapping, format: Format::JsonLines, encoding, source, identity };
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    loop {
        // As a file: whoever gathered has waited already, and the commit need not wait once more.
        let (ingest, text, origin) = (desk.ingest.clone(), text.clone(), origin.clone());
        let taking = tokio::spawn(async move { ingest.submit_file(text, origin, |_| {}).await });
        // What ends badly is tried again, too: nobody else would, for the broker waits.
        let taken = taking.await.unwrap_or_else(|stopped| Err(Error::Read { reason: stopped.to_string() }));
        match taken {
            Ok(_) => return true,
            Err(Error::Closed) => return false,
            Err(error) => {
                desk.board.waiting("the lake", &error);
                tokio::select! {
                    () = desk.stop.cancelled() => return false,
                    () = tokio::time::sleep(backoff.wait(&desk.chance)) => {}
                }
            }
        }
    }
}
