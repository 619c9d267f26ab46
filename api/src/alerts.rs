//! `/v1/alerts`: what there is to act on, the rules behind it, and taking note of it.
//!
//! Promise: the answer holds the record of every delivery and no address of a receiver; of students it holds pseudonyms only, as
//! figures of a class do.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use xueqing_alerts::{Alert, Filter};
use xueqing_schema::time;

use crate::params::Params;
use crate::router::Shared;
use crate::wire::Text;
use crate::{Error, Problem};

const KNOWN: &str = "open, since, school, class, rule, severity, limit";
const MOST: usize = 1_000;
const USUAL: usize = 200;

/// Alerts, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertList {
    /// How many fit the filter; at most `limit` of them are listed.
    total: usize,
    alerts: Vec<AlertBody>,
}

/// One alert.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alert)]
pub(crate) struct AlertBody {
    id: String,
    #[schema(example = "attendance/illness_cluster")]
    rule: String,
    title: Text,
    /// Why, in both languages, with the figures of its last evaluation.
    reason: Text,
    /// `info`, `warning` or `critical`.
    severity: String,
    school: Option<String>,
    school_name: Option<String>,
    class: Option<String>,
    class_name: Option<String>,
    /// What makes it this alert: dimensions of the rule's figure.
    subject: Value,
    /// The figure's row.
    values: Value,
    /// RFC 3339, UTC.
    raised_at: String,
    /// Absent while it is open.
    resolved_at: Option<String>,
    acknowledged: Option<AcknowledgedBody>,
    /// What there was to tell: raised, escalated, resolved.
    notices: Vec<NoticeBody>,
    /// How the notices got to the receivers.
    deliveries: Vec<DeliveryBody>,
}

/// Who has taken note.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AcknowledgedBody {
    at: String,
    who: String,
    note: String,
}

/// Something to tell.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticeBody {
    /// `raised`, `escalated` or `resolved`.
    #[schema(value_type = String)]
    kind: xueqing_alerts::NoticeKind,
    severity: String,
    at: String,
}

/// One notice on its way to one receiver.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryBody {
    receiver: String,
    /// Which of the notices, from 0.
    notice: usize,
    /// `delivered`, `failed` (it is tried again) or `given_up`.
    #[schema(value_type = String)]
    state: xueqing_alerts::DeliveryState,
    /// The last attempt.
    at: String,
    attempts: u32,
    /// What it failed with.
    error: Option<String>,
}

/// Which alerts to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters in the OpenAPI document")]
pub(crate) struct AlertQuery {
    /// `true`: open ones; `false`: resolved ones; both when not given.
    open: Option<bool>,
    /// With something new at or after this time: RFC 3339, or a date (midnight UTC).
    since: Option<String>,
    school: Option<String>,
    /// Of this class, and those of its whole school.
    class: Option<String>,
    rule: Option<String>,
    /// At least so grave: `info`, `warning`, `critical`.
    severity: Option<String>,
    /// At most so many, up to 1000; 200 when not given.
    limit: Option<usize>,
}

