//! What an [`Ingest`](crate::Ingest) is started with. Clock, keys and time zone are arguments: nothing here is global.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use xueqing_lake::Lake;
use xueqing_schema::Standard;
use xueqing_schema::ids::Pseudonyms;

/// Tells the time in microseconds since 1970 (UTC).
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Everything that one district's ingest needs.
#[derive(Clone)]
pub struct Setup {
    pub lake: Lake,
    pub standard: Arc<Standard>,
    pub ids: Pseudonyms,
    /// The district's zone: it decides the school day of an event.
    pub timezone: Tz,
    /// The district's own rollup files, as (file name, text).
    pub rollup_files: Vec<(String, String)>,
    pub options: Options,
    pub clock: Clock,
}

/// When rollups are brought up to date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rolling {
    /// Behind each commit.
    #[default]
    Following,
    /// When someone waits for them, and at the end: for a load that nobody watches.
    WhenAsked,
}

/// How much to gather before a commit, and how much may wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How long the committer gathers after the first submission of a group.
    pub commit_interval: Duration,
    /// Bytes that make a group full before the interval is over.
    pub commit_bytes: usize,
    /// Bytes of decoded rows that may wait for their commit; beyond this, submitters wait.
    pub max_pending: usize,
    pub rolling: Rolling,
    /// How long after its end a day is closed; never when not set.
    pub close_after: Option<Duration>,
    /// Days that the events of a kind are kept, where the district says otherwise than the kind's file.
    pub retention: BTreeMap<String, u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            commit_interval: Duration::from_secs(1),
            commit_bytes: 64 << 20,
            max_pending: 256 << 20,
            rolling: Rolling::Following,
            close_after: Some(Duration::from_secs(36 * 60 * 60)),
            retention: BTreeMap::new(),
        }
    }
}
