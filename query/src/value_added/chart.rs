//! What the charts of a release are drawn from.
//!
//! Promise: every point has its interval; groups come in the order of their codes and never by their figures, so that no chart is a
//! league table; groups that a release hides are counted and not named.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use xueqing_schema::Text;

use super::asked::Asked;
use super::figures::{self, Call, Figure, Figures, Scores};
use super::multilevel::Grain;
use super::refusal::Refusal;
use super::release::Release;

const WIDTH_95: f64 = 1.959_963_984_540_054;

/// A kind of chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Caterpillar,
    Quadrant,
    Heatmap,
}

/// The data of a chart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chart {
    pub release: String,
    pub title: Text,
    pub chart: Kind,
    /// What must stand beside it.
    pub note: Text,
    #[serde(flatten)]
    pub data: Data,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Data {
    Caterpillar { levels: Vec<Caterpillar> },
    Quadrant { levels: Vec<Quadrants> },
    Heatmap { levels: Vec<Heatmap>, year: Option<i32>, grade: Option<String> },
}

/// Effects with their intervals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Caterpillar {
    pub grain: Grain,
    /// The figure of a group that adds what is expected.
    pub reference: f64,
    pub hidden: usize,
    /// The share of pairs of groups whose intervals overlap: between these nothing is told by who stands higher.
    pub overlapping_pairs: Option<f64>,
    pub groups: Vec<Bar>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bar {
    pub group: String,
    pub n: u64,
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
    pub call: Call,
}

/// Attainment against what was added.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quadrants {
    pub grain: Grain,
    /// Where the lines lie: the mean score of all pupils, and the figure of a group that adds what is expected.
    pub mean_attainment: f64,
    pub reference: f64,
    pub hidden: usize,
    pub groups: Vec<Point>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    pub group: String,
    pub n: u64,
    /// The mean score of the group's pupils.
    pub attainment: Span,
    pub added: Span,
    pub quadrant: Quadrant,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Span {
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
}

/// In which quadrant both intervals lie entirely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quadrant {
    HighAttainmentHighAdded,
    HighAttainmentLowAdded,
    LowAttainmentHighAdded,
    LowAttainmentLowAdded,
    /// One of the intervals reaches over its line.
    NotDistinguished,
}

