//! What a submitter gets back.
//!
//! Invariant: `read = accepted + rejected`, and all of it is on disk when a [`Receipt`] exists.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Reject;
use crate::identity::Tally;
use crate::validate::{Checked, Rejected};

/// How many rejects a receipt carries; all of them are in quarantine.
pub(crate) const SHOWN: usize = 100;

/// The answer to a submission: what became durable.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Receipt {
    /// Rows read.
    pub read: u64,
    /// Rows committed to the kind's table.
    pub accepted: u64,
    /// Rows that went to quarantine.
    pub rejected: u64,
    /// Rows of those read that an earlier attempt at the same input had committed; see [`crate::Identity`].
    pub repeated: u64,
    /// The version of the kind's table in which everything accepted is visible.
    pub version: i64,
    /// Rejected rows by the rule that they broke.
    pub rules: BTreeMap<String, u64>,
    /// The first hundred rejects.
    pub rejects: Vec<Reject>,
}

impl Receipt {
    pub(crate) fn count(&mut self, checked: &Checked) {
        let accepted = checked.accepted.rows() as u64;
        self.read += checked.read;
        self.accepted += accepted;
        self.rejected += checked.read.saturating_sub(accepted);
        self.show(&checked.rejected);
    }

    pub(crate) fn tally(&self) -> Tally {
        Tally { accepted: self.accepted, rejected: self.rejected }
    }

    fn show(&mut self, rejected: &Rejected) {
        for reject in rejected.rejects() {
            match self.rules.get_mut(&reject.rule) {
                Some(rows) => *rows += 1,
                None => drop(self.rules.insert(reject.rule.clone(), 1)),
            }
        }
        let room = SHOWN.saturating_sub(self.rejects.len());
        self.rejects.extend(rejected.rejects().iter().take(room).cloned());
    }
}

/// How far a file has come. Rows are counted when checked, before they are committed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Bytes of unpacked, decoded text so far.
    pub bytes: u64,
    pub read: u64,
    pub accepted: u64,
    pub rejected: u64,
}
