//! The data standard over HTTP: kinds with their JSON Schemas, and code sets.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use xueqing_schema::{CodeEntry, CodeSet, Kind, Mapping, Role};

use crate::Problem;
use crate::router::Shared;
use crate::wire::Text;

/// Everything that can be submitted, and the code sets that fields refer to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Catalog {
    kinds: Vec<KindSummary>,
    mappings: Vec<MappingSummary>,
    codes: Vec<CodeSetSummary>,
}

/// One kind of row.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KindSummary {
    name: String,
    title: Text,
    description: Text,
    /// `event` or `reference`.
    role: &'static str,
    /// Fields that name one thing; of several rows the highest revision counts.
    key: Vec<String>,
    /// Names of the fields; details at `/v1/schema/{kind}`.
    fields: Vec<String>,
}

/// How one vendor's export becomes rows of a kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MappingSummary {
    name: String,
    kind: String,
    title: Text,
}

/// A code set by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeSetSummary {
    name: String,
    title: Text,
}

/// A code set with its codes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Codes {
    name: String,
    title: Text,
    /// The document that it comes from.
    source: Option<String>,
    entries: Vec<Code>,
}

/// One code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Code {
    code: String,
    title: Text,
    /// First day on which the code holds.
    #[schema(value_type = Option<String>, format = Date)]
    valid_from: Option<String>,
    /// Last day on which the code holds.
    #[schema(value_type = Option<String>, format = Date)]
    valid_to: Option<String>,
    attributes: BTreeMap<String, String>,
}

/// Kinds, vendor mappings and code sets.
#[utoipa::path(get, operation_id = "read_standard", path = "/v1/schema", tag = "standard", responses((status = 200, description = "The data standard", body = Catalog)))]
pub(crate) async fn catalog(State(shared): State<Shared>) -> Json<Catalog> {
    let standard = &shared.app.standard;
    Json(Catalog {
        kinds: standard.kinds().map(|kind| KindSummary::from(kind.as_ref())).collect(),
        mappings: standard.mappings().map(|mapping| MappingSummary::from(mapping.as_ref())).collect(),
        codes: standard.code_sets().map(|set| CodeSetSummary { name: set.name.clone(), title: (&set.title).into() }).collect(),
    })
}

/// The JSON Schema of one kind.
#[utoipa::path(get, operation_id = "read_kind", path = "/v1/schema/{kind}", tag = "standard",
    params(("kind" = String, Path, example = "homework")),
    responses(
        (status = 200, description = "JSON Schema 2020-12", body = Value),
        (status = 404, description = "No such kind", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    ))]
pub(crate) async fn kind(State(shared): State<Shared>, Path(name): Path<String>) -> Result<Json<Value>, Problem> {
    let standard = &shared.app.standard;
    Ok(Json(standard.kind(&name)?.json_schema(standard)))
}

/// The codes of one set.
#[utoipa::path(get, operation_id = "read_codes", path = "/v1/codes/{set}", tag = "standard",
    params(("set" = String, Path, example = "subjects")),
    responses(
        (status = 200, description = "Codes", body = Codes),
        (status = 404, description = "No such code set", body = crate::wire::ProblemBody, content_type = "application/problem+json"),
    ))]
pub(crate) async fn codes(State(shared): State<Shared>, Path(set): Path<String>) -> Result<Json<Codes>, Problem> {
    Ok(Json(shared.app.standard.code_set(&set)?.as_ref().into()))
}

impl From<&Kind> for KindSummary {
    fn from(kind: &Kind) -> KindSummary {
        KindSummary {
            name: kind.name.clone(),
            title: (&kind.title).into(),
            description: (&kind.description).into(),
            role: if matches!(kind.role, Role::Event) { "event" } else { "reference" },
            key: kind.key.clone(),
            fields: kind.fields.iter().map(|field| field.name.clone()).collect(),
        }
    }
}

impl From<&Mapping> for MappingSummary {
    fn from(mapping: &Mapping) -> MappingSummary {
        MappingSummary { name: mapping.name.clone(), kind: mapping.kind.clone(), title: (&mapping.title).into() }
    }
}

impl From<&CodeSet> for Codes {
    fn from(set: &CodeSet) -> Codes {
        Codes {
            name: set.name.clone(),
            title: (&set.title).into(),
            source: set.source.clone(),
            entries: set.entries.iter().map(Code::from).collect(),
        }
    }
}

impl From<&CodeEntry> for Code {
    fn from(entry: &CodeEntry) -> Code {
        Code {
            code: entry.code.clone(),
            title: (&entry.title).into(),
            valid_from: entry.valid_from.map(|day| day.to_string()),
            valid_to: entry.valid_to.map(|day| day.to_string()),
            attributes: entry.attributes.clone(),
        }
    }
}
