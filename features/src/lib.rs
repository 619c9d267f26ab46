//! Holds no code: see `Cargo.toml` beside this folder.
