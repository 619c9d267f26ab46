//! A published figure: its words, its parameters and its SQL, all from one file.
//!
//! Invariants held by [`Metric::parse`]: every parameter that the SQL names is declared and every declared one is used; the default
//! grouping is of declared dimensions; every dimension, parameter and column has a title in both languages.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use xueqing_schema::{Text, sql_file};

use crate::common::{Common, Grain};
use crate::places::REGISTER;
use crate::{Error, bind, template};

/// One published figure.
#[derive(Clone, Debug, Serialize)]
pub struct Metric {
    /// `workload/daily_minutes`
    pub name: String,
    pub title: Text,
    /// What is counted, what it is divided by, and what is left out.
    pub description: Text,
    pub unit: String,
    /// What one value stands for before it is summed up.
    pub grain: Text,
    /// The document or method that the definition comes from.
    pub source: Text,
    pub dimensions: Vec<Dimension>,
    /// The grouping when none is asked for.
    pub default_by: Vec<String>,
    pub params: Vec<Param>,
    /// The column with the number of students, for the suppression of small groups.
    pub n: Option<String>,
    /// The columns after the dimensions.
    pub columns: Vec<Column>,
    /// Rows that can be read at several levels.
    #[serde(skip)]
    pub(crate) grains: BTreeMap<String, Grain>,
    /// By dimension: what rows must be alike in where it tells them apart.
    #[serde(skip)]
    pub(crate) alike: BTreeMap<String, String>,
    /// The grains whose rows may be of several days ([`template::leaves_days`]).
    #[serde(skip)]
    pub(crate) leaves_days: BTreeSet<String>,
    #[serde(skip)]
    pub(crate) sql: String,
    /// What it reads: kinds, rollups, code sets.
    #[serde(skip)]
    pub(crate) reads: BTreeSet<String>,
}

/// Something a figure can be grouped by.
#[derive(Clone, Debug, Serialize)]
pub struct Dimension {
    pub name: String,
    pub title: Text,
    /// How it follows from a row with day, school, grade and class, and the join that this needs; `{row}` is the row's name.
    #[serde(skip)]
    pub(crate) sql: Option<String>,
    #[serde(skip)]
    pub(crate) join: Option<String>,
}

/// A parameter of a figure.
#[derive(Clone, Debug, Serialize)]
pub struct Param {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: ParamType,
    pub title: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// How a parameter's text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamType {
    Text,
    Date,
    Integer,
    Number,
}

