//! The language that figures are written in: SQL with words in double braces.
//!
//! | written | becomes | when |
//! |---|---|---|
//! | `{{filters d}}` | what the declared parameters leave of the rows of `d`: `(…) AND (…)` | the file is read |
//! | `{{NAME d}}` | the snippet NAME of `common.toml`, about the rows of `d` | the file is read |
//! | `{{NAME}}` in `common.toml` itself | the snippet NAME, about the same row | the program starts |
//! | `{{timezone}}` | the district's time zone as a text | the file is read |
//! | `{{dimensions d}}` | each chosen dimension as it follows from a row of `d`, and a comma: `d.day AS day, ` | it is asked |
//! | `{{joins d}}` | the joins that the chosen dimensions need | it is asked |
//! | `{{GRAIN}}` | the rows of a grain of `common.toml` or of the figure, at the coarsest level that tells apart what is asked for ([`leaves_days`]) | it is asked |
//! | `{{GRAIN by school grade}}` | the same where single schools and grades are told apart as well | it is asked |
//! | `{{by}}` | the names of the chosen dimensions, each with a comma: `day, school, ` | it is asked |
//! | `{{by - school}}`, `{{dimensions - school d}}`, `{{filters - school d}}` | the same without `school` | |
//!
//! Promise: nothing that a caller sends becomes SQL; all texts are of the figure's file and of `common.toml`.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{Grain, Level};
use crate::metric::{Dimension, Metric};
use crate::places::ALIKE;

/// The parameters that say which days are asked for.
pub(crate) const BOUNDS: [&str; 2] = ["from", "to"];
/// What stands for the row in the texts of `common.toml`.
const ROW: &str = "{row}";

