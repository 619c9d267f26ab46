//! What figures share, from `metrics/common.toml`: dimensions, parameters, columns, pieces of SQL, and rows that can be read at several
//! levels or are added up in memory.
//!
//! Invariant of [`Common::read`]: what stands in braces in the file's own texts is put in, and what is added up names the tables it reads.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono_tz::Tz;
use datafusion::sql::parser::DFParser;
use datafusion::sql::resolve::resolve_table_references;
use serde::Deserialize;
use xueqing_schema::Text;

use crate::metric::{Param, ParamType, RawColumn, RawParam};
use crate::places::{self, Days};
use crate::{Error, bind, template};

/// In a grain's statement: what it is grouped by besides day, school and grade.
const CLASS: &str = "{class} ";

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
}

impl Common {
    /// By dimension: what rows must be alike in where it tells them apart.
    pub(crate) fn alike(&self) -> BTreeMap<String, String> {
        let alike = |(name, dimension): (&String, &CommonDimension)| Some((name.clone(), dimension.alike.clone()?));
        self.dimensions.iter().filter_map(alike).collect()
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
        let snippets = &common.snippets;
        for (name, grain) in &mut common.grains {
            grain.settle(name, snippets, &[]).map_err(|reason| Error::bad_metric("metrics/common.toml", reason))?;
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
    pub alike: Option<String>,
    /// What asking for one value of it leaves of the rows: with it, the dimension is a parameter as well.
    pub filter: Option<String>,
}

impl CommonDimension {
    fn param(&self) -> Option<RawParam> {
        let filter = Some(self.filter.clone()?);
        Some(RawParam { kind: Some(ParamType::Text), title: Some(Text::new(&self.zh, &self.en)), default: None, filter })
    }
}

/// Rows with a day, a school and a grade, to be had by class or by school and grade; the latter are added up in memory over what a question
/// does not tell apart ([`places`]).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grain {
    /// A statement for the rows by class: `{class}` stands for `class, `, and for nothing by school and grade.
    class: String,
    /// A statement for those by school and grade, where that is another one, as there is a rollup that has them.
    grade: Option<String>,
    /// A statement for pairs of a day of the rows and one of the tables that it is made of, over `days`, those that the tables have; without
    /// it each day is made of itself.
    days: Option<String>,
    #[serde(skip)]
    name: String,
    /// The parameters of its figure that the rows depend on, with their defaults: those rows are the ones that are added up.
    #[serde(skip)]
    params: BTreeMap<String, Option<String>>,
    #[serde(skip)]
    sum: Arc<Sum>,
}

/// Rows that are added up in memory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    /// A statement; the whole numbers, histograms and sets of pupils in its rows are what is added up.
    pub rows: String,
    /// A statement for what its days are made of.
    pub days: Option<String>,
    /// The tables it reads.
    pub reads: BTreeSet<String>,
    /// Whether its rows by school and grade are made anew without much work.
    pub cheap: bool,
}

impl Grain {
    /// Puts the snippets in, and makes the statement of what is added up.
    pub(crate) fn settle(&mut self, name: &str, snippets: &BTreeMap<String, String>, params: &[Param]) -> Result<(), String> {
        name.clone_into(&mut self.name);
        let settled = |text: &str| template::settle(text, &BTreeMap::new(), snippets);
        self.class = settled(&self.class)?;
        let mut rows = self.grade.as_deref().map_or_else(|| Ok(self.class.replace(CLASS, "")), settled)?;
        let used = bind::placeholders(&self.class);
        let mut params: Vec<&Param> = params.iter().filter(|param| used.contains(param.name.as_str())).collect();
        // One name may begin another.
        params.sort_by_key(|param| Reverse(param.name.len()));
        for param in params {
            let literal = match (param.kind, &param.default) {
                (ParamType::Text, Some(text)) => format!("'{}'", text.replace('\'', "''")),
                (ParamType::Integer | ParamType::Number, Some(number)) => number.clone(),
                _ => {
                    return Err(format!(
                        "the rows \"{name}\" depend on ${}, which is no text or number with a default",
                        param.name
                    ));
                }
            };
            rows = rows.replace(&format!("${}", param.name), &literal);
            self.params.insert(param.name.clone(), param.default.clone());
        }
        let reads = read_of(&rows).map_err(|error| error.to_string())?;
        let days = self.days.as_deref().map(settled).transpose()?;
        self.sum = Arc::new(Sum { rows, days, reads, cheap: self.grade.is_some() });
        Ok(())
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The name of its table without what rows are alike in.
    pub(crate) fn place(&self) -> String {
        format!("{}{}", places::PREFIX, self.name)
    }

    pub(crate) const fn sum(&self) -> &Arc<Sum> {
        &self.sum
    }

    /// The statement by class.
    pub(crate) fn by_class(&self) -> &str {
        &self.class
    }

    /// How its rows come about, for people.
    pub(crate) fn text(&self) -> String {
        let (class, grade) = (self.class.trim(), self.grade.as_ref().map(|_| self.sum.rows.trim()));
        grade.map_or_else(|| class.to_owned(), |grade| format!("-- by class\n{class}\n-- by school and grade\n{grade}"))
    }

    /// The rows, in brackets, at this level, or by class if other parameters are given than those of what is added up.
    pub(crate) fn at(&self, level: &Level, params: &BTreeMap<String, String>) -> String {
        let added_up = self.params.iter().all(|(name, default)| params.get(name) == default.as_ref());
        match level {
            Level::Place(alike, days) if added_up => {
                let alike: String = alike.iter().map(|column| format!("{}{column}", places::BY)).collect();
                format!("(SELECT *, CAST(NULL AS VARCHAR) AS class FROM {}{alike}{days})", self.place())
            }
            _ => format!("({})", self.class.replace(CLASS, "class, ")),
        }
    }
}

/// How far apart a question looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Class,
    /// With what rows must be alike in, and the days that are asked for.
    Place(BTreeSet<String>, Days),
}

impl Level {
    /// The coarsest that tells apart what is grouped by or asked for by these names; `alike` has what rows must be alike in for each.
    pub(crate) fn of<'a>(names: impl Iterator<Item = &'a str> + Clone, alike: &BTreeMap<String, String>, days: Days) -> Self {
        if names.clone().any(|name| name == "class") {
            return Self::Class;
        }
        Self::Place(names.filter_map(|name| alike.get(name)).cloned().collect(), days)
    }

    /// The coarsest that tells this apart, too.
    pub(crate) fn and(&self, column: &str) -> Self {
        match self {
            Self::Class => Self::Class,
            Self::Place(alike, days) => Self::Place(alike.iter().cloned().chain([column.to_owned()]).collect(), *days),
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
