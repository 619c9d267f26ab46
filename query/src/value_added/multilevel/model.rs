//! What is to be estimated, as a district writes it down: the response, the priors, the groups and the rules of publication.

use serde::{Deserialize, Serialize};

use super::likelihood::Method;
use super::refusal::Refusal;

/// A multilevel model of pupils in groups; read from TOML or built in Rust.
///
/// Several years of schools are pooled by cohorts nested in schools: the school's effect is what stays, a cohort's how far its year lies
/// from that; small schools show by their years together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The column with the later score.
    pub response: String,
    /// Fixed effects besides the intercept: prior scores, sex, year ….
    #[serde(default)]
    pub covariates: Vec<Covariate>,
    /// The groups with random effects. Nested ones finest first: class, school, county.
    pub groupings: Vec<Grouping>,
    #[serde(default)]
    pub arrangement: Arrangement,
    #[serde(default)]
    pub method: Method,
    /// Who sat the test of the response.
    #[serde(default)]
    pub sampling: Sampling,
    /// A column that is true for pupils who changed school between the tests.
    #[serde(default)]
    pub moved: Option<String>,
    #[serde(default)]
    pub settings: Settings,
}

/// One fixed effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covariate {
    pub column: String,
    #[serde(default)]
    pub centre: Centre,
    /// The reliability of the test, above 0 and at most 1: its error is then taken out of the estimates. None: measured without error.
    #[serde(default)]
    pub reliability: Option<f64>,
}

/// From where a covariate is measured: the intercept, and the effects of groups with random slopes, are those of a pupil there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Centre {
    /// The mean of all pupils of the model.
    #[default]
    Mean,
    At(f64),
}

/// One kind of group with random effects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grouping {
    /// The column that names the group.
    pub column: String,
    pub grain: Grain,
    /// Covariates whose slopes differ between the groups.
    #[serde(default)]
    pub slopes: Vec<String>,
}

/// What a group is, from fine to coarse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    Pupil,
    Class,
    /// A school in one year.
    Cohort,
    School,
    County,
    City,
    Province,
}

/// How the groupings stand to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrangement {
    /// Each group lies in one group of the next grouping; a name need only be unique there.
    #[default]
    Nested,
    /// Any group can share pupils with any other; names are unique in their grouping.
    Crossed,
}

/// Who sat the test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// Every pupil.
    #[default]
    Census,
    /// Each pupil only a drawn part – one subject, one booklet: nothing may be said below the school.
    Matrix,
}

/// The rules of publication.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Groups with fewer pupils count in the model, and are not shown.
    pub minimum_n: u64,
    /// The share of wrong ones that is borne among the groups called above or below.
    pub false_discovery_rate: f64,
    /// The least share of tested pupils that must have all their priors.
    pub minimum_linked: f64,
    /// Whether the variance components get profile intervals; they cost some hundred evaluations of the likelihood.
    pub profile: bool,
    /// Whether the model is made again without the pupils who moved, and with those who lack a prior, and what that changes is told.
    pub sensitivity: bool,
    /// The most steps of the search.
    pub iterations: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { minimum_n: 20, false_discovery_rate: 0.05, minimum_linked: 0.5, profile: true, sensitivity: true, iterations: 100 }
    }
}

impl Model {
    /// Refuses a model that no data could make right.
    pub fn check(&self) -> Result<(), Refusal> {
        let bad = |reason: String| Err(Refusal::BadModel { reason });
        if self.groupings.is_empty() {
            return bad("it has no groupings: name at least one column of groups".to_owned());
        }
        let columns = self.covariates.iter().map(|c| &c.column).chain(self.groupings.iter().map(|g| &g.column));
        let mut seen = vec![&self.response];
        for column in columns {
            if seen.contains(&column) {
                return bad(format!("the column \"{column}\" is named twice"));
            }
            seen.push(column);
        }
        for grouping in &self.groupings {
            let mut slopes = grouping.slopes.iter().enumerate();
            if let Some((_, slope)) =
                slopes.find(|(at, slope)| self.column(slope).is_none() || grouping.slopes[..*at].contains(slope))
            {
                return bad(format!("the slope \"{slope}\" of \"{}\" is no covariate, or is named twice", grouping.column));
            }
        }
        let reliabilities = self.covariates.iter().filter_map(|c| Some((&c.column, c.reliability?)));
        for (column, reliability) in reliabilities {
            if !(reliability > 0.0 && reliability <= 1.0) {
                return bad(format!("the reliability of \"{column}\" is {reliability}, which is not above 0 and at most 1"));
            }
        }
        let Settings { false_discovery_rate: rate, minimum_linked: linked, .. } = self.settings;
        if !(rate > 0.0 && rate < 1.0 && (0.0..=1.0).contains(&linked)) {
            return bad("false_discovery_rate must lie between 0 and 1, minimum_linked from 0 to 1".to_owned());
        }
        match self.groupings.iter().find(|grouping| grouping.grain < Grain::School) {
            Some(fine) if self.sampling == Sampling::Matrix => Err(Refusal::MatrixSampled { grouping: fine.column.clone() }),
            _ => Ok(()),
        }
    }

    /// The place of a covariate among the columns; the constant is 0.
    fn column(&self, name: &str) -> Option<usize> {
        Some(1 + self.covariates.iter().position(|covariate| covariate.column == name)?)
    }

    /// The random columns of each grouping.
    pub(crate) fn designs(&self) -> Vec<Vec<usize>> {
        let design =
            |grouping: &Grouping| std::iter::once(0).chain(grouping.slopes.iter().filter_map(|s| self.column(s))).collect();
        self.groupings.iter().map(design).collect()
    }

    /// The name of a column of the model.
    pub(crate) fn term(&self, column: usize) -> String {
        match column.checked_sub(1) {
            None => INTERCEPT.to_owned(),
            Some(at) => self.covariates.get(at).map_or_else(|| self.response.clone(), |covariate| covariate.column.clone()),
        }
    }
}

/// What the constant is called among the terms.
pub const INTERCEPT: &str = "intercept";
