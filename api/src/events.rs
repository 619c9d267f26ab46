//! `POST /v1/events/{mapping}`: rows come in.
//!
//! Promise: 200 means committed and flushed. Rows that break the data standard are in quarantine and counted in the
//! receipt; any other failure leaves nothing accepted that the client has to guess about – sending it again is always safe,
//! because rows carry natural keys, and with an `Idempotency-Key` nothing is even written twice.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use xueqing_pipeline::{Format, Identity, Origin, Raw};

use crate::body::Incoming;
use crate::params::Params;
use crate::router::Shared;
use crate::stream::Packing;
use crate::wire::Text;
use crate::{Error, Problem, quarantine, stream};

const KNOWN: &str = "format, encoding, source";
const EXPECTED: &str = "application/x-ndjson, application/json, text/csv, text/tab-separated-values, an Arrow stream or file, \
    Parquet, a workbook, text/plain or application/octet-stream";
const LONGEST_NAME: usize = 200;
const LONGEST_KEY: usize = 128;

/// What became durable.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// Rows read: accepted and rejected.
    read: u64,
    /// Rows committed to the kind's table.
    accepted: u64,
    /// Rows in quarantine.
    rejected: u64,
    /// Rows of those read that an earlier attempt with the same `Idempotency-Key` had committed.
    repeated: u64,
    /// Version of the kind's table that holds them.
    version: i64,
    /// How many rows each rule rejected, without those repeated.
    rules: BTreeMap<String, u64>,
    /// The first hundred rejects.
    rejects: Vec<Reject>,
    /// Where all rejects are listed, when there are any.
    #[schema(example = "/v1/quarantine?source=http&mapping=homework&from=0")]
    rejects_url: Option<String>,
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
    params(
        ("mapping" = String, Path, description = "A kind (`homework`) or a vendor mapping", example = "homework"),
        EventsQuery,
        ("idempotency-key" = Option<String>, Header, description = "1 to 128 visible ASCII characters that name this body: sent again, \
            it is answered and not taken twice; other content under the same key is refused with `identity_reused`"),
    ),
    request_body(
        content(
            (String = "application/x-ndjson"), (String = "text/csv"), (String = "text/tab-separated-values"), (String = "application/json"),
            (Vec<u8> = "application/vnd.apache.arrow.stream"), (Vec<u8> = "application/vnd.apache.parquet"),
        ),
        description = "Rows, plain or compressed with gzip or zstd (by `content-encoding` or as a file). A body that ends within its \
            first MiB is committed whole, together with what others send at that moment; a longer one is taken in as it arrives, \
            commit by commit"
    ),
    responses(
        (status = 200, description = "Committed", body = Receipt),
        (status = 408, description = "Nothing came for too long", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The same `idempotency-key` is being taken", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The body as a whole cannot be used", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "No room now; try again after `retry-after`", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The server is stopping", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = 507, description = "The disk is full; rows are taken again once there is room", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(
    State(shared): State<Shared>,
    Path(mapping): Path<String>,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Receipt>, Problem> {
    let mut body = Incoming::new(body, &shared.limits, shared.stopping.clone());
    match take(&shared, mapping, params, &headers, &mut body).await {
        Ok(receipt) => Ok(Json(receipt)),
        Err(problem) => {
            // A client that asked before it sends has sent nothing yet.
            if body.bytes > 0 || !headers.contains_key(header::EXPECT) {
                body.linger().await;
            }
            Err(problem)
        }
    }
}

async fn take(
    shared: &Shared,
    mapping: String,
    params: Params,
    headers: &HeaderMap,
    body: &mut Incoming,
) -> Result<Receipt, Problem> {
    if *shared.stopping.borrow() {
        return Err(Error::Stopping.into());
    }
    shared.app.standard.mapping(&mapping)?;
    let origin = origin(mapping, params, headers)?;
    let from = shared.app.ingest.quarantined();
    let (mapping, source) = (origin.mapping.clone(), origin.source.clone());
    let taken = submit(shared, origin, body).await?;
    let waited = body.ended.map(|ended| ended.elapsed());
    shared.telemetry.received(&mapping, body.bytes, &taken, waited);
    let mut receipt = Receipt::from(taken);
    // The rejects of an earlier attempt came before.
    let from = if receipt.repeated > 0 { 0 } else { from };
    if receipt.rejected > 0 {
        receipt.rejects_url = Some(quarantine::url(&[("source", &source), ("mapping", &mapping), ("from", &from.to_string())]));
    }
    Ok(receipt)
}

/// A short body shares its commit with others; a long one is read while it arrives.
async fn submit(shared: &Shared, origin: Origin, body: &mut Incoming) -> Result<xueqing_pipeline::Receipt, Problem> {
    let (ingest, limits) = (&shared.app.ingest, &shared.limits);
    let options = limits.options();
    let _turn = limits.body()?;
    let head = body.head(limits).await?;
    if head.bytes.len() as u64 > options.body_bytes {
        return Err(Error::BodyTooLarge { limit: options.body_bytes }.into());
    }
    if !body.is_whole() || Packing::of(&head.bytes).is_some() {
        let _place = limits.stream().await?;
        return stream::submit(ingest, &head, body, origin, options.body_bytes).await;
    }
    let Origin { mapping, format, encoding, source, identity } = origin;
    let raw = Raw { bytes: head.bytes.clone(), mapping, format, encoding, source, identity };
    let taken = tokio::time::timeout(options.request_timeout, ingest.submit(raw)).await;
    Ok(taken.map_err(|_| Error::RequestTimeout(options.request_timeout.as_secs()))??)
}

/// How to read the body, by what the request says of it.
fn origin(mapping: String, mut params: Params, headers: &HeaderMap) -> Result<Origin, Error> {
    let format = format(&mut params, headers)?;
    let encoding = params.take("encoding").or_else(|| charset(headers));
    let source = source(params.take("source"))?;
    params.finish(KNOWN)?;
    let identity = identity(&mapping, headers)?;
    Ok(Origin { mapping, format, encoding, source, identity })
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
        "text/csv" | "text/tab-separated-values" => Ok(Format::Csv),
        "" | "text/plain" | "application/octet-stream" => Ok(Format::Auto),
        "application/gzip" | "application/x-gzip" | "application/zstd" => Ok(Format::Auto),
        // What these hold is known by their first bytes.
        "application/vnd.apache.arrow.stream" | "application/vnd.apache.arrow.file" => Ok(Format::Auto),
        "application/vnd.apache.parquet" | "application/zip" | "application/x-zip-compressed" => Ok(Format::Auto),
        "application/vnd.ms-excel" | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => Ok(Format::Auto),
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

/// The name that the client gave this body.
fn identity(mapping: &str, headers: &HeaderMap) -> Result<Identity, Error> {
    let mut keys = headers.get_all("idempotency-key").iter();
    let Some(key) = keys.next() else { return Ok(Identity::Unknown) };
    let visible = key.as_bytes().iter().all(u8::is_ascii_graphic) && (1..=LONGEST_KEY).contains(&key.len());
    match key.to_str() {
        Ok(key) if visible && keys.next().is_none() => Ok(Identity::Named(format!("http:{mapping}:{key}"))),
        _ => Err(Error::BadRequest(format!(
            "the header `idempotency-key` must be one of 1 to {LONGEST_KEY} visible ASCII characters"
        ))),
    }
}

impl From<xueqing_pipeline::Receipt> for Receipt {
    fn from(receipt: xueqing_pipeline::Receipt) -> Receipt {
        let xueqing_pipeline::Receipt { read, accepted, rejected, repeated, version, rules, rejects } = receipt;
        let rejects = rejects.into_iter().map(Reject::from).collect();
        Receipt { read, accepted, rejected, repeated, version, rules, rejects, rejects_url: None }
    }
}

impl From<xueqing_pipeline::Reject> for Reject {
    fn from(reject: xueqing_pipeline::Reject) -> Reject {
        let reason = Text::from(&reject.reason);
        Reject { line: reject.line, rule: reject.rule, field: reject.field, reason, raw: reject.raw }
    }
}