/// List alerts with their delivery record.
#[utoipa::path(
    get, operation_id = "list_alerts", path = "/v1/alerts", tag = "alerts", params(AlertQuery),
    responses(
        (status = 200, description = "Alerts, the newest first", body = AlertList),
        (status = 400, description = "A parameter that cannot be used", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(State(shared): State<Shared>, mut params: Params) -> Result<Json<AlertList>, Problem> {
    let filter = Filter {
        open: read(&mut params, "open", "use true or false", |text| text.parse().ok())?,
        since: read(&mut params, "since", "use a time such as 2026-11-20T08:00:00Z, or a date", |text| {
            time::parse_timestamp(text, &[], chrono_tz::UTC)
        })?,
        school: params.take("school"),
        class: params.take("class"),
        rule: params.take("rule"),
        severity: read(&mut params, "severity", "use info, warning or critical", |text| text.parse().ok())?,
    };
    let hint = format!("use a number from 1 to {MOST}");
    let limit = read(&mut params, "limit", &hint, |text| text.parse().ok().filter(|limit| (1..=MOST).contains(limit)))?;
    params.finish(KNOWN)?;
    if let Some(rule) = &filter.rule {
        shared.app.alerts.rules().get(rule)?;
    }
    let alerts = shared.app.alerts.list(&filter);
    let total = alerts.len();
    Ok(Json(AlertList { total, alerts: alerts.iter().take(limit.unwrap_or(USUAL)).map(AlertBody::from).collect() }))
}

/// What can be said when an alert is acknowledged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acknowledgement {
    /// Who takes note; 1 to 64 characters.
    who: String,
    /// What is being done; at most 500 characters.
    #[serde(default)]
    note: String,
}

/// Take note of an alert. Doing it again changes nothing: the first stays.
#[utoipa::path(
    post, operation_id = "acknowledge_alert", path = "/v1/alerts/{id}/acknowledge", tag = "alerts",
    params(("id" = String, Path, description = "The alert's number")), request_body = Acknowledgement,
    responses(
        (status = 200, description = "The alert, acknowledged", body = AlertBody),
        (status = 404, description = "There is no such alert", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is resolved", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn acknowledge(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    headers: axum::http::HeaderMap,
    body: Bytes,
) -> Result<Json<AlertBody>, Problem> {
    let found = headers.get(axum::http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // A form of a foreign page cannot send this type.
    if !found.starts_with("application/json") {
        return Err(Error::UnsupportedMediaType { found: found.to_owned(), expected: "application/json" }.into());
    }
    let asked: Acknowledgement = serde_json::from_slice(&body).map_err(|error| Error::InvalidJson(error.to_string()))?;
    let alert = shared.app.alerts.acknowledge(&id, &asked.who, &asked.note).await?;
    Ok(Json(AlertBody::from(&alert)))
}

/// The rules in force, each as its file says it.
#[utoipa::path(
    get, operation_id = "list_alert_rules", path = "/v1/alerts/rules", tag = "alerts",
    responses((status = 200, description = "`{rules: […]}`: name, titles, figure, levels with their conditions, reason", body = Value))
)]
pub(crate) async fn rules(State(shared): State<Shared>, params: Params) -> Result<Json<Value>, Problem> {
    params.finish("none")?;
    let rules: Vec<_> = shared.app.alerts.rules().all().iter().map(AsRef::as_ref).collect();
    Ok(Json(serde_json::json!({ "rules": rules })))
}

fn read<T>(params: &mut Params, name: &str, hint: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Error> {
    let Some(value) = params.take(name) else { return Ok(None) };
    let parsed = parse(&value);
    parsed.map(Some).ok_or_else(|| Error::BadParameter { name: name.to_owned(), value, hint: hint.to_owned() })
}

impl From<&Alert> for AlertBody {
    fn from(alert: &Alert) -> AlertBody {
        let place = alert.place.clone();
        let at = |micros: i64| time::rfc3339_text(micros);
        AlertBody {
            id: alert.id.clone(),
            rule: alert.rule.clone(),
            title: (&alert.title).into(),
            reason: (&alert.reason).into(),
            severity: alert.severity.to_string(),
            school: place.school,
            school_name: place.school_name,
            class: place.class,
            class_name: place.class_name,
            subject: serde_json::json!(alert.subject),
            values: Value::Object(alert.values.clone()),
            raised_at: at(alert.raised),
            resolved_at: alert.resolved.map(at),
            acknowledged: alert.acknowledged.as_ref().map(|one| AcknowledgedBody {
                at: at(one.at),
                who: one.who.clone(),
                note: one.note.clone(),
            }),
            notices: alert
                .notices
                .iter()
                .map(|one| NoticeBody { kind: one.kind, severity: one.severity.to_string(), at: at(one.at) })
                .collect(),
            deliveries: alert
                .deliveries
                .iter()
                .map(|one| DeliveryBody {
                    receiver: one.receiver.clone(),
                    notice: one.notice,
                    state: one.state,
                    at: at(one.at),
                    attempts: one.attempts,
                    error: one.error.clone(),
                })
                .collect(),
        }
    }
}
