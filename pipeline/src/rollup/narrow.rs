//! Whole numbers in as few bytes each as the largest of them needs, and in none while all are the same.

const LONG: usize = 1 << 16;

/// A column of numbers; one that does not fit widens all.
#[derive(Clone)]
pub(super) enum Narrow {
    Same { value: i64, len: usize },
    One(Vec<i8>),
    Two(Vec<i16>),
    Four(Vec<i32>),
    Eight(Vec<i64>),
}

impl Default for Narrow {
    fn default() -> Self {
        Self::Same { value: 0, len: 0 }
    }
}

impl Narrow {
    #[inline]
    pub fn get(&self, place: usize) -> i64 {
        match self {
            Self::Same { value, .. } => *value,
            Self::One(values) => values[place].into(),
            Self::Two(values) => values[place].into(),
            Self::Four(values) => values[place].into(),
            Self::Eight(values) => values[place],
        }
    }

    #[inline]
    pub fn set(&mut self, place: usize, value: i64) {
        self.fit(value);
        match self {
            Self::Same { .. } => {}
            Self::One(values) => values[place] = value as i8,
            Self::Two(values) => values[place] = value as i16,
            Self::Four(values) => values[place] = value as i32,
            Self::Eight(values) => values[place] = value,
        }
    }

    #[inline]
    pub fn push(&mut self, value: i64) {
        if let Self::Same { value: same, len: 0 } = self {
            *same = value;
        }
        self.fit(value);
        match self {
            Self::Same { len, .. } => *len += 1,
            Self::One(values) => push(values, value as i8),
            Self::Two(values) => push(values, value as i16),
            Self::Four(values) => push(values, value as i32),
            Self::Eight(values) => push(values, value),
        }
    }

    /// Pushes many.
    pub fn extend(&mut self, values: impl ExactSizeIterator<Item = i64>) {
        match self {
            Self::Same { .. } => {}
            Self::One(inner) => make_room(inner, values.len()),
            Self::Two(inner) => make_room(inner, values.len()),
            Self::Four(inner) => make_room(inner, values.len()),
            Self::Eight(inner) => make_room(inner, values.len()),
        }
        values.for_each(|value| self.push(value));
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Same { len, .. } => *len,
            Self::One(values) => values.len(),
            Self::Two(values) => values.len(),
            Self::Four(values) => values.len(),
            Self::Eight(values) => values.len(),
        }
    }

    /// What it takes in memory.
    pub fn footprint(&self) -> usize {
        match self {
            Self::Same { .. } => 0,
            Self::One(values) => values.capacity(),
            Self::Two(values) => values.capacity() * 2,
            Self::Four(values) => values.capacity() * 4,
            Self::Eight(values) => values.capacity() * 8,
        }
    }

    /// The values at these places.
    pub fn gather(&self, places: &[u32]) -> Vec<i64> {
        fn of<T: Copy + Into<i64>>(values: &[T], places: &[u32]) -> Vec<i64> {
            places.iter().map(|place| values[*place as usize].into()).collect()
        }
        match self {
            Self::Same { value, .. } => vec![*value; places.len()],
            Self::One(values) => of(values, places),
            Self::Two(values) => of(values, places),
            Self::Four(values) => of(values, places),
            Self::Eight(values) => of(values, places),
        }
    }

    /// Adds so much, `sign` times, at each of these places; a place may come again.
    pub fn add(&mut self, places: &[u32], amounts: &[i64], sign: i64) {
        /// How many could be added.
        fn to<T: Copy + Into<i64> + TryFrom<i64>>(values: &mut [T], places: &[u32], amounts: &[i64], sign: i64) -> usize {
            for (done, (place, amount)) in places.iter().zip(amounts).enumerate() {
                let value = &mut values[*place as usize];
                match T::try_from((*value).into() + sign * amount) {
                    Ok(sum) => *value = sum,
                    Err(_) => return done,
                }
            }
            places.len()
        }
        let mut from = 0;
        while from < places.len() {
            let (places, amounts) = (&places[from..], &amounts[from..]);
            let done = match self {
                Self::Same { .. } => amounts.iter().take_while(|amount| **amount == 0).count(),
                Self::One(values) => to(values, places, amounts, sign),
                Self::Two(values) => to(values, places, amounts, sign),
                Self::Four(values) => to(values, places, amounts, sign),
                Self::Eight(values) => to(values, places, amounts, sign),
            };
            if let (Some(place), Some(amount)) = (places.get(done), amounts.get(done)) {
                self.widen(self.get(*place as usize) + sign * amount);
            }
            from += done;
        }
    }

    #[inline]
    fn fit(&mut self, value: i64) {
        let fits = match self {
            Self::Same { value: same, .. } => *same == value,
            Self::One(_) => i8::try_from(value).is_ok(),
            Self::Two(_) => i16::try_from(value).is_ok(),
            Self::Four(_) => i32::try_from(value).is_ok(),
            Self::Eight(_) => true,
        };
        if !fits {
            self.widen(value);
        }
    }

    #[cold]
    fn widen(&mut self, value: i64) {
        let all = (0..self.len()).map(|place| self.get(place));
        let bytes = match &*self {
            Self::Same { value, .. } => bytes(*value),
            Self::One(_) => 1,
            Self::Two(_) => 2,
            Self::Four(_) => 4,
            Self::Eight(_) => 8,
        };
        *self = match bytes.max(self::bytes(value)) {
            1 => Self::One(all.map(|value| value as i8).collect()),
            2 => Self::Two(all.map(|value| value as i16).collect()),
            4 => Self::Four(all.map(|value| value as i32).collect()),
            _ => Self::Eight(all.collect()),
        };
    }
}

