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
    /// Only a file that extends may leave it out: then it is that of the set.
    title: Option<Text>,
    source: Option<String>,
    /// The other codes of the set of this name stay as they are.
    #[serde(default)]
    extends: bool,
    #[serde(rename = "code")]
    entries: Vec<CodeEntry>,
}

impl CodeSet {
    /// Reads `codes/<name>.toml`; `known` is the set of this name as it is so far.
    pub(crate) fn parse(name: &str, text: &str, known: Option<&Self>) -> Result<Self, Error> {
        let bad = |reason: String| Error::invalid(&format!("codes/{name}.toml"), reason);
        let file: File = toml::from_str(text).map_err(|e| bad(e.to_string()))?;
        let known = match (file.extends, known) {
            (false, _) => None,
            (true, None) => return Err(bad("it extends a set of its name, and there is none".to_owned())),
            (true, known) => known,
        };
        let title = file.title.or_else(|| Some(known?.title.clone())).ok_or_else(|| bad("missing field `title`".to_owned()))?;
        let source = file.source.or_else(|| known?.source.clone());
        let entries = known.map_or_else(|| file.entries.clone(), |known| extended(&known.entries, &file.entries));
        let mut set = Self { name: name.to_owned(), title, source, entries, names: HashMap::new() };
        if let Some(entry) = set.holds_twice() {
            return Err(bad(format!(
                "two entries of the code \"{}\" hold on the same day: give the earlier a valid_to",
                entry.code
            )));
        }
        for index in 0..set.entries.len() {
            set.index(index).map_err(|clash| bad(format!("\"{clash}\" names two codes")))?;
        }
        Ok(set)
    }

    fn holds_twice(&self) -> Option<&CodeEntry> {
        let mut seen: HashMap<&str, Vec<&CodeEntry>> = HashMap::new();
        self.entries.iter().find(|entry| {
            let others = seen.entry(&entry.code).or_default();
            let twice = others.iter().any(|other| !other.ends_before(entry) && !entry.ends_before(other));
            others.push(entry);
            twice
        })
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

impl CodeEntry {
    fn ends_before(&self, other: &Self) -> bool {
        self.valid_to.zip(other.valid_from).is_some_and(|(end, start)| end < start)
    }
}

/// `known` with `own` in it: a code that is among them is what it was until they begin, and then theirs.
fn extended(known: &[CodeEntry], own: &[CodeEntry]) -> Vec<CodeEntry> {
    let mut entries: Vec<CodeEntry> = Vec::with_capacity(known.len() + own.len());
    for (at, entry) in known.iter().enumerate() {
        let theirs = || own.iter().filter(|one| one.code == entry.code);
        entries
            .extend(theirs().map(|one| one.valid_from).min().map_or_else(|| Some(entry.clone()), |begins| until(entry, begins)));
        if known[at + 1..].iter().all(|later| later.code != entry.code) {
            entries.extend(theirs().cloned());
        }
    }
    let new = own.iter().filter(|one| known.iter().all(|entry| entry.code != one.code));
    entries.extend(new.cloned());
    entries
}

/// What is left of an entry when others begin; none at all when they have always held.
fn until(entry: &CodeEntry, begins: Option<NaiveDate>) -> Option<CodeEntry> {
    let last = begins?.pred_opt()?;
    let begun = entry.valid_from.is_none_or(|day| day <= last);
    begun.then(|| CodeEntry { valid_to: Some(entry.valid_to.map_or(last, |day| day.min(last))), ..entry.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = "title = { zh = '上限', en = 'Limits' }\nsource = '甲'\n\
        [[code]]\ncode = '13'\ntitle = { zh = '三年级', en = 'Grade 3' }\nvalid_from = '2021-07-24'\nattributes = { minutes = '60' }\n\
        [[code]]\ncode = '14'\ntitle = { zh = '四年级', en = 'Grade 4' }\nvalid_from = '2021-07-24'\nattributes = { minutes = '60' }\n";
    const THIRD: &str = "[[code]]\ncode = '13'\ntitle = { zh = '三年级', en = 'Grade 3' }\nattributes = { minutes = '45' }\n";

    fn extend(own: &str) -> Result<CodeSet, Error> {
        CodeSet::parse("limits", own, Some(&CodeSet::parse("limits", KNOWN, None).expect("sound")))
    }

    fn minutes(set: &CodeSet) -> Vec<String> {
        let day = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
        let line = |e: &CodeEntry| format!("{} {} {}..{}", e.code, e.attributes["minutes"], day(e.valid_from), day(e.valid_to));
        set.entries.iter().map(line).collect()
    }

    #[test]
    fn a_file_that_extends_changes_only_its_codes_from_their_first_day_on() {
        let set = extend(&format!("extends = true\n{THIRD}valid_from = '2026-09-01'\n")).expect("sound");
        assert_eq!(
            minutes(&set),
            ["13 60 2021-07-24..2026-08-31", "13 45 2026-09-01..", "14 60 2021-07-24.."],
            "what held before goes on to hold for its days"
        );
        assert_eq!((set.title.zh.as_str(), set.source.as_deref(), set.resolve("三年级")), ("上限", Some("甲"), Some("13")));
        let always = extend(&format!("extends = true\n{THIRD}")).expect("sound");
        assert_eq!(minutes(&always), ["13 45 ..", "14 60 2021-07-24.."]);
        let new =
            "extends = true\n[[code]]\ncode = '15'\ntitle = { zh = '五年级', en = 'Grade 5' }\nattributes = { minutes = '60' }\n";
        assert_eq!(minutes(&extend(new).expect("sound"))[2], "15 60 ..");
    }

    #[test]
    fn a_file_that_does_not_extend_is_the_whole_set() {
        let set = extend(&format!("title = {{ zh = '上限', en = 'Limits' }}\n{THIRD}")).expect("sound");
        assert_eq!(minutes(&set), ["13 45 .."]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let refused = |own: &str| extend(own).expect_err("refused").to_string();
        assert_eq!(refused(THIRD), "codes/limits.toml: missing field `title`");
        let twice = format!("extends = true\n{THIRD}{THIRD}valid_from = '2026-09-01'\n");
        assert!(refused(&twice).contains("two entries of the code \"13\" hold on the same day"), "{}", refused(&twice));
        let alone = CodeSet::parse("nothing", &format!("extends = true\n{THIRD}"), None).expect_err("refused").to_string();
        assert_eq!(alone, "codes/nothing.toml: it extends a set of its name, and there is none");
    }
}
