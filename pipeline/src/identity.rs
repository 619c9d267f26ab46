//! How a repeat of an input is recognised, and what the lake remembers of it.
//!
//! Invariants: what is remembered of an input travels in the commits of its rows, so it is never ahead of them nor behind;
//! an input is passed over only as far as it is known to hold what was committed before.

use xueqing_lake::{Position, Table};
use xueqing_schema::Mapping;
use xxhash_rust::xxh3::Xxh3Default;

use crate::decode::Mark;
use crate::feed::{Feed, Reader};
use crate::{Receipt, Result};

/// How much of an input its name is made of; the rest is compared while it is passed over.
const HEAD: u64 = 64 << 10;

/// How a repeat of an input is recognised. What is remembered of it travels in the commits of its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Identity {
    /// Not at all: keys and revisions make a repeat harmless.
    #[default]
    Unknown,
    /// By what it holds: the same content goes on where its last commit stood, and content taken whole is not taken again.
    /// For inputs that can be read again ([`Feed::Again`]); others are as unknown.
    Content,
    /// By the name that its sender gave it, such as an idempotency key; other content under the same name is an error.
    Named(String),
    /// By a source's own numbering: with the rows it is remembered that `source` has been taken up to `next`.
    Offset { source: String, next: i64 },
}

/// What an earlier attempt left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Earlier {
    pub mark: Mark,
    pub tally: Tally,
}

/// Rows of an input that are committed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub accepted: u64,
    pub rejected: u64,
}

/// What is remembered with the next commit, and on what condition.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claim {
    pub positions: Vec<Position>,
    /// A position, and the value it must still have: else someone else has taken the input meanwhile.
    pub expected: Option<(String, Option<i64>)>,
}

impl Claim {
    /// What holds of the input now, and must still hold when its rows are committed.
    pub(crate) fn of(identity: &Identity, name: Option<&str>, table: &Table) -> Self {
        let source = match identity {
            Identity::Offset { source, .. } => Some(source.as_str()),
            _ => name,
        };
        let expected = source.map(|source| (source.to_owned(), table.position(source)));
        Self { positions: Vec::new(), expected }
    }

    /// What the next commit of the same input expects once this one is done.
    pub(crate) fn advanced(&self) -> Option<(String, Option<i64>)> {
        let (source, before) = self.expected.clone()?;
        let moved = self.positions.iter().find(|position| position.source == source).map(|position| position.value);
        Some((source, moved.or(before)))
    }
}

impl Identity {
    /// The name under which the input's marks are kept.
    pub(crate) fn name(&self, mapping: &Mapping, encoding: Option<&str>, feed: &Feed) -> Result<Option<String>> {
        match (self, feed) {
            (Self::Named(name), _) => Ok(Some(format!("named:{name}"))),
            (Self::Content, Feed::Again(open)) => Ok(Some(format!("content:{:016x}", head(mapping, encoding, open()?)?))),
            _ => Ok(None),
        }
    }
}

/// The same bytes read by another mapping are another input.
fn head(mapping: &Mapping, encoding: Option<&str>, reader: Reader) -> Result<u64> {
    use std::io::Read;
    let mut bytes = Vec::new();
    reader.take(HEAD).read_to_end(&mut bytes)?;
    let mut hash = Xxh3Default::new();
    hash.update(format!("{mapping:?}{encoding:?}").as_bytes());
    hash.update(&bytes);
    Ok(hash.digest())
}

impl Earlier {
    pub(crate) fn of(table: &Table, name: &str) -> Option<Self> {
        let at = u64::try_from(table.position(name)?).ok()?;
        let digest = table.position(&format!("{name}#digest"))?.cast_unsigned();
        let tally = Tally::unpacked(table.position(&format!("{name}#tally"))?);
        Some(Self { mark: Mark { at, digest }, tally })
    }

    pub(crate) fn positions(self, name: &str) -> Vec<Position> {
        let position = |source: String, value: i64| Position { source, value };
        let at = i64::try_from(self.mark.at).unwrap_or(i64::MAX);
        vec![
            position(name.to_owned(), at),
            position(format!("{name}#digest"), self.mark.digest.cast_signed()),
            position(format!("{name}#tally"), self.tally.packed()),
        ]
    }

    /// What to say of rows that were there before.
    pub(crate) fn receipt(self) -> Receipt {
        let Tally { accepted, rejected } = self.tally;
        let read = accepted + rejected;
        Receipt { read, accepted, rejected, repeated: read, ..Receipt::default() }
    }
}

impl Tally {
    /// Both in one number of the log, each up to about two thousand million and four thousand million.
    fn packed(self) -> i64 {
        let accepted = self.accepted.min(i32::MAX as u64) << 32;
        (accepted | self.rejected.min(u64::from(u32::MAX))).cast_signed()
    }

    fn unpacked(packed: i64) -> Self {
        let packed = packed.cast_unsigned();
        Self { accepted: packed >> 32, rejected: packed & u64::from(u32::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_one_number() {
        for (accepted, rejected) in [(0, 0), (3_000_000, 17), (i32::MAX as u64, u64::from(u32::MAX))] {
            let tally = Tally { accepted, rejected };
            assert_eq!(Tally::unpacked(tally.packed()), tally);
        }
    }
}
