//! Which pupils are there on so many days, for 64 pupils at a time: of each count the first binary digits of 64 pupils are one word, their
//! second digits another, and so on. Counts begin so far below a power of two that it is reached when the days are; who has reached it
//! is not counted any more. So a day costs a word as many steps as the number of days has digits, and one.

use super::set::{Run, runs};

/// Words are near each other if there are not more than so many times as many places.
const SPREAD: usize = 4;
/// There is room for so many words at a time.
const ROOM: usize = 256;

/// The counts of pupils whose words lie in some stretches of places.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Stretches in order, each with the index of its first word.
    stretches: Vec<Stretch>,
    length: usize,
    /// By binary digit, the lowest first, a word for each place.
    digits: Vec<Vec<u64>>,
    /// Who was there on enough days.
    reached: Vec<u64>,
    day: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    place: u32,
    end: u32,
    index: usize,
}

impl Tally {
    /// Nothing counted yet, and room for all that is in these sets; `least` days are enough, one or more.
    pub(super) fn begin<'a>(&mut self, sets: impl Iterator<Item = &'a [u8]>, least: u64) {
        self.stretches.clear();
        // So many are in order. The sets of one place are much alike, so few of them bring more.
        let mut ordered = 0;
        for set in sets {
            if !covers(&self.stretches[..ordered], set) {
                self.stretches.extend(runs(set).map(|run| Stretch { place: run.place, end: run.end(), index: 0 }));
            }
            if self.stretches.len() > 2 * ordered {
                self.order();
                ordered = self.stretches.len();
            }
        }
        self.order();
        self.length = 0;
        for stretch in &mut self.stretches {
            stretch.index = self.length;
            self.length += (stretch.end - stretch.place) as usize;
        }
        let above = least.next_power_of_two();
        self.digits.resize_with(above.trailing_zeros() as usize, Vec::new);
        for (number, digits) in self.digits.iter_mut().enumerate() {
            digits.clear();
            digits.resize(self.length, if (above - least) >> number & 1 == 1 { u64::MAX } else { 0 });
        }
        self.reached.clear();
        self.reached.resize(self.length, 0);
    }

    /// Puts the stretches in order and joins those that touch.
    fn order(&mut self) {
        self.stretches.sort_unstable_by_key(|stretch| stretch.place);
        self.stretches.dedup_by(|next, kept| {
            let touches = next.place <= kept.end;
            kept.end = if touches { kept.end.max(next.end) } else { kept.end };
            touches
        });
    }

    /// Adds one day: the pupils of any of these sets.
    pub(super) fn add<'a>(&mut self, sets: impl ExactSizeIterator<Item = &'a [u8]>) {
        let Self { stretches, digits, reached, day, length } = self;
        // Where one day is enough, it does not matter which.
        let at_once = sets.len() == 1 || digits.is_empty();
        if !at_once {
            day.clear();
            day.resize(*length, 0);
        }
        for set in sets {
            let mut stretches = Stretches::new(stretches);
            for run in runs(set) {
                let (index, words) = (stretches.index(&run), run.words.iter().map(|word| u64::from_le_bytes(*word)));
                match at_once {
                    true => count(digits, reached, index, words),
                    false => day[index..].iter_mut().zip(words).for_each(|(day, word)| *day |= word),
                }
            }
        }
        if !at_once {
            count(digits, reached, 0, day.iter().copied());
        }
    }

    /// How many pupils have been there on enough days.
    pub(super) fn pupils(&self) -> u64 {
        self.reached.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

/// The pupils of sets whose words lie near each other, in place of each other.
#[derive(Debug, Default)]
pub(super) struct Union(Vec<u64>);

impl Union {
    /// How many pupils are in any of these sets; nothing if their words are too far apart.
    pub(super) fn pupils<'a>(&mut self, sets: impl ExactSizeIterator<Item = &'a [u8]> + Clone) -> Option<u64> {
        if sets.len() == 1 {
            let words = sets.flat_map(runs).flat_map(|run| run.words);
            return Some(words.map(|word| u64::from(u64::from_le_bytes(*word).count_ones())).sum());
        }
        let Self(union) = self;
        union.clear();
        let Some(first) = sets.clone().filter_map(|set| Some(runs(set).next()?.place)).min() else { return Some(0) };
        let most = ROOM + SPREAD * sets.clone().map(<[u8]>::len).sum::<usize>() / size_of::<u64>();
        for run in sets.flat_map(runs) {
            let (from, to) = ((run.place - first) as usize, (run.end() - first) as usize);
            if to > most {
                return None;
            }
            if to > union.len() {
                union.resize(to.next_multiple_of(ROOM), 0);
            }
            union[from..to].iter_mut().zip(run.words).for_each(|(union, word)| *union |= u64::from_le_bytes(*word));
        }
        Some(union.iter().map(|word| u64::from(word.count_ones())).sum())
    }
}

