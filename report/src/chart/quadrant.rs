//! Load against quality, one dot for each row, with the uncertainty of both.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::{WIDTH, at, ceiling, open};
use crate::Found;
use crate::page::escape;
use crate::words::Language;

const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 18.0;
const TALL: f64 = 300.0;
/// Standard errors that an interval of 95 % reaches.
const REACH: f64 = 1.96;
/// With more dots, their bars would hide them.
const MOST_WITH_BARS: usize = 80;

struct Dot<'a> {
    row: &'a Map<String, Value>,
    /// Value and reach of its interval.
    load: (f64, f64),
    quality: (f64, f64),
}

/// Minutes to the right, standard scores upwards; the lines are the figure's own middles.
pub fn quadrant(found: &Found, name: impl Fn(&Map<String, Value>) -> String, language: Language) -> String {
    let dot = |row| {
        let error = |column: &str| REACH * at(row, column).unwrap_or(0.0);
        let (load, quality) = (at(row, "minutes")?, at(row, "quality")?);
        Some(Dot { row, load: (load, error("minutes_error")), quality: (quality, error("quality_error")) })
    };
    let dots: Vec<Dot> = found.shown().filter_map(dot).collect();
    let Some(first) = dots.first() else { return String::new() };
    let barred = dots.len() <= MOST_WITH_BARS;
    let reach = |(value, error): (f64, f64)| value.abs() + if barred { error } else { 0.0 };
    let right = ceiling(dots.iter().map(|dot| reach(dot.load)).fold(1.0, f64::max));
    // Half steps keep the scale round.
    let high = (dots.iter().map(|dot| reach(dot.quality)).fold(0.25, f64::max) * 2.2).ceil() / 2.0;
    let x = |minutes: f64| LEFT + (WIDTH - LEFT - RIGHT) * (minutes / right).clamp(0.0, 1.0);
    let y = |score: f64| TOP + TALL * (0.5 - 0.5 * (score / high).clamp(-1.0, 1.0));
    let mut svg = open(TOP + TALL + 40.0, language.say(("负担与质量", "Load and quality")));
    for part in 0..=4 {
        let (score, minutes) = (high * (f64::from(part) / 2.0 - 1.0), right * f64::from(part) / 4.0);
        let _ =
            write!(svg, r#"<line class="grid" x1="{LEFT}" x2="{:.1}" y1="{y:.1}" y2="{y:.1}"/>"#, WIDTH - RIGHT, y = y(score));
        let _ = write!(svg, r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{score:+.2}</text>"#, LEFT - 6.0, y(score) + 4.0);
        let middle = if part == 4 { "end" } else { "middle" };
        let places = usize::from(right % 4.0 != 0.0);
        let _ = write!(
            svg,
            r#"<text x="{:.1}" y="{:.1}" text-anchor="{middle}">{minutes:.places$}</text>"#,
            x(minutes),
            TOP + TALL + 16.0
        );
    }
    let (minutes, score) = (language.say(("分钟/日", "minutes a day")), language.say(("标准分", "standard score")));
    let _ = write!(svg, r#"<text x="{LEFT}" y="11">{score}</text>"#);
    let _ = write!(svg, r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{minutes}</text>"#, WIDTH - RIGHT, TOP + TALL + 34.0);
    if let (Some(load), Some(quality)) = (at(first.row, "minutes_middle"), at(first.row, "quality_middle")) {
        let _ = write!(svg, r#"<line class="middle" x1="{x:.1}" x2="{x:.1}" y1="{TOP}" y2="{:.1}"/>"#, TOP + TALL, x = x(load));
        let _ = write!(
            svg,
            r#"<line class="middle" x1="{LEFT}" x2="{:.1}" y1="{y:.1}" y2="{y:.1}"/>"#,
            WIDTH - RIGHT,
            y = y(quality)
        );
    }
    for Dot { row, load, quality } in &dots {
        let (left, up) = (x(load.0), y(quality.0));
        if barred {
            let [from, to] = [-1.0, 1.0].map(|side| x(load.0 + side * load.1));
            let [low, high] = [-1.0, 1.0].map(|side| y(quality.0 + side * quality.1));
            let _ = write!(svg, r#"<line class="error" x1="{from:.1}" x2="{to:.1}" y1="{up:.1}" y2="{up:.1}"/>"#);
            let _ = write!(svg, r#"<line class="error" x1="{left:.1}" x2="{left:.1}" y1="{low:.1}" y2="{high:.1}"/>"#);
        }
        let _ = write!(
            svg,
            r#"<circle class="dot" cx="{left:.1}" cy="{up:.1}" r="4"><title>{}</title></circle>"#,
            escape(&name(row))
        );
    }
    svg.push_str("</svg>");
    let bars = language.say(("，误差线为 95% 区间", ", with intervals of 95 %"));
    let note = language.say((
        "每点一所学校的一个学科，线为全体均值；不是排名，也不证明因果",
        "Each dot is a subject of a school, the lines are means of all; no ranking, and no proof of a cause",
    ));
    let _ = writeln!(svg, "<p class=\"note\">{note}{}</p>", if barred { bars } else { "" });
    svg
}
