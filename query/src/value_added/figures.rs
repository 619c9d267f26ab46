//! What the methods have in common: the figures of the groups of one kind, with their errors, as they stand in a result.
//!
//! Promise: whatever the method, a figure has an estimate, an error and an interval about one reference, that of a group which adds
//! neither more nor less than expected; groups are in the order of their codes; hidden groups have a name and nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::multilevel::{Attainment, Grain};

/// The half width of a 95 % interval in errors.
const WIDTH_95: f64 = 1.959_963_984_540_054;

/// The groups of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    pub grain: Grain,
    /// The figure of a group that adds what is expected: 0, or 50 for growth percentiles.
    pub reference: f64,
    /// By code; a class is `school/class`.
    pub groups: BTreeMap<String, Figure>,
    /// Groups with too few pupils, or otherwise refused.
    pub hidden: Vec<String>,
}

/// The figure of a group.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    pub n: u64,
    pub estimate: f64,
    pub error: f64,
    pub low: f64,
    pub high: f64,
    pub attainment: Option<Attainment>,
}

/// On which side of the reference the whole interval lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    Below,
    NotDistinguished,
    Above,
}

impl Figure {
    pub fn call(&self, reference: f64) -> Call {
        match self {
            Self { low, .. } if *low > reference => Call::Above,
            Self { high, .. } if *high < reference => Call::Below,
            _ => Call::NotDistinguished,
        }
    }
}

/// The scores that a result is of: `outcome` of a result, if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    pub n: u64,
    pub mean: f64,
    pub deviation: f64,
}

impl Scores {
    pub fn read(result: &Value) -> Option<Self> {
        Self::deserialize(result.get("outcome")?).ok()
    }
}

