//! Code sets (代码集): the values that a coded field may hold, with validity, because codes drift.
//!
//! Invariant: within a set every code, title and alias names one entry, or the file is refused.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Error, Text};

/// One code of a set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeEntry {
    pub code: String,
    pub title: Text,
    #[serde(default)]
    pub aliases: Vec<String>,
    #[serde(default)]
    pub valid_from: Option<NaiveDate>,
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// A list of codes with one meaning, and the document that it comes from.
#[derive(Clone, Debug, Serialize)]
pub struct CodeSet {
    pub name: String,
    pub title: Text,
    pub source: Option<String>,
    pub entries: Vec<CodeEntry>,
    #[serde(skip)]
    names: HashMap<String, usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: Text,
    source: Option<String>,
    #[serde(rename = "code")]
    entries: Vec<CodeEntry>,
}

impl CodeSet {
    /// Reads `codes/<name>.toml`.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let path = format!("codes/{name}.toml");
        let file: File = toml::from_str(text).map_err(|e| Error::invalid(&path, e))?;
        let mut set =
            Self { name: name.to_owned(), title: file.title, source: file.source, entries: file.entries, names: HashMap::new() };
        for index in 0..set.entries.len() {
            set.index(index).map_err(|clash| Error::invalid(&path, format!("\"{clash}\" names two codes")))?;
        }
        Ok(set)
    }

    /// The code that a text stands for: a code, a title in either language, or an alias.
    pub fn resolve(&self, text: &str) -> Option<&str> {
        self.entry(text).map(|entry| entry.code.as_str())
    }

    /// The entry that a text stands for.
    pub fn entry(&self, text: &str) -> Option<&CodeEntry> {
        let text = text.trim();
        let found = self.names.get(text).or_else(|| self.names.get(&text.to_lowercase()));
        found.map(|&index| &self.entries[index])
    }

    /// All attribute names in use, in order.
    pub fn attributes(&self) -> Vec<String> {
        let names: std::collections::BTreeSet<_> = self.entries.iter().flat_map(|e| e.attributes.keys().cloned()).collect();
        names.into_iter().collect()
    }

    fn index(&mut self, index: usize) -> Result<(), String> {
        let entry = &self.entries[index];
        let code = entry.code.clone();
        let names = [entry.code.clone(), entry.title.zh.clone(), entry.title.en.to_lowercase()];
        for name in names.into_iter().chain(entry.aliases.iter().cloned()) {
            let clash = self.names.insert(name.clone(), index).is_some_and(|old| self.entries[old].code != code);
            if clash {
                return Err(name);
            }
        }
        Ok(())
    }
}
