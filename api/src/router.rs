//! Addresses and the layers around them.
//!
//! ```text
//! request ─▶ request id ─▶ log span ─▶ counts ─▶ security headers ─▶ compression ─▶ problems ─▶ panics ─▶ local only
//!                                                                                                          │
//!       handler ◀─ time limit (but for bodies of events and the live feed) ◀─ decompression ◀────────────────────────────────┘
//! ```
//!
//! Invariant: every answer passes all outer layers, also those of unknown addresses and of panics.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::trace::TraceLayer;
use utoipa::OpenApi;
use utoipa_swagger_ui::SwaggerUi;
use xueqing_alerts::Alerts;
use xueqing_pipeline::Ingest;
use xueqing_query::Engine;
use xueqing_schema::Standard;

use crate::limits::{self, Limits, Options};
use crate::request_id::{self, RequestId};
use crate::telemetry::{self, Telemetry};
use crate::{
    Problem, alerts, assignments, dashboard, events, figures, guard, health, live, openapi, policy, problem, quarantine, sql,
    standard, value_added,
};

/// What the server serves.
#[derive(Clone)]
pub struct App {
    pub ingest: Ingest,
    pub engine: Engine,
    pub alerts: Alerts,
    pub standard: Arc<Standard>,
    pub options: Options,
}

/// What handlers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) app: App,
    pub(crate) limits: Limits,
    pub(crate) telemetry: Telemetry,
    /// Becomes true when the server stops.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// The whole interface as a service.
pub fn router(app: App) -> Router {
    with_stopping(app, watch::channel(false).1)
}

/// The interface of a server that says when it is stopping.
pub(crate) fn with_stopping(app: App, stopping: watch::Receiver<bool>) -> Router {
    let limits = Limits::new(app.options.clone());
    let shared = Shared { app, limits, telemetry: Telemetry::new(), stopping };
    let untimed = Router::new().route("/v1/events/{mapping}", post(events::post)).route("/v1/live", get(live::watch));
    let routes = untimed.merge(timed(routes(), &shared.app.options));
    layered(routes, &shared.telemetry).with_state(shared)
}

fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/quarantine", get(quarantine::list))
        .route("/v1/alerts", get(alerts::list))
        .route("/v1/alerts/rules", get(alerts::rules))
        .route("/v1/alerts/{id}/acknowledge", post(alerts::acknowledge))
        .route("/v1/metrics", get(figures::list))
        .route("/v1/metrics/{*name}", get(figures::read))
        .route("/v1/assignments/check", post(assignments::check))
        .route("/v1/policy/interrupted", get(policy::interrupted))
        .route("/v1/policy/differences", get(policy::differences))
        .route("/v1/policy/changes", get(policy::changes))
        .route("/v1/policy/recent", get(policy::recent))
        .route("/v1/policy/forecast", get(policy::forecast))
        .route("/v1/policy/quadrants", get(policy::quadrants))
        .route("/v1/policy/agreement", get(policy::agreement))
        .route("/v1/policy/censored", get(policy::censored))
        .route("/v1/value-added", get(value_added::list))
        .route("/v1/value-added/growth/pupil", get(value_added::pupil))
        .route("/v1/value-added/{release}", get(value_added::read))
        .route("/v1/value-added/{release}/chart/{chart}", get(value_added::chart))
        .route("/v1/sql", post(sql::post))
        .route("/v1/schema", get(standard::catalog))
        .route("/v1/schema/{kind}", get(standard::kind))
        .route("/v1/codes/{set}", get(standard::codes))
        .route("/v1/problems", get(health::problems))
        .route("/v1/problems/{code}", get(health::problem))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .merge(SwaggerUi::new("/docs").url("/openapi.json", openapi::Document::openapi()))
        .fallback(dashboard::serve)
}

/// Routes that must answer in time.
fn timed<S: Clone + Send + Sync + 'static>(routes: Router<S>, options: &Options) -> Router<S> {
    routes.layer(from_fn_with_state(options.request_timeout, limits::in_time))
}

/// The last layer added is the first that a request meets.
fn layered<S: Clone + Send + Sync + 'static>(routes: Router<S>, telemetry: &Telemetry) -> Router<S> {
    routes
        .layer(RequestDecompressionLayer::new())
        .layer(from_fn(guard::local_only))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(problem::complete))
        .layer(CompressionLayer::new())
        .layer(from_fn(guard::secure))
        .layer(from_fn_with_state(telemetry.clone(), telemetry::measure))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(from_fn(request_id::identify))
}

fn span(request: &Request) -> tracing::Span {
    let id = request.extensions().get::<RequestId>().map_or("", RequestId::as_str);
    tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Problem::new("internal", format!("panic: {}", text.unwrap_or("without a message"))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use std::time::Duration;
    use tower::ServiceExt;

    async fn ask(path: &str) -> (StatusCode, serde_json::Value) {
        let routes = Router::new()
            .route("/panic", get(|| async { panic!("secret") as String }))
            .route("/slow", get(std::future::pending::<String>))
            .route("/teapot", get(|| async { StatusCode::IM_A_TEAPOT }))
            .route("/broken", get(|| async { StatusCode::BAD_GATEWAY }));
        let options = Options { request_timeout: Duration::from_millis(20), ..Options::default() };
        let router = layered(timed(routes, &options), &Telemetry::new());
        let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        let status = response.status();
        (status, serde_json::from_slice(&to_bytes(response.into_body(), 1 << 20).await.unwrap()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_problem_that_says_nothing() {
        let (status, problem) = ask("/panic").await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::INTERNAL_SERVER_ERROR, Some("internal")));
        assert!(!problem.to_string().contains("secret"));
        assert!(problem["request_id"].is_string());
    }

    #[tokio::test]
    async fn bare_failures_of_the_framework_become_problems() {
        for (path, status, code) in [
            ("/slow", 504, "request_timeout"),
            ("/nowhere", 404, "not_found"),
            ("/teapot", 400, "bad_request"),
            ("/broken", 500, "internal"),
        ] {
            let (answered, problem) = ask(path).await;
            assert_eq!((answered.as_u16(), problem["code"].as_str()), (status, Some(code)), "{path}");
        }
    }
}
