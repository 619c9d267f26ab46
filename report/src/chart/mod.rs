//! Charts as SVG: a load over days with its limit and coverage, bars against their limits, shares, and load against quality.

mod quadrant;
mod shares;

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::Found;
use crate::page::escape;
use crate::words::{Language, unit};

pub use quadrant::quadrant;
pub use shares::shares;

const WIDTH: f64 = 760.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 12.0;
/// More bars than this are no picture.
const MOST_BARS: usize = 60;

fn at(row: &Map<String, Value>, column: &str) -> Option<f64> {
    row.get(column).and_then(Value::as_f64)
}

/// A round number a little above.
fn ceiling(highest: f64) -> f64 {
    let step = 10f64.powf(highest.max(1.0).log10().floor()) / 2.0;
    ((highest * 1.05 / step).ceil() * step).max(step)
}

/// Means over days; the limit where all days share one; the coverage as bars below.
pub fn days(found: &Found, language: Language) -> String {
    let rows: Vec<_> = found.shown().filter(|row| at(row, "mean_minutes").is_some()).collect();
    if rows.len() < 2 {
        return String::new();
    }
    let limits: Vec<f64> = rows.iter().filter_map(|row| at(row, "limit_minutes")).collect();
    let limit = limits.first().copied().filter(|first| limits.iter().all(|limit| limit == first));
    let highest = rows.iter().filter_map(|row| at(row, "mean_minutes")).chain(limit).fold(0.0, f64::max);
    let top = ceiling(highest);
    let (plot, below) = (180.0, 40.0);
    let step = (WIDTH - LEFT - RIGHT) / rows.len() as f64;
    let x = |place: usize| LEFT + step * (place as f64 + 0.5);
    let y = |value: f64| 16.0 + plot * (1.0 - value / top);
    let mut svg = open(plot + below + 56.0, language.say(("逐日作业时长与覆盖率", "Homework day by day and its coverage")));
    for tick in 0..=4 {
        let value = top * f64::from(tick) / 4.0;
        grid(&mut svg, y(value), &format!("{value:.0}"));
    }
    let _ = write!(svg, r#"<text x="4" y="10">{}</text>"#, unit(Some("min"), language));
    let line: Vec<String> = rows
        .iter()
        .enumerate()
        .filter_map(|(place, row)| Some(format!("{:.1},{:.1}", x(place), y(at(row, "mean_minutes")?))))
        .collect();
    let _ = write!(svg, r#"<polyline class="mean" points="{}"/>"#, line.join(" "));
    if let Some(limit) = limit {
        let _ =
            write!(svg, r#"<line class="limit" x1="{LEFT}" x2="{:.1}" y1="{y:.1}" y2="{y:.1}"/>"#, WIDTH - RIGHT, y = y(limit));
    }
    let floor = 16.0 + plot + 16.0 + below;
    for (place, row) in rows.iter().enumerate() {
        let height = below * at(row, "coverage").unwrap_or(0.0);
        let (left, wide) = (x(place) - step * 0.35, step * 0.7);
        let _ = write!(
            svg,
            r#"<rect class="coverage" x="{left:.1}" y="{:.1}" width="{wide:.1}" height="{height:.1}"/>"#,
            floor - height
        );
    }
    grid(&mut svg, floor, "0%");
    grid(&mut svg, floor - below, "100%");
    let every = rows.len().div_ceil(8);
    for (place, row) in rows.iter().enumerate().step_by(every) {
        let day = row.get("day").and_then(Value::as_str).unwrap_or_default();
        let _ = write!(
            svg,
            r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            x(place),
            floor + 16.0,
            escape(day.get(5..).unwrap_or(day))
        );
    }
    svg.push_str("</svg>");
    svg
}

/// A bar for each row, in the order given, with its limit as a mark.
pub fn bars(found: &Found, name: impl Fn(&Map<String, Value>) -> String, language: Language) -> String {
    let rows: Vec<_> = found.shown().filter(|row| at(row, "mean_minutes").is_some()).collect();
    let highest = rows.iter().flat_map(|row| [at(row, "mean_minutes"), at(row, "limit_minutes")]).flatten().fold(0.0, f64::max);
    if rows.is_empty() || rows.len() > MOST_BARS {
        return String::new();
    }
    let (start, tall) = (210.0, 22.0);
    let x = |value: f64| start + (WIDTH - start - 60.0) * value / ceiling(highest);
    let mut svg = open(tall * rows.len() as f64 + 8.0, language.say(("人均作业与上限", "Mean homework and limits")));
    for (place, row) in rows.iter().enumerate() {
        let (mean, limit, top) = (at(row, "mean_minutes").unwrap_or(0.0), at(row, "limit_minutes"), 4.0 + tall * place as f64);
        let class = if limit.is_some_and(|limit| mean > limit) { "bar over" } else { "bar" };
        let _ =
            write!(svg, r#"<text x="{:.0}" y="{:.1}" text-anchor="end">{}</text>"#, start - 8.0, top + 13.0, escape(&name(row)));
        let _ = write!(
            svg,
            r#"<rect class="{class}" x="{start}" y="{:.1}" width="{:.1}" height="13" rx="3"/>"#,
            top + 2.0,
            x(mean) - start
        );
        // Beside the bar, and out of the way of the mark.
        let near = limit.filter(|limit| (x(mean) - 4.0..x(mean) + 44.0).contains(&x(*limit)));
        let beside = x(near.map_or(mean, |limit| limit.max(mean))) + 6.0;
        let _ = write!(svg, r#"<text x="{beside:.1}" y="{:.1}">{mean:.1}</text>"#, top + 13.0);
        if let Some(limit) = limit {
            let _ =
                write!(svg, r#"<line class="mark" x1="{x:.1}" x2="{x:.1}" y1="{top:.1}" y2="{:.1}"/>"#, top + 17.0, x = x(limit));
        }
    }
    svg.push_str("</svg>");
    svg
}

fn open(height: f64, label: &str) -> String {
    format!(r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{}">"#, escape(label))
}

fn grid(svg: &mut String, y: f64, text: &str) {
    let _ = write!(svg, r#"<line class="grid" x1="{LEFT}" x2="{:.1}" y1="{y:.1}" y2="{y:.1}"/>"#, WIDTH - RIGHT);
    let _ = write!(svg, r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{text}</text>"#, LEFT - 6.0, y + 4.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_on_round_numbers() {
        assert_eq!([7.0, 58.0, 99.5, 104.0].map(ceiling), [7.5, 65.0, 105.0, 150.0]);
    }
}
