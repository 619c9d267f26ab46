//! What aggregates over groups share: [`OneGroup`], an aggregate over all rows by the one group that is always there, and what each says of rows.

use std::fmt::Debug;

use arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

/// Holds one group from the start. What it has gathered stays when it is asked, so that a window can ask again.
#[derive(Debug)]
pub struct OneGroup<G>(G);

impl<G> OneGroup<G> {
    /// Over `groups` that hold one group, still without rows.
    pub const fn new(groups: G) -> Self {
        Self(groups)
    }
}

impl<G: GroupsAccumulator + Clone + Debug + Sync + 'static> Accumulator for OneGroup<G> {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let groups = vec![0; columns[0].len()];
        self.0.update_batch(columns, &groups, None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let groups = vec![0; states[0].len()];
        self.0.merge_batch(states, &groups, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&self.0.clone().evaluate(EmitTo::All)?, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let states = self.0.clone().state(EmitTo::All)?;
        states.iter().map(|state| ScalarValue::try_from_array(state, 0)).collect()
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

/// Whether a filter leaves a row.
#[inline]
pub fn is_counted(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}

/// The states of rows that are each a group of its own; `groups` are still empty.
///
/// # Errors
/// What the aggregate says of the rows.
pub fn each_alone(
    mut groups: impl GroupsAccumulator,
    columns: &[ArrayRef],
    filter: Option<&BooleanArray>,
) -> Result<Vec<ArrayRef>> {
    let rows = columns[0].len();
    groups.update_batch(columns, &(0..rows).collect::<Vec<_>>(), filter, rows)?;
    groups.state(EmitTo::All)
}
