//! Rows whose content follows from their key and revision, so that every one that is found can be judged.

/// One act in a lesson, in one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub event: String,
    pub revision: i64,
}

impl Row {
    pub fn new(event: String, revision: i64) -> Self {
        Self { event, revision }
    }

    /// The response time that this revision says.
    pub fn value(&self) -> i64 {
        value(&self.event, self.revision)
    }

    pub fn line(&self) -> String {
        let Row { event, revision } = self;
        let hash = hash(event);
        let (day, student) = (16 + hash % 5, hash % 97);
        format!(
            "{{\"event\":\"{event}\",\"school\":\"S1\",\"class\":\"C1\",\"grade\":\"13\",\"subject\":\"math\",\"lesson\":\"L{day}\",\
             \"student\":\"{student}\",\"at\":\"2026-11-{day}T09:00:00+08:00\",\"act\":\"answer\",\"response_ms\":{},\
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