/// Whether all of a set lies in these stretches.
fn covers(stretches: &[Stretch], set: &[u8]) -> bool {
    let mut rest = Stretches::new(stretches);
    runs(set).all(|run| rest.of(&run).is_some_and(|stretch| stretch.place <= run.place))
}

/// Where runs that come in order lie among the stretches.
struct Stretches<'a> {
    rest: &'a [Stretch],
}

impl<'a> Stretches<'a> {
    const fn new(rest: &'a [Stretch]) -> Self {
        Self { rest }
    }

    /// The first stretch that does not end before the run does.
    fn of(&mut self, run: &Run<'_>) -> Option<&'a Stretch> {
        while let [stretch, rest @ ..] = self.rest
            && stretch.end < run.end()
        {
            self.rest = rest;
        }
        self.rest.first()
    }

    fn index(&mut self, run: &Run<'_>) -> usize {
        self.of(run).map_or(0, |stretch| stretch.index + (run.place - stretch.place) as usize)
    }
}

/// Adds one to the count of each pupil of these words, which are in their places from `index` on.
#[inline]
fn count(digits: &mut [Vec<u64>], reached: &mut [u64], index: usize, words: impl ExactSizeIterator<Item = u64>) {
    let reached = &mut reached[index..index + words.len()];
    match digits {
        [] => reached.iter_mut().zip(words).for_each(|(reached, word)| *reached |= word),
        [digit] => {
            for ((reached, word), digit) in reached.iter_mut().zip(words).zip(&mut digit[index..]) {
                *reached |= step(digit, word & !*reached);
            }
        }
        [low, high] => {
            for (((reached, word), low), high) in reached.iter_mut().zip(words).zip(&mut low[index..]).zip(&mut high[index..]) {
                *reached |= step(high, step(low, word & !*reached));
            }
        }
        _ => {
            for (place, (reached, word)) in (index..).zip(reached.iter_mut().zip(words)) {
                let carried = digits.iter_mut().fold(word & !*reached, |carried, digit| step(&mut digit[place], carried));
                *reached |= carried;
            }
        }
    }
}

/// Adds to one digit; what is carried to the next.
#[inline]
const fn step(digit: &mut u64, carried: u64) -> u64 {
    let next = *digit & carried;
    *digit ^= carried;
    next
}

#[cfg(test)]
mod tests {
    use super::super::set::{WORD, Word, encode};
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn set(numbers: &[u32]) -> Vec<u8> {
        let mut words: Vec<Word> = numbers.iter().map(|number| (number / WORD, 1 << (number % WORD))).collect();
        encode(&mut words).unwrap_or_default()
    }

    #[test]
    fn what_is_far_apart_is_not_put_side_by_side() {
        let (near, far) = (set(&[1, 70, 200]), set(&[4_000_000]));
        let mut union = Union::default();
        assert_eq!(union.pupils([near.as_slice(), &far].into_iter()), None);
        assert_eq!(union.pupils([near.as_slice(), &near].into_iter()), Some(3));
        assert_eq!(union.pupils([far.as_slice()].into_iter()), Some(1));
        assert_eq!(union.pupils([].into_iter()), Some(0));
    }

    proptest! {
        #[test]
        fn it_counts_as_one_would(days in prop::collection::vec(prop::collection::vec(prop::collection::vec(0..1500_u32, 0..60), 0..3), 0..12)) {
            let sets: Vec<Vec<Vec<u8>>> = days.iter().map(|day| day.iter().map(|numbers| set(numbers)).collect()).collect();
            let (mut tally, mut union) = (Tally::default(), Union::default());
            let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
            for day in &days {
                let there: BTreeSet<u32> = day.iter().flatten().copied().collect();
                there.into_iter().for_each(|number| *counts.entry(number).or_default() += 1);
            }
            for least in 1..14 {
                let expected = counts.values().filter(|count| **count >= least).count() as u64;
                // What was counted before is gone.
                tally.begin(sets.iter().flatten().map(Vec::as_slice), least);
                sets.iter().for_each(|day| tally.add(day.iter().map(Vec::as_slice)));
                prop_assert_eq!(tally.pupils(), expected);
                if least == 1 {
                    let all: Vec<&[u8]> = sets.iter().flatten().map(Vec::as_slice).collect();
                    prop_assert_eq!(union.pupils(all.into_iter()), Some(expected));
                }
            }
        }
    }
}
