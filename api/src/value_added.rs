//! `GET /v1/value-added` and `GET /v1/value-added/{release}`: what was published of value added.
//!
//! Promise: a release is given as it was published, with its model, the versions of the data it was made from and the version of the
//! program; groups come in the order of their codes, small ones without figures. Nothing is fitted here, and no pupil is in it.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use xueqing_query::value_added::release::Release;

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
    /// Fixed effects with errors, variance components with intervals, intraclass correlations, and by grouping each group's shrunken
    /// effect with its interval, reliability, number of pupils and judgement; coverage, convergence, notes.
    #[schema(value_type = Object)]
    result: (),
}

impl From<&Release> for Published {
    fn from(release: &Release) -> Self {
        let made_at = release.made_at.to_rfc3339();
        Self { release: release.release.clone(), made_at, title: (&release.title).into(), code: release.code.clone() }
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
pub(crate) async fn read(State(shared): State<Shared>, Path(name): Path<String>) -> Result<Json<Release>, Problem> {
    let found = shared.app.engine.releases().await?.into_iter().find(|release| release.release == name);
    Ok(Json(found.ok_or(Error::UnknownRelease(name))?))
}
