//! Parquet's run-length and bit-packed hybrid: how dictionary keys and definition levels are written.
//!
//! Invariant: what is written decodes to the values given, followed by nothing but the padding of a last group of eight.

/// Values that repeat so often become a run of their own.
const RUN: usize = 8;
const GROUP: usize = 8;

/// The bits that every value up to `most` fits into.
pub(super) fn width(most: u32) -> u8 {
    // At most 32, which fits.
    (u32::BITS - most.leading_zeros()) as u8
}

/// Appends `values`, each below two to the power of `width`.
pub(super) fn encode(values: &[u32], width: u8, out: &mut Vec<u8>) {
    let (mut start, mut at) = (0, 0);
    while at < values.len() {
        let length = run_at(&values[at..]);
        // Values before a run must fill whole groups: the run lends them what is missing.
        let borrowed = (GROUP - (at - start) % GROUP) % GROUP;
        if length < RUN + borrowed {
            at += length;
            continue;
        }
        packed(&values[start..at + borrowed], width, out);
        repeated(values[at], length - borrowed, width, out);
        at += length;
        start = at;
    }
    packed(&values[start..], width, out);
}

fn run_at(values: &[u32]) -> usize {
    let first = values[0];
    values.iter().position(|value| *value != first).unwrap_or(values.len())
}

/// Appends one value so many times.
pub(super) fn repeated(value: u32, count: usize, width: u8, out: &mut Vec<u8>) {
    varint((count as u64) << 1, out);
    out.extend_from_slice(&value.to_le_bytes()[..usize::from(width).div_ceil(8)]);
}

fn packed(values: &[u32], width: u8, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    packed_head(values.len(), out);
    let width = usize::from(width);
    let end = out.len() + values.len().div_ceil(GROUP) * width;
    let (mut held, mut bits) = (0u64, 0);
    for value in values {
        held |= u64::from(*value) << bits;
        bits += width;
        if bits >= 32 {
            out.extend_from_slice(&(held as u32).to_le_bytes());
            held >>= 32;
            bits -= 32;
        }
    }
    out.extend_from_slice(&held.to_le_bytes());
    out.resize(end, 0);
}

/// What stands before so many packed values.
pub(super) fn packed_head(count: usize, out: &mut Vec<u8>) {
    varint(((count.div_ceil(GROUP) as u64) << 1) | 1, out);
}

/// Appends a number in groups of seven bits, the lowest first.
pub(super) fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The format's own words, read literally.
    fn decode(mut bytes: &[u8], width: u8, count: usize) -> Vec<u32> {
        let mut values = Vec::new();
        while values.len() < count {
            let (mut header, mut shift) = (0u64, 0);
            loop {
                let byte = bytes[0];
                bytes = &bytes[1..];
                header |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            let length = usize::try_from(header >> 1).unwrap();
            if header & 1 == 0 {
                let size = usize::from(width).div_ceil(8);
                let value = bytes[..size].iter().rev().fold(0u32, |all, byte| (all << 8) | u32::from(*byte));
                values.extend(std::iter::repeat_n(value, length));
                bytes = &bytes[size..];
            } else {
                let size = length * usize::from(width);
                let bit = |at: usize| u32::from(bytes[at / 8] >> (at % 8) & 1);
                let value = |n: usize| (0..usize::from(width)).map(|b| bit(n * usize::from(width) + b) << b).sum::<u32>();
                values.extend((0..length * 8).map(value));
                bytes = &bytes[size..];
            }
        }
        assert!(bytes.is_empty(), "nothing is left over");
        values.truncate(count);
        values
    }

    #[test]
    fn the_width_is_what_the_greatest_value_needs() {
        assert_eq!([0, 1, 2, 255, 256, u32::MAX].map(width), [0, 1, 2, 8, 9, 32]);
    }

    proptest! {
        #[test]
        fn values_survive(pieces in prop::collection::vec((0u32..300, 1usize..40), 0..40), wide in any::<bool>()) {
            let scale = if wide { 14_316_557 } else { 1 };
            let values: Vec<u32> = pieces.iter().flat_map(|(value, count)| std::iter::repeat_n(value * scale, *count)).collect();
            let width = width(values.iter().copied().max().unwrap_or(0));
            let mut out = Vec::new();
            encode(&values, width, &mut out);
            prop_assert_eq!(decode(&out, width, values.len()), values);
        }
    }
}
