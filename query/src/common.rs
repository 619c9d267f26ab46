//! What figures share, from `metrics/common.toml`: dimensions, parameters, columns, pieces of SQL, and rows that can be read at several
//! levels or are added up in memory.
//!
//! Invariant of [`Common::read`]: what stands in braces in the file's own texts is put in, and what is added up names the tables it reads.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use chrono_tz::Tz;
use datafusion::sql::parser::DFParser;
use datafusion::sql::resolve::resolve_table_references;
use serde::Deserialize;
use xueqing_schema::Text;

use crate::metric::{ParamType, RawColumn, RawParam};
use crate::{Error, places, template};

/// The words for dimensions and parameters that figures share.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Common {
    pub dimensions: BTreeMap<String, CommonDimension>,
    pub params: BTreeMap<String, RawParam>,
    /// What columns of a name are in every figure that does not say otherwise.
    pub columns: BTreeMap<String, RawColumn>,
    /// What dimensions can be joined with, by name.
    pub joins: BTreeMap<String, String>,
    /// Pieces of SQL about a row, by name: `{{name row}}`.
    pub snippets: BTreeMap<String, String>,
    /// Rows that can be read at several levels, by name: `{{name}}`.
    pub grains: BTreeMap<String, Grain>,
    /// What is added up in memory, by the name of its table.
    pub sums: BTreeMap<String, Sum>,
}

impl Common {
    /// By dimension: what rows must be alike in where it tells them apart.
    pub(crate) fn places(&self) -> BTreeMap<String, String> {
        let place = |(name, dimension): (&String, &CommonDimension)| Some((name.clone(), dimension.place.clone()?));
        self.dimensions.iter().filter_map(place).collect()
    }

    /// Reads the file and puts in what stands as `{{name}}` in its own texts. A snippet names only those that do not name it.
    pub(crate) fn read(text: &str, timezone: Tz) -> Result<Self, Error> {
        let mut common: Self = toml::from_str(text).map_err(|error| Error::bad_metric("metrics/common.toml", error))?;
        common.snippets.insert("timezone".to_owned(), format!("'{}'", timezone.name()));
        let snippets = common.snippets.clone();
        let dimensions = common.dimensions.values_mut().filter_map(|dimension| dimension.sql.as_mut());
        for text in dimensions.chain(common.joins.values_mut()).chain(common.snippets.values_mut()) {
            // Each round goes one snippet deeper.
            for _ in 0..snippets.len() {
                for (name, snippet) in &snippets {
                    *text = text.replace(&format!("{{{{{name}}}}}"), snippet);
                }
            }
        }
        let bad = |reason: &dyn Display| Error::bad_metric("metrics/common.toml", reason);
        for grain in common.grains.values_mut() {
            grain.class = template::settle(&grain.class, &BTreeMap::new(), &common.snippets).map_err(|reason| bad(&reason))?;
        }
        for sum in common.sums.values_mut() {
            for (name, grain) in &common.grains {
                sum.rows = sum.rows.replace(&format!("{{{{{name}}}}}"), &grain.class);
            }
            sum.reads = read_of(&sum.rows).map_err(|reason| bad(&reason))?;
        }
        common.params.extend(common.dimensions.iter().filter_map(|(name, dimension)| Some((name.clone(), dimension.param()?))));
        Ok(common)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommonDimension {
    pub zh: String,
    pub en: String,
    pub sql: Option<String>,
    pub join: Option<String>,
    /// What rows must be alike in where it tells them apart.
    pub place: Option<String>,
    /// What asking for one value of it leaves of the rows: with it, the dimension is a parameter as well.
    pub filter: Option<String>,
}

impl CommonDimension {
    fn param(&self) -> Option<RawParam> {
        let filter = Some(self.filter.clone()?);
        Some(RawParam { kind: Some(ParamType::Text), title: Some(Text::new(&self.zh, &self.en)), default: None, filter })
    }
}

/// Where the same rows are to be had at two levels, the coarser one being the finer one added up.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grain {
    /// A row a class.
    pub class: String,
    /// A row for all schools and grades that are alike in what is asked of them.
    pub place: String,
}

/// Rows that are added up in memory, day by day, over what a question does not tell apart.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sum {
    /// A statement whose rows have a day, a school and a grade; its whole numbers and histograms are what is added up.
    pub rows: String,
    /// The tables it reads.
    #[serde(skip)]
    pub reads: BTreeSet<String>,
}

/// How far apart a question looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Class,
    /// With what rows must be alike in.
    Place(BTreeSet<String>),
}

impl Level {
    /// The coarsest that tells apart what is grouped by or asked for by these names; `places` has what rows must be alike in for each.
    pub(crate) fn of<'a>(names: impl Iterator<Item = &'a str> + Clone, places: &BTreeMap<String, String>) -> Self {
        if names.clone().any(|name| name == "class") {
            return Self::Class;
        }
        Self::Place(names.filter_map(|name| places.get(name)).cloned().collect())
    }

    /// The coarsest that tells this apart, too.
    pub(crate) fn and(&self, column: &str) -> Self {
        match self {
            Self::Class => Self::Class,
            Self::Place(alike) => Self::Place(alike.iter().cloned().chain([column.to_owned()]).collect()),
        }
    }
}

impl Grain {
    pub(crate) fn at(&self, level: &Level) -> String {
        match level {
            Level::Class => self.class.clone(),
            Level::Place(alike) => {
                self.place.replace("{alike}", &alike.iter().map(|column| format!("{}{column}", places::BY)).collect::<String>())
            }
        }
    }
}

/// The tables that a statement reads, as its grammar has it.
fn read_of(sql: &str) -> datafusion::error::Result<BTreeSet<String>> {
    let mut reads = BTreeSet::new();
    for statement in DFParser::parse_sql(sql)? {
        let (tables, _) = resolve_table_references(&statement, true)?;
        reads.extend(tables.iter().map(|table| table.table().to_owned()));
    }
    Ok(reads)
}
