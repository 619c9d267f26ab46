//! How a histogram is written.
//!
//! | form | begins with | then |
//! |---|---|---|
//! | pairs | | of each value that occurs the distance from the one before and its count, seven bits a byte, the lowest first |
//! | bytes | 1, 0 | the first value, and the counts from it on, a byte each |
//! | run | 0, 0 | the first value, and the counts from it on, four bytes each |
//!
//! Counts near each other are bytes or a run, which are added up several at a time. No pair is like what these begin with.
//!
//! Invariants: what is written is read; equal histograms are written in equal bytes (what was stored before a form was added has another); any bytes are read without harm.

use super::{HIGHEST, clamped};

const BYTES: [u8; 2] = [1, 0];
const RUN: [u8; 2] = [0, 0];
/// Fewer values than these are smaller as pairs.
const FEW: usize = 8;
/// Bytes and runs are so many times as long as there are values that occur, at the most.
const SPREAD: (usize, usize) = (2, 4);
/// From so large counts on a run takes less than pairs do.
const LARGE: u64 = 128;

/// How a histogram is written in which the values from the first to the last are `length`, of which `number` occur, `most` of one – or all
/// counts or-ed: the limits are powers of two.
fn of_shape(length: usize, number: usize, most: u64) -> Option<[u8; 2]> {
    if number >= FEW && most <= u64::from(u8::MAX) && length <= SPREAD.0 * number {
        return Some(BYTES);
    }
    (most >= LARGE && most <= u64::from(u32::MAX) && length <= SPREAD.1 * number).then_some(RUN)
}

/// Writes values with their counts, in the order of the values; nothing for a histogram that holds nothing.
pub(super) fn encode(entries: impl Iterator<Item = (u32, u64)> + Clone) -> Option<Vec<u8>> {
    let entries = entries.filter(|(_, count)| *count > 0);
    let (mut last, mut number, mut most) = (0, 0, 0);
    for (value, count) in entries.clone() {
        (last, number, most) = (value, number + 1, most | count);
    }
    let (first, _) = entries.clone().next()?;
    let length = (last - first) as usize + 1;
    let mut bytes = Vec::new();
    match of_shape(length, number, most) {
        None => pairs_into(&mut bytes, entries),
        Some(form) => {
            let mut counts = vec![0; length];
            entries.for_each(|(value, count)| counts[(value - first) as usize] = count);
            counts_into(&mut bytes, form, first, &counts);
        }
    }
    Some(bytes)
}

/// [`encode`] of counts of the values from one on.
pub(super) fn encode_into(bytes: &mut Vec<u8>, from: u32, counts: &[u64]) {
    let Some(first) = counts.iter().position(|count| *count > 0) else { return };
    let last = counts.iter().rposition(|count| *count > 0).unwrap_or(first);
    let (counts, first) = (&counts[first..=last], from + first as u32);
    let (number, most) = counts.iter().fold((0, 0), |(number, most), count| (number + usize::from(*count > 0), most | count));
    match of_shape(counts.len(), number, most) {
        None => pairs_into(bytes, (first..).zip(counts.iter().copied()).filter(|(_, count)| *count > 0)),
        Some(form) => counts_into(bytes, form, first, counts),
    }
}

fn counts_into(bytes: &mut Vec<u8>, form: [u8; 2], first: u32, counts: &[u64]) {
    bytes.extend(form);
    push(bytes, u64::from(first));
    match form {
        BYTES => bytes.extend(counts.iter().map(|count| *count as u8)),
        _ => bytes.extend(counts.iter().flat_map(|count| (*count as u32).to_le_bytes())),
    }
}

fn pairs_into(bytes: &mut Vec<u8>, entries: impl Iterator<Item = (u32, u64)>) {
    let mut last = 0;
    for (value, count) in entries {
        push(bytes, u64::from(value - last));
        push(bytes, count);
        last = value;
    }
}

fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// The values and their counts, in order. What is not understood ends them.
#[inline]
pub(super) fn entries(bytes: &[u8]) -> impl Iterator<Item = (u32, u64)> + '_ {
    let (pairs, bytes, run) = match Form::of(bytes) {
        Form::Pairs(pairs) => (Some(pairs), None, None),
        Form::Bytes(first, counts) => (None, Some((first..).zip(counts)), None),
        Form::Run(first, counts) => (None, None, Some((first..).zip(counts))),
    };
    let bytes = bytes.into_iter().flatten().map(|(value, count)| (value, u64::from(*count)));
    let run = run.into_iter().flatten().map(|(value, count)| (value, u64::from(u32::from_le_bytes(*count))));
    pairs.into_iter().flatten().chain(bytes.chain(run).filter(|(_, count)| *count > 0))
}