/// How many bytes a number needs.
fn bytes(value: i64) -> u8 {
    match value {
        _ if i8::try_from(value).is_ok() => 1,
        _ if i16::try_from(value).is_ok() => 2,
        _ if i32::try_from(value).is_ok() => 4,
        _ => 8,
    }
}

/// Pushes; a long vector grows by an eighth and not to double its size.
#[inline]
pub(super) fn push<T>(values: &mut Vec<T>, value: T) {
    if values.len() == values.capacity() {
        make_room(values, 1);
    }
    values.push(value);
}

fn make_room<T>(values: &mut Vec<T>, more: usize) {
    if values.len() >= LONG && values.capacity() - values.len() < more {
        values.reserve_exact(more.max(values.len() / 8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_holds_what_was_put_in(values in prop::collection::vec(prop_oneof![-9..9i64, -40_000..40_000i64, any::<i64>()], 1..60), other in any::<i64>()) {
            let mut narrow = Narrow::default();
            let mut plain = Vec::new();
            for value in values {
                narrow.push(value);
                plain.push(value);
                let place = plain.len() / 2;
                narrow.set(place, value / 3);
                plain[place] = value / 3;
            }
            narrow.set(0, other);
            plain[0] = other;
            prop_assert_eq!((0..narrow.len()).map(|place| narrow.get(place)).collect::<Vec<_>>(), plain);
        }

        #[test]
        fn what_is_added_and_taken_away_leaves_what_was(amounts in prop::collection::vec((0..9u32, -1_000_000_000_000..1_000_000_000_000i64), 1..60)) {
            let mut narrow = Narrow::default();
            (0..9).for_each(|value| narrow.push(value));
            let (places, amounts): (Vec<u32>, Vec<i64>) = amounts.into_iter().unzip();
            narrow.add(&places, &amounts, 1);
            let sums = (0..9u32).map(|place| {
                let there = places.iter().zip(&amounts).filter(|(other, _)| **other == place);
                i64::from(place) + there.map(|(_, amount)| amount).sum::<i64>()
            });
            prop_assert_eq!(narrow.gather(&[0, 1, 2, 3, 4, 5, 6, 7, 8]), sums.collect::<Vec<_>>());
            narrow.add(&places, &amounts, -1);
            prop_assert_eq!(narrow.gather(&[8, 0]), vec![8, 0]);
        }
    }
}
