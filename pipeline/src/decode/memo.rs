//! Remembers what a text was turned into, so that each distinct text is resolved or hashed once.
//!
//! Invariant: at most `limit` texts are remembered; when there are more, all are forgotten and the work is done again.

use hashbrown::HashMap;

/// Text → result. The same text twice in a row is found without a look into the map.
pub(super) struct Memo<V> {
    known: Vec<(Box<str>, V)>,
    places: HashMap<Box<str>, usize>,
    last: usize,
    limit: usize,
}

impl<V> Memo<V> {
    pub fn new(limit: usize) -> Self {
        Self { known: Vec::new(), places: HashMap::new(), last: 0, limit }
    }

    pub fn get(&mut self, text: &str, make: impl FnOnce(&str) -> V) -> &V {
        if self.known.get(self.last).is_none_or(|(known, _)| **known != *text) {
            self.last = match self.places.get(text) {
                Some(place) => *place,
                None => self.remember(text, make(text)),
            };
        }
        &self.known[self.last].1
    }

    #[cold]
    fn remember(&mut self, text: &str, value: V) -> usize {
        if self.known.len() >= self.limit {
            self.known.clear();
            self.places.clear();
        }
        self.known.push((text.into(), value));
        self.places.insert(text.into(), self.known.len() - 1);
        self.known.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_worked_out_once_within_the_limit() {
        let mut memo = Memo::new(2);
        let mut made = 0;
        for text in ["a", "b", "b", "a", "b", "c", "a", "a"] {
            let found = memo.get(text, |text| {
                made += 1;
                text.to_owned()
            });
            assert_eq!(found, text);
        }
        assert_eq!(made, 4);
    }
}
