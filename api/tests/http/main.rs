//! The HTTP door from outside: every answer through the whole router, over a lake in a temporary folder.

mod alerts;
mod app;
mod assignments;
mod door;
mod events;
mod figures;
mod live;
mod malformed;
mod policy;
mod problems;
mod quarantine;
mod serving;
mod sql;
mod streams;
mod value_added;

/// Compares an answer with its snapshot in `snapshots/`.
macro_rules! snapshot {
    ($name:literal, $value:expr) => {
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_json_snapshot!($name, $value)
        })
    };
}
pub(crate) use snapshot;
