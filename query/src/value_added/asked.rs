//! Model files: what a district asks for, by which method, and of which subject and year.
//!
//! Promise: one format for all methods; a mistake is told with its line; what the command line takes in its place is written down in the
//! same format, so that every release can be read, and made again, from its file.

use serde::{Deserialize, Serialize};
use xueqing_schema::Text;

use super::exams::ExamRequest;
use super::group::{GroupRules, Level, Sampling};
use super::growth::Settings;
use super::multilevel::{Model, Refusal};
use crate::Error;

/// A model file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Asked {
    pub title: Text,
    pub about: About,
    pub method: Method,
}

/// What the figures are of: by it a release is held against that of the year before and against other subjects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    pub subject: Option<String>,
    pub grade: Option<String>,
    /// Any number that grows by one a year, such as that in which the school year ends.
    pub year: Option<i32>,
}

/// How it is to be computed, one of three.
#[derive(Clone, Debug, PartialEq)]
pub enum Method {
    /// `[model]`: a multilevel model over the rows of `sql`.
    Model { sql: String, model: Box<Model> },
    /// `[growth]`: median growth percentiles.
    Growth(Series),
    /// `[gain]`: gains in T, percentile rank, bands and residual.
    Gain(Series),
}

impl Method {
    /// The name of its table.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Model { .. } => "model",
            Self::Growth(_) => "growth",
            Self::Gain(_) => "gain",
        }
    }

    /// Whether two are of one kind.
    pub fn is_like(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

/// A series of exams and whose growth or gain over them is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Codes of the exams, oldest first.
    pub exams: Vec<String>,
    /// `class` or `school`.
    pub by: Level,
    /// Only pupils of this school, or these classes, at the last exam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    #[serde(default)]
    pub sampling: Sampling,
    /// Groups with fewer pupils are not shown.
    #[serde(default = "minimum_n")]
    pub minimum_n: u16,
    /// The least share of a group's pupils with an earlier score.
    #[serde(default = "minimum_linked")]
    pub minimum_linked: f64,
    /// Growth: the most earlier scores used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priors: Option<usize>,
    /// Growth: the fewest pupils for a regression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_panel: Option<usize>,
    /// Gain: the bands, as shares from the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands: Option<Vec<f64>>,
}

fn minimum_n() -> u16 {
    20
}

fn minimum_linked() -> f64 {
    0.8
}

/// The file as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    title: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grade: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    year: Option<i32>,
    /// One SELECT over records, a row a pupil, with the model's columns by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sql: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<Box<Model>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    growth: Option<Series>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gain: Option<Series>,
}

impl Asked {
    /// Reads a model file.
    ///
    /// # Errors
    /// `bad_model` with the line and what is wrong there.
    pub fn read(text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|error| Refusal::BadModel { reason: error.to_string().trim_end().to_owned() }.into())
    }

    /// The model file that asks for this.
    ///
    /// # Errors
    /// None is known: every request has a file.
    pub fn write(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(Error::internal)
    }
}

impl TryFrom<Written> for Asked {
    type Error = String;

    fn try_from(file: Written) -> Result<Self, String> {
        let method = match (file.sql, file.model, file.growth, file.gain) {
            (Some(sql), Some(model), None, None) => Method::Model { sql, model },
            (None, None, Some(series), None) if series.bands.is_none() => Method::Growth(series),
            (None, None, None, Some(series)) if series.priors.is_none() && series.minimum_panel.is_none() => Method::Gain(series),
            (None, None, Some(_), None) => return Err("`bands` belongs to [gain], not to [growth]".to_owned()),
            (None, None, None, Some(_)) => {
                return Err("`priors` and `minimum_panel` belong to [growth], not to [gain]".to_owned());
            }
            _ => return Err("a model file has `sql` and [model], or [growth], or [gain]: one of the three".to_owned()),
        };
        if let Method::Growth(series) | Method::Gain(series) = &method {
            series.check()?;
            if file.subject.is_none() {
                return Err("growth and gain are of one subject: add `subject = \"math\"`".to_owned());
            }
        }
        Ok(Self { title: file.title, about: About { subject: file.subject, grade: file.grade, year: file.year }, method })
    }
}

impl From<Asked> for Written {
    fn from(Asked { title, about: About { subject, grade, year }, method }: Asked) -> Self {
        let file = Self { title, subject, grade, year, sql: None, model: None, growth: None, gain: None };
        match method {
            Method::Model { sql, model } => Self { sql: Some(sql), model: Some(model), ..file },
            Method::Growth(series) => Self { growth: Some(series), ..file },
            Method::Gain(series) => Self { gain: Some(series), ..file },
        }
    }
}

