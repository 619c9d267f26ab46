//! `POST /v1/sql`: read-only SQL over the current events, the rollups and the code sets.
//!
//! Promise: the text is only planned under the engine's rules (no definition, change, copy, setting, file or URL), within
//! its limits on rows, memory and time, and within the places of this server.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use xueqing_query::{Answer, Scope, format};

use crate::answer::{self, Table};
use crate::negotiate::Format;
use crate::params::Params;
use crate::router::Shared;
use crate::{Error, Problem, body};

const EXPECTED: &str = "application/json with {\"sql\": \"…\"}, application/sql or text/plain";
/// Longest body; the engine has its own, shorter limit for the query in it.
const LONGEST: usize = 256 << 10;

/// A query.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// One SELECT statement.
    #[schema(example = "SELECT school, count(*) AS pieces FROM homework GROUP BY school")]
    sql: String,
}

/// Ask in SQL.
#[utoipa::path(
    post, operation_id = "query_sql", path = "/v1/sql", tag = "figures",
    params(("format" = Option<String>, Query, description = "`json`, `csv` or `arrow`; else by `accept`")),
    request_body(content((Query = "application/json"), (String = "text/plain"))),
    responses(
        (status = 200, description = "Rows", content(
            (Table = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.apache.arrow.stream"))),
        (status = "4XX", description = "Refused", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(
    State(shared): State<Shared>,
    mut params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let format = Format::of(&mut params, &headers)?;
    params.finish("format")?;
    let sql = query(body, &headers, &shared).await?;
    let _place = shared.limits.query().await?;
    let answer = shared.app.engine.sql(&sql, &Scope::District).await?;
    answer::write(answer, format, "query".to_owned(), table).await
}

/// The text of the query; without a telling content type (curl sends a form's), JSON is known by its brace.
async fn query(body: Body, headers: &HeaderMap, shared: &Shared) -> Result<String, Problem> {
    let sent = headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"));
    let essence = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = match essence.as_str() {
        "application/json" => Some(true),
        "application/sql" | "text/plain" => Some(false),
        "" | "application/x-www-form-urlencoded" => None,
        _ => return Err(Error::UnsupportedMediaType { found: sent.chars().take(100).collect(), expected: EXPECTED }.into()),
    };
    let text = body::read_text(body, &shared.limits, LONGEST).await?;
    if !json.unwrap_or_else(|| text.trim_start().starts_with('{')) {
        return Ok(text);
    }
    let Query { sql } = serde_json::from_str(&text).map_err(|error| Error::InvalidJson(error.to_string()))?;
    Ok(sql)
}

/// Columns of a free query are titled by their names.
fn table(answer: &Answer) -> Result<Table, Problem> {
    Ok(Table {
        metric: None,
        title: None,
        unit: None,
        by: Vec::new(),
        params: Default::default(),
        as_of: answer.as_of.clone(),
        columns: answer::columns(answer),
        rows: format::json_rows(answer)?,
    })
}
