//! The data dictionary (数据字典) in Markdown, from the same files as everything else.

use std::fmt::Write as _;

use crate::{CodeSet, Field, FieldType, Kind, Mapping, Role, Standard};

/// All kinds, code sets and mappings, in both languages.
pub fn dictionary(standard: &Standard) -> String {
    let mut out = String::from("# 数据字典 / Data dictionary\n");
    for (role, title) in [(Role::Event, "事件 / Events"), (Role::Reference, "基础数据 / Reference tables")] {
        let _ = writeln!(out, "\n## {title}");
        standard.kinds().filter(|kind| kind.role == role).for_each(|kind| write_kind(&mut out, kind));
    }
    out.push_str("\n## 代码集 / Code sets\n");
    standard.code_sets().for_each(|set| write_codes(&mut out, set));
    out.push_str("\n## 厂商映射 / Vendor mappings\n\n| 映射 Mapping | 事件 Kind | 说明 |\n|---|---|---|\n");
    standard.mappings().for_each(|mapping| write_mapping(&mut out, mapping));
    out
}

fn write_kind(out: &mut String, kind: &Kind) {
    let _ = write!(out, "\n### `{}` {} / {}\n\n", kind.name, kind.title.zh, kind.title.en);
    let _ = writeln!(out, "{}  \n{}\n", kind.description.zh, kind.description.en);
    let _ = writeln!(out, "主键 Key: `{}`{}\n", kind.key.join("`, `"), time(kind));
    out.push_str("| 字段 Field | 名称 Title | 类型 Type | 必填 Required | 代码集/单位 Codes/unit | 表头 Headers |\n|---|---|---|---|---|---|\n");
    kind.fields.iter().for_each(|field| write_field(out, field));
    for rule in &kind.rules {
        let _ = write!(out, "\n- `{}`: `{}` – {} / {}", rule.name, rule.check, rule.message.zh, rule.message.en);
    }
    if !kind.rules.is_empty() {
        out.push('\n');
    }
}

fn time(kind: &Kind) -> String {
    kind.time.as_ref().map(|time| format!(" · 时间 Time: `{time}`")).unwrap_or_default()
}

fn write_field(out: &mut String, field: &Field) {
    let kind = match field.kind {
        FieldType::Text => "text",
        FieldType::Code => "code",
        FieldType::Identifier => "identifier (hashed)",
        FieldType::Integer => "integer",
        FieldType::Number => "number",
        FieldType::Boolean => "boolean",
        FieldType::Timestamp => "timestamp",
        FieldType::Date => "date",
    };
    let required = if field.required { "★" } else { "" };
    let codes = field.codes.as_ref().or(field.unit.as_ref()).map_or("", String::as_str);
    let (name, title, aliases) = (&field.name, &field.title, field.aliases.join("、"));
    let _ = writeln!(out, "| `{name}` | {} / {} | {kind} | {required} | {codes} | {aliases} |", title.zh, title.en);
}

fn write_codes(out: &mut String, set: &CodeSet) {
    let _ = write!(out, "\n### `{}` {} / {}\n\n", set.name, set.title.zh, set.title.en);
    if let Some(source) = &set.source {
        let _ = writeln!(out, "来源 Source: {source}\n");
    }
    out.push_str("| 代码 Code | 名称 Title | 别名 Aliases | 有效期 Valid | 属性 Attributes |\n|---|---|---|---|---|\n");
    for entry in &set.entries {
        let date = |date: Option<chrono::NaiveDate>| date.map(|d| d.to_string()).unwrap_or_default();
        let valid = match (entry.valid_from, entry.valid_to) {
            (None, None) => String::new(),
            (from, to) => format!("{} – {}", date(from), date(to)),
        };
        let attributes: Vec<_> = entry.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (title, aliases) = (&entry.title, entry.aliases.join("、"));
        let _ =
            writeln!(out, "| `{}` | {} / {} | {aliases} | {valid} | {} |", entry.code, title.zh, title.en, attributes.join(", "));
    }
}

fn write_mapping(out: &mut String, mapping: &Mapping) {
    let _ = writeln!(out, "| `{}` | `{}` | {} / {} |", mapping.name, mapping.kind, mapping.title.zh, mapping.title.en);
}

#[cfg(test)]
mod tests {
    use crate::Standard;

    #[test]
    fn every_kind_and_code_is_in_the_dictionary() {
        let standard = Standard::builtin().expect("sound");
        let text = super::dictionary(&standard);
        standard.kinds().for_each(|kind| assert!(text.contains(&format!("### `{}`", kind.name)), "{}", kind.name));
        assert!(text.contains("| `13` | 小学三年级"), "{text}");
    }
}