/// How many of the values are greater than `limit`. Asked of every row, so each form has a loop of its own.
pub(super) fn above(bytes: &[u8], limit: i64) -> u64 {
    let from = clamped(limit.saturating_add(1));
    let skipped = |first: u32, length: usize| length.min(from.saturating_sub(first) as usize);
    match Form::of(bytes) {
        _ if limit >= i64::from(HIGHEST) => 0,
        Form::Pairs(pairs) => pairs.map(|(value, count)| if value >= from { count } else { 0 }).sum(),
        Form::Bytes(first, counts) => counts[skipped(first, counts.len())..].iter().map(|count| u64::from(*count)).sum(),
        Form::Run(first, counts) => {
            counts[skipped(first, counts.len())..].iter().map(|count| u64::from(u32::from_le_bytes(*count))).sum()
        }
    }
}

/// What is written.
pub(super) enum Form<'a> {
    Pairs(Pairs<'a>),
    /// The first value, and the counts from it on.
    Bytes(u32, &'a [u8]),
    Run(u32, &'a [[u8; 4]]),
}

impl<'a> Form<'a> {
    #[inline]
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        let Some((mark @ (&BYTES | &RUN), mut rest)) = bytes.split_first_chunk() else {
            return Self::Pairs(Pairs { rest: bytes, value: 0 });
        };
        let first = take(&mut rest).and_then(|first| u32::try_from(first).ok()).filter(|first| *first <= HIGHEST);
        let Some(first) = first else { return Self::Bytes(0, &[]) };
        let most = (HIGHEST + 1 - first) as usize;
        match *mark {
            BYTES => Self::Bytes(first, &rest[..rest.len().min(most)]),
            _ => {
                let (counts, _) = rest.as_chunks();
                Self::Run(first, &counts[..counts.len().min(most)])
            }
        }
    }
}

pub(super) struct Pairs<'a> {
    rest: &'a [u8],
    value: u32,
}

impl Iterator for Pairs<'_> {
    type Item = (u32, u64);

    #[inline]
    fn next(&mut self) -> Option<(u32, u64)> {
        let distance = take(&mut self.rest)?;
        let count = take(&mut self.rest)?;
        self.value = u32::try_from(u64::from(self.value) + distance).ok().filter(|value| *value <= HIGHEST)?;
        Some((self.value, count))
    }
}

#[inline]
fn take(bytes: &mut &[u8]) -> Option<u64> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    if *first < 0x80 {
        return Some(u64::from(*first));
    }
    let mut number = u64::from(first & 0x7f);
    for shift in (7..64).step_by(7) {
        let (next, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(next & 0x7f) << shift;
        if *next < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            counts in prop::collection::btree_map(0..=HIGHEST, prop_oneof![1..200u64, 200..400u64, Just(1 << 40)], 0..60), from in 0..HIGHEST
        ) {
            let near: Vec<(u32, u64)> = (from..=HIGHEST).zip(counts.values().copied()).collect();
            for written in [counts.into_iter().collect(), near] {
                let bytes = encode(written.iter().copied()).unwrap_or_default();
                let mut dense = vec![0; HIGHEST as usize + 1];
                written.iter().for_each(|(value, count)| dense[*value as usize] = *count);
                for skipped in [0, written.first().map_or(0, |(value, _)| *value)] {
                    let mut by_value = Vec::new();
                    encode_into(&mut by_value, skipped, &dense[skipped as usize..]);
                    prop_assert_eq!(&by_value, &bytes);
                }
                for limit in [-9, i64::from(from), i64::from(HIGHEST), i64::MAX] {
                    let more = written.iter().filter(|(value, _)| i64::from(*value) > limit).map(|(_, count)| count);
                    prop_assert_eq!(above(&bytes, limit), more.sum::<u64>());
                }
                prop_assert_eq!(entries(&bytes).collect::<Vec<_>>(), written);
            }
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..40), form in 0..3usize) {
            let bytes = [[&[], &BYTES[..], &RUN][form], &bytes].concat();
            prop_assert!(entries(&bytes).all(|(value, _)| value <= HIGHEST));
            prop_assert!(entries(&bytes).count() <= bytes.len());
        }
    }

    #[test]
    fn counts_near_each_other_are_bytes_and_large_ones_a_run() {
        let form = |count, spread: u32| encode((0..20).map(|value| (value * spread, count))).expect("values")[..2].to_vec();
        assert_eq!([form(1, 1), form(255, 2)], [BYTES, BYTES]);
        assert_eq!([form(256, 1), form(200, 4)], [RUN, RUN]);
        assert_eq!([form(1, 3), form(200, 5)], [[0, 1], [0, 200]]);
    }
}
