//! Two results side by side: do methods, years or subjects tell the same of the same groups?
//!
//! Promise: only groups that both show are compared, level by level, with intervals; what cannot be compared is refused with the reason;
//! and nobody is ordered.

use serde::Serialize;
use serde_json::Value;
use xueqing_schema::Text;

use super::agreement::{Agreement, Calls, agreement, calls};
use super::asked::{About, Asked};
use super::drift::{Drift, drift};
use super::figures::{self, Call, Figures};
use super::multilevel::Grain;
use super::refusal::{Refusal, given};

const CONFIDENCE: f64 = 0.95;

/// A result and what it is of.
#[derive(Clone, Debug)]
pub struct Side {
    /// The number of a release, or a file.
    pub name: String,
    pub asked: Asked,
    pub result: Value,
}

/// What differs between two results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// One subject in two years: is it steady?
    Years,
    /// Two subjects in one year: is it the school's, or the subject's?
    Subjects,
    /// One subject and year by two methods, or two models.
    Methods,
    /// More than one of these.
    Other,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    pub names: [String; 2],
    pub relation: Relation,
    /// Finest groups first.
    pub levels: Vec<Level>,
    /// Of two years: from the earlier to the later.
    pub drift: Option<Drift>,
}

/// The groups of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Level {
    pub grain: Grain,
    /// Groups that both show.
    pub both: usize,
    /// Groups that only the one, only the other shows.
    pub only: [usize; 2],
    #[serde(serialize_with = "given")]
    pub agreement: Result<Agreement, Refusal>,
    #[serde(serialize_with = "given")]
    pub calls: Result<Calls, Refusal>,
}

/// Compares two results.
pub fn compare(one: &Side, other: &Side) -> Result<Comparison, Refusal> {
    let relation = Relation::of(one, other);
    let (here, there) = (figures::read(&one.result), figures::read(&other.result));
    let same = |figures: &Figures| there.iter().find(|it| it.grain == figures.grain).map(|it| level(figures, it));
    let levels: Vec<Level> = here.iter().filter_map(same).collect();
    if levels.is_empty() {
        return Err(Refusal::NothingShared);
    }
    let turned = one.asked.about.year > other.asked.about.year;
    let (earlier, later) = if turned { (other, one) } else { (one, other) };
    let drift = (relation == Relation::Years && one.asked.method.is_like(&other.asked.method))
        .then(|| drift(&earlier.result, &later.result));
    Ok(Comparison { names: [one.name.clone(), other.name.clone()], relation, levels, drift })
}

fn level(one: &Figures, other: &Figures) -> Level {
    let both: Vec<_> = one.groups.iter().filter_map(|(code, figure)| Some((figure, other.groups.get(code)?))).collect();
    let estimates: Vec<(f64, f64)> = both.iter().map(|(one, other)| (one.estimate, other.estimate)).collect();
    let called: Vec<(Call, Call)> = both.iter().map(|(a, b)| (a.call(one.reference), b.call(other.reference))).collect();
    Level {
        grain: one.grain,
        both: both.len(),
        only: [one.groups.len() - both.len(), other.groups.len() - both.len()],
        agreement: agreement(&estimates, CONFIDENCE),
        calls: calls(&called, CONFIDENCE),
    }
}

impl Relation {
    fn of(one: &Side, other: &Side) -> Self {
        let (a, b) = (&one.asked.about, &other.asked.about);
        let known = |about: &About| about.subject.is_some() && about.year.is_some();
        match (a.subject == b.subject, a.year == b.year) {
            _ if !known(a) || !known(b) || a.grade != b.grade => Self::Other,
            (true, false) => Self::Years,
            (false, true) => Self::Subjects,
            (true, true) => Self::Methods,
            (false, false) => Self::Other,
        }
    }

    pub fn text(self) -> Text {
        match self {
            Self::Years => Text::new("年度稳定性：同一学科的两个年份", "stability: one subject in two years"),
            Self::Subjects => Text::new("学科一致性：同一年的两个学科", "consistency: two subjects in one year"),
            Self::Methods => {
                Text::new("方法一致性：同一学科同一年的两种算法", "methods: one subject and year computed in two ways")
            }
            Self::Other => Text::new(
                "两个结果的比较：学科、年级、年份不止一项不同，或模型文件没有写明",
                "two results that differ in more than one of subject, grade and year, or whose model files do not name them",
            ),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// Ten schools by growth percentiles, whose medians are 40 and `step` times their number.
    pub(in super::super) fn side(name: &str, subject: &str, year: i32, step: f64) -> Side {
        let text = format!(
            "title = {{ zh = \"a\", en = \"b\" }}\nsubject = \"{subject}\"\nyear = {year}\n[growth]\nexams = [\"a\", \"b\"]\nby = \"school\"\n"
        );
        let school = |i: i32| {
            let median = 50.0 + step * (f64::from(i) - 4.5) + f64::from(i * 7 % 3);
            json!({"group": format!("s{i}"), "figure": {"n": 100, "median": median, "interval": [median - 8.0, median + 8.0],
                "attainment": {"mean": 60.0 + f64::from(i), "error": 1.5}}})
        };
        let outcome = json!({"n": 1000, "mean": 60.0 + f64::from(year - 2020), "deviation": 10.0});
        let result =
            json!({"method": "sgp", "by": "school", "outcome": outcome, "groups": (0..10).map(school).collect::<Vec<_>>()});
        Side { name: name.to_owned(), asked: Asked::read(&text).unwrap(), result }
    }

    #[test]
    fn years_subjects_and_methods_are_told_apart_and_compared() {
        let (one, next) = (side("a", "math", 2025, 4.0), side("b", "math", 2026, 3.0));
        let found = compare(&next, &one).unwrap();
        assert_eq!((found.relation, found.levels[0].both, found.levels[0].only), (Relation::Years, 10, [0, 0]));
        assert!(found.levels[0].agreement.as_ref().unwrap().correlation > 0.9);
        assert_eq!(
            found.drift.unwrap().scores.unwrap().mean_change,
            1.0,
            "from the earlier to the later year, in whatever order"
        );
        assert_eq!(compare(&one, &side("c", "english", 2025, -4.0)).unwrap().relation, Relation::Subjects);
        assert_eq!(compare(&one, &one).unwrap().relation, Relation::Methods);
        assert_eq!(compare(&one, &side("d", "english", 2026, 1.0)).unwrap().relation, Relation::Other);
    }

    #[test]
    fn what_has_nothing_in_common_is_refused_and_few_groups_are_too() {
        let one = side("a", "math", 2025, 4.0);
        let mut other = side("b", "math", 2026, 3.0);
        other.result["groups"].as_array_mut().unwrap().truncate(5);
        let found = compare(&one, &other).unwrap();
        assert_eq!(found.levels[0].agreement, Err(Refusal::FewGroups { groups: 5, least: 8 }));
        let text = serde_json::to_value(&found).unwrap();
        assert_eq!(text["levels"][0]["agreement"]["refused"]["code"], "few_groups");
        other.result["by"] = json!("class");
        assert_eq!(compare(&one, &other), Err(Refusal::NothingShared));
    }
}
