//! The report as one HTML page that needs nothing from outside.

use std::fmt::Write;

use serde_json::{Map, Value};
use xueqing_query::AnswerColumn;

use crate::appendix::{limits, methods};
use crate::findings::{Finding, Part, findings};
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
    let _ = write!(
        page,
        "<h1>{title}</h1>\n<p class=\"about\">{} · {} · {} {}</p>\n",
        escape(language.of(&report.scope)),
        escape(&report.span(language)),
        language.say(("生成于", "made")),
        escape(&report.made_at)
    );
    let _ = write!(page, "<section>\n<h2>{}</h2>\n<ul class=\"findings\">\n", language.say(("主要发现", "Findings")));
    findings(report, language).iter().for_each(|one| finding(&mut page, one, language));
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

/// A sentence whose numbers say exactly what they are and where they stand in the answer of its call.
fn finding(page: &mut String, finding: &Finding, language: Language) {
    page.push_str(if finding.warns { "<li class=\"warns\">" } else { "<li>" });
    for part in &finding.parts {
        let _ = match part {
            Part::Words(words) => write!(page, "{}", escape(words)),
            Part::Number { text, value, at } => write!(page, "<data value=\"{value}\" data-at=\"{at}\">{}</data>", escape(text)),
        };
    }
    let _ = write!(page, " <a href=\"#{}\">{}</a>", finding.key, language.say(("详见", "more")));
    if let Some(call) = &finding.call {
        let _ = write!(page, "<br><code>GET {}</code>", escape(call));
    }
    page.push_str("</li>\n");
}

fn section(page: &mut String, report: &Report, told: &Told, language: Language) {
    let _ = write!(page, "<section id=\"{}\">\n<h2>{}</h2>\n", told.asked.key, escape(language.say(told.asked.title)));
    match &told.answer {
        Err(reason) => {
            let _ = writeln!(
                page,
                "<p class=\"note\">{}{}</p>",
                language.say(("无法给出：", "No answer: ")),
                escape(&language.part(reason))
            );
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
            let name = |row: &Map<String, Value>| name(report, found, row, language);
            for picture in told.asked.pictures {
                match picture {
                    Picture::Days => page.push_str(&chart::days(found, language)),
                    Picture::Bars => page.push_str(&chart::bars(found, name, language)),
                    Picture::Shares(column) => page.push_str(&chart::shares(found, column, name, language)),
                    Picture::Quadrant => page.push_str(&chart::quadrant(found, name, language)),
                    Picture::Heat => {}
                }
            }
            match told.asked.pictures.first() {
                Some(Picture::Heat) => heat(page, report, told, found, language),
                Some(Picture::Days) => {
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
        let title = escape(language.of(&column.title));
        let _ = write!(page, "<th class=\"first\" scope=\"col\" data-dimension=\"{}\">{title}</th>", escape(&column.name));
    }
    for column in &columns {
        let unit = unit(column.unit.as_deref(), language);
        let unit = if unit.is_empty() { String::new() } else { format!("<small>{unit}</small>") };
        let title = escape(language.of(&column.title));
        let _ = write!(page, "<th scope=\"col\" data-column=\"{}\">{title}{unit}</th>", escape(&column.name));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in &found.rows {
        page.push_str("<tr>");
        for dimension in &found.by {
            let code = row.get(dimension).and_then(Value::as_str).unwrap_or_default();
            let text = if code.is_empty() { NONE.to_owned() } else { report.names.of(dimension, code, language) };
            let _ = write!(page, "<th scope=\"row\" data-code=\"{}\">{}</th>", escape(code), escape(&text));
        }
        if row.get("suppressed") == Some(&Value::Bool(true)) {
            let words = language.say(("人数过少，不显示", "too few pupils to be shown"));
            let _ = write!(page, "<td class=\"text\" colspan=\"{}\">{words}</td>", columns.len());
        } else {
            columns.iter().for_each(|column| cell(page, &worded(report, row, column, language), column, ""));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
}

/// A cell's value, a code as its title.
pub(crate) fn worded(report: &Report, row: &Map<String, Value>, column: &AnswerColumn, language: Language) -> Value {
    match row.get(&column.name) {
        Some(Value::String(code)) => Value::String(report.names.of(&column.name, code, language)),
        other => other.cloned().unwrap_or(Value::Null),
    }
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
        "<div class=\"scroll\"><table data-heat=\"{}\">\n<caption>{}</caption>\n<thead><tr><th class=\"first\" scope=\"col\"></th>",
        escape(&column.name),
        escape(language.say(told.asked.title))
    );
    for head in &heads {
        let title = escape(&report.names.of(across, head, language));
        let _ = write!(page, "<th scope=\"col\" data-code=\"{}\">{title}</th>", escape(head));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for line in &lines {
        let title = escape(&report.names.of(down, line, language));
        let _ = write!(page, "<tr><th scope=\"row\" data-code=\"{}\">{title}</th>", escape(line));
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
