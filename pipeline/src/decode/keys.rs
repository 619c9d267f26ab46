//! The members that a decoder looks for, and where the last record had them.
//!
//! Invariant: what is remembered only saves work; a slot depends on the member's name alone.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::flat::is_plain;

/// Members past this place, longer names and such with escapes are looked up each time.
const ORDER_LIMIT: usize = 128;
const NAME_LIMIT: usize = 64;
/// After so many records in a row that were not flat, no more are expected.
const PATIENCE: u8 = 32;

/// Records of one source have their members in one order: each is first looked for where the last record had it.
pub(super) struct Keys {
    slots: HashMap<Box<str>, usize>,
    order: Vec<(Box<str>, Option<usize>)>,
    /// By place: the name as it is usually written.
    written: Vec<Written>,
    disappointments: u8,
}

/// A name in its quotes and the colon behind it, compared in one or two steps.
struct Written {
    text: Box<[u8]>,
    /// The first sixteen bytes, or what there is of them.
    begin: u128,
    mask: u128,
}

impl Written {
    fn of(name: &str) -> Self {
        let text = format!("\"{name}\":").into_bytes().into_boxed_slice();
        let (mut begin, length) = ([0; 16], text.len().min(16));
        begin[..length].copy_from_slice(&text[..length]);
        Self { begin: u128::from_le_bytes(begin), mask: u128::MAX >> (8 * (16 - length)), text }
    }

    #[inline]
    fn begins(&self, text: &[u8]) -> bool {
        let Some(begin) = text.first_chunk() else { return text.starts_with(&self.text) };
        let same = u128::from_le_bytes(*begin) & self.mask == self.begin;
        same && (self.text.len() <= 16 || text.get(16..self.text.len()) == Some(&self.text[16..]))
    }
}

impl Keys {
    pub fn new(sources: &BTreeMap<String, usize>) -> Self {
        let slots = sources.iter().map(|(name, slot)| (name.as_str().into(), *slot)).collect();
        Self { slots, order: Vec::new(), written: Vec::new(), disappointments: 0 }
    }

    /// The slot of a member by name, tried first as the one that stood at this place in the last record.
    pub fn slot(&mut self, place: usize, name: &str) -> Option<usize> {
        match self.order.get(place) {
            Some((known, slot)) if **known == *name => *slot,
            _ => self.look_up(place, name),
        }
    }

    /// The name that stood at this place in the last record.
    pub fn name(&self, place: usize) -> Option<&str> {
        self.order.get(place).map(|(name, _)| &**name)
    }

    /// The length and slot of the member that stood at this place in the last record, if `text` goes on with its name in
    /// quotes and a colon.
    #[inline]
    pub fn usual(&self, place: usize, text: &[u8]) -> Option<(usize, Option<usize>)> {
        let written = self.written.get(place)?;
        written.begins(text).then(|| (written.text.len(), self.order[place].1))
    }

    pub fn expect_flat(&self) -> bool {
        self.disappointments < PATIENCE
    }

    pub fn found_flat(&mut self, flat: bool) {
        self.disappointments = if flat { 0 } else { self.disappointments + 1 };
    }

    fn look_up(&mut self, place: usize, name: &str) -> Option<usize> {
        let slot = self.slots.get(name.trim()).copied();
        if place < ORDER_LIMIT && name.len() <= NAME_LIMIT && is_plain(name) {
            let known = (name.into(), slot);
            if place == self.order.len() {
                self.order.push(known);
                self.written.push(Written::of(name));
            } else if let Some(old) = self.order.get_mut(place) {
                *old = known;
                self.written[place] = Written::of(name);
            }
        }
        slot
    }
}
