//! Ingest from end to end, over a lake in a folder.

mod commits;
mod identity;
mod receipts;
mod rollups;
mod rules;
mod sequences;
mod world;
