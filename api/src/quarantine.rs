//! `GET /v1/quarantine`: why rows were rejected, page by page.
//!
//! Promise: line, rule, field and reason of every reject, never its raw text: that holds whole records of pupils, and only the
//! command line on the server shows it.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use xueqing_pipeline::{Page, Refusals};

use crate::params::Params;
use crate::router::Shared;
use crate::wire::Text;
use crate::{Error, Problem};

const PATH: &str = "/v1/quarantine";
const KNOWN: &str = "source, mapping, rule, from, limit";
const MOST: i64 = 1_000;

/// A page of rejects, in the order in which they came.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listing {
    /// Rejects from `from` on that fit the filter; this page shows the first of them.
    total: u64,
    /// How many of these each rule rejected.
    rules: std::collections::BTreeMap<String, u64>,
    rejects: Vec<Refused>,
    /// Where the next page is; absent on the last.
    next: Option<String>,
}

/// A row that broke the data standard.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Refused {
    /// When it was last received, in UTC.
    received: String,
    source: String,
    mapping: String,
    kind: String,
    /// Line of the record, from 1.
    line: i64,
    /// The rule that it broke.
    rule: String,
    /// The field at fault, when there is one.
    field: Option<String>,
    /// Why, in both languages.
    reason: Text,
}

/// Which rejects to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters in the OpenAPI document")]
pub(crate) struct ListingQuery {
    /// Of this sender only.
    source: Option<String>,
    /// Read by this mapping only.
    mapping: Option<String>,
    /// That broke this rule only.
    rule: Option<String>,
    /// The place in the quarantine to begin at, as a receipt or a page says it.
    from: Option<i64>,
    /// Rejects of one page, at most 1000; 100 when not given.
    limit: Option<usize>,
}

/// List rejected rows, without their raw text.
#[utoipa::path(
    get, operation_id = "list_rejects", path = "/v1/quarantine", tag = "events", params(ListingQuery),
    responses(
        (status = 200, description = "A page of rejects", body = Listing),
        (status = "4XX", description = "Refused", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(State(shared): State<Shared>, mut params: Params) -> Result<Json<Listing>, Problem> {
    let page = Page {
        source: params.take("source"),
        mapping: params.take("mapping"),
        rule: params.take("rule"),
        from: number(&mut params, "from", 0, i64::MAX)?,
        limit: usize::try_from(number(&mut params, "limit", 100, MOST)?).unwrap_or_default().max(1),
    };
    params.finish(KNOWN)?;
    let _place = shared.limits.query().await?;
    let refusals = shared.app.ingest.refusals(&page).await?;
    Ok(Json(listing(&page, refusals)))
}

fn number(params: &mut Params, name: &str, default: i64, most: i64) -> Result<i64, Error> {
    let Some(value) = params.take(name) else { return Ok(default) };
    let number = value.parse().ok().filter(|number| (0..=most).contains(number));
    number.ok_or_else(|| Error::BadParameter { name: name.to_owned(), value, hint: format!("use a number from 0 to {most}") })
}

fn listing(page: &Page, refusals: Refusals) -> Listing {
    let next = refusals.next.map(|next| {
        let (from, limit) = (next.to_string(), page.limit.to_string());
        let given = [("source", &page.source), ("mapping", &page.mapping), ("rule", &page.rule)];
        let mut pairs: Vec<(&str, &str)> = given.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        pairs.extend([("from", from.as_str()), ("limit", limit.as_str())]);
        url(&pairs)
    });
    let rejects = refusals.rows.into_iter().map(Refused::from).collect();
    Listing { total: refusals.rules.values().sum(), rules: refusals.rules, rejects, next }
}

/// The address of a listing.
pub(crate) fn url(pairs: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{PATH}?{query}")
}

impl From<xueqing_pipeline::Refused> for Refused {
    fn from(row: xueqing_pipeline::Refused) -> Refused {
        let xueqing_pipeline::Refused { received, source, mapping, kind, line, rule, field, reason_zh, reason_en, .. } = row;
        Refused { received, source, mapping, kind, line, rule, field, reason: Text { zh: reason_zh, en: reason_en } }
    }
}
