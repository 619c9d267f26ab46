//! From a vendor's bytes to committed rows and current rollups.
//!
//! Promises:
//! - **Visible means durable.** A [`Receipt`] is returned only after the rows it counts, and the rejects it counts, are
//!   committed and flushed to disk.
//! - **Nothing is dropped silently.** Every row read is either accepted or in quarantine, with the rule it broke and its
//!   raw text: `read = accepted + rejected`.
//! - **Incremental equals recomputed.** A rollup is at every moment what its SQL gives over the current rows of all events.
//! - **Bounded.** Memory depends on the options, never on the size of a file or the number of callers.
//!
//! ```text
//!             submit / submit_file                                                        settled
//!                      │                                                                     ▲
//!   bytes ──▶ decode ──▶ validate ──▶ Accepted ─┐  bounded by                                │
//!             (pure)     (pure)       Rejected ─┤  max_pending                               │
//!                                               ▼                                            │
//!                                          Committer ── group commit, one lake lock ──▶ committed count ──▶ Roller
//!                                               │                                                             │
//!                                               ├─▶ quarantine        (rejects, first)                        │
//!                                               ├─▶ events/*, reference/*                                     │
//!                                               │        └── files since a version ────▶ gone and new ──▶ SQL ┤
//!                                               ▼                                                             ▼
//!                                            Receipt                                                      rollups/*
//! ```

pub mod decode;

mod closing;
mod commit;
mod day;
mod erase;
mod error;
mod feed;
mod identity;
mod ingest;
mod outbox;
mod parcel;
mod quarantine;
mod receipt;
mod refusals;
mod replay;
mod retention;
mod roller;
mod rollup;
mod setup;
mod sources;
mod space;
mod texts;
mod trial;
mod upkeep;
mod validate;

pub use closing::ClosedDay;
pub use decode::{Decoded, Decoder, Format, Reject};
pub use erase::{Erased, ErasedTable, Erasure};
pub use error::{Error, Missing, listed};
pub use feed::Feed;
pub use identity::Identity;
pub use ingest::{Ingest, Load, Origin, Raw};
pub use parcel::{Delivery, Item, NotTaken, Parcel, Taken, Watch};
pub use quarantine::{Filter, QuarantinedRow};
pub use receipt::{Progress, Receipt};
pub use refusals::{Page, Refusals, Refused};
pub use replay::{Replay, Replayed, Unreplayed};
pub use retention::Expired;
pub use rollup::{Change, Class, Live, Rollup, Rollups, Touch};
pub use setup::{Clock, Options, Rolling, Setup};
pub use sources::{
    Chance, Doors, InboxOptions, KafkaOptions, KafkaTopic, Language, MqttOptions, MqttVersion, SourceState, Sources, TopicRule,
};
pub use space::Intake;
pub use validate::{Accepted, Checked, Rejected, Validator};

/// The crate's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;
