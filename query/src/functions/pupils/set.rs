//! A set of numbers as bytes: runs of words of 64 numbers each.
//!
//! A run is the place of its first word, how many words follow, and these; runs are in order and do not touch.

/// Numbers of one word.
pub(super) const WORD: u32 = u64::BITS;
/// The place and the length of a run.
const HEAD: usize = 8;
/// So many empty words between others are cheaper than another run.
const GAP: u32 = 1;

/// The place of a word, and which of its numbers are in the set.
pub(super) type Word = (u32, u64);

/// The bytes of what is in these words, which are put in order; none for nobody.
pub(super) fn encode(words: &mut Vec<Word>) -> Option<Vec<u8>> {
    if !words.is_sorted_by(|a, b| a.0 < b.0) {
        words.sort_unstable_by_key(|(place, _)| *place);
        words.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 |= if same { next.1 } else { 0 };
            same
        });
    }
    let mut bytes = Vec::with_capacity(words.len() * HEAD + HEAD);
    for run in words.chunk_by(|a, b| b.0 - a.0 <= 1 + GAP) {
        let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) else { continue };
        bytes.extend(first.to_le_bytes());
        bytes.extend((last - first + 1).to_le_bytes());
        let mut place = *first;
        for (at, bits) in run {
            (place..*at).for_each(|_| bytes.extend(0_u64.to_le_bytes()));
            bytes.extend(bits.to_le_bytes());
            place = at + 1;
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// A run: the place of its first word, and the words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<'a> {
    pub place: u32,
    pub words: &'a [[u8; 8]],
}

impl Run<'_> {
    /// The place behind the last word.
    pub(super) const fn end(&self) -> u32 {
        self.place + self.words.len() as u32
    }
}

/// The runs of a set, in order. What is not understood ends them.
pub(super) fn runs(mut bytes: &[u8]) -> impl Iterator<Item = Run<'_>> {
    let mut least = 0;
    std::iter::from_fn(move || {
        let (place, rest) = bytes.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (place, length) = (u32::from_le_bytes(*place), u32::from_le_bytes(*length));
        let (words, rest) = rest.split_at_checked(length as usize * 8)?;
        bytes = rest;
        let end = place.checked_add(length).filter(|_| place >= least)?;
        least = end;
        Some(Run { place, words: words.as_chunks().0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut end = 0;
            for run in runs(&bytes) {
                prop_assert!(run.place >= end);
                end = run.end();
            }
        }

        #[test]
        fn what_goes_in_comes_out(numbers in prop::collection::vec(0..3000_u32, 0..200)) {
            let mut words = numbers.iter().map(|number| (number / WORD, 1 << (number % WORD))).collect();
            let bytes = encode(&mut words).unwrap_or_default();
            let mut found = Vec::new();
            let mut end = 0;
            for run in runs(&bytes) {
                prop_assert!(end == 0 || run.place > end + GAP);
                end = run.end();
                for (place, bits) in (run.place..).zip(run.words) {
                    let bits = u64::from_le_bytes(*bits);
                    found.extend((0..WORD).filter(|bit| bits >> bit & 1 == 1).map(|bit| place * WORD + bit));
                }
            }
            let expected: BTreeSet<u32> = numbers.into_iter().collect();
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