/// A word whose text depends on the grouping.
enum Word<'a> {
    By { without: Option<&'a str> },
    Dimensions { row: &'a str, without: Option<&'a str> },
    Joins { row: &'a str },
    Grain { name: &'a str, also: Vec<&'a str> },
}

/// Puts in what does not depend on the grouping: filters and snippets.
pub(crate) fn settle(
    sql: &str,
    filters: &BTreeMap<String, String>,
    snippets: &BTreeMap<String, String>,
) -> Result<String, String> {
    replace(sql, |token| {
        let words: Vec<&str> = token.split_whitespace().collect();
        Ok(match words[..] {
            ["filters", row] => conditions(filters, None, row),
            ["filters", "-", name, row] => conditions(filters, Some(name), row),
            [name] | [name, _] if snippets.contains_key(name) => {
                snippets[name].trim().replace(ROW, words.get(1).copied().unwrap_or_default())
            }
            _ => format!("{{{{{token}}}}}"),
        })
    })
}

fn conditions(filters: &BTreeMap<String, String>, without: Option<&str>, row: &str) -> String {
    let kept = filters.iter().filter(|(name, _)| Some(name.as_str()) != without).map(|(_, filter)| filter.as_str());
    let all = kept.collect::<Vec<_>>().join(" AND ");
    if all.is_empty() { "TRUE".to_owned() } else { all.replace(ROW, row) }
}

/// The statement for this grouping.
pub(crate) fn expand(
    sql: &str,
    by: &[&Dimension],
    grains: &BTreeMap<String, Grain>,
    level: &dyn Fn(&str) -> Level,
    params: &BTreeMap<String, String>,
) -> Result<String, String> {
    replace(sql, |token| {
        Ok(match word(token, grains)? {
            Word::Grain { name, also } => {
                grains[name].at(&also.into_iter().fold(level(name), |level, column| level.and(column)), params)
            }
            Word::By { without } => kept(by, without).map(|dimension| format!("{}, ", dimension.name)).collect(),
            Word::Dimensions { row, without } => kept(by, without).map(|dimension| column(dimension, row)).collect(),
            Word::Joins { row } => joins(by, row),
        })
    })
}

/// Whether every word is known and names what the figure has.
pub(crate) fn check(sql: &str, metric: &Metric) -> Result<(), String> {
    replace(sql, |token| match word(token, &metric.grains)? {
        Word::By { without: Some(name) } | Word::Dimensions { without: Some(name), .. } if metric.dimension(name).is_none() => {
            Err(format!("{{{{{token}}}}} leaves out \"{name}\", which is not among the dimensions"))
        }
        _ => Ok(String::new()),
    })
    .map(drop)
}

fn kept<'a>(by: &'a [&Dimension], without: Option<&'a str>) -> impl Iterator<Item = &'a Dimension> {
    by.iter().copied().filter(move |dimension| Some(dimension.name.as_str()) != without)
}

fn column(dimension: &Dimension, row: &str) -> String {
    let own = format!("{ROW}.{}", dimension.name);
    let sql = dimension.sql.as_deref().unwrap_or(&own).replace(ROW, row);
    format!("{sql} AS {}, ", dimension.name)
}

/// Each join once, in the order of the dimensions.
fn joins(by: &[&Dimension], row: &str) -> String {
    let mut wanted: Vec<&str> = Vec::new();
    for join in by.iter().filter_map(|dimension| dimension.join.as_deref()) {
        if !wanted.contains(&join) {
            wanted.push(join);
        }
    }
    wanted.join("\n").replace(ROW, row)
}

fn word<'a>(token: &'a str, grains: &BTreeMap<String, Grain>) -> Result<Word<'a>, String> {
    let words: Vec<&str> = token.split_whitespace().collect();
    match words[..] {
        ["by"] => Ok(Word::By { without: None }),
        ["by", "-", name] => Ok(Word::By { without: Some(name) }),
        ["dimensions", row] => Ok(Word::Dimensions { row, without: None }),
        ["dimensions", "-", name, row] => Ok(Word::Dimensions { row, without: Some(name) }),
        ["joins", row] => Ok(Word::Joins { row }),
        [name] if grains.contains_key(name) => Ok(Word::Grain { name, also: Vec::new() }),
        [name, "by", ref also @ ..]
            if grains.contains_key(name) && !also.is_empty() && also.iter().all(|column| ALIKE.contains(column)) =>
        {
            Ok(Word::Grain { name, also: also.to_vec() })
        }
        _ => Err(format!(
            "\"{{{{{token}}}}}\" is unknown: write {{{{by}}}}, {{{{by - NAME}}}}, {{{{dimensions ROW}}}}, {{{{joins ROW}}}}, {{{{filters ROW}}}}, a snippet of common.toml or a grain"
        )),
    }
}

