//! Remembers what a text was turned into, so that each distinct text is resolved or hashed once.
//!
//! Invariant: at most `limit` texts are remembered; when there are more, all are forgotten and the work is done again.

use hashbrown::HashMap;

/// Text → result.
pub(super) struct Memo<V> {
    known: HashMap<String, V>,
    limit: usize,
}

impl<V> Memo<V> {
    pub fn new(limit: usize) -> Self {
        Self { known: HashMap::new(), limit }
    }

    pub fn get(&mut self, text: &str, make: impl FnOnce(&str) -> V) -> &V {
        if self.known.len() >= self.limit && !self.known.contains_key(text) {
            self.known.clear();
        }
        self.known.entry_ref(text).or_insert_with(|| make(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_worked_out_once_within_the_limit() {
        let mut memo = Memo::new(2);
        let mut made = 0;
        for text in ["a", "b", "a", "b", "c", "a"] {
            let found = memo.get(text, |text| {
                made += 1;
                text.to_owned()
            });
            assert_eq!(found, text);
        }
        assert_eq!(made, 4);
    }
}