/// One column of the answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub name: String,
    pub title: Text,
    /// `min`, `1` (a count), `share` (0 to 1) …; none for names and dates.
    pub unit: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawParam {
    #[serde(rename = "type")]
    pub kind: Option<ParamType>,
    pub title: Option<Text>,
    pub default: Option<toml::Value>,
    /// What the parameter leaves of the rows; `{row}` is the row's name.
    pub filter: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawColumn {
    /// Not where it is shared: there the key is the name.
    #[serde(default)]
    pub name: String,
    pub title: Option<Text>,
    pub unit: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    title: Text,
    description: Text,
    unit: String,
    grain: Text,
    source: Text,
    #[serde(default)]
    dimensions: Vec<String>,
    #[serde(default)]
    default_by: Vec<String>,
    #[serde(default)]
    params: BTreeMap<String, RawParam>,
    n: Option<String>,
    columns: Vec<RawColumn>,
    /// Rows of its own that can be read at several levels.
    #[serde(default)]
    grains: BTreeMap<String, Grain>,
    /// Titles of dimensions that are this figure's own.
    #[serde(default)]
    dimension_titles: BTreeMap<String, Text>,
}

impl Metric {
    /// Its SQL behind that of the grains it reads; what stands in braces is put in when the figure is asked.
    pub fn sql(&self) -> String {
        let used = self.grains.iter().filter(|(name, _)| template::names_grain(&self.sql, name));
        used.map(|(name, grain)| format!("-- {{{{{name}}}}}\n{}\n\n", grain.text())).collect::<String>() + &self.sql
    }

    /// Reads one file. `name` is its path without `.sql`.
    pub(crate) fn parse(name: &str, text: &str, common: &Common) -> Result<Self, Error> {
        let file = format!("metrics/{name}.sql");
        let bad = |reason: String| Error::bad_metric(&file, reason);
        let (front, sql) = sql_file::split(&file, text)?;
        let mut front: FrontMatter = front.try_into().map_err(|e: toml::de::Error| bad(e.message().to_owned()))?;
        if sql.contains("{{filters") {
            front.params_of_dimensions(common);
        }
        let FrontMatter { title, description, unit, grain, source, default_by, n, .. } = &front;
        let dimensions = front.dimensions(common).map_err(bad)?;
        let params = front.params(common).map_err(bad)?;
        let grains = front.grains(common, &params).map_err(bad)?;
        let leaves_days = front.leaves_days(&sql, common, &grains);
        let sql = template::settle(&sql, &front.filters(common), &common.snippets).map_err(bad)?;
        let metric = Self {
            name: name.to_owned(),
            title: title.clone(),
            description: description.clone(),
            unit: unit.clone(),
            grain: grain.clone(),
            source: source.clone(),
            reads: read_by(&sql, &dimensions, &grains),
            grains,
            alike: common.alike(),
            leaves_days,
            dimensions,
            default_by: default_by.clone(),
            params,
            n: n.clone(),
            columns: front.columns(common).map_err(bad)?,
            sql,
        };
        metric.check().map_err(bad)?;
        Ok(metric)
    }

    pub(crate) fn dimension(&self, name: &str) -> Option<&Dimension> {
        self.dimensions.iter().find(|dimension| dimension.name == name)
    }

    fn check(&self) -> Result<(), String> {
        self.check_names()?;
        if let Some(by) = self.default_by.iter().find(|by| self.dimension(by).is_none()) {
            return Err(format!("default_by names \"{by}\", which is not among the dimensions"));
        }
        if let Some(n) = self.n.as_ref().filter(|n| self.columns.iter().all(|column| column.name != **n)) {
            return Err(format!("n names \"{n}\", which is not among the columns"));
        }
        bind::check_sql(&self.sql, self)?;
        self.params.iter().try_for_each(|param| match &param.default {
            Some(text) => bind::scalar(param, Some(text)).map(drop).map_err(|e| e.to_string()),
            None => Ok(()),
        })
    }

    fn check_names(&self) -> Result<(), String> {
        let names = self.dimensions.iter().map(|d| &d.name).chain(self.columns.iter().map(|c| &c.name));
        let mut seen = std::collections::HashSet::from(["whole", crate::suppress::SUPPRESSED]);
        for name in names {
            let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if !plain {
                return Err(format!("\"{name}\" is no name: use a–z, 0–9 and _"));
            }
            if !seen.insert(name) {
                return Err(format!("the name \"{name}\" is taken"));
            }
        }
        Ok(())
    }
}

/// What a figure reads at any level, with every dimension.
fn read_by(sql: &str, dimensions: &[Dimension], grains: &BTreeMap<String, Grain>) -> BTreeSet<String> {
    let joins = dimensions.iter().filter_map(|dimension| dimension.join.as_deref());
    let used: Vec<&Grain> = grains.iter().filter(|(name, _)| template::names_grain(sql, name)).map(|(_, grain)| grain).collect();
    let texts = std::iter::once(sql).chain(joins).chain(used.iter().map(|grain| grain.by_class()));
    let added_up = used.iter().flat_map(|grain| grain.sum().reads.iter().cloned());
    texts.flat_map(tables).chain(added_up).chain(used.first().map(|_| REGISTER.to_owned())).collect()
}

/// The names that stand behind FROM and JOIN, those of the statement's own parts included.
fn tables(sql: &str) -> BTreeSet<String> {
    let words: Vec<&str> = sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    let behind = words.windows(2).filter(|pair| pair[0].eq_ignore_ascii_case("from") || pair[0].eq_ignore_ascii_case("join"));
    behind.map(|pair| pair[1].to_owned()).collect()
}

impl FrontMatter {
    fn dimensions(&self, common: &Common) -> Result<Vec<Dimension>, String> {
        let titled = |name: &String| {
            let shared = common.dimensions.get(name);
            let title = shared.map(|shared| Text::new(&shared.zh, &shared.en));
            let title = self.dimension_titles.get(name).cloned().or(title);
            let title =
                title.ok_or_else(|| format!("the dimension \"{name}\" has no title: give it one in [dimension_titles]"))?;
            let join = shared.and_then(|shared| shared.join.as_ref()).map(|join| {
                common
                    .joins
                    .get(join)
                    .cloned()
                    .ok_or_else(|| format!("the dimension \"{name}\" needs the join \"{join}\", which is not there"))
            });
            let sql = shared.and_then(|shared| shared.sql.clone());
            Ok(Dimension { name: name.clone(), title, sql, join: join.transpose()? })
        };
        self.dimensions.iter().map(titled).collect()
    }

    /// What can be grouped by can be asked for, where its dimension has a filter.
    fn params_of_dimensions(&mut self, common: &Common) {
        let filtered = |name: &&String| common.dimensions.get(*name).is_some_and(|dimension| dimension.filter.is_some());
        for name in self.dimensions.iter().filter(filtered) {
            self.params.entry(name.clone()).or_default();
        }
    }

    /// Those that all figures can name, and its own.
    fn grains(&self, common: &Common, params: &[Param]) -> Result<BTreeMap<String, Grain>, String> {
        let mut grains = common.grains.clone();
        for (name, grain) in &self.grains {
            let mut grain = grain.clone();
            if common.snippets.contains_key(name) {
                return Err(format!("the rows \"{name}\" have the name of a snippet in common.toml: give them another name"));
            }
            grain.settle(name, &common.snippets, params)?;
            if grains.insert(name.clone(), grain).is_some() {
                return Err(format!("the rows \"{name}\" are in common.toml already: give them another name"));
            }
        }
        Ok(grains)
    }

    /// A column without a title is the shared one of its name, unit and all.
    fn columns(&self, common: &Common) -> Result<Vec<Column>, String> {
        let described = |raw: &RawColumn| {
            let shared = raw.title.is_none().then(|| common.columns.get(&raw.name)).flatten();
            let RawColumn { title, unit, .. } = shared.unwrap_or(raw).clone();
            let title = title.ok_or_else(|| format!("the column \"{}\" has no title", raw.name))?;
            Ok(Column { name: raw.name.clone(), title, unit: raw.unit.clone().or(unit) })
        };
        self.columns.iter().map(described).collect()
    }

    /// What the declared parameters leave of the rows.
    fn filters(&self, common: &Common) -> BTreeMap<String, String> {
        let shared = |name: &String| common.params.get(name).and_then(|shared| shared.filter.clone());
        let filter = |(name, raw): (&String, &RawParam)| Some((name.clone(), raw.filter.clone().or_else(|| shared(name))?));
        self.params.iter().filter_map(filter).collect()
    }

    /// The grains whose rows may be of several days. Bounds that the figure makes itself may leave any days.
    fn leaves_days(&self, sql: &str, common: &Common, grains: &BTreeMap<String, Grain>) -> BTreeSet<String> {
        let is_bound = |name: &str| template::BOUNDS.contains(&name);
        let (bounds, others): (BTreeMap<_, _>, _) = self.filters(common).into_iter().partition(|(name, _)| is_bound(name));
        let shared = |name: &String| common.params.get(name).and_then(|shared| shared.filter.as_ref());
        if bounds.iter().any(|(name, filter)| shared(name) != Some(filter)) {
            return BTreeSet::new();
        }
        template::leaves_days(sql, &others, &common.snippets, grains)
    }

    fn params(&self, common: &Common) -> Result<Vec<Param>, String> {
        let shared = |name: &String| common.params.get(name).cloned().unwrap_or_default();
        let described = |(name, raw): (&String, &RawParam)| {
            let shared = shared(name);
            let missing = |what: &str| format!("the parameter \"{name}\" has no {what}");
            Ok(Param {
                name: name.clone(),
                kind: raw.kind.or(shared.kind).ok_or_else(|| missing("type"))?,
                title: raw.title.clone().or(shared.title).ok_or_else(|| missing("title"))?,
                default: raw.default.as_ref().or(shared.default.as_ref()).map(plain_text),
            })
        };
        self.params.iter().map(described).collect()
    }
}

fn plain_text(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
