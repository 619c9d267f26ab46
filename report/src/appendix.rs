//! What the page's figures are held against and how they are defined: limits with their documents, methods.

use std::fmt::Write;

use xueqing_schema::CodeEntry;

use crate::Report;
use crate::page::escape;
use crate::words::{Language, NONE, limit_word};

/// Since when a limit holds, and until when.
pub(crate) fn validity(entry: &CodeEntry) -> String {
    let since = entry.valid_from.map_or(NONE.to_owned(), |day| day.to_string());
    entry.valid_to.map_or_else(|| since.clone(), |day| format!("{since} – {day}"))
}

pub(crate) fn limits(page: &mut String, report: &Report, language: Language) {
    let _ = write!(page, "<section id=\"limits\">\n<h2>{}</h2>\n", language.say(("上限与依据", "Limits and their documents")));
    for set in &report.limits {
        let _ = write!(page, "<h3>{}</h3>\n<div class=\"scroll\"><table>\n<thead><tr>", escape(language.of(&set.title)));
        let attributes = set.attributes();
        let heads = [language.say(("适用", "For")), language.say(("自", "Since"))];
        let names = attributes.iter().map(|name| limit_word(name, language));
        for head in heads.into_iter().chain(names) {
            let _ = write!(page, "<th class=\"first\" scope=\"col\">{}</th>", escape(head));
        }
        page.push_str("</tr></thead>\n<tbody>\n");
        for entry in &set.entries {
            let title = escape(language.of(&entry.title));
            let _ = write!(page, "<tr><th scope=\"row\">{title}</th><td class=\"text\">{}</td>", validity(entry));
            for name in &attributes {
                let value = entry.attributes.get(name).map_or(NONE, |value| limit_word(value, language));
                let _ = write!(page, "<td class=\"text\">{}</td>", escape(value));
            }
            page.push_str("</tr>\n");
        }
        let source = set.source.as_deref().unwrap_or_default();
        let _ = write!(page, "</tbody></table></div>\n<p class=\"note\">{}</p>\n", escape(source));
    }
    page.push_str("</section>\n");
}

pub(crate) fn methods(page: &mut String, report: &Report, language: Language) {
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
