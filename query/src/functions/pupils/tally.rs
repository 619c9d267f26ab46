//! On how many days each pupil is there, for 64 pupils at a time: of each count the first binary digits of 64 pupils are one word, their
//! second digits another, and so on, so that a day is added to all of them in a few steps.

use super::set::{Run, runs};

/// Words that are added together.
const LANES: usize = 8;

/// The counts of pupils whose words lie in some stretches of places.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Stretches in order, each with the index of its first word.
    stretches: Vec<Stretch>,
    length: usize,
    /// By binary digit, the lowest first, a word for each place.
    digits: Vec<Vec<u64>>,
    day: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    place: u32,
    end: u32,
    index: usize,
}

impl Tally {
    /// Nothing counted yet, and room for all that is in these sets.
    pub(super) fn begin<'a>(&mut self, sets: impl Iterator<Item = &'a [u8]>) {
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
        self.digits.clear();
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
    pub(super) fn add<'a>(&mut self, mut sets: impl ExactSizeIterator<Item = &'a [u8]>) {
        if sets.len() == 1 {
            let set = sets.next().unwrap_or_default();
            let mut stretches = Stretches::new(&self.stretches);
            for run in runs(set) {
                count(&mut self.digits, self.length, stretches.index(&run), run.words.iter().map(|word| u64::from_le_bytes(*word)));
            }
            return;
        }
        self.day.clear();
        self.day.resize(self.length, 0);
        for set in sets {
            let mut stretches = Stretches::new(&self.stretches);
            for run in runs(set) {
                let index = stretches.index(&run);
                self.day[index..].iter_mut().zip(run.words).for_each(|(day, word)| *day |= u64::from_le_bytes(*word));
            }
        }
        count(&mut self.digits, self.length, 0, self.day.iter().copied());
    }

    /// How many pupils have been there on so many days or more.
    pub(super) fn reaching(&self, least: u64) -> u64 {
        if least >> self.digits.len() > 0 {
            return 0;
        }
        // Whether a count is below, digit by digit from the lowest.
        let below = |place: usize| {
            let digit = |below: u64, (number, digits): (usize, &Vec<u64>)| match least >> number & 1 {
                1 => !digits[place] | below,
                _ => !digits[place] & below,
            };
            self.digits.iter().enumerate().fold(0, digit)
        };
        (0..self.length).map(|place| u64::from((!below(place)).count_ones())).sum()
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

/// Adds one to the count of each pupil of these words.
fn count(digits: &mut Vec<Vec<u64>>, length: usize, index: usize, words: impl ExactSizeIterator<Item = u64>) {
    let (mut at, end) = (index, index + words.len());
    let mut words = words;
    while at < end {
        let step = LANES.min(end - at);
        let mut carried = [0; LANES];
        carried[..step].iter_mut().zip(&mut words).for_each(|(carried, word)| *carried = word);
        let mut number = 0;
        while carried.iter().fold(0, |any, word| any | word) != 0 {
            if number == digits.len() {
                digits.push(vec![0; length]);
            }
            let own = &mut digits[number][at..at + step];
            for (own, carried) in own.iter_mut().zip(&mut carried) {
                (*own, *carried) = (*own ^ *carried, *own & *carried);
            }
            number += 1;
        }
        at += step;
    }
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

    proptest! {
        #[test]
        fn it_counts_as_one_would(days in prop::collection::vec(prop::collection::vec(prop::collection::vec(0..1500_u32, 0..60), 0..3), 0..12)) {
            let sets: Vec<Vec<Vec<u8>>> = days.iter().map(|day| day.iter().map(|numbers| set(numbers)).collect()).collect();
            let mut tally = Tally::default();
            // What was counted before is gone.
            tally.begin([set(&[7, 700])].iter().map(Vec::as_slice));
            tally.add([set(&[7, 700])].iter().map(Vec::as_slice));
            tally.begin(sets.iter().flatten().map(Vec::as_slice));
            sets.iter().for_each(|day| tally.add(day.iter().map(Vec::as_slice)));
            let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
            for day in &days {
                let there: BTreeSet<u32> = day.iter().flatten().copied().collect();
                there.into_iter().for_each(|number| *counts.entry(number).or_default() += 1);
            }
            for least in 1..14 {
                let expected = counts.values().filter(|count| **count >= least).count() as u64;
                prop_assert_eq!(tally.reaching(least), expected);
            }
        }
    }
}
