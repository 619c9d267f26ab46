//! The JSON Schema (2020-12) of a kind's events, for those who send them.

use serde_json::{Map, Value, json};

use crate::{Field, FieldType, Kind, Privacy, REVISION, Standard};

impl Kind {
    /// What an event of this kind looks like on the way in: identifiers raw, times with or without an offset.
    pub fn json_schema(&self, standard: &Standard) -> Value {
        let mut properties: Map<String, Value> =
            self.fields.iter().map(|field| (field.name.clone(), property(field, standard))).collect();
        properties.insert(
            REVISION.to_owned(),
            json!({"type": "integer", "default": 0,
            "title": "修订 / Revision", "description": "a higher revision of a key replaces a lower one"}),
        );
        let required: Vec<_> = self.fields.iter().filter(|f| f.required && f.default.is_none()).map(|f| &f.name).collect();
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": format!("urn:xueqing:kind:{}", self.name),
            "title": format!("{} / {}", self.title.zh, self.title.en),
            "description": format!("{} / {}", self.description.zh, self.description.en),
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": true,
            "x-key": self.key,
            "x-time": self.time,
            "x-rules": self.rules,
        })
    }
}

fn property(field: &Field, standard: &Standard) -> Value {
    let mut property = match field.kind {
        FieldType::Text | FieldType::Identifier => json!({"type": "string"}),
        FieldType::Code => json!({"type": "string", "enum": codes(field, standard)}),
        FieldType::Integer => json!({"type": "integer"}),
        FieldType::Number => json!({"type": "number"}),
        FieldType::Boolean => json!({"type": "boolean"}),
        FieldType::Timestamp => json!({"type": "string", "format": "date-time"}),
        FieldType::Date => json!({"type": "string", "format": "date"}),
    };
    if !field.required {
        property["type"] = json!([property["type"], "null"]);
        if let Some(list) = property.get_mut("enum").and_then(Value::as_array_mut) {
            list.push(Value::Null);
        }
    }
    property["title"] = json!(format!("{} / {}", field.title.zh, field.title.en));
    describe(&mut property, field);
    property
}

fn describe(property: &mut Value, field: &Field) {
    if !field.description.en.is_empty() {
        property["description"] = json!(format!("{} / {}", field.description.zh, field.description.en));
    }
    if let Some(default) = &field.default {
        property["default"] = json!(default);
    }
    if let Some(unit) = &field.unit {
        property["x-unit"] = json!(unit);
    }
    if let Some(person) = &field.person {
        property["x-pseudonym"] = json!(person);
    }
    if field.privacy != Privacy::Internal {
        property["x-privacy"] = json!(field.privacy);
    }
}

fn codes<'a>(field: &Field, standard: &'a Standard) -> Vec<&'a str> {
    let set = field.codes.as_deref().and_then(|name| standard.code_set(name).ok());
    set.map(|set| set.entries.iter().map(|entry| entry.code.as_str()).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::Standard;

    #[test]
    fn homework_says_what_it_needs() {
        let standard = Standard::builtin().expect("sound");
        let schema = standard.kind("homework").expect("known").json_schema(&standard);
        assert_eq!(schema["properties"]["minutes"]["x-unit"], "min");
        assert_eq!(schema["properties"]["minutes_source"]["enum"][0], "measured");
        assert_eq!(schema["required"][0], "assignment");
        assert_eq!(schema["properties"]["student"]["x-pseudonym"], "student");
    }
}
