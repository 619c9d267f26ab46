//! A mapping made ready for one kind: which sources a decoder looks for, and what each field does with them.
//!
//! Invariant: every field of the kind has exactly one plan, in the kind's order, followed by `revision`; slots are dense and
//! each names one header or key.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use chrono_tz::Tz;
use xueqing_schema::ids::Pseudonyms;
use xueqing_schema::{CodeSet, Column, Field, FieldType, Mapping, REVISION, Standard};

use super::cell::{Cell, Cells};
use crate::Result;

/// Everything that decoding needs to know, shared by all its runs.
pub(super) struct Plan {
    pub schema: SchemaRef,
    pub fields: Vec<FieldPlan>,
    /// Header or key → slot.
    pub sources: BTreeMap<String, usize>,
    pub pivot: Option<Pivot>,
    pub delimiter: Option<u8>,
    pub ids: Pseudonyms,
    pub namespace: String,
    pub zone: Tz,
}

/// A wide sheet: each listed slot that is not empty makes a row.
pub(super) struct Pivot {
    /// Where a row's cell is put for the fields to read.
    pub value: usize,
    /// (slot, header, what the pivot's field gets)
    pub columns: Vec<(usize, String, String)>,
    /// Texts that mean that there is no row.
    pub nulls: Vec<String>,
}

/// How one field gets its value.
pub(super) struct FieldPlan {
    pub name: String,
    pub required: bool,
    pub target: Target,
    pub input: Input,
    pub nulls: Vec<String>,
    pub values: BTreeMap<String, String>,
    pub contains: Vec<(String, String)>,
    pub default: Option<String>,
    pub formats: Vec<String>,
    pub scale: Option<f64>,
    /// Numbers and booleans of JSON need not become text first.
    pub direct: bool,
    /// The mapping leaves texts as they are.
    plain: bool,
}

/// What a field's text becomes.
pub(super) enum Target {
    Text,
    Code(Arc<CodeSet>),
    Identifier { person: String },
    Integer,
    Number,
    Boolean,
    Timestamp,
    Date,
}

/// Where a field's text comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Nowhere: the default, or null.
    Absent,
    Constant(String),
    /// The first of these slots that the record has.
    First(Vec<usize>),
    /// All of these, joined with `@`.
    Joined(Vec<usize>),
    /// The code of the wide sheet's column.
    Pivoted,
}

impl Plan {
    pub fn new(standard: &Standard, mapping: &Mapping, ids: &Pseudonyms, zone: Tz) -> Result<Self> {
        let kind = standard.kind(&mapping.kind)?;
        let mut sources = BTreeMap::new();
        let pivot = mapping.unpivot.as_ref().map(|unpivot| Pivot {
            value: slot(&mut sources, &unpivot.value),
            columns: unpivot.columns.iter().map(|(h, code)| (slot(&mut sources, h), h.clone(), code.clone())).collect(),
            nulls: mapping.null.clone(),
        });
        let mut fields = Vec::with_capacity(kind.fields.len() + 1);
        for field in &kind.fields {
            fields.push(FieldPlan::new(field, mapping, standard, &mut sources)?);
        }
        fields.push(FieldPlan::revision(mapping, &mut sources));
        Ok(Self {
            schema: kind.schema(),
            fields,
            sources,
            pivot,
            delimiter: mapping.delimiter.and_then(|c| u8::try_from(c).ok()),
            ids: ids.clone(),
            namespace: mapping.id_namespace.clone(),
            zone,
        })
    }

    /// The header or key that a slot stands for.
    pub fn source(&self, slot: usize) -> &str {
        self.sources.iter().find(|(_, known)| **known == slot).map_or("", |(name, _)| name)
    }

    /// The rows that one record can become.
    pub fn rows_per_record(&self) -> usize {
        self.pivot.as_ref().map_or(1, |pivot| pivot.columns.len().max(1))
    }
}

impl FieldPlan {
    fn new(field: &Field, mapping: &Mapping, standard: &Standard, sources: &mut BTreeMap<String, usize>) -> Result<Self> {
        let target = match field.kind {
            FieldType::Text => Target::Text,
            FieldType::Code => Target::Code(standard.code_set(field.codes.as_deref().unwrap_or_default())?.clone()),
            FieldType::Identifier => Target::Identifier { person: field.person.clone().unwrap_or_default() },
            FieldType::Integer => Target::Integer,
            FieldType::Number => Target::Number,
            FieldType::Boolean => Target::Boolean,
            FieldType::Timestamp => Target::Timestamp,
            FieldType::Date => Target::Date,
        };
        let pivoted = mapping.unpivot.as_ref().is_some_and(|unpivot| unpivot.field == field.name);
        let column = mapping.columns.get(&field.name).cloned().unwrap_or_default();
        let input = if pivoted { Input::Pivoted } else { Input::of(&column, sources) };
        let default = column.default.clone().or_else(|| field.default.clone());
        Ok(Self { default, ..Self::of(&field.name, field.required, target, input, column, mapping) })
    }

