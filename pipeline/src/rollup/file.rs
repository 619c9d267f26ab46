//! Rollup files: an SQL query that describes itself.
//!
//! ```text
//! /*---
//! title.zh = "…"            title.en = "…"
//! description.zh = "…"      description.en = "…"
//! from = ["homework"]       kinds of event, or other rollups, under the names the SQL uses
//! key = ["day", "school"]   what one row is; `day` must be among it. Rows are stored in the order of the first others
//! ---*/
//! SELECT day, … FROM homework GROUP BY day, …
//! ```
//!
//! Measures are sums, counts and histograms of whole numbers; nothing is built on a histogram. Rows of the same key are added up, so
//! the SQL may be a `UNION ALL BY NAME` of several sources. A rollup of another rollup may look at several rows at once, within units:
//! `together = { by = ["day", "class"], when_missing = "grade" }` gives it whole units wherever a row of the unit lacks its grade; rows of
//! all other units must not depend on each other. With `stored = false` it has no table and is
//! only there for others to be built on.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, Schema};
use rust_embed::RustEmbed;
use serde::Deserialize;
use xueqing_schema::{DAY, Text, sql_file};

use crate::{Error, Result};

/// Columns by which a day's rows are stored in order.
const ORDERED: usize = 3;

#[derive(RustEmbed)]
#[folder = "rollups/"]
#[include = "*.sql"]
struct BuiltIn;

/// One rollup as its file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollup {
    /// The file's name without `.sql`.
    pub name: String,
    pub title: Text,
    pub description: Text,
    /// Kinds of event, or other rollups, that the SQL reads.
    pub from: Vec<String>,
    /// The columns that tell one row from another.
    pub key: Vec<String>,
    /// Whether it has a table of its own, or is only there for others to be built on.
    pub stored: bool,
    /// Rows that are looked at together.
    pub together: Option<Together>,
    pub sql: String,
}

/// Which rows of the source are looked at together, and where that is needed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Together {
    /// Rows with the same values here.
    pub by: Vec<String>,
    /// The column that one of them lacks.
    pub when_missing: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    title: Text,
    #[serde(default)]
    description: Text,
    from: Vec<String>,
    key: Vec<String>,
    #[serde(default = "yes")]
    stored: bool,
    together: Option<Together>,
}

fn yes() -> bool {
    true
}

impl Rollup {
    /// Reads the text of `NAME.sql`.
    ///
    /// # Errors
    /// `rollup` or `front_matter` when the file is not of the shape above.
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let wrong = |reason: String| Error::Rollup { file: file.to_owned(), reason };
        let (front, sql) = sql_file::split(file, text)?;
        let Front { title, description, from, key, stored, together } =
            front.try_into().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let name = base.strip_suffix(".sql").unwrap_or(base).to_owned();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(wrong("name the file with a–z, 0–9 and _".to_owned()));
        }
        if from.is_empty() || !key.iter().any(|column| column == DAY) {
            return Err(wrong("`from` must name a source and `key` must hold `day`".to_owned()));
        }
        Ok(Self { name, title, description, from, key, stored, together, sql })
    }

    /// The name of its table in the lake.
    #[must_use]
    pub fn table_name(&self) -> String {
        format!("rollups/{}", self.name)
    }

    /// The columns by which a day's rows are stored in order: the first of its key.
    #[must_use]
    pub fn order(&self) -> Vec<String> {
        self.key.iter().filter(|column| column.as_str() != DAY).take(ORDERED).cloned().collect()
    }

    /// The SQL of the whole table over all current rows of the sources, rows of one key added up: what the rollup is at every moment.
    /// `table`: the columns of its table.
    #[must_use]
    pub fn whole(&self, table: &Schema) -> String {
        let measures = table.fields().iter().filter(|field| !self.key.contains(field.name()));
        let summed = measures.map(|field| match (field.name(), field.data_type()) {
            (name, DataType::Binary) => format!("histogram_sum({name}) AS {name}"),
            (name, _) => format!("COALESCE(sum({name}), 0) AS {name}"),
        });
        let (key, summed) = (self.key.join(", "), summed.collect::<Vec<_>>().join(", "));
        format!("SELECT {key}, {summed} FROM ({}) GROUP BY {key}", self.sql)
    }

    /// Changes when the definition does, or that of a rollup it is built on (`below`): FNV-1a, stable over builds.
    pub(super) fn fingerprint(&self, below: &[i64]) -> i64 {
        let together = self.together.iter().flat_map(|together| together.by.iter().chain([&together.when_missing]));
        let parts = self.from.iter().chain(&self.key).chain(together).chain([&self.sql]);
        let bytes = parts.flat_map(|part| part.bytes().chain([0])).chain(below.iter().flat_map(|mark| mark.to_le_bytes()));
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        (hash >> 1).cast_signed()
    }

    pub(super) fn wrong(&self, reason: impl ToString) -> Error {
        Error::Rollup { file: format!("{}.sql", self.name), reason: reason.to_string() }
    }
}

/// The built-in rollups and the district's own; of two with one name the district's counts.
pub(super) fn load(own: &[(String, String)]) -> Result<Vec<Rollup>> {
    let mut rollups = BTreeMap::new();
    for name in BuiltIn::iter() {
        let text = BuiltIn::get(&name).map(|file| file.data.into_owned()).unwrap_or_default();
        let rollup = Rollup::parse(&name, &String::from_utf8_lossy(&text))?;
        rollups.insert(rollup.name.clone(), rollup);
    }
    for (name, text) in own {
        let rollup = Rollup::parse(name, text)?;
        rollups.insert(rollup.name.clone(), rollup);
    }
    Ok(rollups.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_files_are_there_and_well_formed() {
        let names: Vec<String> = load(&[]).expect("built-in files").into_iter().map(|rollup| rollup.name).collect();
        assert_eq!(
            names,
            [
                "assigned_day",
                "assignment_day",
                "class_day",
                "class_subject_day",
                "school_grade_day",
                "school_grade_subject_day",
                "student_day",
                "student_lesson",
                "student_load_day",
                "student_record_day",
                "student_subject_day"
            ]
        );
    }

    #[rstest::rstest]
    #[case::no_front("a.sql", "SELECT 1", "front_matter")]
    #[case::no_day("a.sql", "/*---\ntitle={zh='',en=''}\nfrom=['homework']\nkey=['school']\n---*/ SELECT 1", "rollup")]
    #[case::unknown_entry("a.sql", "/*---\ntitle={zh='',en=''}\nfrom=['x']\nkey=['day']\nfor=1\n---*/ SELECT 1", "rollup")]
    #[case::name("A b.sql", "/*---\ntitle={zh='',en=''}\nfrom=['x']\nkey=['day']\n---*/ SELECT 1", "rollup")]
    fn refuses(#[case] file: &str, #[case] text: &str, #[case] code: &str) {
        assert_eq!(Rollup::parse(file, text).expect_err("refused").code(), code);
    }
}
