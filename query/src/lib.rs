//! Figures over the lake: every published number is one SQL file, and every door reads that file.
//!
//! Promise: a query only reads; it sees one pinned version of each table; it ends within the limits of time, memory and rows; and
//! nothing a caller sends becomes SQL text: parameters are bound, dimensions are picked from the figure's own list.
//!
//! ```text
//!   metrics/**.sql ──► Metric ──► bind (parameters, {{by}}) ──┐
//!   a district's files ──┘                                    ├──► run ──► suppress ──► Answer ──► json | csv | arrow | table
//!   SQL from an analyst ──► read-only check ──────────────────┘     ▲
//!   policy: pure statistics over a figure's days ◄── evaluate ── Answer; over single pupils' minutes ◄── minutes ── studies/*.sql
//!   Lake ──► catalog: current views, rollups, code sets ── pinned ──┘
//! ```

pub mod alert;
mod bind;
mod catalog;
mod common;
mod cooperate;
mod depth;
mod engine;
mod error;
mod evaluate;
pub mod format;
mod functions;
mod library;
mod metric;
mod minutes;
mod places;
mod plans;
pub mod policy;
mod rejects;
mod run;
mod sample;
mod suppose;
mod suppress;
mod template;
mod tonight;
pub mod value_added;

pub use bind::{ALL, Request};
pub use engine::{Answer, AnswerColumn, Engine, Options, Scope, Setup};
pub use error::Error;
pub use evaluate::{Evaluated, Groups, Quadrants, Study};
pub use metric::{Column, Dimension, Metric, Param, ParamType};
pub use minutes::{Closing, Pair, Point, Reason, Sources, Told, Unclosed};
pub use suppose::Supposed;
pub use value_added::evaluation::{Evaluation, Fitted};
