//! Ingest from end to end, over a lake in a folder.

mod broker;
mod commits;
mod identity;
mod inbox;
#[cfg(feature = "kafka")]
mod kafka;
mod mqtt;
mod old_data;
mod quarantine;
mod receipts;
mod rollups;
mod room;
mod rules;
mod sequences;
mod world;
