//! Kinds: one file describes one kind of event or one reference table.
//!
//! Invariants held by [`Kind::parse`]: field names are unique, key and time name fields of the kind, coded fields name a code
//! set, identifiers name the person they stand for.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit};
use serde::{Deserialize, Serialize};

use crate::{Error, Text};

/// The school day of an event: partition column of event tables.
pub const DAY: &str = "day";
/// The row's place in the table's history: unique and increasing; of two rows with one key and revision the later one counts.
pub const SEQ: &str = "seq";
/// Which edition of a record a row is; a higher one replaces a lower one.
pub const REVISION: &str = "revision";

/// Whether a kind's rows happen on a day, or describe something that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Event,
    Reference,
}

/// How a field's values are read and stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Free text that names no person.
    Text,
    /// A code of the field's code set.
    Code,
    /// A person's number; stored as a keyed hash only.
    Identifier,
    Integer,
    Number,
    Boolean,
    /// An instant, stored in UTC.
    Timestamp,
    Date,
}

impl FieldType {
    pub fn arrow(self) -> DataType {
        match self {
            Self::Text | Self::Code | Self::Identifier => DataType::Utf8,
            Self::Integer => DataType::Int64,
            Self::Number => DataType::Float64,
            Self::Boolean => DataType::Boolean,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Date => DataType::Date32,
        }
    }
}

/// How carefully a field's values are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    Public,
    #[default]
    Internal,
    /// Says something about one pupil or teacher.
    Personal,
    /// Health, or who a person is.
    Sensitive,
}

/// One field of a kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: FieldType,
    pub title: Text,
    #[serde(default)]
    pub description: Text,
    #[serde(default)]
    pub required: bool,
    pub unit: Option<String>,
    /// Name of the code set, for `type = "code"`.
    pub codes: Option<String>,
    /// `student` or `teacher`, for `type = "identifier"`.
    pub person: Option<String>,
    #[serde(default)]
    pub privacy: Privacy,
    /// Other headers that mean this field (中文表头 among them).
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The value of an empty cell.
    pub default: Option<String>,
}

/// What must hold between the fields of a row.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub name: String,
    /// A DataFusion expression over the fields; a row for which it is false is rejected, NULL passes.
    pub check: String,
    pub message: Text,
}

/// One kind of event, or one reference table.
#[derive(Clone, Debug, Serialize)]
pub struct Kind {
    pub name: String,
    pub title: Text,
    pub description: Text,
    pub role: Role,
    /// The fields that tell one record from another; `day` may be among them for events.
    pub key: Vec<String>,
    /// The field that places an event in time.
    pub time: Option<String>,
    /// Days that its events are kept; for ever when not set.
    pub retention_days: Option<u32>,
    pub fields: Vec<Field>,
    pub rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: Text,
    description: Text,
    role: Role,
    key: Vec<String>,
    time: Option<String>,
    retention_days: Option<u32>,
    #[serde(rename = "field")]
    fields: Vec<Field>,
    #[serde(default, rename = "rule")]
    rules: Vec<Rule>,
}

