//! How much a parcel may unpack to, so that a small file cannot fill the memory or the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;

/// The largest workbook, packed. Its texts are held in memory, its rows are not.
pub(super) const WORKBOOK: u64 = 256 << 20;
/// The largest sum of a workbook's parts, unpacked.
pub(super) const WORKBOOK_UNPACKED: u64 = 2 << 30;
/// The largest part of a workbook that is held in memory as a whole.
pub(super) const IN_MEMORY: u64 = 128 << 20;
/// The largest workbook of a form whose sheets are held in memory as wholes (xls, ods), packed.
pub(super) const WORKBOOK_HELD: u64 = 64 << 20;
/// The most cells of such a workbook, the empty ones between filled ones counted too.
pub(super) const CELLS_HELD: u64 = 5_000_000;
/// The most text in the cells of such a workbook, in bytes.
pub(super) const TEXTS_HELD: u64 = 256 << 20;
/// The most files of one archive.
pub(super) const ENTRIES: usize = 100_000;

/// Real records unpack to some 10 to 60 times their size.
const RATIO: u64 = 250;
const ALWAYS: u64 = 1 << 30;

/// What is left of the bytes that a parcel may unpack to. Clones share it.
#[derive(Clone)]
pub(super) struct Budget(Arc<AtomicU64>);

impl Budget {
    /// For a file of that size.
    pub fn of(packed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(packed.saturating_mul(RATIO).saturating_add(ALWAYS))))
    }

    /// No limit: nothing was unpacked to get these bytes.
    pub fn none() -> Self {
        Self(Arc::new(AtomicU64::new(u64::MAX)))
    }

    /// Takes some of it.
    pub fn take(&self, bytes: u64) -> std::io::Result<()> {
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        taken.map(drop).map_err(|_| std::io::Error::other(bomb()))
    }
}

fn bomb() -> String {
    format!("it unpacks to more than {RATIO} times its size, as no real records do; if they are real, send the files unpacked")
}

/// Refuses what is larger than a limit in bytes.
pub(super) fn within(what: &str, size: u64, limit: u64) -> Result<(), Error> {
    if size <= limit {
        return Ok(());
    }
    let reason =
        format!("{what} of {} MiB is over the limit of {} MiB: split it, or send its sheets as CSV", size >> 20, limit >> 20);
    Err(Error::Workbook { reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_shared_and_ends() {
        let budget = Budget::of(1);
        budget.clone().take(ALWAYS).unwrap();
        budget.take(RATIO).unwrap();
        assert!(budget.take(1).unwrap_err().to_string().contains("unpacks to more than"));
        Budget::none().take(u64::MAX / 2).unwrap();
    }
}
