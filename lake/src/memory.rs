//! Days of tables that a process holds in memory: newer than what is on disk, and read instead of it.
//!
//! Promise: what is pinned in one call is of one moment; whoever holds days puts them on disk before it lets them go, so a reader
//! that pins first and looks at the table afterwards misses nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use arrow::array::RecordBatch;
use arrow::error::Result;
use datafusion::scalar::ScalarValue;
use futures::future::BoxFuture;

/// Who holds days of tables in memory.
pub trait Memory: Send + Sync {
    /// The held days of the tables of these names, all of one moment.
    fn pin<'a>(&'a self, tables: &'a BTreeSet<String>) -> BoxFuture<'a, BTreeMap<String, Arc<dyn Held>>>;
}

/// The days of one table that are held, as of one moment.
pub trait Held: fmt::Debug + Send + Sync {
    /// The days; none of their rows on disk counts.
    fn days(&self) -> BTreeSet<i32>;

    /// Goes up with every commit that is followed.
    fn moment(&self) -> i64;

    /// Of a held day another number after each of its changes.
    fn revision(&self, day: i32) -> Option<i64>;

    /// These columns of the table, of all rows of `days` whose columns have these values; it may give more rows than that.
    ///
    /// # Errors
    /// When Arrow refuses what was put together.
    fn rows(&self, days: &BTreeSet<i32>, columns: &[usize], equal: &[(usize, ScalarValue)]) -> Result<Vec<RecordBatch>>;
}

/// The place of a lake's memory.
#[derive(Default)]
pub(crate) struct Slot {
    memory: RwLock<Option<Weak<dyn Memory>>>,
}

impl Slot {
    pub(crate) fn set(&self, memory: &Arc<dyn Memory>) {
        *self.memory.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::downgrade(memory));
    }

    pub(crate) fn get(&self) -> Option<Arc<dyn Memory>> {
        self.memory.read().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(Weak::upgrade)
    }
}
