//! `POST /v1/assignments/check`: what tonight becomes if a piece of homework is set, while it can still be changed.
//!
//! Promise: nothing is stored. The piece passes the rules of its kind as if it were submitted; the load is the published figure
//! `workload/tonight`, once without the piece and once with it.

mod advice;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use xueqing_pipeline::{Checked, Format, Identity, Raw};
use xueqing_query::{Request, Scope, Supposed, format};

use crate::params::Params;
use crate::router::Shared;
use crate::wire::Text;
use crate::{Error, Problem, body};
use advice::Advice;

const KIND: &str = "assignment";
const FIGURE: &str = "workload/tonight";
const LONGEST: usize = 64 << 10;

type Row = Map<String, Value>;

/// What becomes of an evening.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Check {
    #[schema(example = "2026-11-20")]
    day: String,
    school: String,
    class: String,
    /// `none`, `risk` or `over`, as the figure's `warning` with the piece; `no_limit` where there is none; `unknown` where nothing can be
    /// forecast; `suppressed` where the class is too small to show.
    #[schema(example = "risk")]
    verdict: &'static str,
    /// What is likely to happen; null unless the limit may be broken.
    warning: Option<Text>,
    /// What could be done.
    suggestion: Option<Text>,
    /// Minutes of written homework left under the limit without the piece; negative when it is broken already.
    minutes_left: Option<f64>,
    /// The largest estimate with which the class's expected mean stays within the limit.
    estimate_that_fits: Option<f64>,
    /// The evening without the piece, as the figure `workload/tonight` has it; null when nothing else is set.
    #[schema(value_type = Option<Object>)]
    before: Option<Row>,
    /// The evening with it.
    #[schema(value_type = Option<Object>)]
    after: Option<Row>,
    /// The piece itself, by the same figure.
    #[schema(value_type = Option<Object>)]
    assignment: Option<Row>,
}

/// Check a planned assignment.
///
/// The body is one assignment with the fields of the kind `assignment` (`/v1/schema/assignment`); `assigned_at` says for which evening.
/// An `assignment` that is set already is replaced in thought.
#[utoipa::path(
    post, operation_id = "check_assignment", path = "/v1/assignments/check", tag = "figures",
    request_body(content((Value = "application/json")), description = "One assignment, as its kind has it", example = json!({
        "assignment": "planned", "school": "2132990001", "class": "2132990001-202301", "grade": "14", "subject": "math",
        "teacher": "T99000114SX1", "assigned_at": "2026-11-20T16:00:00+08:00", "estimated_minutes": 20, "form": "written"
    })),
    responses(
        (status = 200, description = "The evening without it and with it; nothing is stored", body = Check),
        (status = 422, description = "It breaks a rule of its kind", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn check(State(shared): State<Shared>, params: Params, body: Body) -> Result<Json<Check>, Problem> {
    params.finish("none")?;
    let text = body::read_text(body, &shared.limits, LONGEST).await?;
    let checked = planned(&shared, &text).await?;
    let place = Place::of(&checked)?;
    let rows = checked.accepted.batch().clone();
    let _turn = shared.limits.query().await?;
    let before = place.read(&shared, &["day", "class"], Supposed::gone(KIND, rows.clone())).await?.pop();
    let after = place.read(&shared, &["day", "class"], Supposed::there(KIND, rows.clone())).await?.pop();
    let pieces = place.read(&shared, &["day", "class", "assignment"], Supposed::there(KIND, rows)).await?;
    let assignment = pieces.into_iter().find(|row| row["assignment"] == place.assignment.as_str());
    let Advice { verdict, warning, suggestion, minutes_left, estimate_that_fits } =
        Advice::of(before.as_ref(), after.as_ref(), assignment.as_ref());
    let Place { day, school, class, .. } = place;
    let answer =
        Check { day, school, class, verdict, warning, suggestion, minutes_left, estimate_that_fits, before, after, assignment };
    Ok(Json(answer))
}

/// The one assignment of the body, which has passed the rules of its kind.
async fn planned(shared: &Shared, text: &str) -> Result<Checked, Problem> {
    let row: Row = serde_json::from_str(text).map_err(|error| Error::InvalidJson(error.to_string()))?;
    let raw = Raw {
        bytes: Bytes::from(Value::Object(row).to_string()),
        mapping: KIND.to_owned(),
        format: Format::Ndjson,
        encoding: None,
        source: "check".to_owned(),
        identity: Identity::Unknown,
    };
    let mut checked = shared.app.ingest.try_out(raw).await?;
    if let Some(reject) = checked.iter().flat_map(|checked| checked.rejected.rejects()).next() {
        return Err(Error::RowRejected { rule: reject.rule.clone(), reason: reject.reason.clone() }.into());
    }
    checked.retain(|checked| checked.accepted.rows() == 1);
    Ok(checked.pop().ok_or_else(|| Error::BadRequest("the body holds no assignment".to_owned()))?)
}

/// The evening that an assignment is for.
struct Place {
    day: String,
    school: String,
    class: String,
    assignment: String,
}

impl Place {
    fn of(checked: &Checked) -> Result<Self, Error> {
        let rows = checked.accepted.batch();
        let text = |name: &str| {
            let column = rows.column_by_name(name).ok_or_else(|| Error::Internal(format!("no column {name}")))?;
            format::text(column, 0).map_err(|error| Error::Internal(error.to_string()))
        };
        Ok(Self { day: text("day")?, school: text("school")?, class: text("class")?, assignment: text(KIND)? })
    }

    /// The figure's rows for this evening.
    async fn read(&self, shared: &Shared, by: &[&str], supposed: Supposed) -> Result<Vec<Row>, Problem> {
        let params = [("from", &self.day), ("to", &self.day), ("school", &self.school), ("class", &self.class)];
        let params = params.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        let request = Request { by: by.iter().map(|name| (*name).to_owned()).collect(), params };
        let answer = shared.app.engine.suppose(FIGURE, request, &Scope::District, supposed).await?;
        Ok(format::json_rows(&answer)?)
    }
}
