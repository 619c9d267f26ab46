//! Numbers for pupils: each has one, and those of a grade of a school stand beside each other, so that a set of them is short.
//!
//! A pupil is known by 128 bits of hash: among a hundred million pupils two would share them with a chance of one in 10^22.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use datafusion::error::{DataFusionError, Result};
use hashbrown::HashTable;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128};

use super::set::WORD;

/// The numbers given so far.
#[derive(Debug, Default)]
pub(super) struct Numbers(Mutex<Given>);

#[derive(Debug, Default)]
struct Given {
    pupils: HashTable<(u128, u32)>,
    /// Of each group the number to be given next; one that begins a word has not begun it yet.
    next: HashMap<u64, u32>,
    words: u32,
}

/// One row: a pupil, and what tells the group whose numbers stand together.
pub(super) struct Row<'a> {
    pub student: &'a str,
    pub school: &'a str,
    pub grade: &'a str,
}

impl Numbers {
    /// The numbers of these pupils, handed on one by one.
    pub(super) fn give<'a>(&self, rows: impl Iterator<Item = (usize, Row<'a>)>, mut to: impl FnMut(usize, u32)) -> Result<()> {
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (place, row) in rows {
            let pupil = xxh3_128(row.student.as_bytes());
            let number = match given.pupils.find(place_of(pupil), |(known, _)| *known == pupil) {
                Some((_, number)) => *number,
                None => given.next_of(&row, pupil)?,
            };
            to(place, number);
        }
        Ok(())
    }
}

/// A hash needs no other to be found by.
const fn place_of(pupil: u128) -> u64 {
    pupil as u64
}

impl Given {
    fn next_of(&mut self, row: &Row<'_>, pupil: u128) -> Result<u32> {
        let group = xxh3_64_with_seed(row.grade.as_bytes(), xxh3_64_with_seed(row.school.as_bytes(), 0));
        let next = self.next.entry(group).or_default();
        if next.is_multiple_of(WORD) {
            let begins = self.words.checked_mul(WORD).filter(|begins| begins.checked_add(WORD).is_some());
            *next = begins.ok_or_else(|| DataFusionError::ResourcesExhausted("there are more pupils than numbers".to_owned()))?;
            self.words += 1;
        }
        let number = *next;
        *next += 1;
        self.pupils.insert_unique(place_of(pupil), (pupil, number), |(pupil, _)| place_of(*pupil));
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(numbers: &Numbers, rows: &[(&str, &str, &str)]) -> Vec<u32> {
        let rows = rows.iter().map(|(student, school, grade)| (0, Row { student, school, grade }));
        let mut all = Vec::new();
        numbers.give(rows, |_, number| all.push(number)).expect("enough numbers");
        all
    }

    #[test]
    fn a_grade_stands_together_and_a_pupil_keeps_the_number() {
        let given = Numbers::default();
        assert_eq!(numbers(&given, &[("a", "s", "13"), ("b", "s", "13"), ("c", "s", "14"), ("d", "s", "13")]), [0, 1, 64, 2]);
        assert_eq!(numbers(&given, &[("c", "other", "13"), ("e", "other", "13"), ("a", "s", "13")]), [64, 128, 0]);
        let many: Vec<String> = (0..130).map(|pupil| pupil.to_string()).collect();
        let rows: Vec<_> = many.iter().map(|pupil| (pupil.as_str(), "s", "13")).collect();
        let found = numbers(&given, &rows);
        assert_eq!((found[0], found[60], found[61], found[129]), (3, 63, 192, 260));
    }
}
