//! Invented events for the benches, the same ones for the same arguments.
//!
//! ```text
//!   events ──▶ decode ──▶ validate ──▶ encode ──▶ commit ──▶ rollup ──▶ metric        one bench for each arrow
//! ```
//!
//! Every row is valid and every key occurs once; four pupils of five hand in on time.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono_tz::Asia::Shanghai;
use xueqing_lake::Lake;
use xueqing_pipeline::{Format, Identity, Ingest, Options, Raw, Setup};
use xueqing_schema::Standard;
use xueqing_schema::ids::Pseudonyms;

/// The secret under which the benches replace identifiers.
pub const KEY: &[u8] = b"a secret for benches only";

const CLASS_SIZE: usize = 40;
const SUBJECTS: [&str; 5] = ["chinese", "math", "english", "physics", "chemistry"];
const GRADES: [&str; 7] = ["13", "14", "15", "16", "21", "22", "23"];

/// `rows` homework events of one school day as NDJSON.
pub fn homework(rows: usize, day: &str) -> Bytes {
    let mut text = String::with_capacity(rows * 420);
    (0..rows).for_each(|number| line(&mut text, number, day));
    Bytes::from(text)
}

fn line(text: &mut String, number: usize, day: &str) {
    let (room, seat) = (number / CLASS_SIZE, number % CLASS_SIZE);
    let (room, subject) = (room / SUBJECTS.len(), SUBJECTS[room % SUBJECTS.len()]);
    let (school, class) = (room / 48, room % 48);
    let grade = GRADES[class % GRADES.len()];
    let written = write!(
        text,
        r#"{{"assignment":"A{day}-{school:02}{class:03}-{subject}","school":"21330000{school:02}","class":"{school:02}{class:03}","grade":"{grade}","subject":"{subject}","student":"G{school:02}{class:03}{seat:03}","assigned_at":"{day}T15:40:00+08:00","form":"written","#
    );
    debug_assert!(written.is_ok(), "a string takes what is written to it");
    text.push_str(&fate(number, day));
}

fn fate(number: usize, day: &str) -> String {
    let chance = number.wrapping_mul(2_654_435_761) >> 7;
    if chance.is_multiple_of(20) {
        return "\"status\":\"missing\"}\n".to_owned();
    }
    let (begin, minutes) = (960 + chance % 240, 2 + chance % 43);
    let clock = |minute: usize| format!("{day}T{:02}:{:02}:00+08:00", minute / 60, minute % 60);
    let status = if chance.is_multiple_of(9) { "late" } else { "submitted" };
    let source = if chance.is_multiple_of(5) { "reported" } else { "measured" };
    format!(
        "\"status\":\"{status}\",\"started_at\":\"{}\",\"submitted_at\":\"{}\",\"minutes\":{minutes}.5,\"minutes_source\":\"{source}\",\"score_rate\":0.{},\"marked\":true,\"marked_by\":\"teacher\",\"corrected\":false,\"place\":\"home\"}}\n",
        clock(begin),
        clock(begin + minutes + 1),
        50 + chance % 50,
    )
}

/// An ingest over a lake in `folder` that commits at once.
pub async fn ingest(folder: &Path, standard: Arc<Standard>) -> Ingest {
    let lake = Lake::open(&folder.to_string_lossy()).expect("a lake in a temporary folder");
    let setup = Setup {
        lake,
        standard,
        ids: Pseudonyms::new(KEY),
        timezone: Shanghai,
        rollup_files: Vec::new(),
        options: Options { commit_interval: Duration::ZERO, ..Options::default() },
        clock: Arc::new(|| 1_772_000_000_000_000),
    };
    Ingest::start(setup).await.expect("an empty lake")
}

/// NDJSON homework on its way in.
pub fn raw(bytes: Bytes) -> Raw {
    Raw {
        bytes,
        mapping: "homework".to_owned(),
        format: Format::Ndjson,
        encoding: None,
        source: "bench".to_owned(),
        identity: Identity::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_json_and_keys_are_unique() {
        let text = homework(500, "2026-03-02");
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 500);
        let key = |line: &&[u8]| {
            let row: serde_json::Value = serde_json::from_slice(line).expect("json");
            (row["assignment"].to_string(), row["student"].to_string())
        };
        let keys: std::collections::BTreeSet<_> = lines.iter().map(key).collect();
        assert_eq!(keys.len(), 500);
    }
}
