//! An aggregate over all rows by that over groups: the one group that is always there.

use std::fmt::Debug;

use arrow::array::ArrayRef;
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
