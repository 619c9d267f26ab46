//! One share for each row: how much of the whole.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::{MOST_BARS, WIDTH, at, open};
use crate::Found;
use crate::page::escape;
use crate::words::{Language, percent};

const START: f64 = 210.0;
const TALL: f64 = 22.0;

/// A bar for each row in the order given, on a scale from nothing to all.
pub fn shares(found: &Found, column: &str, name: impl Fn(&Map<String, Value>) -> String, language: Language) -> String {
    let rows: Vec<_> = found.shown().filter_map(|row| Some((row, at(row, column)?))).collect();
    let Some(title) = found.columns.iter().find(|one| one.name == column).map(|one| language.of(&one.title)) else {
        return String::new();
    };
    if rows.is_empty() || rows.len() > MOST_BARS {
        return String::new();
    }
    let x = |share: f64| START + (WIDTH - START - 60.0) * share.clamp(0.0, 1.0);
    let foot = 24.0 + TALL * rows.len() as f64;
    let mut svg = open(foot + 18.0, title);
    let _ = write!(svg, r#"<text class="head" x="{START}" y="12">{}</text>"#, escape(title));
    for part in 0..=4 {
        let (share, x) = (f64::from(part) / 4.0, x(f64::from(part) / 4.0));
        let _ = write!(svg, r#"<line class="grid" x1="{x:.1}" x2="{x:.1}" y1="20" y2="{foot:.1}"/>"#);
        let _ = write!(svg, r#"<text x="{x:.1}" y="{:.1}" text-anchor="middle">{:.0}%</text>"#, foot + 14.0, share * 100.0);
    }
    for (place, (row, share)) in rows.iter().enumerate() {
        let (top, end) = (24.0 + TALL * place as f64, x(*share));
        let _ =
            write!(svg, r#"<text x="{:.0}" y="{:.1}" text-anchor="end">{}</text>"#, START - 8.0, top + 13.0, escape(&name(row)));
        let _ =
            write!(svg, r#"<rect class="bar" x="{START}" y="{:.1}" width="{:.1}" height="13" rx="3"/>"#, top + 2.0, end - START);
        let _ = write!(svg, r#"<text x="{:.1}" y="{:.1}">{}</text>"#, end + 6.0, top + 13.0, escape(&percent(*share)));
    }
    svg.push_str("</svg>");
    svg
}