impl Kind {
    /// Reads `kinds/<name>.toml`.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let path = format!("kinds/{name}.toml");
        let file: File = toml::from_str(text).map_err(|e| Error::invalid(&path, e))?;
        let File { title, description, role, key, time, retention_days, fields, rules } = file;
        let kind = Self { name: name.to_owned(), title, description, role, key, time, retention_days, fields, rules };
        kind.check().map_err(|reason| Error::invalid(&path, reason))?;
        Ok(kind)
    }

    /// The name of the kind's table in the lake, such as `events/homework`.
    pub fn table_name(&self) -> String {
        match self.role {
            Role::Event => format!("events/{}", self.name),
            Role::Reference => format!("reference/{}", self.name),
        }
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The kind's partition column, if its table has one.
    pub fn partition(&self) -> Option<&'static str> {
        (self.role == Role::Event).then_some(DAY)
    }

    /// Rows as they leave decoding: the fields in file order, all nullable, then `revision`.
    pub fn schema(&self) -> SchemaRef {
        let fields = self.fields.iter().map(|f| ArrowField::new(&f.name, f.kind.arrow(), true));
        let revision = ArrowField::new(REVISION, DataType::Int64, false);
        Arc::new(Schema::new(fields.chain([revision]).collect::<Vec<_>>()))
    }

    /// Rows as the lake keeps them: the fields, `revision`, `day` (events) and `seq`.
    pub fn table_schema(&self) -> SchemaRef {
        let fields = self.fields.iter().map(|f| ArrowField::new(&f.name, f.kind.arrow(), !f.required));
        let mut fields: Vec<_> = fields.chain([ArrowField::new(REVISION, DataType::Int64, false)]).collect();
        if self.role == Role::Event {
            fields.push(ArrowField::new(DAY, DataType::Date32, false));
        }
        fields.push(ArrowField::new(SEQ, DataType::Int64, false));
        Arc::new(Schema::new(fields))
    }

    fn check(&self) -> Result<(), String> {
        let mut names = HashSet::from([DAY, SEQ, REVISION]);
        for field in &self.fields {
            if !names.insert(&field.name) {
                return Err(format!("the field name \"{}\" is taken", field.name));
            }
            field.check()?;
        }
        self.check_key()?;
        if self.retention_days.is_some() && self.role == Role::Reference {
            return Err("retention_days is for events: a reference table has no days".to_owned());
        }
        self.check_time()
    }

    fn check_key(&self) -> Result<(), String> {
        if self.key.is_empty() {
            return Err("key is empty: name the fields that tell one record from another".to_owned());
        }
        let known = |name: &String| self.field(name).is_some() || (name == DAY && self.role == Role::Event);
        match self.key.iter().find(|name| !known(name)) {
            Some(name) => Err(format!("key names \"{name}\", which is no field of the kind")),
            None => Ok(()),
        }
    }

    fn check_time(&self) -> Result<(), String> {
        let time = self.time.as_deref().and_then(|name| self.field(name));
        match (self.role, time) {
            (Role::Reference, _) => Ok(()),
            (Role::Event, Some(f)) if f.required && matches!(f.kind, FieldType::Timestamp | FieldType::Date) => Ok(()),
            (Role::Event, _) => Err("an event names in `time` a required field of type timestamp or date".to_owned()),
        }
    }
}

impl Field {
    fn check(&self) -> Result<(), String> {
        let name = &self.name;
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !plain {
            return Err(format!("\"{name}\" is no field name: use a–z, 0–9 and _"));
        }
        match self.kind {
            FieldType::Code if self.codes.is_none() => Err(format!("the code field \"{name}\" names no code set in `codes`")),
            FieldType::Identifier if self.person.is_none() => {
                Err(format!("the identifier \"{name}\" does not say in `person` whose it is"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "title = { zh = '甲', en = 'a' }\ndescription = { zh = '甲', en = 'a' }\nrole = 'event'\n";

    #[rstest::rstest]
    #[case::unknown_key("key = ['b']\ntime = 'at'", "key names \"b\"")]
    #[case::no_time("key = ['a']", "an event names in `time`")]
    #[case::retention("key = ['a']\ntime = 'at'\nretention_days = -1", "retention_days")]
    #[case::empty_key("key = []\ntime = 'at'", "key is empty")]
    fn refuses(#[case] middle: &str, #[case] reason: &str) {
        let fields = "[[field]]\nname = 'a'\ntype = 'text'\ntitle = { zh = '甲', en = 'a' }\n\
            [[field]]\nname = 'at'\ntype = 'timestamp'\nrequired = true\ntitle = { zh = '时', en = 'at' }";
        let error = Kind::parse("x", &format!("{HEAD}{middle}\n{fields}")).expect_err("refused").to_string();
        assert!(error.contains(reason), "{error}");
        assert!(error.starts_with("kinds/x.toml"), "{error}");
    }
}
