//! Long steps give way, so that a query out of time really ends.
//!
//! Promise: a step that can make many rows out of few – a join, a recursion, an unnesting – returns to the scheduler at least every
//! few batches. Without it such a step holds its thread until it is done, and neither the time limit nor an abort is noticed.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;

const MULTIPLYING: [&str; 8] = [
    "CrossJoinExec",
    "HashJoinExec",
    "NestedLoopJoinExec",
    "PiecewiseMergeJoinExec",
    "RecursiveQueryExec",
    "SortMergeJoinExec",
    "SymmetricHashJoinExec",
    "UnnestExec",
];

/// Wraps every multiplying step of a plan.
#[derive(Debug)]
pub(crate) struct Cooperate;

impl PhysicalOptimizerRule for Cooperate {
    fn name(&self) -> &str {
        "cooperate"
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let wrap = |step: Arc<dyn ExecutionPlan>| {
            Ok(match MULTIPLYING.contains(&step.name()) {
                true => Transformed::yes(Arc::new(CooperativeExec::new(step)) as Arc<dyn ExecutionPlan>),
                false => Transformed::no(step),
            })
        };
        Ok(plan.transform_up(wrap)?.data)
    }

    fn schema_check(&self) -> bool {
        true
    }
}
