//! One pupil's growth over a series of exams, for the pupil's own teacher: bands with intervals, never a rank.
//!
//! Promise: only of a pupil who sat the last exam in the class that is asked from, and the same answer whether another pupil is elsewhere
//! or nowhere; no percentile stands alone, for a test has an error: what is given is the range from the percentile of a score that lies
//! its error lower to that of one that lies its error higher. Nothing of it is stored or published.

use serde::Serialize;
use xueqing_schema::Text;

use super::exams::{self, ExamRequest};
use super::group::Level;
use super::growth::{Growth, Settings, percentile};
use super::refusal::{Refusal, given};
use super::report::grown;
use super::series::ExamScores;
use crate::sample::variance;
use crate::{Engine, Error, Scope};

const WIDTH_95: f64 = 1.959_963_984_540_054;

/// Who asks, and of whom.
#[derive(Clone, Debug, PartialEq)]
pub struct PupilRequest {
    pub subject: String,
    /// Codes of the exams, oldest first.
    pub exams: Vec<String>,
    /// The teacher's class.
    pub school: String,
    pub class: String,
    /// Where exams of several grades share a code.
    pub grade: Option<String>,
    /// The pupil's pseudonym.
    pub student: String,
    /// Of the tests, above 0 and below 1.
    pub reliability: f64,
}

/// A pupil's growth at each exam after the first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PupilGrowth {
    pub subject: String,
    pub school: String,
    pub class: String,
    pub student: String,
    pub reliability: f64,
    pub steps: Vec<Step>,
    pub note: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    pub exam: String,
    #[serde(serialize_with = "given")]
    pub growth: Result<Range, Refusal>,
}

/// Where the growth lies, 95 %.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Range {
    /// Growth percentiles, 1 to 99.
    pub low: u8,
    pub high: u8,
    /// The bands that the range touches, the lowest first.
    pub bands: Vec<Band>,
    /// Earlier scores that it takes into account, and pupils who are compared.
    pub priors: usize,
    pub compared: usize,
}

/// As Colorado has them: below 35, 35 to 65, above 65.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    Low,
    Typical,
    High,
}

impl Band {
    fn of(percentile: u8) -> Self {
        match percentile {
            ..35 => Self::Low,
            35..=65 => Self::Typical,
            _ => Self::High,
        }
    }

    pub fn text(self) -> Text {
        match self {
            Self::Low => Text::new("成长较慢", "low growth"),
            Self::Typical => Text::new("成长正常", "typical growth"),
            Self::High => Text::new("成长较快", "high growth"),
        }
    }
}

impl Engine {
    /// The growth of one pupil of the class that is asked from.
    ///
    /// # Errors
    /// `not_answerable` when the pupil is not of the class, or the exams cannot be used.
    pub async fn pupil_growth(&self, asked: &PupilRequest, scope: &Scope) -> Result<PupilGrowth, Error> {
        if !(asked.reliability > 0.0 && asked.reliability < 1.0) {
            return Err(Refusal::Settings("the reliability lies between 0 and 1".to_owned()).into());
        }
        if asked.exams.len() < 2 {
            return Err(Refusal::Settings("growth needs two exams: name the first and the last".to_owned()).into());
        }
        let mut steps = Vec::new();
        // The last first: it says whether the pupil is of the class.
        for last in (1..asked.exams.len()).rev() {
            let (scores, _) = exams::read(self, &request(asked, last), None, scope).await?;
            if last + 1 == asked.exams.len() && !of_class(&scores, asked) {
                return Err(Refusal::NotInClass.into());
            }
            let (reliability, threads) = (asked.reliability, self.state().config().target_partitions());
            let settings = Settings { threads: threads.max(1), ..Settings::default() };
            let growth = tokio::task::spawn_blocking(move || range(&scores, reliability, &settings));
            let growth = growth.await.map_err(Error::internal)?;
            steps.push(Step { exam: asked.exams[last].clone(), growth });
        }
        steps.reverse();
        let PupilRequest { subject, school, class, student, reliability, .. } = asked.clone();
        Ok(PupilGrowth { subject, school, class, student, reliability, steps, note: note() })
    }
}

fn note() -> Text {
    Text::new(
        "只供本班教师了解该生，不得用于排名或公布；区间来自考试本身的误差，不含以前成绩的误差",
        "for the pupil's own teacher, not for ranking and not to be published; the range is the error of the test itself, without that of the earlier ones",
    )
}

