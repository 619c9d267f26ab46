//! `GET /v1/policy/interrupted` and `GET /v1/policy/differences`: did it work?
//!
//! Promise: any published figure by day or week is evaluated as it is published, small groups withheld; what the data cannot support
//! is refused with the reason. Each number comes with its interval, how many days or schools it is from, and its method.

mod ask;
mod wire;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use xueqing_query::policy::differences::Differences;
use xueqing_query::policy::interrupted::Interrupted;
use xueqing_query::{Evaluated, Scope};

use crate::Problem;
use crate::answer::Column;
use crate::params::Params;
use crate::router::Shared;
use crate::wire::Text;

/// What was found in which figure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Found<T> {
    metric: String,
    title: Text,
    /// The column that was evaluated; values are in its unit.
    column: Column,
    params: BTreeMap<String, String>,
    as_of: BTreeMap<String, i64>,
    result: T,
}

/// Parameters of both; every other parameter goes to the figure, such as `from`, `to`, `school`, `grade`, `class` and `subject`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters in the OpenAPI document")]
pub(crate) struct StudyQuery {
    /// The figure.
    #[param(example = "workload/daily_minutes")]
    metric: String,
    /// One of its columns; without, the first in the figure's unit.
    #[param(example = "mean_minutes")]
    column: Option<String>,
    /// The first day after the change.
    #[param(example = "2026-11-02")]
    date: String,
    /// `day` (as it is without) or `week`.
    step: Option<String>,
    /// First day.
    from: Option<String>,
    /// Last day.
    to: Option<String>,
    /// Of the intervals, from 0.5 to below 1; 0.95 without.
    confidence: Option<f64>,
}

/// Parameters of an interrupted time series.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters in the OpenAPI document")]
pub(crate) struct InterruptedQuery {
    /// Days from the date on that are left out while the change is made; 0 without.
    settling_days: Option<u16>,
    /// Pairs of yearly waves, 0 to 3; by the length of the series without.
    season: Option<u8>,
    /// `autoregressive` (as it is without) or `newey_west`, which is too sure of itself in short series.
    errors: Option<String>,
    /// Lags of Newey–West errors; by the length of the series without.
    lags: Option<usize>,
}

/// Parameters of a comparison of schools.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters in the OpenAPI document")]
pub(crate) struct DifferencesQuery {
    /// Codes of the schools where it was done, comma separated.
    treated: String,
    /// Codes of the schools to compare them with; every other school without.
    comparison: Option<String>,
}

/// Did a figure change at a date?
#[utoipa::path(
    get, operation_id = "policy_interrupted", path = "/v1/policy/interrupted", tag = "figures",
    params(StudyQuery, InterruptedQuery),
    responses(
        (status = 200, description = "Level and slope change with intervals, and what to plot", body = Found<wire::Interrupted>),
        (status = 422, description = "The data cannot support an answer", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn interrupted(State(shared): State<Shared>, mut params: Params) -> Result<Json<Found<Interrupted>>, Problem> {
    let question = ask::question(&mut params)?;
    let study = ask::study(params)?;
    let _place = shared.limits.query().await?;
    let found = shared.app.engine.interrupted(study, &question, &Scope::District).await?;
    Ok(Json(found.into()))
}

/// Did a figure change more in some schools than in others?
#[utoipa::path(
    get, operation_id = "policy_differences", path = "/v1/policy/differences", tag = "figures",
    params(StudyQuery, DifferencesQuery),
    responses(
        (status = 200, description = "The difference of the changes with its interval, and what to plot", body = Found<wire::Differences>),
        (status = 422, description = "The data cannot support an answer", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn differences(State(shared): State<Shared>, mut params: Params) -> Result<Json<Found<Differences>>, Problem> {
    let groups = ask::groups(&mut params)?;
    let study = ask::study(params)?;
    let _place = shared.limits.query().await?;
    let found = shared.app.engine.differences(study, &groups, &Scope::District).await?;
    Ok(Json(found.into()))
}

impl<T> From<Evaluated<T>> for Found<T> {
    fn from(found: Evaluated<T>) -> Self {
        let Evaluated { metric, column, params, as_of, result } = found;
        let column = Column { name: column.name, title: (&column.title).into(), unit: column.unit };
        Self { metric: metric.name.clone(), title: (&metric.title).into(), column, params, as_of, result }
    }
}