/// The grains at whose days a text looks only through dimensions and through the shared bounds `from` and `to`, so that rows may be of several
/// days: it filters all their rows, and names the column `day` nowhere. `filters` are all but those of the bounds.
pub(crate) fn leaves_days(
    sql: &str,
    filters: &BTreeMap<String, String>,
    snippets: &BTreeMap<String, String>,
    grains: &BTreeMap<String, Grain>,
) -> BTreeSet<String> {
    let names_day = |text: &str| {
        let code = text.lines().filter_map(|line| line.split("--").next());
        code.flat_map(|code| code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
            .any(|word| word.eq_ignore_ascii_case("day"))
    };
    // By row: the grains that are read so, and how often it is filtered.
    let mut rows: BTreeMap<&str, (Vec<&str>, usize)> = BTreeMap::new();
    let mut leaves = !filters.values().any(|filter| names_day(filter));
    let mut parts = sql.split("{{");
    leaves &= !parts.next().is_some_and(names_day);
    for (token, after) in parts.filter_map(|part| part.split_once("}}")) {
        let words: Vec<&str> = token.split_whitespace().collect();
        match words[..] {
            ["filters", row] => rows.entry(row).or_default().1 += 1,
            ["filters", "-", name, row] => rows.entry(row).or_default().1 += usize::from(!BOUNDS.contains(&name)),
            [name, ..] if grains.contains_key(name) => {
                let mut behind = after.split_whitespace();
                let row = behind.next().filter(|word| word.eq_ignore_ascii_case("as")).and_then(|_| behind.next());
                rows.entry(row.unwrap_or_default()).or_default().0.push(name);
            }
            [name, ..] => leaves &= !snippets.get(name).is_some_and(|snippet| names_day(snippet)),
            [] => {}
        }
        leaves &= !names_day(after);
    }
    let (filtered, not): (Vec<_>, Vec<_>) = rows.into_values().partition(|(read, filtered)| read.len() <= *filtered);
    let [filtered, not] = [filtered, not].map(|rows| rows.into_iter().flat_map(|(read, _)| read).collect::<BTreeSet<_>>());
    filtered.difference(&not).filter(|_| leaves).map(|name| (*name).to_owned()).collect()
}

/// Whether a text reads this grain.
pub(crate) fn names_grain(sql: &str, name: &str) -> bool {
    let words = sql.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    words.into_iter().any(|(word, _)| word.split_whitespace().next() == Some(name))
}

/// The text with each word in double braces replaced.
fn replace(sql: &str, mut by: impl FnMut(&str) -> Result<String, String>) -> Result<String, String> {
    let mut out = String::with_capacity(sql.len() + 256);
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("{{") {
        let (token, after) = after.split_once("}}").ok_or("\"{{\" is not closed with \"}}\"")?;
        out.push_str(before);
        out.push_str(&by(token.trim())?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Param, ParamType};
    use crate::places::Days;
    use xueqing_schema::Text;

    fn dimension(name: &str, sql: Option<&str>, join: Option<&str>) -> Dimension {
        let own = |text: &str| text.to_owned();
        Dimension { name: own(name), title: Text::new(name, name), sql: sql.map(own), join: join.map(own) }
    }

    #[test]
    fn dimensions_bring_their_columns_and_each_join_once() {
        let join = Some("JOIN school AS placed ON placed.school = {row}.school");
        let county = dimension("county", Some("placed.region"), join);
        let area = dimension("area", Some("placed.area"), join);
        let day = dimension("day", None, None);
        let sql = expand(
            "SELECT {{dimensions d}}1 FROM t AS d {{joins d}} GROUP BY {{by - day}}1",
            &[&county, &day, &area],
            &BTreeMap::new(),
            &|_| Level::Class,
            &BTreeMap::new(),
        );
        assert_eq!(
            sql.as_deref(),
            Ok("SELECT placed.region AS county, d.day AS day, placed.area AS area, 1 FROM t AS d \
                JOIN school AS placed ON placed.school = d.school GROUP BY county, area, 1")
        );
    }

    #[test]
    fn filters_and_snippets_are_about_the_named_row() {
        let snippets = BTreeMap::from([("weekday".to_owned(), "date_part('dow', {row}.day)".to_owned())]);
        let filters = BTreeMap::from([("school".to_owned(), "($school IS NULL OR {row}.school = $school)".to_owned())]);
        let settled = settle("WHERE {{filters a}} AND {{weekday a}} = 1 {{by}}", &filters, &snippets);
        assert_eq!(
            settled.as_deref(),
            Ok("WHERE ($school IS NULL OR a.school = $school) AND date_part('dow', a.day) = 1 {{by}}")
        );
        assert_eq!(settle("WHERE {{filters - school a}}", &filters, &snippets).as_deref(), Ok("WHERE TRUE"));
    }

    #[test]
    fn a_grain_is_read_at_its_level() {
        let mut grain: Grain =
            toml::from_str("class = 'SELECT day, school, grade, {class} n > $least AS more FROM t'").expect("a grain");
        let title = Text::new("n", "n");
        let least = Param { name: "least".to_owned(), kind: ParamType::Integer, title, default: Some("3".to_owned()) };
        grain.settle("load", &BTreeMap::new(), &[least]).expect("settled");
        assert_eq!(grain.sum().rows, "SELECT day, school, grade, n > 3 AS more FROM t");
        let grains = BTreeMap::from([("load".to_owned(), grain)]);
        let places = [("day", "day"), ("county", "region"), ("school", "school")]
            .map(|(name, column)| (name.to_owned(), column.to_owned()));
        let read = |sql: &str, names: &[&str], least: &str| {
            let params = BTreeMap::from([("least".to_owned(), least.to_owned())]);
            expand(sql, &[], &grains, &|_| Level::of(names.iter().copied(), &places.clone().into(), Days::default()), &params)
        };
        let at = |names: &[&str]| read("{{load}} AS d", names, "3");
        let class = Ok("(SELECT day, school, grade, class, n > $least AS more FROM t)".to_owned());
        let place = |name: &str| Ok(format!("(SELECT *, CAST(NULL AS VARCHAR) AS class FROM {name}) AS d"));
        assert_eq!(at(&["county", "class"]), class.clone().map(|rows| rows + " AS d"));
        assert_eq!(at(&["school"]), place("place_load__school"));
        assert_eq!(at(&["day", "county"]), place("place_load__day__region"));
        assert_eq!(at(&["month"]), place("place_load"));
        let bounded = Level::of(std::iter::empty(), &BTreeMap::new(), Days { from: Some(20_000), to: None });
        let sql =
            expand("{{load}} AS d", &[], &grains, &|_| bounded.clone(), &BTreeMap::from([("least".to_owned(), "3".to_owned())]));
        assert_eq!(sql, place("place_load__from_20241004"));
        assert_eq!(read("{{load by school}} AS d", &["county"], "3"), place("place_load__region__school"));
        assert_eq!(read("{{load by school grade}} AS d", &[], "3"), place("place_load__grade__school"));
        assert_eq!(read("{{load by school}}", &["class"], "3"), class);
        assert_eq!(read("{{load}}", &["county"], "4"), class, "others are not added up");
        assert!(read("FROM {{load by colour}}", &[], "3").is_err() && read("FROM {{load by}}", &[], "3").is_err());
        assert!(names_grain("FROM {{load by school}} AS d", "load") && !names_grain("FROM {{load by school}}", "subject_load"));
    }

    #[test]
    fn days_are_left_where_only_words_look_at_them() {
        let grain: Grain = toml::from_str("class = 'SELECT day, school, grade, {class} n FROM t'").expect("a grain");
        let grains = ["load", "rest"].map(|name| (name.to_owned(), grain.clone())).into();
        let snippets =
            [("school_day", "isodow({row}.day) < 6"), ("zone", "'Asia/Shanghai'")].map(|(name, text)| (name.into(), text.into()));
        let leaves = |sql: &str, filter: &str| {
            let filters = BTreeMap::from([("least".to_owned(), filter.to_owned())]);
            leaves_days(sql, &filters, &snippets.clone().into(), &grains)
        };
        let plain = "SELECT {{dimensions d}} n, {{zone d}} FROM {{load}} AS d {{joins d}} WHERE {{filters - n d}} -- a day\n";
        let load = BTreeSet::from(["load".to_owned()]);
        assert_eq!([leaves(plain, "{row}.n > $least"), leaves(plain, "{row}.day > $least")], [load.clone(), BTreeSet::new()]);
        assert_eq!(leaves("SELECT n FROM {{load}} AS d JOIN {{rest}} AS r WHERE {{filters d}}", "TRUE"), load);
        for other in [
            "SELECT d.day FROM {{load}} AS d WHERE {{filters d}}",
            "SELECT n FROM {{load}} AS d WHERE {{school_day d}} AND {{filters d}}",
            "SELECT n FROM {{load}} AS d WHERE {{filters - from d}}",
            "SELECT n FROM {{load}} AS d, {{load by school}} AS d WHERE {{filters d}}",
            "SELECT n FROM {{load}}",
        ] {
            assert!(leaves(other, "TRUE").is_empty(), "{other}");
        }
    }

    #[test]
    fn an_unknown_word_is_named() {
        let none = BTreeMap::new();
        let error = expand("{{bye}}", &[], &none, &|_| Level::Class, &BTreeMap::new()).expect_err("refused");
        assert!(error.starts_with("\"{{bye}}\" is unknown"), "{error}");
        assert!(expand("{{by", &[], &none, &|_| Level::Class, &BTreeMap::new()).expect_err("refused").contains("not closed"));
    }
}
