//! Alerts over published figures: raised once, recorded, and brought to those who have to act.
//!
//! Promises:
//! - **Once.** What a rule finds again is the same alert while it lasts, also after a restart: the record is the memory.
//! - **Recorded first.** An alert is on disk before anybody is told; so is every delivery, failure and acknowledgement.
//! - **Told in the end, or said so.** What a receiver did not take is tried again, at growing intervals, so many times; then the record
//!   says that it was given up. A crash between a receiver's answer and its record tells that receiver twice: messages carry a
//!   stable name for that.
//! - **No child leaves the house.** Messages carry counts and classes, and a link; a student's pseudonym is in the record only.
//!
//! ```text
//!   live feed: figures changed ─┐                      ┌─ acknowledge
//!   a minute has passed ────────┴─▶ watch ─▶ findings ─▶ decide ─▶ entries ─▶ record (lake table `alerts`)
//!                                          (query)     (pure)                   │ folded into
//!                                                                               ▼
//!   WeCom · DingTalk · Feishu · webhook · mail ◀─ send ◀─ message ◀─ outbox ◀─ book
//!                                                (thin)   (pure)     (pure)   (pure)
//! ```

mod alerts;
mod book;
mod decide;
mod entry;
mod error;
mod filter;
mod format;
mod mail;
mod message;
mod outbox;
mod quiet;
mod receiver;
mod record;
mod send;
mod watch;
mod words;

pub use alerts::{Alerts, Checked, Options, Setup};
pub use book::{Acknowledged, Alert, Delivery, DeliveryState, Notice, NoticeKind};
pub use error::Error;
pub use filter::Filter;
pub use quiet::QuietHours;
pub use receiver::{Address, Kind, Receiver, Secret, Smtp, Tls};

/// Results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
