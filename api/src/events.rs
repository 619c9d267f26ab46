//! `POST /v1/events/{mapping}`: rows come in.
//!
//! Promise: 200 means committed and flushed. Rows that break the data standard are in quarantine and counted in the
//! receipt; any other failure leaves nothing accepted that the client has to guess about – sending it again is always safe,
//! because rows carry natural keys.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use xueqing_pipeline::{Format, Identity, Raw};

use crate::params::Params;
use crate::router::Shared;
use crate::wire::Text;
use crate::{Error, Problem, body};

const KNOWN: &str = "format, encoding, source";
const EXPECTED: &str = "application/x-ndjson, application/json, text/csv, text/plain or application/octet-stream";
const LONGEST_NAME: usize = 200;

/// What became durable.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// Rows read: accepted and rejected.
    read: u64,
    /// Rows committed to the kind's table.
    accepted: u64,
    /// Rows in quarantine.
    rejected: u64,
    /// Version of the kind's table that holds them.
    version: i64,
    /// The first hundred rejects.
    rejects: Vec<Reject>,
}

/// A row that broke the data standard.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reject {
    /// Line of the record, from 1.
    line: u64,
    /// The rule that it broke.
    rule: String,
    /// The field at fault, when there is one.
    field: Option<String>,
    /// Why, in both languages.
    reason: Text,
    /// The record's beginning, as it was sent.
    raw: String,
}

/// Parameters of a submission.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters in the OpenAPI document")]
pub(crate) struct EventsQuery {
    /// `ndjson`, `json` (an array of objects), `csv` or `auto`; else by `content-type`, else by the first bytes.
    format: Option<String>,
    /// Encoding of the text, such as `gb18030`; else detected.
    encoding: Option<String>,
    /// Where the rows come from, for the quarantine listing.
    source: Option<String>,
}

/// Submit rows of a kind, or of a vendor's export.
#[utoipa::path(
    post, operation_id = "submit_events", path = "/v1/events/{mapping}", tag = "events",
    params(("mapping" = String, Path, description = "A kind (`homework`) or a vendor mapping", example = "homework"), EventsQuery),
    request_body(
        content((String = "application/x-ndjson"), (String = "text/csv"), (String = "application/json")),
        description = "Rows, plain or compressed with gzip or zstd (by `content-encoding` or as a file)"
    ),
    responses(
        (status = 200, description = "Committed", body = Receipt),
        (status = "4XX", description = "Nothing was read", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(
    State(shared): State<Shared>,
    Path(mapping): Path<String>,
    mut params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Receipt>, Problem> {
    shared.app.standard.mapping(&mapping)?;
    let format = format(&mut params, &headers)?;
    let encoding = params.take("encoding").or_else(|| charset(&headers));
    let source = source(params.take("source"))?;
    params.finish(KNOWN)?;
    let held = body::read(body, &shared.limits).await?;
    let (bytes, size) = (held.bytes.clone(), held.bytes.len());
    let raw = Raw { bytes, mapping: mapping.clone(), format, encoding, source, identity: Identity::Unknown };
    let receipt = shared.app.ingest.submit(raw).await?;
    shared.telemetry.received(&mapping, size, receipt.accepted, receipt.rejected, receipt.version);
    Ok(Json(receipt.into()))
}

/// Format by parameter, else by content type.
fn format(params: &mut Params, headers: &HeaderMap) -> Result<Format, Error> {
    let sent = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?")).unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if let Some(name) = params.take("format") {
        return named(name);
    }
    match essence.as_str() {
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/json" => Ok(Format::Ndjson),
        "text/csv" => Ok(Format::Csv),
        "" | "text/plain" | "application/octet-stream" => Ok(Format::Auto),
        "application/gzip" | "application/x-gzip" | "application/zstd" => Ok(Format::Auto),
        // What curl says when it is not told otherwise.
        "application/x-www-form-urlencoded" => Ok(Format::Auto),
        _ => Err(Error::UnsupportedMediaType { found: sent.chars().take(100).collect(), expected: EXPECTED }),
    }
}

fn named(name: String) -> Result<Format, Error> {
    match name.as_str() {
        "ndjson" | "json" => Ok(Format::Ndjson),
        "csv" => Ok(Format::Csv),
        "auto" => Ok(Format::Auto),
        _ => {
            let hint = "use ndjson, json, csv or auto".to_owned();
            Err(Error::BadParameter { name: "format".to_owned(), value: name, hint })
        }
    }
}

/// The `charset` of the content type. UTF-8 is left to detection, which also finds a byte order mark.
fn charset(headers: &HeaderMap) -> Option<String> {
    let sent = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let mut rest = sent.split(';').skip(1).filter_map(|part| part.trim().split_once('='));
    let (_, value) = rest.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    let value = value.trim().trim_matches('"');
    (!value.is_empty() && !value.eq_ignore_ascii_case("utf-8")).then(|| value.to_owned())
}

fn source(given: Option<String>) -> Result<String, Error> {
    let Some(value) = given else { return Ok("http".to_owned()) };
    if value.len() > LONGEST_NAME || value.chars().any(char::is_control) {
        let hint = format!("use at most {LONGEST_NAME} bytes without control characters");
        return Err(Error::BadParameter { name: "source".to_owned(), value: value.escape_debug().to_string(), hint });
    }
    Ok(value)
}

impl From<xueqing_pipeline::Receipt> for Receipt {
    fn from(receipt: xueqing_pipeline::Receipt) -> Receipt {
        let rejects = receipt.rejects.into_iter().map(Reject::from).collect();
        Receipt { read: receipt.read, accepted: receipt.accepted, rejected: receipt.rejected, version: receipt.version, rejects }
    }
}

impl From<xueqing_pipeline::Reject> for Reject {
    fn from(reject: xueqing_pipeline::Reject) -> Reject {
        let reason = Text::from(&reject.reason);
        Reject { line: reject.line, rule: reject.rule, field: reject.field, reason, raw: reject.raw }
    }
}
