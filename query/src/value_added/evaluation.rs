//! From a model file to its result, by whichever method it asks for: over the records as they are, or as they were.
//!
//! Promise: a result holds figures of groups with all that is said of them, and of pupils nothing but how many; whatever a model file says, no
//! group shows below the engine's own limit for small groups.

use std::collections::BTreeMap;

use datafusion::dataframe::DataFrame;
use serde::Serialize;
use serde_json::Value;

use super::asked::{Asked, Method};
use super::multilevel::{Fit, Model};
use super::refusal::Refusal;
use super::release::{self, Release};
use super::report::{GainReport, GrowthReport, gain_report, growth_report};
use super::reported::{Reported, reported};
use super::sensitivity::{self, Sensitivity};
use super::series::ExamScores;
use super::{document, exams, gather};
use crate::engine::{Limits, in_time};
use crate::run::Seen;
use crate::{Engine, Error, Scope};

/// A model's fit, with what it was made from.
#[derive(Clone, Debug)]
pub struct Fitted {
    pub fit: Fit,
    /// None when the model's settings do not ask for it.
    pub sensitivity: Option<Sensitivity>,
    /// The version of each table that was read.
    pub as_of: BTreeMap<String, i64>,
}

/// What came out, by the method.
#[derive(Clone, Debug)]
pub enum Outcome {
    Model(Box<Fit>),
    Growth(GrowthReport),
    Gain(GainReport),
}

/// What a model file asks for.
#[derive(Clone, Debug)]
pub struct Evaluation {
    pub outcome: Outcome,
    pub sensitivity: Option<Sensitivity>,
    /// The whole result, as doors and releases have it.
    pub result: Value,
    /// The version of each table that was read.
    pub as_of: BTreeMap<String, i64>,
}

impl Engine {
    /// Computes what a model file asks for; `at` reads the records at the versions that it names.
    pub async fn value_added(
        &self,
        asked: &Asked,
        at: Option<&BTreeMap<String, i64>>,
        scope: &Scope,
    ) -> Result<Evaluation, Error> {
        let series = match &asked.method {
            Method::Model { sql, model } => {
                let Fitted { fit, sensitivity, as_of } = self.fit_seeing(model, sql, Seen::at(at), scope).await?;
                let result = with(serde_json::to_value(&fit).map_err(Error::internal)?, &sensitivity)?;
                return Ok(Evaluation { outcome: Outcome::Model(Box::new(fit)), sensitivity, result, as_of });
            }
            Method::Growth(series) | Method::Gain(series) => series.clone(),
        };
        let (scores, as_of) = exams::read(self, &series.request(&asked.about), at, scope).await?;
        let rules = series.rules(usize::try_from(self.options().suppress_below).unwrap_or_default());
        let (settings, bands) = (series.settings(self.state().config().target_partitions()), series.bands());
        let growth = matches!(asked.method, Method::Growth(_));
        let computed = tokio::task::spawn_blocking(move || {
            if growth {
                let report = |scores: &ExamScores| growth_report(scores, &rules, &settings);
                in_both_ways(&scores, report, document::growth, Outcome::Growth)
            } else {
                in_both_ways(&scores, |scores| gain_report(scores, &rules, &bands), document::gain, Outcome::Gain)
            }
        });
        let (outcome, result, sensitivity) = computed.await.map_err(Error::internal)??;
        let result = with(result, &sensitivity)?;
        Ok(Evaluation { outcome, sensitivity: Some(sensitivity), result, as_of })
    }

    /// A multilevel model over the rows of one SELECT, a row a pupil, which must have the model's columns by name. No group shows below
    /// the engine's own limit for small groups, whatever the model says.
    pub async fn fit(&self, model: &Model, sql: &str, scope: &Scope) -> Result<Fitted, Error> {
        self.fit_seeing(model, sql, Seen::Now(None), scope).await
    }

    async fn fit_seeing(&self, model: &Model, sql: &str, seen: Seen, scope: &Scope) -> Result<Fitted, Error> {
        let mut model = model.clone();
        model.settings.minimum_n = model.settings.minimum_n.max(self.options().suppress_below.max(0) as u64);
        model.check()?;
        let (own, memory) = (model.clone(), self.options().memory_bytes);
        let ((fit, frame), as_of) = self.planned(sql, seen, scope, move |frame, limits| fit(frame, own, limits)).await?;
        if !model.settings.sensitivity {
            return Ok(Fitted { fit, sensitivity: None, as_of });
        }
        // Over the same versions, within a time of its own.
        let published = fit.clone();
        let work = async move { sensitivity::of_model(&frame, &model, &published, memory).await };
        let sensitivity = Some(in_time(self.options().timeout, work).await?);
        Ok(Fitted { fit, sensitivity, as_of })
    }

    /// What was published, the oldest first.
    pub async fn releases(&self) -> Result<Vec<Release>, Error> {
        release::all(self.lake()).await
    }

    /// A release with what is said of it; none of this name.
    pub async fn release(&self, name: &str) -> Result<Option<Reported>, Error> {
        let all = self.releases().await?;
        Ok(all.iter().find(|release| release.release == name).map(|release| reported(release, &all)))
    }
}

/// The fit, and the rows it is of.
async fn fit(frame: DataFrame, model: Model, limits: Limits) -> Result<(Fit, DataFrame), Error> {
    let moments = gather(frame.clone(), &model).await.map_err(|error| Error::from_engine(error, limits.memory))?;
    let fit = tokio::task::spawn_blocking(move || model.fit(moments)).await.map_err(Error::internal)??;
    Ok((fit, frame))
}

/// A report over all scores, and what it would be without the pupils who moved.
fn in_both_ways<R>(
    scores: &ExamScores,
    report: impl Fn(&ExamScores) -> Result<R, Refusal>,
    document: fn(&R) -> Value,
    outcome: fn(R) -> Outcome,
) -> Result<(Outcome, Value, Sensitivity), Refusal> {
    let own = report(scores)?;
    let result = document(&own);
    let sensitivity = sensitivity::of_series(scores, &result, |others| report(others).map(|other| document(&other)));
    Ok((outcome(own), result, sensitivity))
}

/// A result with its sensitivity beside the figures.
fn with(mut result: Value, sensitivity: &impl Serialize) -> Result<Value, Error> {
    let sensitivity = serde_json::to_value(sensitivity).map_err(Error::internal)?;
    if let Value::Object(fields) = &mut result {
        fields.insert("sensitivity".to_owned(), sensitivity);
    }
    Ok(result)
}
