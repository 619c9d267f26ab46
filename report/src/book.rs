//! The report as a workbook: what is in it and the findings first, each with its call, then a sheet for each table with the call that gives
//! its numbers and the charts of them.

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use serde_json::Value;

use crate::appendix::validity;
use crate::findings::findings;
use crate::page::{shown, worded};
use crate::words::{Language, limit_word, unit};
use crate::{Found, Report, Told, book_chart};

/// The longest name of a sheet.
const NAME: usize = 31;
const WIDEST: f64 = 40.0;

/// Writes the workbook.
///
/// # Errors
/// When a sheet cannot be written, which the limits of the answers rule out.
pub fn workbook(report: &Report, language: Language) -> Result<Vec<u8>, String> {
    let mut book = Workbook::new();
    write(&mut book, report, language).map_err(|error| error.to_string())?;
    book.save_to_buffer().map_err(|error| error.to_string())
}

fn write(book: &mut Workbook, report: &Report, language: Language) -> Result<(), XlsxError> {
    let (bold, head) = (Format::new().set_bold(), Format::new().set_bold().set_text_wrap().set_border_bottom_color("#dfe3dc"));
    let first = book.add_worksheet();
    first.set_name(language.say(("目录", "Contents")))?.set_column_width(0, 100)?;
    first.write_string_with_format(0, 0, language.of(&report.title), &Format::new().set_bold().set_font_size(16))?;
    first.write_string(1, 0, format!("{} · {} · {}", language.of(&report.scope), report.span(language), report.made_at))?;
    first.write_string_with_format(3, 0, language.say(("主要发现", "Findings")), &bold)?;
    let mut row = 4;
    let wrapped = Format::new().set_text_wrap();
    let small = Format::new().set_text_wrap().set_font_size(8).set_font_color("#5d6972");
    first.set_print_fit_to_pages(1, 0);
    for finding in findings(report, language) {
        first.write_string_with_format(row, 0, finding.text(), &wrapped)?;
        row += 1;
        if let Some(call) = finding.call {
            first.write_string_with_format(row, 0, format!("GET {call}"), &small)?;
            row += 1;
        }
    }
    first.write_string_with_format(row + 1, 0, language.say(("各表", "Sheets")), &bold)?;
    row += 2;
    for told in &report.told {
        let name = sheet_name(told, language);
        first.write_url_with_text(row, 0, format!("internal:'{name}'!A1").as_str(), &name)?;
        row += 1;
    }
    for told in &report.told {
        let sheet = book.add_worksheet();
        sheet.set_name(sheet_name(told, language))?;
        sheet.write_string_with_format(0, 0, language.say(told.asked.title), &bold)?;
        match &told.answer {
            Ok(found) if !found.is_empty() => table(sheet, report, told, found, language, &head)?,
            Ok(found) => {
                sheet.write_string(1, 0, format!("GET {}", found.call))?;
                sheet.write_string(3, 0, language.say(("没有数据；没有数据不是零", "no data; no data is not zero")))?;
            }
            Err(reason) => drop(sheet.write_string(3, 0, language.part(reason))?),
        }
    }
    limits(book, report, language, &head)
}

fn sheet_name(told: &Told, language: Language) -> String {
    let title = language.say(told.asked.title).replace(['[', ']', ':', '*', '?', '/', '\\'], " ");
    title.chars().take(NAME).collect()
}

fn table(
    sheet: &mut Worksheet,
    report: &Report,
    told: &Told,
    found: &Found,
    language: Language,
    head: &Format,
) -> Result<(), XlsxError> {
    let versions: Vec<String> = found.as_of.iter().map(|(table, version)| format!("{table} {version}")).collect();
    sheet.write_string(1, 0, format!("GET {} · {}", found.call, versions.join(", ")))?;
    // Titles of three lines; on paper as wide as the sheet.
    sheet.set_row_height(3, 48)?.set_landscape().set_print_fit_to_pages(1, 0);
    let columns = shown(told, found);
    let mut at: u16 = 0;
    for column in found.columns.iter().filter(|column| found.by.contains(&column.name)) {
        sheet.write_string_with_format(3, at, language.of(&column.title), head)?.set_column_width(at, 22.0)?;
        at += 1;
    }
    for column in &columns {
        let unit = unit(column.unit.as_deref(), language);
        let title = language.of(&column.title);
        let title = if unit.is_empty() { title.to_owned() } else { format!("{title}（{unit}）") };
        let wide = title.chars().map(|c| if c.is_ascii() { 1.0 } else { 2.0 }).sum::<f64>();
        sheet.write_string_with_format(3, at, &title, head)?.set_column_width(at, (wide / 2.0 + 6.0).clamp(11.0, WIDEST))?;
        at += 1;
    }
    sheet.set_freeze_panes(4, u16::try_from(found.by.len()).unwrap_or(1))?;
    for (line, row) in (4u32..).zip(&found.rows) {
        let mut at: u16 = 0;
        for dimension in &found.by {
            let code = row.get(dimension).and_then(Value::as_str).unwrap_or_default();
            sheet.write_string(line, at, report.names.of(dimension, code, language))?;
            at += 1;
        }
        if row.get("suppressed") == Some(&Value::Bool(true)) {
            sheet.write_string(line, at, language.say(("人数过少，不显示", "too few pupils to be shown")))?;
            continue;
        }
        for column in &columns {
            match worded(report, row, column, language) {
                Value::Number(number) => {
                    let format = Format::new().set_num_format(match column.unit.as_deref() {
                        Some("share") => "0.0%",
                        Some("1") => "#,##0.##",
                        _ => "0.00",
                    });
                    sheet.write_number_with_format(line, at, number.as_f64().unwrap_or_default(), &format)?;
                }
                // Texts are written as texts: nothing in them becomes a formula.
                Value::String(text) => drop(sheet.write_string(line, at, text)?),
                _ => {}
            }
            at += 1;
        }
    }
    book_chart::insert(sheet, told, found, &columns, language)
}

fn limits(book: &mut Workbook, report: &Report, language: Language, head: &Format) -> Result<(), XlsxError> {
    let sheet = book.add_worksheet();
    sheet.set_name(language.say(("上限与依据", "Limits")))?.set_column_width(0, 30)?;
    let mut line = 0;
    for set in &report.limits {
        let attributes = set.attributes();
        sheet.write_string_with_format(line, 0, language.of(&set.title), head)?;
        sheet.write_string_with_format(line, 1, language.say(("自", "since")), head)?;
        for (at, name) in (2u16..).zip(&attributes) {
            sheet.write_string_with_format(line, at, limit_word(name, language), head)?;
        }
        for entry in &set.entries {
            line += 1;
            sheet.write_string(line, 0, language.of(&entry.title))?;
            sheet.write_string(line, 1, validity(entry))?;
            for (at, name) in (2u16..).zip(&attributes) {
                sheet.write_string(line, at, entry.attributes.get(name).map_or("", |value| limit_word(value, language)))?;
            }
        }
        line += 1;
        sheet.write_string(line, 0, set.source.as_deref().unwrap_or_default())?;
        line += 2;
    }
    Ok(())
}
