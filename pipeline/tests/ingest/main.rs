//! Ingest from end to end, over a lake in a folder.

mod broker;
mod commits;
mod identity;
mod inbox;
#[cfg(feature = "kafka")]
mod kafka;
mod mqtt;
mod receipts;
mod rollups;
mod rules;
mod world;
