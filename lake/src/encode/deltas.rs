//! Whole numbers as differences (Parquet's DELTA_BINARY_PACKED): little room where they rise, or stay near each other.
//!
//! Invariant: what is written decodes to the values given, also where a difference wraps around.

use super::numbers::Number;
use super::runs::varint;

const BLOCK: usize = 128;
/// A block's differences are packed in four parts, each by its own width.
const PART: usize = 32;
/// One part of so many is looked at for an estimate.
const LOOK: usize = 4;

/// Appends the values.
pub(super) fn encode<N: Number>(values: &[N], out: &mut Vec<u8>) {
    varint(BLOCK as u64, out);
    varint((BLOCK / PART) as u64, out);
    varint(values.len() as u64, out);
    let Some(first) = values.first() else { return varint(0, out) };
    zigzag(first.since(N::default()), out);
    let mut deltas = Vec::with_capacity(BLOCK);
    for start in (1..values.len()).step_by(BLOCK) {
        let end = values.len().min(start + BLOCK);
        deltas.clear();
        deltas.extend(values[start - 1..end].windows(2).map(|pair| pair[1].since(pair[0])));
        block(&deltas, out);
    }
}

fn block(deltas: &[i64], out: &mut Vec<u8>) {
    let least = deltas.iter().copied().min().unwrap_or_default();
    zigzag(least, out);
    let widths = out.len();
    out.extend([0; BLOCK / PART]);
    for (place, deltas) in deltas.chunks(PART).enumerate() {
        let mut part = [0; PART];
        part.iter_mut().zip(deltas).for_each(|(above, delta)| *above = delta.wrapping_sub(least).cast_unsigned());
        let width = u64::BITS - part.iter().fold(0, |all, above| all | above).leading_zeros();
        out[widths + place] = width as u8;
        pack(&part, width, out);
    }
}

fn pack(values: &[u64; PART], width: u32, out: &mut Vec<u8>) {
    let (mut held, mut bits) = (0u128, 0);
    for value in values {
        held |= u128::from(*value) << bits;
        bits += width;
        if bits >= u64::BITS {
            out.extend_from_slice(&(held as u64).to_le_bytes());
            held >>= u64::BITS;
            bits -= u64::BITS;
        }
    }
    out.extend_from_slice(&held.to_le_bytes()[..bits.div_ceil(8) as usize]);
}

fn zigzag(value: i64, out: &mut Vec<u8>) {
    varint(((value << 1) ^ (value >> 63)).cast_unsigned(), out);
}

/// About how many bits the values take.
pub(super) fn estimate<N: Number>(values: &[N]) -> usize {
    let bits = |part: &[N]| {
        let deltas = || part.windows(2).map(|pair| pair[1].since(pair[0]));
        let (low, high) = (deltas().min().unwrap_or_default(), deltas().max().unwrap_or_default());
        part.len() * (u64::BITS - high.wrapping_sub(low).leading_zeros()) as usize
    };
    let looked: usize = values.chunks(PART + 1).step_by(LOOK).map(bits).sum();
    looked * LOOK + values.len() / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_row_take_hardly_any_room() {
        let mut out = Vec::new();
        encode(&(7..100_007i64).collect::<Vec<_>>(), &mut out);
        assert!(out.len() < 100_000 / BLOCK * 6, "{}", out.len());
    }
}
