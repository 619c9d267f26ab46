//! What has changed, for those who watch.
//!
//! Promises: watchers hold nobody up, and nothing is kept for one of them alone: who is slow is told everything since at once; who has
//! missed more than is remembered is told so, and looks at everything anew.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use tokio::sync::watch;

/// Changes that are remembered.
const REMEMBERED: usize = 512;

/// What one look at the logs has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Goes up from change to change, over restarts too.
    pub moment: i64,
    pub days: BTreeMap<i32, Touch>,
}

/// What has changed on a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touch {
    /// Kinds of event and rollups.
    pub tables: BTreeSet<String>,
    /// The classes concerned; any, when not known.
    pub classes: Option<BTreeSet<Class>>,
}

/// A class of a school.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Class {
    pub school: String,
    pub class: String,
}

/// The latest changes.
pub struct Live {
    changes: RwLock<Changes>,
    moment: watch::Sender<i64>,
}

#[derive(Default)]
struct Changes {
    /// Everything after this moment is remembered.
    after: i64,
    latest: VecDeque<Arc<Change>>,
}

impl Default for Live {
    fn default() -> Self {
        Self { changes: RwLock::default(), moment: watch::channel(0).0 }
    }
}

impl Live {
    /// Tells the moment of each change from now on.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.moment.subscribe()
    }

    /// The changes after a moment; `None` when they are not all remembered.
    #[must_use]
    pub fn since(&self, moment: i64) -> Option<Vec<Arc<Change>>> {
        let changes = self.changes.read().unwrap_or_else(PoisonError::into_inner);
        let known = (changes.after..=*self.moment.borrow()).contains(&moment);
        known.then(|| changes.latest.iter().filter(|change| change.moment > moment).cloned().collect())
    }

    /// Nothing before this moment is known.
    pub(super) fn begin(&self, moment: i64) {
        self.changes.write().unwrap_or_else(PoisonError::into_inner).after = moment;
        self.moment.send_replace(moment);
    }

    pub(super) fn tell(&self, change: Change) {
        let moment = change.moment;
        {
            let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
            changes.latest.push_back(Arc::new(change));
            if changes.latest.len() > REMEMBERED
                && let Some(oldest) = changes.latest.pop_front()
            {
                changes.after = oldest.moment;
            }
        }
        self.moment.send_replace(moment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(moment: i64) -> Change {
        Change { moment, days: BTreeMap::new() }
    }

    #[test]
    fn a_watcher_is_told_everything_since_or_that_it_is_too_late() {
        let live = Live::default();
        live.begin(10);
        assert_eq!(live.since(9), None);
        assert_eq!(live.since(10), Some(Vec::new()));
        for moment in 11..=11 + REMEMBERED as i64 {
            live.tell(change(moment));
        }
        let last = 11 + REMEMBERED as i64;
        assert_eq!(live.since(last - 2).unwrap().iter().map(|change| change.moment).collect::<Vec<_>>(), [last - 1, last]);
        assert_eq!(live.since(10), None);
        assert_eq!(live.since(11).map(|changes| changes.len()), Some(REMEMBERED));
        assert_eq!(live.since(last + 1), None, "of another lake");
        assert_eq!(*live.watch().borrow(), last);
    }
}
