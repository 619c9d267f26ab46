//! `GET /v1/policy/…`: did it work (`interrupted`, `differences`), when did it change (`changes`), how do
//! the last weeks differ from those before (`recent`), how will it go on (`forecast`), how do
//! load and quality lie together (`quadrants`), do the sources of minutes agree (`agreement`), and how long would homework take if the system
//! that measures it did not close (`censored`)?
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
use xueqing_query::policy::changes::Changes;
use xueqing_query::policy::differences::Differences;
use xueqing_query::policy::forecast::Forecast;
use xueqing_query::policy::interrupted::Interrupted;
use xueqing_query::policy::quadrant::Picture;
use xueqing_query::policy::recent::Recent;
use xueqing_query::{Evaluated, Scope, Sources, Unclosed};

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

/// Parameters of questions about one figure; every other parameter goes to the figure, such as `from`, `to`, `school`, `grade`, `class` and `subject`.
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
    /// `day` (as it is without) or `week`.
    step: Option<String>,
    /// First day.
    from: Option<String>,
    /// Last day.
    to: Option<String>,
    /// Of the intervals, from 0.5 to below 1; 0.95 without.
    confidence: Option<f64>,
}

/// Parameters of a question about a date.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters in the OpenAPI document")]
pub(crate) struct DateQuery {
    /// The first day after the change.
    #[param(example = "2026-11-02")]
    date: String,
}