impl Series {
    fn check(&self) -> Result<(), String> {
        if !matches!(self.by, Level::Class | Level::School) {
            return Err("`by` is \"class\" or \"school\"".to_owned());
        }
        if self.exams.len() < 2 {
            return Err("`exams` names two exams or more, oldest first".to_owned());
        }
        let linked = (0.0..=1.0).contains(&self.minimum_linked);
        if linked { Ok(()) } else { Err("`minimum_linked` is a share from 0 to 1".to_owned()) }
    }

    pub(crate) fn request(&self, about: &About) -> ExamRequest {
        ExamRequest {
            subject: about.subject.clone().unwrap_or_default(),
            exams: self.exams.clone(),
            school: self.school.clone(),
            grade: about.grade.clone(),
            classes: self.classes.clone(),
            student: None,
            level: self.by,
        }
    }

    /// `fewest` is the engine's own limit for small groups, which no file lowers.
    pub(crate) fn rules(&self, fewest: usize) -> GroupRules {
        let least_linked = (self.minimum_linked * 100.0).round() as u8;
        let fewest = fewest.max(usize::from(self.minimum_n));
        GroupRules { sampling: self.sampling, fewest, least_linked, ..GroupRules::default() }
    }

    pub(crate) fn settings(&self, threads: usize) -> Settings {
        let usual = Settings::default();
        let fewest_pupils = self.minimum_panel.unwrap_or(usual.fewest_pupils);
        Settings { most_priors: self.priors.unwrap_or(usual.most_priors), fewest_pupils, threads: threads.max(1), ..usual }
    }

    pub(crate) fn bands(&self) -> Vec<f64> {
        self.bands.clone().unwrap_or_else(|| vec![0.25, 0.6, 0.9])
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TITLE: &str = "title = { zh = \"a\", en = \"b\" }\n";

    #[test]
    fn what_is_asked_for_in_words_is_the_same_as_a_file() {
        let text = "subject = \"math\"\nyear = 2026\n[growth]\nexams = [\"a\", \"b\"]\nby = \"school\"\npriors = 2\n";
        let asked = Asked::read(&format!("{TITLE}{text}")).unwrap();
        assert_eq!(Asked::read(&asked.write().unwrap()).unwrap(), asked);
        let Method::Growth(series) = &asked.method else { panic!("growth") };
        assert_eq!((series.rules(10).fewest, series.rules(30).fewest, series.settings(1).most_priors), (20, 30, 2));
    }

    #[test]
    fn the_examples_can_be_read() {
        let text = include_str!("../../../value-added.toml.example");
        let asked = Asked::read(text).unwrap();
        assert_eq!((asked.method.name(), asked.about.year), ("model", Some(2026)));
        assert_eq!(Asked::read(&asked.write().unwrap()).unwrap(), asked);
        for table in ["growth", "gain"] {
            let lines = text.lines().skip_while(|line| *line != format!("# [{table}]")).take_while(|line| line.len() > 1);
            let own: String = lines.map(|line| format!("{}\n", line.trim_start_matches("# "))).collect();
            assert_eq!(Asked::read(&format!("{TITLE}subject = \"math\"\n{own}")).unwrap().method.name(), table);
        }
    }

    #[rstest]
    #[case::line("sql = \"SELECT 1\"\n[model]\nrespons = \"x\"\n", "line 4")]
    #[case::nothing("", "one of the three")]
    #[case::both(
        "subject = \"m\"\n[growth]\nexams = [\"a\", \"b\"]\nby = \"class\"\n[gain]\nexams = [\"a\", \"b\"]\nby = \"class\"\n",
        "one of the three"
    )]
    #[case::one_exam("subject = \"m\"\n[gain]\nexams = [\"a\"]\nby = \"class\"\n", "two exams")]
    #[case::no_subject("[gain]\nexams = [\"a\", \"b\"]\nby = \"class\"\n", "one subject")]
    #[case::pupils("subject = \"m\"\n[gain]\nexams = [\"a\", \"b\"]\nby = \"student\"\n", "`by` is")]
    #[case::bands_of_growth(
        "subject = \"m\"\n[growth]\nexams = [\"a\", \"b\"]\nby = \"class\"\nbands = [0.5]\n",
        "belongs to [gain]"
    )]
    #[case::no_number("subject = \"m\"\n[gain]\nexams = [\"a\", \"b\"]\nby = \"class\"\nminimum_linked = nan\n", "from 0 to 1")]
    fn a_file_that_is_wrong_says_where(#[case] text: &str, #[case] says: &str) {
        let error = Asked::read(&format!("{TITLE}{text}")).unwrap_err();
        assert!(error.code() == "not_answerable" && error.to_string().contains(says), "{error}");
        assert!(error.to_string().contains("模型文件无法读取"), "{error}");
    }
}
