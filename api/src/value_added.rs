//! `GET /v1/value-added`, `…/{release}` and `…/{release}/chart/{chart}`: what was published of value added, and what its charts are drawn from.
//!
//! Promise: a release is given as it was published, with its request, the versions of the data it was made from and the version of the
//! program, and beside it how far it agrees with the year before and with other subjects; groups come in the order of their codes, small
//! ones without figures. Nothing is fitted there, and no pupil is in it. `GET /v1/value-added/growth/pupil` is the one door to a single pupil's
//! growth: asked from the pupil's own class only, and each look leaves a line in the log's `audit`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use xueqing_query::Scope;
use xueqing_query::value_added::asked::{About, Asked};
use xueqing_query::value_added::chart::{self, Chart, Kind};
use xueqing_query::value_added::pupil::{PupilGrowth, PupilRequest};
use xueqing_query::value_added::release::Release;
use xueqing_query::value_added::reported::Reported;

use crate::params::Params;
use crate::request_id::RequestId;
use crate::router::Shared;
use crate::wire::Text;
use crate::{Error, Problem};

/// All releases, the oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Releases {
    releases: Vec<Published>,
}

/// What was published, and when.
#[derive(Serialize, ToSchema)]
pub(crate) struct Published {
    #[schema(example = "2026-11-26-1")]
    release: String,
    made_at: String,
    title: Text,
    /// `model`, `growth` or `gain`; none when the file is one that this program does not read.
    method: Option<&'static str>,
    #[schema(example = "math")]
    subject: Option<String>,
    grade: Option<String>,
    #[schema(example = 2026)]
    year: Option<i32>,
    /// The version of the program.
    code: String,
}

/// One release, whole.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what a release writes; a test holds it against what is sent")]
pub(crate) struct WholeRelease {
    release: String,
    made_at: String,
    title: Text,
    /// The model file (TOML): `xueqing value-added reproduce` makes the release from it again.
    model: String,
    /// The version of the program.
    code: String,
    /// The version of each table that was read.
    #[schema(value_type = Object)]
    as_of: (),
    /// Of a model: fixed effects with errors, variance components with intervals, intraclass correlations, and by grouping each group's
    /// shrunken effect with its interval, reliability, number of pupils and judgement; coverage, convergence, notes. Of growth and gain:
    /// `method`, `by`, `groups` with figure or refusal, caveats. Of all: `outcome`, and `sensitivity` to moving and missing priors.
    #[schema(value_type = Object)]
    result: (),
    /// Against the latest earlier year of the same subject, grade and method: release, year, comparison (agreement, calls, drift); or `refused`
    /// with the reason, such as `no_earlier_release`.
    #[schema(value_type = Object)]
    stability: (),
    /// Against each other subject of the same year, grade and method; or `refused` with the reason, such as `no_other_subject`.
    #[schema(value_type = Object)]
    subjects: (),
}

impl From<&Release> for Published {
    fn from(release: &Release) -> Self {
        let asked = Asked::read(&release.model).ok();
        let method = asked.as_ref().map(|asked| asked.method.name());
        let About { subject, grade, year } = asked.map(|asked| asked.about).unwrap_or_default();
        let (title, made_at) = ((&release.title).into(), release.made_at.to_rfc3339());
        Self { release: release.release.clone(), made_at, title, method, subject, grade, year, code: release.code.clone() }
    }
}

/// List what was published.
#[utoipa::path(get, operation_id = "list_releases", path = "/v1/value-added", tag = "figures", responses((status = 200, description = "Releases", body = Releases)))]
pub(crate) async fn list(State(shared): State<Shared>) -> Result<Json<Releases>, Problem> {
    let releases = shared.app.engine.releases().await?;
    Ok(Json(Releases { releases: releases.iter().map(Published::from).collect() }))
}

