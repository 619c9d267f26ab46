//! Rows whose content follows from their key and revision, so that every one that is found can be judged.

use chrono::{Days, NaiveDate};

/// The first day of all.
const FIRST: NaiveDate = NaiveDate::from_ymd_opt(2020, 1, 1).expect("a date");

/// One act in a lesson, in one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub event: String,
    pub revision: i64,
    /// The same in every revision, for the day belongs to the key.
    day: u64,
}

impl Row {
    pub fn new(event: String, revision: i64, day: u64) -> Self {
        Self { event, revision, day }
    }

    /// The response time that this revision says.
    pub fn value(&self) -> i64 {
        value(&self.event, self.revision)
    }

    pub fn line(&self) -> String {
        let Row { event, revision, day } = self;
        let (day, student) = (FIRST + Days::new(*day), hash(event) % 97);
        format!(
            "{{\"event\":\"{event}\",\"school\":\"S1\",\"class\":\"C1\",\"grade\":\"13\",\"subject\":\"math\",\"lesson\":\"{day}\",\
             \"student\":\"{student}\",\"at\":\"{day}T09:00:00+08:00\",\"act\":\"answer\",\"response_ms\":{},\
             \"revision\":{revision}}}\n",
            self.value()
        )
    }
}

/// The response time of an event's revision.
pub fn value(event: &str, revision: i64) -> i64 {
    (hash(event).wrapping_mul(31).wrapping_add(revision as u64) % 7_200_000) as i64
}

fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)) >> 20
}
