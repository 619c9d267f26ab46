//! Whole numbers in as few bytes each as the largest of them needs.

/// A column of numbers; one that does not fit widens all.
#[derive(Clone)]
pub(super) enum Narrow {
    One(Vec<i8>),
    Two(Vec<i16>),
    Four(Vec<i32>),
    Eight(Vec<i64>),
}

impl Default for Narrow {
    fn default() -> Self {
        Self::One(Vec::new())
    }
}

impl Narrow {
    #[inline]
    pub fn get(&self, place: usize) -> i64 {
        match self {
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
            Self::One(values) => values[place] = value as i8,
            Self::Two(values) => values[place] = value as i16,
            Self::Four(values) => values[place] = value as i32,
            Self::Eight(values) => values[place] = value,
        }
    }

    #[inline]
    pub fn push(&mut self, value: i64) {
        self.fit(value);
        match self {
            Self::One(values) => values.push(value as i8),
            Self::Two(values) => values.push(value as i16),
            Self::Four(values) => values.push(value as i32),
            Self::Eight(values) => values.push(value),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::One(values) => values.len(),
            Self::Two(values) => values.len(),
            Self::Four(values) => values.len(),
            Self::Eight(values) => values.len(),
        }
    }

    /// What it takes in memory.
    pub fn footprint(&self) -> usize {
        match self {
            Self::One(values) => values.capacity(),
            Self::Two(values) => values.capacity() * 2,
            Self::Four(values) => values.capacity() * 4,
            Self::Eight(values) => values.capacity() * 8,
        }
    }

    #[inline]
    fn fit(&mut self, value: i64) {
        let fits = match self {
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
        *self = if i16::try_from(value).is_ok() {
            Self::Two(all.map(|value| value as i16).collect())
        } else if i32::try_from(value).is_ok() {
            Self::Four(all.map(|value| value as i32).collect())
        } else {
            Self::Eight(all.collect())
        };
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
    }
}
