//! The report as one HTML page that needs nothing from outside.

use std::fmt::Write;

use serde_json::{Map, Value};
use xueqing_query::AnswerColumn;

use crate::findings::findings;
use crate::plan::Picture;
use crate::words::{Language, NONE, number, unit};
use crate::{Found, Report, Told, chart};

const STYLE: &str = include_str!("style.css");

/// Writes the page.
pub fn html(report: &Report, language: Language) -> String {
    let mut page = String::new();
    let title = escape(language.of(&report.title));
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        language.code()
    );
    let span = match (&report.from, &report.to) {
        (None, None) => language.say(("全部日期", "all days")).to_owned(),
        (from, to) => format!("{} – {}", from.as_deref().unwrap_or("…"), to.as_deref().unwrap_or("…")),
    };
    let _ = write!(
        page,
        "<h1>{title}</h1>\n<p class=\"about\">{} · {} · {} {}</p>\n",
        escape(language.of(&report.scope)),
        escape(&span),
        language.say(("生成于", "made")),
        escape(&report.made_at)
    );
    let _ = write!(page, "<section>\n<h2>{}</h2>\n<ul class=\"findings\">\n", language.say(("主要发现", "Findings")));
    for finding in findings(report, language) {
        let class = if finding.warns { " class=\"warns\"" } else { "" };
        let (text, key) = (escape(&finding.text), finding.key);
        let _ = writeln!(page, "<li{class}>{text} <a href=\"#{key}\">{}</a></li>", language.say(("依据", "from")));
    }
    page.push_str("</ul>\n</section>\n<nav>\n<ol>\n");
    for told in &report.told {
        let _ = writeln!(page, "<li><a href=\"#{}\">{}</a></li>", told.asked.key, escape(language.say(told.asked.title)));
    }
    page.push_str("</ol>\n</nav>\n");
    report.told.iter().for_each(|told| section(&mut page, report, told, language));
    limits(&mut page, report, language);
    methods(&mut page, report, language);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn section(page: &mut String, report: &Report, told: &Told, language: Language) {
    let _ = write!(page, "<section id=\"{}\">\n<h2>{}</h2>\n", told.asked.key, escape(language.say(told.asked.title)));
    match &told.answer {
        Err(reason) => {
            let _ = writeln!(page, "<p class=\"note\">{}{}</p>", language.say(("无法给出：", "No answer: ")), escape(reason));
        }
        Ok(found) if found.is_empty() => {
            let none = language.say((
                "这一范围与时段没有数据；没有数据不是零。",
                "There are no data in this scope and time; no data is not zero.",
            ));
            let _ = writeln!(page, "<p class=\"note\">{none}</p>");
            call(page, found, language);
        }
        Ok(found) => {
            match told.asked.picture {
                Picture::Days => page.push_str(&chart::days(found, language)),
                Picture::Bars => page.push_str(&chart::bars(found, |row| name(report, found, row, language), language)),
                Picture::None | Picture::Heat => {}
            }
            match told.asked.picture {
                Picture::Heat => heat(page, report, told, found, language),
                Picture::Days => {
                    let _ = writeln!(page, "<details><summary>{}</summary>", language.say(("每日数据", "each day")));
                    table(page, report, told, found, language);
                    page.push_str("</details>\n");
                }
                _ => table(page, report, told, found, language),
            }
            call(page, found, language);
        }
    }
    page.push_str("</section>\n");
}

/// What a row is of.
pub(crate) fn name(report: &Report, found: &Found, row: &Map<String, Value>, language: Language) -> String {
    let part = |dimension: &String| {
        let code = row.get(dimension).and_then(Value::as_str).unwrap_or_default();
        if code.is_empty() { NONE.to_owned() } else { report.names.of(dimension, code, language) }
    };
    found.by.iter().map(part).collect::<Vec<_>>().join(" ")
}

/// The columns that are shown beside the dimensions.
pub(crate) fn shown<'a>(told: &Told, found: &'a Found) -> Vec<&'a AnswerColumn> {
    let wanted = |column: &&AnswerColumn| {
        let listed = told.asked.columns.is_empty() || told.asked.columns.contains(&column.name.as_str());
        listed && !found.by.contains(&column.name) && column.name != "suppressed"
    };
    found.columns.iter().filter(wanted).collect()
}

