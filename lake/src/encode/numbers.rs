//! A column of numbers, times or dates of one row group, in the form that takes the least room.
//!
//! ```text
//!  values ─┬─ few different ones ────── dictionary, and runs of places in it
//!          ├─ whole, near each other ── differences (DELTA_BINARY_PACKED)
//!          └─ others ────────────────── as they are
//! ```
//!
//! Invariants: the chunk reads back as exactly the values and nulls written, to the bit; bounds hold for all values that are
//! numbers, and there are none if no value is.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::datatypes::ArrowNativeType;
use parquet::basic::Encoding;
use parquet::errors::Result;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

use super::pages::{Chunk, PAGE_ROWS, Pages};
use super::presence::{Presence, Rows};
use super::{Column, deltas, runs, unfit};

/// A dictionary has no more values than this.
const DICTIONARY: usize = 1 << 16;
const SLOTS: usize = 1 << 10;
/// Spreads values over the slots, by its upper bits (2⁶⁴ divided by the golden ratio).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The column's values so far.
pub(super) struct Numbers<T: ArrowPrimitiveType> {
    column: ColumnDescPtr,
    presence: Presence,
    values: Vec<T::Native>,
}

/// A number as Parquet stores it.
pub(super) trait Number: ArrowNativeType + PartialOrd {
    /// Numbers with differences.
    const WHOLE: bool;
    fn bits(self) -> u64;
    fn store(values: &[Self], out: &mut Vec<u8>);
    /// What to add to `before`, wrapping around at the type's end.
    fn since(self, before: Self) -> i64;
    /// Bounds that hold for both zeros.
    fn widened(bounds: (Self, Self)) -> (Self, Self);
    fn statistics(bounds: Option<(Self, Self)>, nulls: u64) -> Statistics;
}

macro_rules! number {
    ($type:ty, $whole:literal, $bits:expr, $since:expr, $widened:expr, $statistics:path) => {
        impl Number for $type {
            const WHOLE: bool = $whole;

            fn bits(self) -> u64 {
                $bits(self)
            }

            fn store(values: &[Self], out: &mut Vec<u8>) {
                out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            }

            fn since(self, before: Self) -> i64 {
                $since(self, before)
            }

            fn widened(bounds: (Self, Self)) -> (Self, Self) {
                $widened(bounds)
            }

            fn statistics(bounds: Option<(Self, Self)>, nulls: u64) -> Statistics {
                $statistics(bounds.map(|bounds| bounds.0), bounds.map(|bounds| bounds.1), None, Some(nulls), false)
            }
        }
    };
}

number!(i32, true, |v: i32| u64::from(v.cast_unsigned()), |v: i32, b| i64::from(v.wrapping_sub(b)), |b| b, Statistics::int32);
number!(i64, true, i64::cast_unsigned, i64::wrapping_sub, |b| b, Statistics::int64);
number!(
    f32,
    false,
    |v: f32| u64::from(v.to_bits()),
    |_, _| 0,
    |(l, h)| (if l == 0.0 { -0.0 } else { l }, h + 0.0),
    Statistics::float
);
number!(f64, false, f64::to_bits, |_, _| 0, |(l, h)| (if l == 0.0 { -0.0 } else { l }, h + 0.0), Statistics::double);

/// How the values are written.
enum Form<N> {
    Listed(Distinct<N>, Vec<u32>),
    Deltas,
    Plain,
}

impl<T: ArrowPrimitiveType> Numbers<T> {
    pub fn new(column: ColumnDescPtr, rows: usize) -> Self {
        Self { column, presence: Presence::new(rows), values: Vec::with_capacity(rows) }
    }
}