/// The figures in a result, finest groups first; none in a result of another shape.
pub fn read(result: &Value) -> Vec<Figures> {
    match (result.get("groupings").and_then(Value::as_array), result.get("method").and_then(Value::as_str)) {
        (Some(groupings), _) => of_model(groupings),
        (None, Some("sgp")) => of_series(result, 50.0, growth).into_iter().collect(),
        (None, Some("gain")) => of_series(result, 0.0, residual).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn of_model(groupings: &[Value]) -> Vec<Figures> {
    let grains: Vec<Option<Grain>> = groupings.iter().map(|it| Grain::deserialize(&it["grain"]).ok()).collect();
    let of_grouping = |(place, grouping): (usize, &Value)| {
        let grain = grains[place]?;
        let around: Vec<Grain> = grains[place + 1..].iter().flatten().copied().collect();
        let effects = grouping["effects"].as_array()?;
        let short = named(effects, |effect| code(effect, grain, &around));
        let codes = short.unwrap_or_else(|| effects.iter().map(whole_code).collect());
        let mut figures = Figures { grain, reference: 0.0, groups: BTreeMap::new(), hidden: Vec::new() };
        for (code, effect) in codes.into_iter().zip(effects) {
            figures.add(code, shrunken(&effect["shown"]));
        }
        Some(figures)
    };
    groupings.iter().enumerate().filter_map(of_grouping).collect()
}

/// Codes by which groups can be told apart; none when two have the same.
fn named(effects: &[Value], code: impl Fn(&Value) -> String) -> Option<Vec<String>> {
    let codes: Vec<String> = effects.iter().map(code).collect();
    let different: std::collections::BTreeSet<&String> = codes.iter().collect();
    (different.len() == codes.len()).then_some(codes)
}

/// Up to the school, so that a class has the same code in a model with counties and in one without.
fn code(effect: &Value, grain: Grain, around: &[Grain]) -> String {
    let within = effect["within"].as_array().into_iter().flatten().zip(around);
    let schools = within.filter(|(_, other)| grain < Grain::School && **other <= Grain::School).map(|(name, _)| name);
    joined(effect, schools)
}

fn whole_code(effect: &Value) -> String {
    joined(effect, effect["within"].as_array().into_iter().flatten())
}

fn joined<'a>(effect: &'a Value, within: impl Iterator<Item = &'a Value>) -> String {
    let parts: Vec<&str> = [&effect["group"]].into_iter().chain(within).filter_map(Value::as_str).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

fn shrunken(shown: &Value) -> Option<Figure> {
    let first = shown.get("effects")?.get(0)?;
    let number = |name: &str| first.get(name).and_then(Value::as_f64);
    let (estimate, error, low, high) = (number("estimate")?, number("error")?, number("low")?, number("high")?);
    Some(Figure { n: shown["n"].as_u64()?, estimate, error, low, high, attainment: attainment(shown) })
}

fn of_series(result: &Value, reference: f64, figure: fn(&Value) -> Option<Figure>) -> Option<Figures> {
    let grain = Grain::deserialize(result.get("by")?).ok()?;
    let mut figures = Figures { grain, reference, groups: BTreeMap::new(), hidden: Vec::new() };
    for group in result["groups"].as_array()? {
        figures.add(group["group"].as_str()?.to_owned(), figure(&group["figure"]));
    }
    Some(figures)
}

/// The error of a median is that of its interval.
fn growth(figure: &Value) -> Option<Figure> {
    let end = |place: usize| figure.get("interval")?.get(place)?.as_f64();
    let (low, high) = (end(0)?, end(1)?);
    let (n, estimate) = (figure["n"].as_u64()?, figure["median"].as_f64()?);
    Some(Figure { n, estimate, error: (high - low) / (2.0 * WIDTH_95), low, high, attainment: attainment(figure) })
}

fn residual(figure: &Value) -> Option<Figure> {
    let mean = figure.get("residual")?;
    let end = |place: usize| mean["interval"].get(place)?.as_f64();
    let (n, estimate, error) = (mean["n"].as_u64()?, mean["mean"].as_f64()?, mean["error"].as_f64()?);
    Some(Figure { n, estimate, error, low: end(0)?, high: end(1)?, attainment: attainment(figure) })
}

fn attainment(of: &Value) -> Option<Attainment> {
    let number = |name: &str| of.get("attainment")?.get(name)?.as_f64();
    Some(Attainment { mean: number("mean")?, error: number("error")? })
}

impl Figures {
    fn add(&mut self, code: String, figure: Option<Figure>) {
        match figure {
            Some(figure) => drop(self.groups.insert(code, figure)),
            None => self.hidden.push(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn effect(group: &str, within: &[&str], estimate: f64) -> Value {
        let effect = json!({"estimate": estimate, "error": 1.0, "low": estimate - 1.96, "high": estimate + 1.96});
        json!({"group": group, "within": within, "shown": {"n": 30, "effects": [effect], "attainment": {"mean": 60.0, "error": 2.0}}})
    }

    #[test]
    fn a_class_has_the_same_code_with_and_without_counties_and_by_every_method() {
        let class = json!({"grain": "class", "effects": [effect("c1", &["s1", "k1"], 3.0), {"group": "c2", "within": ["s1", "k1"], "shown": null}]});
        let model = json!({"groupings": [class, {"grain": "school", "effects": [effect("s1", &["k1"], -3.0)]}, {"grain": "county", "effects": []}]});
        let found = read(&model);
        assert_eq!(found[0].groups.keys().collect::<Vec<_>>(), ["s1/c1"]);
        assert_eq!((found[0].hidden.as_slice(), found[1].groups.contains_key("s1")), (&["s1/c2".to_owned()][..], true));
        assert_eq!((found[0].groups["s1/c1"].call(0.0), found[1].groups["s1"].call(0.0)), (Call::Above, Call::Below));
        let growth = json!({"method": "sgp", "by": "class", "groups": [
            {"group": "s1/c1", "figure": {"n": 30, "median": 52.0, "interval": [44.0, 60.0]}}, {"group": "s1/c2", "refused": {}}]});
        let found = &read(&growth)[0];
        assert_eq!((found.groups["s1/c1"].call(found.reference), found.hidden.len()), (Call::NotDistinguished, 1));
    }

    #[test]
    fn schools_of_one_name_are_told_apart_by_their_county() {
        let model = json!({"groupings": [{"grain": "school", "effects": [effect("s1", &["k1"], 0.0), effect("s1", &["k2"], 0.0)]}, {"grain": "county"}]});
        assert_eq!(read(&model)[0].groups.keys().collect::<Vec<_>>(), ["k1/s1", "k2/s1"]);
        assert_eq!(read(&json!({"odd": 1})), []);
    }
}
