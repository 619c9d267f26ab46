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
    /// By place: the name with its closing quote as one number, where it fits.
    words: Vec<Option<Word>>,
    disappointments: u8,
}

/// Up to sixteen bytes, compared in one step.
#[derive(Clone, Copy)]
struct Word {
    value: u128,
    mask: u128,
}

impl Word {
    fn of(name: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        bytes.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        *bytes.get_mut(name.len())? = b'"';
        let mask = u128::MAX >> (8 * (15 - name.len()));
        Some(Self { value: u128::from_le_bytes(bytes), mask })
    }

    fn begins(self, text: &[u8]) -> bool {
        text.first_chunk().is_some_and(|bytes| u128::from_le_bytes(*bytes) & self.mask == self.value)
    }
}

impl Keys {
    pub fn new(sources: &BTreeMap<String, usize>) -> Self {
        let slots = sources.iter().map(|(name, slot)| (name.as_str().into(), *slot)).collect();
        Self { slots, order: Vec::new(), words: Vec::new(), disappointments: 0 }
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
        let fits = match self.words[place] {
            Some(word) if text.len() >= 16 => word.begins(text),
            _ => text.get(name.len()) == Some(&b'"') && text.starts_with(name.as_bytes()),
        };
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
            let (known, word) = ((name.into(), slot), Word::of(name));
            if place == self.order.len() {
                self.order.push(known);
                self.words.push(word);
            } else if let Some(old) = self.order.get_mut(place) {
                *old = known;
                self.words[place] = word;
            }
        }
        slot
    }
}
