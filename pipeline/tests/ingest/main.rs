//! Ingest from end to end, over a lake in a folder.

mod commits;
mod identity;
mod old_data;
mod quarantine;
mod receipts;
mod rollups;
mod room;
mod rules;
mod sequences;
mod world;
