//! A query's answer on its way out: JSON, CSV or an Arrow stream.
//!
//! Invariant: all formats carry the same rows in the same order; the versions that they were read at are in the JSON body,
//! and in every format in the header `x-as-of`.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use xueqing_query::{Answer, format};

use crate::negotiate::Format;
use crate::wire::Text;
use crate::{Error, Problem};

/// A table as JSON.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Table {
    /// Name of the metric; absent for SQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metric: Option<String>,
    /// Title of the metric; absent for SQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<Text>,
    /// Unit of the metric's main value.
    pub(crate) unit: Option<String>,
    /// Dimensions that the rows are grouped by.
    pub(crate) by: Vec<String>,
    /// Parameters that were given.
    pub(crate) params: BTreeMap<String, String>,
    /// Version of each table that was read.
    pub(crate) as_of: BTreeMap<String, i64>,
    pub(crate) columns: Vec<Column>,
    /// One object per row, keyed by column name; `null` is unknown or suppressed, never zero.
    #[schema(value_type = Vec<Object>)]
    pub(crate) rows: Vec<serde_json::Map<String, Value>>,
}

/// One column of a table.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) title: Text,
    pub(crate) unit: Option<String>,
}

/// The columns of an answer with their titles and units.
pub(crate) fn columns(answer: &Answer) -> Vec<Column> {
    let columns = answer.columns().into_iter();
    columns.map(|column| Column { name: column.name, title: (&column.title).into(), unit: column.unit }).collect()
}

/// Writes `answer` in the asked format; JSON through `table`, which knows the titles. The work is done off the async threads.
pub(crate) async fn write(
    answer: Answer,
    format: Format,
    name: String,
    table: impl FnOnce(&Answer) -> Result<Table, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let as_of = as_of(&answer.as_of);
    let bytes = tokio::task::spawn_blocking(move || encode(&answer, format, table))
        .await
        .map_err(|error| Error::Internal(format!("encoding task: {error}")))??;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    if let Ok(value) = HeaderValue::from_str(&as_of) {
        headers.insert("x-as-of", value);
    }
    if format != Format::Json {
        let plain = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let file = format!("attachment; filename=\"{plain}.{}\"", format.extension());
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&file).map_err(internal)?);
    }
    Ok(response)
}

fn encode(answer: &Answer, format: Format, table: impl FnOnce(&Answer) -> Result<Table, Problem>) -> Result<Vec<u8>, Problem> {
    match format {
        Format::Json => Ok(serde_json::to_vec(&table(answer)?).map_err(internal)?),
        Format::Csv => Ok(format::csv(answer)?),
        Format::Arrow => Ok(format::arrow_stream(answer)?),
    }
}

/// `table=version` pairs, comma separated.
fn as_of(versions: &BTreeMap<String, i64>) -> String {
    versions.iter().map(|(table, version)| format!("{table}={version}")).collect::<Vec<_>>().join(",")
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}
