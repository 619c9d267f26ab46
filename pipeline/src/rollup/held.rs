//! What readers see of the days in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use arrow::error::Result;
use datafusion::scalar::ScalarValue;
use futures::FutureExt;
use futures::future::BoxFuture;
use xueqing_lake::{Held, Memory};

use super::Rollups;
use super::coded::{self, Value};
use super::days::Day;
use super::keyed::{Keyed, Shape};
use crate::texts::Texts;

/// The days of one rollup, as of one moment.
struct HeldDays {
    moment: i64,
    table: SchemaRef,
    shape: Arc<Shape>,
    days: BTreeMap<i32, HeldDay>,
}

struct HeldDay {
    revision: i64,
    texts: Arc<Texts>,
    state: Arc<Keyed>,
}

impl Memory for Rollups {
    fn pin<'a>(&'a self, tables: &'a BTreeSet<String>) -> BoxFuture<'a, BTreeMap<String, Arc<dyn Held>>> {
        async move {
            let days = self.days.read().await;
            let mut pinned: BTreeMap<String, Arc<dyn Held>> = BTreeMap::new();
            for (index, maintained) in self.ordered.iter().enumerate() {
                let (Some(table), name) = (&maintained.table, maintained.rollup.table_name()) else { continue };
                let whole = days.by_day.iter().filter(|(_, day)| day.whole[index]);
                let of = |day: &Day| HeldDay {
                    revision: day.revision,
                    texts: Arc::clone(&day.texts),
                    state: Arc::clone(&day.states[index]),
                };
                let held: BTreeMap<_, _> = whole.map(|(number, day)| (*number, of(day))).collect();
                if tables.contains(&name) && !held.is_empty() {
                    let (table, shape) = (table.schema(), Arc::clone(&maintained.shape));
                    pinned.insert(name, Arc::new(HeldDays { moment: days.moment, table, shape, days: held }));
                }
            }
            pinned
        }
        .boxed()
    }
}

impl fmt::Debug for HeldDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldDays").field("moment", &self.moment).field("days", &self.days.keys()).finish()
    }
}

impl Held for HeldDays {
    fn days(&self) -> BTreeSet<i32> {
        self.days.keys().copied().collect()
    }

    fn moment(&self) -> i64 {
        self.moment
    }

    fn revision(&self, day: i32) -> Option<i64> {
        self.days.get(&day).map(|day| day.revision)
    }

    fn rows(&self, days: &BTreeSet<i32>, columns: &[usize], equal: &[(usize, ScalarValue)]) -> Result<Vec<RecordBatch>> {
        let schema = Arc::new(self.table.project(columns)?);
        let mut batches = Vec::new();
        for HeldDay { texts, state, .. } in days.iter().filter_map(|day| self.days.get(day)) {
            let equal: Vec<(usize, Value)> =
                equal.iter().filter_map(|(column, value)| Some((*column, value_of(value, texts)?))).collect();
            let (arrays, count) = state.read(&self.shape, texts, columns, &equal)?;
            let arrays = arrays.iter().zip(schema.fields()).map(|(array, field)| cast(array, field.data_type()));
            let options = RecordBatchOptions::new().with_row_count(Some(count));
            let arrays = arrays.collect::<Result<Vec<_>>>()?;
            batches.push(RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options)?);
        }
        Ok(batches)
    }
}

/// The value in the terms of a day, if it can be told without changing anything: a text that the day does not have is none of its.
fn value_of(value: &ScalarValue, texts: &Texts) -> Option<Value> {
    if value.is_null() {
        return None;
    }
    if let Some(Some(text)) = value.try_as_str() {
        return Some(Some(texts.look_up(text).map_or(-1, |place| place as i64)));
    }
    let array = value.to_array().ok()?;
    coded::values(&array, &mut Texts::default()).ok()?.first().copied()
}