/// Parameters of the last weeks against those before.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters in the OpenAPI document")]
pub(crate) struct SinceQuery {
    /// The first day of the last weeks.
    #[param(example = "2026-11-09")]
    since: String,
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

/// Parameters of a forecast.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters in the OpenAPI document")]
pub(crate) struct ForecastQuery {
    /// School days (20 without) or weeks (4 without) ahead, 60 at most.
    ahead: Option<usize>,
}

/// Parameters of load and quality; every other parameter goes to the figure `workload/quadrant`, such as `from`, `to`, `county`, `grade`,
/// `subject`, `exam` and `term`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters in the OpenAPI document")]
pub(crate) struct QuadrantsQuery {
    /// What a unit is, comma separated; school and subject without.
    #[param(example = "school,subject")]
    by: Option<String>,
    /// The chance that a quadrant needs, from 0.5 to below 1; 0.9 without.
    certain: Option<f64>,
    /// Of the intervals, from 0.5 to below 1; 0.95 without.
    confidence: Option<f64>,
}

/// Parameters of questions about recorded minutes; every other parameter chooses whose: `from`, `to`, `county`, `school`, `grade`, `class`,
/// `subject`, `stage`, `school_type`, `urban_rural`, `area` and `public`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters in the OpenAPI document")]
pub(crate) struct MinutesQuery {
    /// First day.
    from: Option<String>,
    /// Last day.
    to: Option<String>,
    /// Of the intervals, from 0.5 to below 1; 0.95 without.
    confidence: Option<f64>,
}

/// Parameters of minutes that were cut off.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters in the OpenAPI document")]
pub(crate) struct CensoredQuery {
    /// Minutes a day that durations are held against; nothing is without.
    #[param(example = 60)]
    limit: Option<f64>,
}

/// Did a figure change at a date?
#[utoipa::path(
    get, operation_id = "policy_interrupted", path = "/v1/policy/interrupted", tag = "figures",
    params(StudyQuery, DateQuery, InterruptedQuery),
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
    params(StudyQuery, DateQuery, DifferencesQuery),
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

/// When did a figure change?
#[utoipa::path(
    get, operation_id = "policy_changes", path = "/v1/policy/changes", tag = "figures",
    params(StudyQuery),
    responses(
        (status = 200, description = "The days on which the level changed, with intervals of day and size", body = Found<wire::Changes>),
        (status = 422, description = "The data cannot support an answer", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn changes(State(shared): State<Shared>, mut params: Params) -> Result<Json<Found<Changes>>, Problem> {
    let confidence = ask::confidence(&mut params)?;
    let study = ask::study(params)?;
    let _place = shared.limits.query().await?;
    let found = shared.app.engine.changes(study, confidence, &Scope::District).await?;
    Ok(Json(found.into()))
}

/// How will a figure go on?
#[utoipa::path(
    get, operation_id = "policy_forecast", path = "/v1/policy/forecast", tag = "figures",
    params(StudyQuery, ForecastQuery),
    responses(
        (status = 200, description = "The next school days or weeks with intervals, and how well past ones were foretold", body = Found<wire::Forecast>),
        (status = 422, description = "The data cannot support an answer", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn forecast(State(shared): State<Shared>, mut params: Params) -> Result<Json<Found<Forecast>>, Problem> {
    let (ahead, confidence) = (params.take("ahead"), ask::confidence(&mut params)?);
    let study = ask::study(params)?;
    let ahead = ask::ahead(ahead, study.step)?;
    let _place = shared.limits.query().await?;
    let found = shared.app.engine.forecast(study, ahead, confidence, &Scope::District).await?;
    Ok(Json(found.into()))
}

/// Where is much homework, and where are good results?
#[utoipa::path(
    get, operation_id = "policy_quadrants", path = "/v1/policy/quadrants", tag = "figures",
    params(QuadrantsQuery),
    responses(
        (status = 200, description = "Each unit with both axes, their intervals, and its quadrant as far as it is certain; in the order of their codes", body = Found<wire::Picture>),
        (status = 422, description = "The data cannot support an answer", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn quadrants(State(shared): State<Shared>, params: Params) -> Result<Json<Found<Picture>>, Problem> {
    let asked = ask::quadrants(params)?;
    let _place = shared.limits.query().await?;
    let found = shared.app.engine.quadrants(asked, &Scope::District).await?;
    Ok(Json(found.into()))
}

/// How much higher or lower has a figure been since a day than before?
#[utoipa::path(
    get, operation_id = "policy_recent", path = "/v1/policy/recent", tag = "figures",
    params(StudyQuery, SinceQuery),
    responses(
        (status = 200, description = "The level since the day less the level before, with its interval", body = Found<wire::Recent>),
        (status = 422, description = "The data cannot support an answer", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn recent(State(shared): State<Shared>, mut params: Params) -> Result<Json<Found<Recent>>, Problem> {
    let (since, confidence) = (ask::since(&mut params)?, ask::confidence(&mut params)?);
    let study = ask::study(params)?;
    let _place = shared.limits.query().await?;
    let found = shared.app.engine.recent(study, since, confidence, &Scope::District).await?;
    Ok(Json(found.into()))
}

/// Do measured, reported and estimated minutes agree?
#[utoipa::path(
    get, operation_id = "policy_agreement", path = "/v1/policy/agreement", tag = "figures",
    params(MinutesQuery),
    responses(
        (status = 200, description = "Each two sources over pupils who have both: bias, limits of agreement, concordance, or why there is none", body = Found<wire::Sources>),
        (status = "4XX", description = "Refused", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn agreement(State(shared): State<Shared>, mut params: Params) -> Result<Json<Found<Sources>>, Problem> {
    let confidence = ask::confidence(&mut params)?;
    let _place = shared.limits.query().await?;
    let found = shared.app.engine.agreement(params.rest(), confidence, &Scope::District).await?;
    Ok(Json(found.into()))
}

/// How long would homework take if the system that measures it did not close?
#[utoipa::path(
    get, operation_id = "policy_censored", path = "/v1/policy/censored", tag = "figures",
    params(MinutesQuery, CensoredQuery),
    responses(
        (status = 200, description = "An estimate: mean, median and P90 of a pupil's day with intervals, those cut off by the closing time taken as \"at least\"", body = Found<wire::Unclosed>),
        (status = 422, description = "The data cannot support an answer", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn censored(State(shared): State<Shared>, params: Params) -> Result<Json<Found<Unclosed>>, Problem> {
    let asked = ask::closing(params)?;
    let _place = shared.limits.query().await?;
    let found = shared.app.engine.unclosed(asked, &Scope::District).await?;
    Ok(Json(found.into()))
}

impl<T> From<Evaluated<T>> for Found<T> {
    fn from(found: Evaluated<T>) -> Self {
        let Evaluated { metric, column, params, as_of, result } = found;
        let column = Column { name: column.name, title: (&column.title).into(), unit: column.unit };
        Self { metric: metric.name.clone(), title: (&metric.title).into(), column, params, as_of, result }
    }
}
