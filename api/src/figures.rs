//! `GET /v1/metrics` and `GET /v1/metrics/{name}`: the published figures.
//!
//! Promise: a figure is what its file says, over one consistent set of table versions; parameters are bound by the engine,
//! which refuses dimensions and parameters that the file does not declare.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use xueqing_query::{Answer, Metric, ParamType, Request, Scope, format};

use crate::Problem;
use crate::answer::{self, Column, Table};
use crate::negotiate::Format;
use crate::params::Params;
use crate::router::Shared;
use crate::wire::Text;

/// All published figures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Figures {
    metrics: Vec<Figure>,
}

/// What a figure is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Figure {
    #[schema(example = "workload/daily_minutes")]
    name: String,
    title: Text,
    description: Text,
    unit: String,
    /// What one value stands for before it is summed up.
    grain: Text,
    /// The document or method that it follows.
    source: Text,
    /// What it can be grouped by; `by=all` asks for no grouping.
    dimensions: Vec<Dimension>,
    /// What it is grouped by when the request does not say.
    default_by: Vec<String>,
    params: Vec<Param>,
    columns: Vec<Column>,
    /// The SQL; what stands in double braces is put in when the figure is read.
    sql: String,
}

/// Something a figure can be grouped by.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Dimension {
    name: String,
    title: Text,
}

/// A parameter of a figure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Param {
    name: String,
    title: Text,
    /// `text`, `date`, `integer` or `number`.
    #[schema(value_type = String)]
    r#type: ParamType,
    default: Option<String>,
}

/// Parameters that most figures know; each figure lists its own.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters in the OpenAPI document")]
pub(crate) struct FigureQuery {
    /// Dimensions to group by, comma separated.
    #[param(example = "class,day")]
    by: Option<String>,
    /// First day.
    #[param(example = "2026-09-01")]
    from: Option<String>,
    /// Last day.
    to: Option<String>,
    school: Option<String>,
    grade: Option<String>,
    class: Option<String>,
    subject: Option<String>,
    /// `json`, `csv` or `arrow`; else by `accept`.
    format: Option<String>,
}

/// List the published figures.
#[utoipa::path(get, operation_id = "list_metrics", path = "/v1/metrics", tag = "figures", responses((status = 200, description = "Figures", body = Figures)))]
pub(crate) async fn list(State(shared): State<Shared>) -> Json<Figures> {
    let metrics = shared.app.engine.metrics().iter().map(|metric| Figure::from(metric.as_ref())).collect();
    Json(Figures { metrics })
}

/// Read a figure.
#[utoipa::path(
    get, operation_id = "read_metric", path = "/v1/metrics/{name}", tag = "figures",
    params(
        ("name" = String, Path, description = "Name with its folder", example = "workload/daily_minutes"),
        FigureQuery,
    ),
    responses(
        (status = 200, description = "The figure", content(
            (Table = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.apache.arrow.stream"))),
        (status = "4XX", description = "Refused", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    mut params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let engine = &shared.app.engine;
    let metric = engine.metric(&name)?.clone();
    let format = Format::of(&mut params, &headers)?;
    let by = params.take("by").map(|list| list.split(',').map(|name| name.trim().to_owned()).collect());
    let request = Request { by: by.unwrap_or_default(), params: params.rest() };
    let _place = shared.limits.query().await?;
    let answer = engine.run(&name, request, &Scope::District).await?;
    answer::write(answer, format, name, move |answer| table(&metric, answer)).await
}

/// The answer with the titles that the figure's file gives.
fn table(metric: &Metric, answer: &Answer) -> Result<Table, Problem> {
    Ok(Table {
        metric: Some(metric.name.clone()),
        title: Some((&metric.title).into()),
        unit: Some(metric.unit.clone()),
        by: answer.by.clone(),
        params: answer.params.clone(),
        as_of: answer.as_of.clone(),
        columns: answer::columns(answer),
        rows: format::json_rows(answer)?,
    })
}

impl From<&Metric> for Figure {
    fn from(metric: &Metric) -> Figure {
        let dimension =
            |dimension: &xueqing_query::Dimension| Dimension { name: dimension.name.clone(), title: (&dimension.title).into() };
        Figure {
            name: metric.name.clone(),
            title: (&metric.title).into(),
            description: (&metric.description).into(),
            unit: metric.unit.clone(),
            grain: (&metric.grain).into(),
            source: (&metric.source).into(),
            dimensions: metric.dimensions.iter().map(dimension).collect(),
            default_by: metric.default_by.clone(),
            params: metric.params.iter().map(Param::from).collect(),
            columns: metric.columns.iter().map(Column::from).collect(),
            sql: metric.sql(),
        }
    }
}

impl From<&xueqing_query::Param> for Param {
    fn from(param: &xueqing_query::Param) -> Param {
        Param { name: param.name.clone(), title: (&param.title).into(), r#type: param.kind, default: param.default.clone() }
    }
}

impl From<&xueqing_query::Column> for Column {
    fn from(column: &xueqing_query::Column) -> Column {
        Column { name: column.name.clone(), title: (&column.title).into(), unit: column.unit.clone() }
    }
}