fn table(page: &mut String, report: &Report, told: &Told, found: &Found, language: Language) {
    let columns = shown(told, found);
    let _ =
        write!(page, "<div class=\"scroll\"><table>\n<caption>{}</caption>\n<thead><tr>", escape(language.say(told.asked.title)));
    for column in found.columns.iter().filter(|column| found.by.contains(&column.name)) {
        let _ = write!(page, "<th class=\"first\" scope=\"col\">{}</th>", escape(language.of(&column.title)));
    }
    for column in &columns {
        let unit = unit(column.unit.as_deref(), language);
        let unit = if unit.is_empty() { String::new() } else { format!("<small>{unit}</small>") };
        let _ = write!(page, "<th scope=\"col\">{}{unit}</th>", escape(language.of(&column.title)));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in &found.rows {
        page.push_str("<tr>");
        for dimension in &found.by {
            let code = row.get(dimension).and_then(Value::as_str).unwrap_or_default();
            let text = if code.is_empty() { NONE.to_owned() } else { report.names.of(dimension, code, language) };
            let _ = write!(page, "<th scope=\"row\">{}</th>", escape(&text));
        }
        if row.get("suppressed") == Some(&Value::Bool(true)) {
            let words = language.say(("人数过少，不显示", "too few pupils to be shown"));
            let _ = write!(page, "<td class=\"text\" colspan=\"{}\">{words}</td>", columns.len());
        } else {
            columns.iter().for_each(|column| cell(page, row.get(&column.name).unwrap_or(&Value::Null), column, ""));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
}

/// A cell with its exact number for machines.
fn cell(page: &mut String, value: &Value, column: &AnswerColumn, more: &str) {
    let exact = value.as_f64().map_or(String::new(), |_| format!(" data-value=\"{value}\""));
    let _ = write!(page, "<td{exact}{more}>{}</td>", escape(&number(value, column.unit.as_deref())));
}

fn heat(page: &mut String, report: &Report, told: &Told, found: &Found, language: Language) {
    let (columns, [down, across]) = (shown(told, found), [&found.by[0], &found.by[1]]);
    let Some(column) = columns.first() else { return };
    let code =
        |row: &Map<String, Value>, dimension: &String| row.get(dimension).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut heads: Vec<String> = found.rows.iter().map(|row| code(row, across)).collect();
    heads.sort();
    heads.dedup();
    let mut lines: Vec<String> = found.rows.iter().map(|row| code(row, down)).collect();
    lines.sort();
    lines.dedup();
    let value = |row: &Map<String, Value>| row.get(&column.name).and_then(Value::as_f64);
    let highest = found.shown().filter_map(value).fold(f64::MIN_POSITIVE, f64::max);
    let _ = write!(
        page,
        "<div class=\"scroll\"><table>\n<caption>{}</caption>\n<thead><tr><th class=\"first\" scope=\"col\"></th>",
        escape(language.say(told.asked.title))
    );
    for head in &heads {
        let _ = write!(page, "<th scope=\"col\">{}</th>", escape(&report.names.of(across, head, language)));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for line in &lines {
        let _ = write!(page, "<tr><th scope=\"row\">{}</th>", escape(&report.names.of(down, line, language)));
        for head in &heads {
            let row = found.rows.iter().find(|row| code(row, down) == *line && code(row, across) == *head);
            let depth = row.and_then(value).map_or(0.0, |value| value / highest);
            let style = format!(
                " class=\"heat{}\" style=\"background:color-mix(in srgb,#14696a {:.0}%,#f6f7f4)\"",
                if depth > 0.6 { " deep" } else { "" },
                depth * 100.0
            );
            match row {
                Some(row) => cell(page, row.get(&column.name).unwrap_or(&Value::Null), column, &style),
                None => page.push_str("<td></td>"),
            }
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
    let _ =
        writeln!(page, "<p class=\"note\">{} {}</p>", escape(language.of(&column.title)), unit(column.unit.as_deref(), language));
}

fn call(page: &mut String, found: &Found, language: Language) {
    let versions: Vec<String> = found.as_of.iter().map(|(table, version)| format!("{table} {version}")).collect();
    let (from, read) = (language.say(("出自", "from")), language.say(("数据版本", "data versions")));
    let _ = writeln!(
        page,
        "<p class=\"call\">{from} <code>GET {}</code> · {read} {}</p>",
        escape(&found.call),
        escape(&versions.join(", "))
    );
}

fn limits(page: &mut String, report: &Report, language: Language) {
    let _ = write!(page, "<section id=\"limits\">\n<h2>{}</h2>\n", language.say(("上限与依据", "Limits and their documents")));
    for set in &report.limits {
        let _ = write!(page, "<h3>{}</h3>\n<div class=\"scroll\"><table>\n<thead><tr>", escape(language.of(&set.title)));
        let attributes = set.attributes();
        let heads = [language.say(("适用", "For")), language.say(("自", "Since"))];
        for head in &heads {
            let _ = write!(page, "<th class=\"first\" scope=\"col\">{head}</th>");
        }
        for name in &attributes {
            let _ = write!(page, "<th class=\"first\" scope=\"col\">{}</th>", escape(name));
        }
        page.push_str("</tr></thead>\n<tbody>\n");
        for entry in &set.entries {
            let since = entry.valid_from.map_or(NONE.to_owned(), |day| day.to_string());
            let _ =
                write!(page, "<tr><th scope=\"row\">{}</th><td class=\"text\">{since}</td>", escape(language.of(&entry.title)));
            for name in &attributes {
                let value = entry.attributes.get(name).map_or(NONE, String::as_str);
                let _ = write!(page, "<td class=\"text\">{}</td>", escape(value));
            }
            page.push_str("</tr>\n");
        }
        let source = set.source.as_deref().unwrap_or_default();
        let _ = write!(page, "</tbody></table></div>\n<p class=\"note\">{}</p>\n", escape(source));
    }
    page.push_str("</section>\n");
}

fn methods(page: &mut String, report: &Report, language: Language) {
    let _ = write!(page, "<section id=\"methods\">\n<h2>{}</h2>\n", language.say(("方法与定义", "Methods and definitions")));
    let mut known = Vec::new();
    for found in report.told.iter().filter_map(|told| told.answer.as_ref().ok()) {
        if known.contains(&&found.metric.name) {
            continue;
        }
        known.push(&found.metric.name);
        let metric = &found.metric;
        let _ = write!(
            page,
            "<h3>{} <code>{}</code></h3>\n<p>{}</p>\n<p class=\"note\">{}</p>\n",
            escape(language.of(&metric.title)),
            escape(&metric.name),
            escape(language.of(&metric.description)),
            escape(language.of(&metric.source))
        );
    }
    page.push_str("</section>\n");
}

/// Text that is safe between tags and in attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}