    fn revision(mapping: &Mapping, sources: &mut BTreeMap<String, usize>) -> Self {
        let column = mapping.columns.get(REVISION).cloned().unwrap_or_default();
        let input = Input::of(&column, sources);
        let default = column.default.clone().or_else(|| Some("0".to_owned()));
        Self { default, ..Self::of(REVISION, true, Target::Integer, input, column, mapping) }
    }

    fn of(name: &str, required: bool, target: Target, input: Input, column: Column, mapping: &Mapping) -> Self {
        let nulls: Vec<String> = mapping.null.iter().chain(&column.null).filter(|text| !text.is_empty()).cloned().collect();
        let plain = |text: &String| !text.bytes().any(|b| b.is_ascii_digit()) && text != "true" && text != "false";
        let listed = !column.values.is_empty() || !column.contains.is_empty();
        let direct = !listed && column.scale.is_none() && nulls.iter().all(plain);
        let as_is = !listed && nulls.is_empty();
        Self {
            name: name.to_owned(),
            required,
            target,
            input,
            nulls,
            values: column.values,
            contains: column.contains,
            default: column.default,
            formats: column.formats,
            scale: column.scale,
            direct,
            plain: as_is,
        }
    }

    /// A missing value is null, and no fault.
    pub fn is_optional(&self) -> bool {
        !self.required && self.default.is_none()
    }

    /// Whether the mapping lists the vendor's values.
    pub fn looks_up(&self) -> bool {
        !self.values.is_empty() || !self.contains.is_empty()
    }

    pub fn is_null(&self, text: &str) -> bool {
        self.nulls.iter().any(|null| null == text)
    }

    /// What the mapping makes of a cell's text: null texts, then `values`, then `contains`, then the default.
    pub fn translate<'a>(&'a self, text: Option<&'a str>) -> Option<&'a str> {
        if self.plain && text.is_some() {
            return text;
        }
        let Some(text) = text.filter(|text| !self.is_null(text)) else { return self.default.as_deref() };
        if let Some(ours) = self.values.get(text) {
            return Some(ours);
        }
        if let Some((_, ours)) = self.contains.iter().find(|(part, _)| text.contains(part.as_str())) {
            return Some(ours);
        }
        match &self.default {
            Some(default) if self.looks_up() => Some(default),
            _ => Some(text),
        }
    }

    /// The field cannot be filled by a file that has none of the slots of `present`.
    pub fn is_starved(&self, present: &dyn Fn(usize) -> bool) -> bool {
        let fed = match &self.input {
            Input::Absent => false,
            Input::Constant(_) | Input::Pivoted => true,
            Input::First(slots) => slots.iter().any(|&slot| present(slot)),
            Input::Joined(slots) => slots.iter().all(|&slot| present(slot)),
        };
        self.required && self.default.is_none() && !fed
    }
}

impl Input {
    /// The first slot that the record fills.
    pub fn first(&self, cells: &Cells<'_>) -> Option<usize> {
        match self {
            Self::First(slots) => slots.iter().copied().find(|&slot| !matches!(cells.get(slot), Cell::Missing | Cell::Null)),
            _ => None,
        }
    }

    fn of(column: &Column, sources: &mut BTreeMap<String, usize>) -> Self {
        let mut slots = |names: &[String]| names.iter().map(|name| slot(sources, name)).collect::<Vec<_>>();
        match (&column.value, column.from.len()) {
            (Some(value), _) => Self::Constant(value.clone()),
            (None, 0) if column.any.is_empty() => Self::Absent,
            (None, 0) => Self::First(slots(&column.any)),
            (None, 1) => Self::First(slots(&column.from)),
            (None, _) => Self::Joined(slots(&column.from)),
        }
    }
}

fn slot(sources: &mut BTreeMap<String, usize>, name: &str) -> usize {
    let next = sources.len();
    *sources.entry(name.trim().to_owned()).or_insert(next)
}
