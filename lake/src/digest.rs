//! What is written beside a data file's name in the log: the checksum of its bytes, and the closing that made it.
//!
//! Invariants: a checksum is over the whole file as it was handed to storage; a file of another writer has none, and is
//! then checked by its structure alone.

use std::collections::HashMap;

const CHECKSUM: &str = "xueqing.crc32";
const CLOSING: &str = "xueqing.closing";

/// The tags of an Add action.
pub(crate) type Tags = HashMap<String, Option<String>>;

/// The tags of a new file.
pub(crate) fn tags(bytes: &[u8]) -> Tags {
    Tags::from([(CHECKSUM.to_owned(), Some(format!("{:08x}", checksum(bytes))))])
}

pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// The checksum that was written down for a file.
pub(crate) fn recorded(tags: &Tags) -> Option<u32> {
    u32::from_str_radix(tags.get(CHECKSUM)?.as_deref()?, 16).ok()
}

/// Marks a file as one of those that a closing made of a day.
pub(crate) fn mark_closed(tags: &mut Tags, closing: &str) {
    tags.insert(CLOSING.to_owned(), Some(closing.to_owned()));
}

/// The closing that a file comes from.
pub(crate) fn closing(tags: &Tags) -> Option<&str> {
    tags.get(CLOSING)?.as_deref()
}