/// Groups by subjects, over the releases of one year, grade and method.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Heatmap {
    pub grain: Grain,
    pub reference: f64,
    pub subjects: Vec<Column>,
    pub groups: Vec<Cells>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Column {
    pub subject: String,
    pub release: String,
    pub hidden: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cells {
    pub group: String,
    /// One a subject; none where the release does not show the group.
    pub cells: Vec<Option<Cell>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cell {
    pub n: u64,
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
    /// In deviations of the subject's scores; none of growth percentiles, which need no scale.
    pub standardised: Option<f64>,
    pub call: Call,
}

/// The chart of a release; a heat map looks at the other releases too.
pub fn chart(kind: Kind, release: &Release, all: &[Release]) -> Result<Chart, Refusal> {
    let levels = figures::read(&release.result);
    if levels.is_empty() {
        return Err(Refusal::NoFigures);
    }
    let data = match kind {
        Kind::Caterpillar => Data::Caterpillar { levels: levels.iter().map(caterpillar).collect() },
        Kind::Quadrant => {
            let scores = Scores::read(&release.result).ok_or(Refusal::NoFigures)?;
            Data::Quadrant { levels: levels.iter().map(|level| quadrants(level, &scores)).collect() }
        }
        Kind::Heatmap => heatmap(release, &levels, all)?,
    };
    Ok(Chart { release: release.release.clone(), title: release.title.clone(), chart: kind, note: kind.note(), data })
}

impl Kind {
    fn note(self) -> Text {
        match self {
            Self::Caterpillar => Text::new(
                "按代码排列，不是排名；区间重叠的组不能分出高低；增值不等于因果",
                "in the order of codes, no ranking; groups whose intervals overlap are not told apart; value added is not cause",
            ),
            Self::Quadrant => Text::new(
                "两个方向都有误差：区间跨线的组不归入任何象限；按代码排列，不是排名",
                "both axes have errors: a group whose interval crosses a line is in no quadrant; in the order of codes, no ranking",
            ),
            Self::Heatmap => Text::new(
                "颜色只应表示区间整体高于或低于预期的格子；空格为人数过少或没有发布；按代码排列，不是排名",
                "colour only cells whose whole interval lies above or below; an empty cell has too few pupils or no release; no ranking",
            ),
        }
    }
}

fn caterpillar(level: &Figures) -> Caterpillar {
    let bar = |(group, it): (&String, &Figure)| Bar {
        group: group.clone(),
        n: it.n,
        estimate: it.estimate,
        low: it.low,
        high: it.high,
        call: it.call(level.reference),
    };
    Caterpillar {
        grain: level.grain,
        reference: level.reference,
        hidden: level.hidden.len(),
        overlapping_pairs: overlapping_pairs(level),
        groups: level.groups.iter().map(bar).collect(),
    }
}

/// Pairs that lie apart are those of which one begins above the end of the other.
fn overlapping_pairs(level: &Figures) -> Option<f64> {
    let mut lows: Vec<f64> = level.groups.values().map(|it| it.low).collect();
    lows.sort_unstable_by(f64::total_cmp);
    let apart: usize = level.groups.values().map(|it| lows.len() - lows.partition_point(|low| *low <= it.high)).sum();
    let pairs = lows.len() * lows.len().saturating_sub(1) / 2;
    (pairs > 0).then(|| 1.0 - apart as f64 / pairs as f64)
}

fn quadrants(level: &Figures, scores: &Scores) -> Quadrants {
    let point = |(group, it): (&String, &Figure)| {
        let own = it.attainment?;
        let reach = WIDTH_95 * own.error;
        let attainment = Span { estimate: own.mean, low: own.mean - reach, high: own.mean + reach };
        let added = Span { estimate: it.estimate, low: it.low, high: it.high };
        let quadrant = Quadrant::of(attainment.call(scores.mean), added.call(level.reference));
        Some(Point { group: group.clone(), n: it.n, attainment, added, quadrant })
    };
    Quadrants {
        grain: level.grain,
        mean_attainment: scores.mean,
        reference: level.reference,
        hidden: level.hidden.len(),
        groups: level.groups.iter().filter_map(point).collect(),
    }
}

impl Span {
    fn call(&self, line: f64) -> Call {
        match self {
            Self { low, .. } if *low > line => Call::Above,
            Self { high, .. } if *high < line => Call::Below,
            _ => Call::NotDistinguished,
        }
    }
}

impl Quadrant {
    fn of(attainment: Call, added: Call) -> Self {
        match (attainment, added) {
            (Call::Above, Call::Above) => Self::HighAttainmentHighAdded,
            (Call::Above, Call::Below) => Self::HighAttainmentLowAdded,
            (Call::Below, Call::Above) => Self::LowAttainmentHighAdded,
            (Call::Below, Call::Below) => Self::LowAttainmentLowAdded,
            _ => Self::NotDistinguished,
        }
    }
}

fn heatmap(release: &Release, levels: &[Figures], all: &[Release]) -> Result<Data, Refusal> {
    let own = Asked::read(&release.model).map_err(|_| Refusal::NoFigures)?;
    if own.about.subject.is_none() || own.about.year.is_none() {
        return Err(Refusal::NotAbout);
    }
    let of_year = |other: &Asked| {
        other.about.year == own.about.year && other.about.grade == own.about.grade && other.method.is_like(&own.method)
    };
    let others = all.iter().filter(|other| other.release != release.release).chain([release]);
    let read = others.filter_map(|other| Some((Asked::read(&other.model).ok()?, other)));
    // Of several releases of one subject the last made, and of the own subject this one.
    let latest: BTreeMap<String, &Release> =
        read.filter(|(asked, _)| of_year(asked)).filter_map(|(asked, other)| Some((asked.about.subject?, other))).collect();
    let columns: Vec<(String, &Release, Vec<Figures>)> =
        latest.into_iter().map(|(subject, other)| (subject, other, figures::read(&other.result))).collect();
    let levels = levels.iter().map(|level| level_map(level, &columns)).collect();
    Ok(Data::Heatmap { levels, year: own.about.year, grade: own.about.grade })
}

fn level_map(level: &Figures, columns: &[(String, &Release, Vec<Figures>)]) -> Heatmap {
    let at = |figures: &'_ [Figures]| figures.iter().position(|it| it.grain == level.grain);
    let with: Vec<(&String, &Release, &Figures)> =
        columns.iter().filter_map(|(subject, release, all)| Some((subject, *release, &all[at(all)?]))).collect();
    let codes: BTreeSet<&String> = with.iter().flat_map(|(_, _, figures)| figures.groups.keys()).collect();
    let cell = |group: &String, release: &Release, figures: &Figures| {
        let it = figures.groups.get(group)?;
        let deviation = Scores::read(&release.result).map(|scores| scores.deviation).filter(|deviation| *deviation > 0.0);
        let standardised = deviation.filter(|_| figures.reference == 0.0).map(|deviation| it.estimate / deviation);
        Some(Cell { n: it.n, estimate: it.estimate, low: it.low, high: it.high, standardised, call: it.call(figures.reference) })
    };
    let row = |group: &String| Cells {
        group: group.clone(),
        cells: with.iter().map(|(_, release, figures)| cell(group, release, figures)).collect(),
    };
    let column = |(subject, release, figures): &(&String, &Release, &Figures)| Column {
        subject: (*subject).clone(),
        release: release.release.clone(),
        hidden: figures.hidden.len(),
    };
    Heatmap {
        grain: level.grain,
        reference: level.reference,
        subjects: with.iter().map(column).collect(),
        groups: codes.into_iter().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::reported::tests::release;
    use super::*;

    #[test]
    fn a_caterpillar_is_in_the_order_of_codes_and_says_how_many_overlap() {
        let mut own = release("1", "math", 2026, 4.0);
        own.result["groups"][3]["figure"] = serde_json::Value::Null;
        let chart = chart(Kind::Caterpillar, &own, &[]).unwrap();
        let Data::Caterpillar { levels } = &chart.data else { panic!("a caterpillar") };
        let level = &levels[0];
        assert_eq!((level.groups.len(), level.hidden), (9, 1));
        assert!(level.groups.windows(2).all(|pair| pair[0].group < pair[1].group));
        let pairs =
            level.groups.iter().enumerate().flat_map(|(i, one)| level.groups[i + 1..].iter().map(move |other| (one, other)));
        let overlapping = pairs.filter(|(one, other)| one.low <= other.high && other.low <= one.high).count();
        assert!((level.overlapping_pairs.unwrap() - overlapping as f64 / 36.0).abs() < 1e-12);
        assert!(overlapping > 0 && overlapping < 36);
        assert!(!serde_json::to_string(&chart).unwrap().contains("s3"), "a hidden group is not named");
    }

    #[test]
    fn a_group_is_in_a_quadrant_only_when_both_intervals_are() {
        let chart = chart(Kind::Quadrant, &release("1", "math", 2026, 4.0), &[]).unwrap();
        let Data::Quadrant { levels } = chart.data else { panic!("quadrants") };
        let quadrant = |group: usize| levels[0].groups[group].quadrant;
        // Scores of 60 … 69 ± 2.9 about a mean of 66; medians of 32 … 69 ± 8 about 50.
        assert_eq!(
            [quadrant(0), quadrant(5), quadrant(9)],
            [Quadrant::LowAttainmentLowAdded, Quadrant::NotDistinguished, Quadrant::HighAttainmentHighAdded]
        );
    }

    #[test]
    fn a_heat_map_has_a_column_for_each_subject_of_the_year() {
        let mut english = release("2", "english", 2026, -4.0);
        english.result["groups"].as_array_mut().unwrap().truncate(6);
        let all = [release("1", "math", 2026, 4.0), release("0", "physics", 2025, 1.0), english, release("3", "math", 2026, 3.0)];
        let chart = chart(Kind::Heatmap, &all[0], &all).unwrap();
        let Data::Heatmap { year, levels, .. } = chart.data else { panic!("a heat map") };
        let columns: Vec<_> = levels[0].subjects.iter().map(|it| (it.subject.as_str(), it.release.as_str())).collect();
        assert_eq!((year, columns), (Some(2026), vec![("english", "2"), ("math", "1")]));
        assert_eq!(levels[0].groups.len(), 10);
        assert!(levels[0].groups[7].cells[0].is_none() && levels[0].groups[7].cells[1].is_some());
        assert_eq!(
            levels[0].groups[0].cells.iter().map(|cell| cell.unwrap().call).collect::<Vec<_>>(),
            [Call::Above, Call::Below]
        );
    }

    #[test]
    fn what_has_no_figures_is_refused() {
        let mut odd = release("1", "math", 2026, 4.0);
        odd.result = serde_json::json!({"n": 1});
        assert_eq!(chart(Kind::Caterpillar, &odd, &[]), Err(Refusal::NoFigures));
    }
}
