//! Alert rules: one TOML file each, over one published figure.
//!
//! Promise: a rule reads a figure as every other door does, small groups hidden; what a file says wrong is told when it is read,
//! with the file and what to write instead; no text of a rule can name a student.
//!
//! ```text
//!   alerts/**.toml ──► Rule ──► run(figure, by, params of today) ──► levels' conditions, the gravest first ──► Finding
//!   a district's files ──┘ (a name that is taken is replaced)
//! ```

mod check;
mod file;
mod finding;
mod rules;
mod severity;
mod template;
mod when;

pub use file::{Audience, Level, Rule};
pub use finding::{Finding, Found};
pub use rules::Rules;
pub use severity::Severity;
pub use template::{NAMES, Template};
pub use when::When;
