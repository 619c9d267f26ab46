//! Texts, each kept once and known by its place.
//!
//! Invariant: a text keeps its place until all are forgotten.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Distinct texts in the order in which they came. The same text twice in a row is found without a look into the table, and so
/// are texts that come again in the order of the first time, as the students of a class do.
#[derive(Clone, Default)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    starts: Vec<usize>,
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
    last: usize,
}

impl Texts {
    /// The bytes of all texts together.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// About what they take in memory.
    pub fn footprint(&self) -> usize {
        self.bytes.capacity() + self.starts.capacity() * 8 + self.places.capacity() * 5
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.starts.clear();
        self.places.clear();
        self.last = 0;
    }

    pub fn get(&self, place: usize) -> &str {
        // Only whole texts were put in.
        std::str::from_utf8(stored(&self.bytes, &self.starts, place)).unwrap_or_default()
    }

    /// The place of a text that is known.
    #[inline]
    pub fn find(&mut self, text: &str) -> Option<usize> {
        let is = |place: usize| place < self.starts.len() && same(stored(&self.bytes, &self.starts, place), text.as_bytes());
        if is(self.last) {
            return Some(self.last);
        }
        self.last = if is(self.last + 1) { self.last + 1 } else { self.look_up(text)? };
        Some(self.last)
    }

    /// [`Texts::find`] where nothing may change.
    pub fn look_up(&self, text: &str) -> Option<usize> {
        let Self { bytes, starts, places, hasher, .. } = self;
        let same = |place: &u32| same(stored(bytes, starts, *place as usize), text.as_bytes());
        places.find(hasher.hash_one(text.as_bytes()), same).map(|place| *place as usize)
    }

    /// The place of a text, which is put in if need be.
    pub fn place(&mut self, text: &str) -> usize {
        self.find(text).unwrap_or_else(|| self.insert(text))
    }

    /// Puts in a text that is not known yet.
    #[cold]
    pub fn insert(&mut self, text: &str) -> usize {
        let index = self.starts.len();
        self.starts.push(self.bytes.len());
        self.bytes.extend_from_slice(text.as_bytes());
        let Self { bytes, starts, places, hasher, last } = self;
        let hash = |place: &u32| hasher.hash_one(stored(bytes, starts, *place as usize));
        // Nobody has four thousand million.
        places.insert_unique(hasher.hash_one(text.as_bytes()), index as u32, hash);
        *last = index;
        index
    }
}

/// Whether two texts are equal; short ones, which most are, in two steps without a call.
#[inline]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
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

fn stored<'t>(bytes: &'t [u8], starts: &[usize], index: usize) -> &'t [u8] {
    let end = starts.get(index + 1).copied().unwrap_or(bytes.len());
    &bytes[starts[index]..end]
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
    fn a_text_keeps_its_place() {
        let mut texts = Texts::default();
        let places: Vec<usize> = ["a", "", "b", "a", "", "b", "b", "学", "a"].iter().map(|text| texts.place(text)).collect();
        assert_eq!(places, [0, 1, 2, 0, 1, 2, 2, 3, 0]);
        assert_eq!((0..4).map(|place| texts.get(place)).collect::<Vec<_>>(), ["a", "", "b", "学"]);
    }
}