fn request(asked: &PupilRequest, last: usize) -> ExamRequest {
    let whole = last + 1 == asked.exams.len();
    ExamRequest {
        subject: asked.subject.clone(),
        exams: asked.exams[..=last].to_vec(),
        school: None,
        grade: asked.grade.clone().filter(|_| whole),
        classes: Vec::new(),
        student: Some(asked.student.clone()),
        level: Level::Class,
    }
}

fn of_class(scores: &ExamScores, asked: &PupilRequest) -> bool {
    let members = scores.units.get(&format!("{}/{}", asked.school, asked.class));
    scores.student.zip(members).is_some_and(|(student, members)| members.contains(&student))
}

/// Where the growth of the pupil who was asked about lies at the last exam.
fn range(scores: &ExamScores, reliability: f64, settings: &Settings) -> Result<Range, Refusal> {
    let last = scores.exams.len() - 1;
    let none = || Refusal::NoGrowth { test: scores.exams[last].clone() };
    if scores.grades > 1 {
        return Err(Refusal::ManyGrades { grades: scores.grades });
    }
    let student = scores.student.ok_or_else(none)?;
    let growth: Growth = grown(scores, settings)?;
    let own = |exam: usize| scores.scores.iter().find(|it| it.student == student && it.exam == exam).map(|it| it.score);
    let score = own(last).ok_or_else(none)?;
    let earlier: Vec<f64> = (0..last).rev().map_while(own).take(settings.most_priors).collect();
    let model = growth.model(earlier.len()).ok_or_else(none)?;
    let all: Vec<f64> = scores.scores.iter().filter(|it| it.exam == last).map(|it| it.score).collect();
    let reach = WIDTH_95 * (variance(&all) * (1.0 - reliability)).sqrt();
    let predictions = model.predict(&earlier[..model.priors()], &mut Vec::new());
    let [low, high] = [score - reach, score + reach].map(|score| percentile(&predictions, score));
    let bands = [Band::Low, Band::Typical, Band::High].into_iter().filter(|band| (Band::of(low)..=Band::of(high)).contains(band));
    Ok(Range { low, high, bands: bands.collect(), priors: model.priors(), compared: model.students })
}

#[cfg(test)]
mod tests {
    use super::super::series::ExamScore;
    use super::*;

    /// Four hundred pupils, of whom pupil 7 is asked about.
    fn scores() -> ExamScores {
        let mut scores =
            ExamScores { exams: vec!["a".to_owned(), "b".to_owned()], grades: 1, student: Some(7), ..ExamScores::default() };
        for student in 0..400u64 {
            let before = 40 + student * 37 % 61;
            for (exam, score) in [(0, before), (1, before / 2 + 20 + student * 53 % 31)] {
                scores.scores.push(ExamScore { student, exam, score: score as f64 });
            }
        }
        scores
    }

    #[test]
    fn the_better_the_test_the_narrower_the_range() {
        let settings = Settings::default();
        let [poor, good, best] = [0.5, 0.9, 0.999_999].map(|reliability| range(&scores(), reliability, &settings).unwrap());
        assert!(
            poor.low <= good.low && good.low <= best.low && best.high <= good.high && good.high <= poor.high,
            "{poor:?} {good:?}"
        );
        assert!(best.high - best.low <= 2 && poor.high - poor.low > 30, "{best:?} {poor:?}");
        let own = super::super::growth::StudentGrowth { student: 7, percentile: best.low, priors: 1 };
        let percentiles = grown(&scores(), &settings).unwrap().students;
        let exact = percentiles.iter().find(|it| it.student == own.student).unwrap().percentile;
        assert!((best.low..=best.high).contains(&exact), "{exact} {best:?}");
        assert_eq!((good.priors, good.compared), (1, 400));
    }

    #[test]
    fn bands_are_those_that_the_range_touches() {
        assert_eq!(
            [1, 34, 35, 65, 66, 99].map(Band::of),
            [Band::Low, Band::Low, Band::Typical, Band::Typical, Band::High, Band::High]
        );
        let poor = range(&scores(), 0.2, &Settings::default()).unwrap();
        assert_eq!(poor.bands, [Band::Low, Band::Typical, Band::High], "{poor:?}");
    }

    #[test]
    fn a_pupil_without_scores_has_no_growth() {
        let mut scores = scores();
        scores.scores.retain(|it| it.student != 7 || it.exam != 0);
        assert_eq!(range(&scores, 0.9, &Settings::default()), Err(Refusal::NoGrowth { test: "b".to_owned() }));
        scores.student = None;
        assert_eq!(range(&scores, 0.9, &Settings::default()).unwrap_err().code(), "no_growth");
        scores.grades = 2;
        assert_eq!(range(&scores, 0.9, &Settings::default()).unwrap_err().code(), "many_grades");
    }
}
