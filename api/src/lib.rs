//! The HTTP door of xueqing.
//!
//! Promise: a 200 to submitted rows means that they are on disk; a figure is what its SQL file says; whatever else happens
//! is an RFC 9457 problem with a stable code. Until there is identity, only this machine is served.
//!
//! ```text
//!                    ┌ guard · limits · problems · telemetry ┐
//!  POST /v1/events ──┤ events ── body ── stream ────────────├──▶ pipeline::Ingest ──▶ lake
//!  GET  /v1/quarantine┤quarantine ───────────────────────────├──▶ pipeline::Ingest
//!  GET  /v1/metrics ─┤ figures ─┐                           │
//!  POST /v1/assignments/check  assignments ────────────────├──▶ pipeline::Ingest, query::Engine (nothing stored)
//!  POST /v1/sql ─────┤ sql ─────┴─ negotiate ─ answer ──────├──▶ query::Engine ─────▶ lake
//!  GET  /v1/alerts ──┤ alerts ──────────────────────────────├──▶ alerts::Alerts ────▶ lake
//!  GET  /v1/schema ──┤ standard ────────────────────────────├──▶ schema::Standard
//!  GET  /docs, / ────┤ openapi, dashboard (embedded)        │
//!                    └───────────────────────────────────────┘
//! ```

mod alerts;
mod answer;
mod assignments;
mod body;
mod dashboard;
mod error;
mod events;
mod figures;
mod guard;
mod health;
mod limits;
mod live;
mod negotiate;
mod openapi;
mod params;
mod policy;
mod problem;
mod quarantine;
mod request_id;
mod router;
mod serve;
mod sql;
mod standard;
mod stream;
mod telemetry;
mod value_added;
mod wire;

pub use error::Error;
pub use limits::Options;
pub use problem::{Entry, Problem, TABLE};
pub use router::{App, router};
pub use serve::{loopback_only, serve};

/// Results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
