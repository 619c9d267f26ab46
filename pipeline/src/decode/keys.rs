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
    disappointments: u8,
}

impl Keys {
    pub fn new(sources: &BTreeMap<String, usize>) -> Self {
        let slots = sources.iter().map(|(name, slot)| (name.as_str().into(), *slot)).collect();
        Self { slots, order: Vec::new(), disappointments: 0 }
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

    /// The length and slot of the member that stood at this place in the last record, if `text` goes on with it.
    pub fn usual(&self, place: usize, text: &[u8]) -> Option<(usize, Option<usize>)> {
        let (name, slot) = self.order.get(place)?;
        let fits = text.get(name.len()) == Some(&b'"') && text.starts_with(name.as_bytes());
        fits.then_some((name.len(), *slot))
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
            } else if let Some(old) = self.order.get_mut(place) {
                *old = known;
            }
        }
        slot
    }
}
