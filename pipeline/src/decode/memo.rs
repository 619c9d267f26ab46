//! Remembers what a text was turned into, so that each distinct text is resolved or hashed once.
//!
//! Invariant: at most `limit` texts are remembered; when there are more, all are forgotten, which starts a new generation,
//! and the work is done again. Within a generation a text keeps its place.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// The most bytes of remembered texts.
const BYTES: usize = 32 << 20;

/// Text → result. The same text twice in a row is found without a look into the table, and so are texts that come again in the
/// order of the first time, as the students of a class do.
pub(super) struct Memo<V> {
    texts: Vec<u8>,
    starts: Vec<usize>,
    values: Vec<V>,
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
    last: usize,
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
        let (texts, starts, values) = Default::default();
        let (places, hasher) = (HashTable::new(), DefaultHashBuilder::default());
        Self { texts, starts, values, places, hasher, last: 0, limit, generation: 0 }
    }

    pub fn get(&mut self, text: &str, make: impl FnOnce(&str) -> V) -> (Place, &V) {
        let text = text.as_bytes();
        let is = |place| place < self.values.len() && same(stored(&self.texts, &self.starts, place), text);
        if is(self.last) {
        } else if is(self.last + 1) {
            self.last += 1;
        } else {
            let Self { texts, starts, places, hasher, .. } = self;
            let found = places.find(hasher.hash_one(text), |place| same(stored(texts, starts, *place as usize), text));
            self.last = match found {
                Some(place) => *place as usize,
                None => self.remember(text, make),
            };
        }
        (Place { generation: self.generation, index: self.last }, &self.values[self.last])
    }

    #[cold]
    fn remember(&mut self, text: &[u8], make: impl FnOnce(&str) -> V) -> usize {
        if self.values.len() >= self.limit || self.texts.len() >= BYTES {
            self.texts.clear();
            self.starts.clear();
            self.values.clear();
            self.places.clear();
            self.generation += 1;
        }
        let value = make(std::str::from_utf8(text).unwrap_or_default());
        let index = self.values.len();
        self.starts.push(self.texts.len());
        self.texts.extend_from_slice(text);
        self.values.push(value);
        let Self { texts, starts, places, hasher, .. } = self;
        // The limit is far below.
        let place = index as u32;
        places.insert_unique(hasher.hash_one(text), place, |place| hasher.hash_one(stored(texts, starts, *place as usize)));
        index
    }
}

/// Whether two texts are equal; short ones, which most are, in two steps without a call.
#[inline]
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match (one.first_chunk::<8>(), other.first_chunk::<8>(), one.last_chunk::<8>(), other.last_chunk::<8>()) {
        (Some(begins), Some(with), Some(ends), Some(also)) if one.len() <= 16 => begins == with && ends == also,
        (Some(begins), Some(with), ..) if one.len() <= 32 => {
            let chunks = |text: &[u8]| (text.first_chunk::<16>().copied(), text.last_chunk::<16>().copied());
            begins == with && chunks(one) == chunks(other)
        }
        (Some(begins), Some(with), ..) => begins == with && one == other,
        _ => one.iter().zip(other).all(|(a, b)| a == b),
    }
}

fn stored<'t>(texts: &'t [u8], starts: &[usize], index: usize) -> &'t [u8] {
    let end = starts.get(index + 1).copied().unwrap_or(texts.len());
    &texts[starts[index]..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_are_told_apart() {
        for length in 0..40 {
            let text = vec![b'x'; length];
            assert!(same(&text, &text.clone()));
            for place in 0..length {
                let mut other = text.clone();
                other[place] = b'y';
                assert!(!same(&text, &other));
            }
            assert!(!same(&text, &vec![b'x'; length + 1]));
        }
    }

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
