//! What was acknowledged, and how it compares with what is there.

use std::collections::HashMap;

use crate::rows::{Row, value};
use crate::support::Server;

/// The highest revision acknowledged of each event.
#[derive(Debug, Default)]
pub struct Book {
    acknowledged: HashMap<String, i64>,
}

/// What a comparison found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Acknowledged, and missing or older than what was acknowledged.
    pub lost: usize,
    /// Current more than once.
    pub twice: usize,
    /// Not acknowledged: what was under way when a process was killed may be there or not.
    pub strange: usize,
}

impl Book {
    pub fn acknowledge(&mut self, rows: &[Row]) {
        for row in rows {
            let highest = self.acknowledged.entry(row.event.clone()).or_insert(row.revision);
            *highest = row.revision.max(*highest);
        }
    }

    pub fn add(&mut self, other: &Book) {
        for (event, revision) in &other.acknowledged {
            let highest = self.acknowledged.entry(event.clone()).or_insert(*revision);
            *highest = (*revision).max(*highest);
        }
    }

    pub fn len(&self) -> usize {
        self.acknowledged.len()
    }

    /// How many events, and the sum of their revisions.
    pub fn totals(&self) -> (usize, i64) {
        (self.len(), self.acknowledged.values().sum())
    }

    /// Compares with the current rows, row by row. Nothing acknowledged may be lost, and nothing be there twice.
    pub fn compare(&self, server: &Server) -> Verdict {
        let (mut verdict, mut found) = (Verdict::default(), HashMap::new());
        for (event, revision, response) in current(server) {
            assert_eq!(value(&event, revision), response, "{event} in revision {revision} is not as it was sent");
            let acknowledged = self.acknowledged.get(&event);
            verdict.strange += usize::from(acknowledged.is_none_or(|acknowledged| *acknowledged < revision));
            verdict.twice += usize::from(found.insert(event, revision).is_some());
        }
        let lost = |(event, revision): &(&String, &i64)| found.get(*event).is_none_or(|found| found < revision);
        let lost: Vec<_> = self.acknowledged.iter().filter(lost).collect();
        verdict.lost = lost.len();
        assert!(lost.is_empty(), "lost: {} rows, such as {:?}", lost.len(), lost[0]);
        assert_eq!(verdict.twice, 0, "rows that are current twice");
        verdict
    }

    /// Every event is counted once in the rollups, too.
    pub fn compare_rollups(&self, server: &Server) {
        let csv = ask(server, "SELECT sum(acts) AS acts FROM class_day");
        assert_eq!(csv.lines().nth(1), Some(self.len().to_string().as_str()), "acts in the rollups");
    }
}

/// Event, revision and response time of each current row.
fn current(server: &Server) -> Vec<(String, i64, i64)> {
    let csv = ask(server, "SELECT event, revision, response_ms FROM interaction");
    let row = |line: &str| {
        let mut cells = line.split(',');
        let mut cell = || cells.next().expect("three cells");
        (cell().to_owned(), cell().parse().expect("a revision"), cell().parse().expect("a response time"))
    };
    csv.lines().skip(1).map(row).collect()
}

pub fn ask(server: &Server, sql: &str) -> String {
    let answer = server.post("/v1/sql?format=csv", sql.to_owned());
    assert!(answer.status().is_success(), "{}", answer.text().expect("a body"));
    answer.text().expect("a body")
}