/// Read a release.
#[utoipa::path(
    get, operation_id = "read_release", path = "/v1/value-added/{release}", tag = "figures",
    params(("release" = String, Path, description = "Its number", example = "2026-11-26-1")),
    responses(
        (status = 200, description = "The release", body = WholeRelease),
        (status = 404, description = "There is none of this number", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read(State(shared): State<Shared>, Path(name): Path<String>) -> Result<Json<Reported>, Problem> {
    let found = shared.app.engine.release(&name).await?;
    Ok(Json(found.ok_or(Error::UnknownRelease(name))?))
}

/// What a chart is drawn from. Levels come finest first, groups in the order of their codes; hidden groups are counted, not named.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what a chart writes; a test holds it against what is sent")]
pub(crate) struct ChartData {
    release: String,
    title: Text,
    #[schema(example = "caterpillar")]
    chart: String,
    /// What must stand beside the chart.
    note: Text,
    /// One for each kind of group (`grain`), with the `reference` of a group that adds what is expected. Caterpillar: `groups` with
    /// estimate, low, high and call, and the share of `overlapping_pairs`. Quadrant: `mean_attainment`, and `groups` with attainment and
    /// added, each with low and high, and their quadrant. Heat map: `subjects`, and `groups` with one of `cells` a subject, null when hidden.
    #[schema(value_type = Vec<Object>)]
    levels: (),
    /// Of heat maps.
    year: Option<i32>,
    /// Of heat maps.
    grade: Option<String>,
}

/// Read what a chart of a release is drawn from.
#[utoipa::path(
    get, operation_id = "chart_release", path = "/v1/value-added/{release}/chart/{chart}", tag = "figures",
    params(
        ("release" = String, Path, description = "Its number", example = "2026-11-26-1"),
        ("chart" = String, Path, description = "`caterpillar`: what groups add, with intervals; `quadrant`: attainment against what is added; \
            `heatmap`: groups by subjects over the releases of its year, grade and method", example = "caterpillar"),
    ),
    responses(
        (status = 200, description = "The data of the chart", body = ChartData),
        (status = 404, description = "There is no release of this number", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The release has no such chart", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn chart(
    State(shared): State<Shared>,
    Path((name, chart)): Path<(String, String)>,
) -> Result<Json<Chart>, Problem> {
    let all = shared.app.engine.releases().await?;
    let release = all.iter().find(|release| release.release == name).ok_or(Error::UnknownRelease(name))?;
    let kind = match chart.as_str() {
        "caterpillar" => Kind::Caterpillar,
        "quadrant" => Kind::Quadrant,
        "heatmap" => Kind::Heatmap,
        _ => {
            let hint = "expected caterpillar, quadrant or heatmap".to_owned();
            return Err(Error::BadParameter { name: "chart".to_owned(), value: chart, hint }.into());
        }
    };
    Ok(Json(chart::chart(kind, release, &all).map_err(xueqing_query::Error::from)?))
}

/// One pupil's growth, for the pupil's own teacher.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what the door writes; a test holds it against what is sent")]
pub(crate) struct PupilGrowthData {
    subject: String,
    school: String,
    class: String,
    student: String,
    /// Of the tests, as it was given.
    reliability: f64,
    /// For each exam after the first: `growth` with the percentiles `low` and `high` (95 %, by the error of the test), the `bands` that the
    /// range touches, the number of earlier scores and of pupils compared; or `refused` with the reason.
    #[schema(value_type = Vec<Object>)]
    steps: (),
    /// What must stand beside it.
    note: Text,
}

/// Read one pupil's growth.
///
/// For the teacher of the class that is named: a pupil who did not sit the last exam there is refused in the same words as one that does
/// not exist. Not for tests of which each pupil sat a drawn part.
#[utoipa::path(
    get, operation_id = "read_pupil_growth", path = "/v1/value-added/growth/pupil", tag = "figures",
    params(
        ("subject" = String, Query, example = "math"),
        ("exams" = String, Query, description = "Codes of the exams, oldest first, comma separated"),
        ("school" = String, Query, description = "The teacher's school"),
        ("class" = String, Query, description = "The teacher's class"),
        ("student" = String, Query, description = "The pupil's pseudonym"),
        ("grade" = Option<String>, Query, description = "Where exams of several grades share a code"),
        ("reliability" = Option<f64>, Query, description = "Of the tests, between 0 and 1; 0.9 when it is not known"),
    ),
    responses(
        (status = 200, description = "Bands with their ranges", body = PupilGrowthData),
        (status = "4XX", description = "Refused", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn pupil(
    State(shared): State<Shared>,
    Extension(request): Extension<RequestId>,
    mut params: Params,
) -> Result<Json<PupilGrowth>, Problem> {
    let mut needed = |name: &str, hint: &str| {
        let given = params.take(name).filter(|text| !text.trim().is_empty());
        given.ok_or_else(|| Error::BadParameter { name: name.to_owned(), value: String::new(), hint: format!("expected {hint}") })
    };
    let (subject, exams) =
        (needed("subject", "the code of a subject, such as math")?, needed("exams", "codes of exams, oldest first")?);
    let (school, class) =
        (needed("school", "the code of the teacher's school")?, needed("class", "the code of the teacher's class")?);
    let student = needed("student", "the pseudonym of a pupil")?;
    let grade = params.take("grade");
    let text = params.take("reliability").unwrap_or_else(|| "0.9".to_owned());
    let hint = "expected a number between 0 and 1, such as 0.9".to_owned();
    let reliability = text.parse().map_err(|_| Error::BadParameter { name: "reliability".to_owned(), value: text, hint })?;
    params.finish("subject, exams, school, class, student, grade, reliability")?;
    let exams = exams.split(',').map(|code| code.trim().to_owned()).collect();
    // Who was looked at and from where, before it is known whether there is an answer.
    tracing::info!(target: "audit", action = "pupil_growth", school, class, student, subject, request = request.as_str());
    let _place = shared.limits.query().await?;
    let asked = PupilRequest { subject, exams, school, class, grade, student, reliability };
    Ok(Json(shared.app.engine.pupil_growth(&asked, &Scope::District).await?))
}
