//! Is it alive, is it ready, how busy is it, and what do its problems mean.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::problem::{self, TABLE};
use crate::router::Shared;
use crate::{Error, Problem};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PATIENCE: Duration = Duration::from_secs(5);

/// The process answers.
#[utoipa::path(get, operation_id = "is_alive", path = "/healthz", tag = "operation", responses((status = 200, description = "Alive", body = Value)))]
pub(crate) async fn alive() -> Json<Value> {
    Json(json!({"status": "alive", "version": env!("CARGO_PKG_VERSION")}))
}

/// The lake can be read and the server is not stopping.
#[utoipa::path(get, operation_id = "is_ready", path = "/readyz", tag = "operation", responses(
    (status = 200, description = "Ready", body = Value),
    (status = 503, description = "Starting, stopping, or the lake cannot be read", body = crate::wire::ProblemBody,
        content_type = "application/problem+json"),
))]
pub(crate) async fn ready(State(shared): State<Shared>) -> Result<Json<Value>, Problem> {
    if *shared.stopping.borrow() {
        return Err(Error::NotReady("the server is stopping".to_owned()).into());
    }
    match tokio::time::timeout(PATIENCE, shared.app.engine.tables()).await {
        Ok(Ok(_)) => Ok(Json(json!({"status": "ready"}))),
        Ok(Err(error)) => Err(Error::NotReady(format!("the lake cannot be read ({})", error.code())).into()),
        Err(_) => Err(Error::NotReady("the lake does not answer".to_owned()).into()),
    }
}

/// Counts and times, for Prometheus.
#[utoipa::path(get, operation_id = "read_counts", path = "/metrics", tag = "operation", responses((status = 200, description = "OpenMetrics text", body = String)))]
pub(crate) async fn metrics(State(shared): State<Shared>) -> Result<impl IntoResponse, Problem> {
    let in_memory = shared.app.ingest.rollups().in_memory().await;
    let text =
        shared.telemetry.encode(&shared.app.ingest.load(), in_memory).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text))
}

/// Every problem that this API answers with.
#[utoipa::path(get, operation_id = "list_problems", path = "/v1/problems", tag = "operation", responses((status = 200, description = "Problems", body = Value)))]
pub(crate) async fn problems() -> Json<Value> {
    Json(json!({ "problems": TABLE }))
}

/// One problem.
#[utoipa::path(get, operation_id = "read_problem", path = "/v1/problems/{code}", tag = "operation",
    params(("code" = String, Path, example = "unknown_parameter")),
    responses((status = 200, description = "Problem", body = Value)))]
pub(crate) async fn problem(Path(code): Path<String>) -> Result<Json<Value>, Problem> {
    let entry = problem::find(&code).ok_or_else(|| Error::NotFound(format!("/v1/problems/{code}")))?;
    Ok(Json(json!(entry)))
}
