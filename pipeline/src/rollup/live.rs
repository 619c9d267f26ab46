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

/// One log version may be told in several changes: so many, at the most.
const CHANGES_PER_VERSION: i64 = 1 << 16;

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

impl Touch {
    /// What both have changed.
    pub fn add(&mut self, other: Self) {
        self.tables.extend(other.tables);
        self.classes = self.classes.take().zip(other.classes).map(|(mut classes, others)| {
            classes.extend(others);
            classes
        });
    }
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

    /// Nothing before these versions, added up, is known.
    pub(super) fn begin(&self, versions: i64) {
        let moment = versions * CHANGES_PER_VERSION;
        self.changes.write().unwrap_or_else(PoisonError::into_inner).after = moment;
        self.moment.send_replace(moment);
    }

    /// Tells what has changed on the way to these versions. What is known of them later is a change of its own.
    pub(super) fn tell(&self, versions: i64, days: BTreeMap<i32, Touch>) {
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        let moment = (versions * CHANGES_PER_VERSION).max(*self.moment.borrow() + 1);
        changes.latest.push_back(Arc::new(Change { moment, days }));
        if changes.latest.len() > REMEMBERED
            && let Some(oldest) = changes.latest.pop_front()
        {
            changes.after = oldest.moment;
        }
        drop(changes);
        self.moment.send_replace(moment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(live: &Live, seen: i64) -> Option<Vec<i64>> {
        live.since(seen).map(|changes| changes.iter().map(|change| change.moment).collect())
    }

    #[test]
    fn a_watcher_is_told_everything_since_or_that_it_is_too_late() {
        let live = Live::default();
        live.begin(10);
        let start = *live.watch().borrow();
        assert_eq!((live.since(start - 1), moments(&live, start)), (None, Some(Vec::new())));
        (11..=11 + REMEMBERED as i64).for_each(|versions| live.tell(versions, BTreeMap::new()));
        let last = *live.watch().borrow();
        let at = |versions: i64| versions * CHANGES_PER_VERSION;
        assert_eq!(last, at(11 + REMEMBERED as i64));
        assert_eq!(moments(&live, last - 2 * CHANGES_PER_VERSION), Some(vec![last - CHANGES_PER_VERSION, last]));
        assert_eq!(live.since(start), None);
        assert_eq!(moments(&live, at(11)).map(|moments| moments.len()), Some(REMEMBERED));
        assert_eq!(live.since(last + 1), None, "of another lake");
    }

    #[test]
    fn what_is_known_later_of_the_same_versions_is_told_too() {
        let live = Live::default();
        live.begin(10);
        live.tell(11, BTreeMap::new());
        let seen = *live.watch().borrow();
        live.tell(11, BTreeMap::new());
        assert_eq!(moments(&live, seen), Some(vec![seen + 1]));
        live.tell(12, BTreeMap::new());
        assert_eq!(moments(&live, seen + 1), Some(vec![12 * CHANGES_PER_VERSION]));
    }

    #[test]
    fn touches_add_up_and_any_class_stays_any() {
        let class = |name: &str| Some(BTreeSet::from([Class { school: "s".into(), class: name.into() }]));
        let touch = |table: &str, classes| Touch { tables: BTreeSet::from([table.to_owned()]), classes };
        let mut both = touch("homework", class("1"));
        both.add(touch("class_day", class("2")));
        assert_eq!((both.tables.len(), both.classes.as_ref().map(BTreeSet::len)), (2, Some(2)));
        both.add(touch("class_day", None));
        both.add(touch("class_day", class("3")));
        assert_eq!(both.classes, None);
    }
}
