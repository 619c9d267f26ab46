//! Answers of other programs, kept as lines of a name and numbers, for tests.

use std::collections::BTreeMap;

pub(crate) struct Kept(BTreeMap<String, Vec<f64>>);

impl Kept {
    pub fn new(text: &str) -> Self {
        let line = |line: &str| {
            let (name, rest) = line.split_once(' ').unwrap();
            (name.to_owned(), rest.split_whitespace().map(|number| number.parse().unwrap()).collect())
        };
        Self(text.lines().map(line).collect())
    }

    pub fn of(&self, name: &str) -> Vec<f64> {
        self.0.get(name).unwrap_or_else(|| panic!("{name} was not kept")).clone()
    }
}

/// Whether numbers are the same, each to `apart` of its size or of 1.
pub(crate) fn near(what: &str, ours: &[f64], theirs: &[f64], apart: f64) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() <= apart * theirs.abs().max(1.0), "{what}: {ours} against {theirs}");
    }
}
