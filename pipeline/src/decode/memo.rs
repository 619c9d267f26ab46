//! Remembers what a text was turned into, so that each distinct text is resolved or hashed once.
//!
//! Invariant: at most `limit` texts are remembered; when there are more, all are forgotten, which starts a new generation,
//! and the work is done again. Within a generation a text keeps its place.

use crate::texts::Texts;

/// The most bytes of remembered texts.
const BYTES: usize = 32 << 20;

/// Text → result.
pub(super) struct Memo<V> {
    texts: Texts,
    values: Vec<V>,
    limit: usize,
    generation: u64,
}

/// Where a text stands among those remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub generation: u64,
    pub index: usize,
}

impl<V> Memo<V> {
    pub fn new(limit: usize) -> Self {
        Self { texts: Texts::default(), values: Vec::new(), limit, generation: 0 }
    }

    pub fn get(&mut self, text: &str, make: impl FnOnce(&str) -> V) -> (Place, &V) {
        let index = match self.texts.find(text) {
            Some(index) => index,
            None => self.remember(text, make),
        };
        (Place { generation: self.generation, index }, &self.values[index])
    }

    #[cold]
    fn remember(&mut self, text: &str, make: impl FnOnce(&str) -> V) -> usize {
        if self.values.len() >= self.limit || self.texts.size() >= BYTES {
            self.texts.clear();
            self.values.clear();
            self.generation += 1;
        }
        self.values.push(make(text));
        self.texts.insert(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_worked_out_once_within_the_limit() {
        let mut memo = Memo::new(2);
        let mut made = 0;
        let mut places = Vec::new();
        for text in ["a", "b", "b", "a", "b", "c", "a", "a"] {
            let (place, found) = memo.get(text, |text| {
                made += 1;
                text.to_owned()
            });
            assert_eq!(found, text);
            places.push((place.generation, place.index));
        }
        assert_eq!(made, 4);
        assert_eq!(places, [(0, 0), (0, 1), (0, 1), (0, 0), (0, 1), (1, 0), (1, 1), (1, 1)]);
    }
}