impl<T: ArrowPrimitiveType> Column for Numbers<T>
where
    T::Native: Number,
{
    fn write(&mut self, array: &ArrayRef) -> Result<()> {
        let numbers = array.as_primitive_opt::<T>().ok_or_else(|| unfit(&self.column, array))?;
        self.presence.append(numbers.len(), numbers.nulls());
        match numbers.nulls() {
            None => self.values.extend_from_slice(numbers.values()),
            Some(nulls) => {
                nulls.valid_slices().for_each(|(from, to)| self.values.extend_from_slice(&numbers.values()[from..to]));
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>, mut pages: Pages<'_>) -> Result<Chunk> {
        let Self { column, presence, values } = *self;
        let rows = presence.finish(&column)?;
        let bounds = match choose(&values) {
            Form::Listed(distinct, keys) => {
                let mut page = Vec::new();
                T::Native::store(&distinct.values, &mut page);
                pages.dictionary(&page, distinct.values.len())?;
                pages.keys(&rows, &keys, distinct.values.len())?;
                bounds(&distinct.values)
            }
            Form::Deltas => {
                each_page(&rows, &values, &mut pages, Encoding::DELTA_BINARY_PACKED, deltas::encode)?;
                bounds(&values)
            }
            Form::Plain => {
                each_page(&rows, &values, &mut pages, Encoding::PLAIN, T::Native::store)?;
                bounds(&values)
            }
        };
        pages.close(column, rows.count, T::Native::statistics(bounds, rows.nulls()))
    }
}

fn each_page<N>(
    rows: &Rows,
    values: &[N],
    pages: &mut Pages<'_>,
    encoding: Encoding,
    encode: impl Fn(&[N], &mut Vec<u8>),
) -> Result<()> {
    for span in rows.spans(PAGE_ROWS) {
        let mut page = span.page();
        encode(&values[span.values.clone()], &mut page);
        pages.data(&page, span.rows, encoding)?;
    }
    Ok(())
}

/// The form that takes the least room before compression.
fn choose<N: Number>(values: &[N]) -> Form<N> {
    let plain = size_of_val(values) * 8;
    let deltas = if N::WHOLE { deltas::estimate(values) } else { usize::MAX };
    match Distinct::list(values) {
        Some((distinct, keys)) if distinct.room(keys.len()) <= plain.min(deltas) => Form::Listed(distinct, keys),
        // Little won is not worth the work of reading differences.
        _ if deltas < plain / 8 * 7 => Form::Deltas,
        _ => Form::Plain,
    }
}

/// The least and the greatest value.
fn bounds<N: Number>(values: &[N]) -> Option<(N, N)> {
    #[expect(clippy::eq_op, reason = "what is not a number is not equal to itself")]
    let mut numbers = values.iter().copied().filter(|value| value == value);
    let first = numbers.next()?;
    let wider = |(low, high): (N, N), value: N| (if value < low { value } else { low }, if value > high { value } else { high });
    Some(N::widened(numbers.fold((first, first), wider)))
}

/// Each different value, in the order in which they came.
struct Distinct<N> {
    values: Vec<N>,
    /// The places of values plus one, or zero; two to the power of `64 - shift`.
    slots: Vec<u32>,
    shift: u32,
}

impl<N: Number> Distinct<N> {
    /// The different values and each value's place among them; none when they are too many, or most are different.
    fn list(values: &[N]) -> Option<(Self, Vec<u32>)> {
        let most = DICTIONARY.min(values.len() / 2);
        let mut distinct = Self { values: Vec::new(), slots: vec![0; SLOTS], shift: u64::BITS - SLOTS.ilog2() };
        let mut keys = Vec::with_capacity(values.len());
        let mut last = (values.first()?.bits(), distinct.place(*values.first()?));
        for value in values {
            if value.bits() != last.0 {
                last = (value.bits(), distinct.place(*value));
                if distinct.values.len() > most {
                    return None;
                }
            }
            keys.push(last.1);
        }
        Some((distinct, keys))
    }

    fn place(&mut self, value: N) -> u32 {
        let mut slot = self.slot(value);
        loop {
            match self.slots[slot] {
                0 => break,
                taken if self.values[taken as usize - 1].bits() == value.bits() => return taken - 1,
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
        self.values.push(value);
        self.slots[slot] = self.values.len() as u32;
        if self.values.len() * 2 > self.slots.len() {
            self.grow();
        }
        self.values.len() as u32 - 1
    }

    fn slot(&self, value: N) -> usize {
        (value.bits().wrapping_mul(SPREAD) >> self.shift) as usize
    }

    #[cold]
    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 4];
        self.shift -= 2;
        for place in 0..self.values.len() {
            let mut slot = self.slot(self.values[place]);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (self.slots.len() - 1);
            }
            self.slots[slot] = place as u32 + 1;
        }
    }

    /// Bits for so many rows, if they do not repeat in runs.
    fn room(&self, rows: usize) -> usize {
        let width = runs::width(self.values.len().saturating_sub(1) as u32);
        rows * usize::from(width) + self.values.len() * size_of::<N>() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form<N: Number>(values: &[N]) -> &'static str {
        match choose(values) {
            Form::Listed(..) => "listed",
            Form::Deltas => "deltas",
            Form::Plain => "plain",
        }
    }

    #[test]
    fn the_form_follows_the_values() {
        let scattered = |n: i64| {
            let spread = n.wrapping_mul(0x5851_f42d_4c95_7f2d);
            (spread ^ (spread >> 31)).wrapping_mul(0x1405_7b7e_f767_814f)
        };
        assert_eq!(form(&[0i64; 1000]), "listed");
        assert_eq!(form(&(0..100_000).map(|n| scattered(n % 300)).collect::<Vec<_>>()), "listed");
        assert_eq!(form(&(0..100_000i64).collect::<Vec<_>>()), "deltas");
        assert_eq!(form(&(0..100_000i64).map(|n| n / 3 * 1_000_000).collect::<Vec<_>>()), "deltas");
        assert_eq!(form(&(0..100_000).map(scattered).collect::<Vec<_>>()), "plain");
        assert_eq!(form(&(0..100_000).map(f64::from).collect::<Vec<_>>()), "plain");
        assert_eq!(form::<i64>(&[]), "plain");
    }

    #[test]
    fn bounds_hold_for_numbers_only() {
        assert_eq!(bounds(&[3, -1, 2]), Some((-1, 3)));
        assert_eq!(bounds(&[f64::NAN, 2.5, f64::NAN, -1.0]), Some((-1.0, 2.5)));
        assert_eq!(bounds(&[f64::NAN]), None);
        for zero in [0.0f64, -0.0] {
            let (low, high) = bounds(&[zero]).expect("bounds");
            assert!(low.is_sign_negative() && high.is_sign_positive(), "{low} {high}");
        }
    }

    #[test]
    fn values_are_the_same_by_their_bits() {
        let nan = f64::from_bits(0x7ff8_0000_0000_0001);
        let values = [0.0, -0.0, f64::NAN, nan, 0.0, -0.0, f64::NAN, nan];
        let (_, keys) = Distinct::list(&values).expect("four values");
        assert_eq!(keys, [0, 1, 2, 3, 0, 1, 2, 3]);
    }
}
