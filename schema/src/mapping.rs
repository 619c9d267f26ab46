//! Mappings: how one vendor's export becomes rows of a kind.
//!
//! Invariant: a loaded mapping names only fields of its kind and, for coded fields, only codes of their sets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{CodeSet, Error, FieldType, Kind, REVISION, Standard, Text};

/// Where one field's values come from. The steps run in the order of the members below, on the trimmed cell.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Column {
    /// Headers whose cells make the value; several are joined with `@`. A missing part makes the whole missing, except
    /// where `values` or `contains` look the joined text up: there it is empty.
    pub from: Vec<String>,
    /// Alternative headers: the first that the file has is used.
    pub any: Vec<String>,
    /// A constant, for what the export does not say.
    pub value: Option<String>,
    /// Texts that mean "no value" in this column.
    pub null: Vec<String>,
    /// Vendor's value → ours.
    pub values: BTreeMap<String, String>,
    /// (part of the vendor's value, ours): the first part that occurs wins.
    pub contains: Vec<(String, String)>,
    /// The value of an empty cell, and of one that neither `values` nor `contains` knows.
    pub default: Option<String>,
    /// Time formats of chrono, tried in order before the usual ones.
    pub formats: Vec<String>,
    /// Numbers are multiplied by this, such as 60 for hours given where minutes are meant.
    pub scale: Option<f64>,
}

/// A wide sheet: one record becomes one row for each listed column that is not empty.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unpivot {
    /// The field that says which column a row comes from.
    pub field: String,
    /// The header under which `columns` of the mapping read the cell.
    pub value: String,
    /// Header → what `field` gets.
    pub columns: BTreeMap<String, String>,
}

/// One vendor's export onto one kind.
#[derive(Clone, Debug, Serialize)]
pub struct Mapping {
    pub name: String,
    pub kind: String,
    pub title: Text,
    pub encoding: Option<String>,
    pub delimiter: Option<char>,
    /// Keeps persons of different number systems apart: a school's own numbers are not those of the next school.
    pub id_namespace: String,
    /// Texts that mean "no value" in any column.
    pub null: Vec<String>,
    pub columns: BTreeMap<String, Column>,
    pub unpivot: Option<Unpivot>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kind: String,
    title: Text,
    encoding: Option<String>,
    delimiter: Option<char>,
    #[serde(default)]
    id_namespace: String,
    #[serde(default = "usual_nulls")]
    null: Vec<String>,
    columns: BTreeMap<String, Column>,
    unpivot: Option<Unpivot>,
}

fn usual_nulls() -> Vec<String> {
    ["", "null", "NULL", "NaN", "nan", "N/A", "无", "-", "--"].map(str::to_owned).to_vec()
}

impl Mapping {
    /// Reads `vendors/<name>.toml`. The mapping is checked against the standard by [`Mapping::check`].
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let file: File = toml::from_str(text).map_err(|e| Error::invalid(&format!("vendors/{name}.toml"), e))?;
        let File { kind, title, encoding, delimiter, id_namespace, null, columns, unpivot } = file;
        Ok(Self { name: name.to_owned(), kind, title, encoding, delimiter, id_namespace, null, columns, unpivot })
    }

    /// The mapping of data that already speaks the standard: headers are field names, titles or aliases.
    pub(crate) fn standard(kind: &Kind) -> Self {
        let headers = |name: &str, title: &Text, aliases: &[String]| Column {
            any: [name, &title.zh, &title.en].into_iter().map(str::to_owned).chain(aliases.iter().cloned()).collect(),
            ..Column::default()
        };
        let mut columns: BTreeMap<_, _> =
            kind.fields.iter().map(|f| (f.name.clone(), headers(&f.name, &f.title, &f.aliases))).collect();
        let aliases = ["修订号".to_owned(), "rev".to_owned()];
        columns.insert(REVISION.to_owned(), headers(REVISION, &Text::new("修订", "Revision"), &aliases));
        Self {
            name: kind.name.clone(),
            kind: kind.name.clone(),
            title: kind.title.clone(),
            encoding: None,
            delimiter: None,
            id_namespace: String::new(),
            null: vec![String::new()],
            columns,
            unpivot: None,
        }
    }

    /// Everything that the mapping names exists in the standard.
    pub(crate) fn check(&self, standard: &Standard) -> Result<(), Error> {
        let path = format!("vendors/{}.toml", self.name);
        let kind = standard.kind(&self.kind).map_err(|e| Error::invalid(&path, e))?;
        let check = || -> Result<(), String> {
            for (name, column) in &self.columns {
                self.check_column(name, column, kind, standard)?;
            }
            self.check_unpivot(kind, standard)?;
            self.check_required(kind)
        };
        check().map_err(|reason| Error::invalid(&path, reason))
    }

    fn check_column(&self, name: &str, column: &Column, kind: &Kind, standard: &Standard) -> Result<(), String> {
        let ways = [!column.from.is_empty(), !column.any.is_empty(), column.value.is_some()];
        if ways.iter().filter(|&&way| way).count() != 1 {
            return Err(format!("columns.{name} needs exactly one of `from`, `any` and `value`"));
        }
        if name == REVISION {
            return Ok(());
        }
        let codes = code_set(kind, name, standard)?;
        let ours = column.values.values().chain(column.contains.iter().map(|(_, ours)| ours));
        let ours = ours.chain(&column.default).chain(&column.value);
        unknown_code(codes, ours).map_or(Ok(()), |code| Err(format!("columns.{name}: \"{code}\" is no code of its set")))
    }

    fn check_unpivot(&self, kind: &Kind, standard: &Standard) -> Result<(), String> {
        let Some(unpivot) = &self.unpivot else { return Ok(()) };
        let codes = code_set(kind, &unpivot.field, standard)?;
        match unknown_code(codes, unpivot.columns.values()) {
            Some(code) => Err(format!("unpivot: \"{code}\" is no code of the set of \"{}\"", unpivot.field)),
            None => Ok(()),
        }
    }

    fn check_required(&self, kind: &Kind) -> Result<(), String> {
        let unpivoted = self.unpivot.as_ref().map(|u| u.field.as_str());
        let filled = |name: &str| self.columns.contains_key(name) || unpivoted == Some(name);
        match kind.fields.iter().find(|f| f.required && f.default.is_none() && !filled(&f.name)) {
            Some(field) => Err(format!("the required field \"{}\" of \"{}\" has no column", field.name, kind.name)),
            None => Ok(()),
        }
    }
}

fn code_set<'a>(kind: &Kind, name: &str, standard: &'a Standard) -> Result<Option<&'a CodeSet>, String> {
    let field = kind.field(name).ok_or_else(|| format!("\"{name}\" is no field of the kind \"{}\"", kind.name))?;
    if field.kind != FieldType::Code {
        return Ok(None);
    }
    let set = standard.code_set(field.codes.as_deref().unwrap_or_default()).map_err(|e| e.to_string())?;
    Ok(Some(set))
}

fn unknown_code<'a>(codes: Option<&CodeSet>, mut ours: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let codes = codes?;
    ours.find(|code| codes.resolve(code).is_none())
}
