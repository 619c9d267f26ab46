//! Questions that were asked before, planned: most of what a figure takes is planning, and most of that stays the same while its tables move on.
//!
//! Invariants: a kept plan is used only for the same text and values, and only over tables of the same kind: rollups are put in anew as
//! they are pinned, everything else that is in the plan must be at the version that it was planned over. It holds no rows and no days in memory.
//! Nothing is kept that depends on when it was planned.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan, TableSource, Volatility};
use datafusion::scalar::ScalarValue;

use crate::catalog::Pinned;

/// Plans that are kept, and the longest text of which one is.
const MOST: usize = 256;
const LONGEST: usize = 16 << 10;

/// A statement's text and the values of its placeholders.
type Question = (String, Vec<(String, ScalarValue)>);

/// The plans of the questions that were asked last.
#[derive(Default)]
pub(crate) struct Plans(Mutex<Known>);

#[derive(Default)]
struct Known {
    plans: HashMap<Question, (u64, Arc<Kept>)>,
    asked: u64,
}

/// An optimised plan over whatever its rollups hold.
pub(crate) struct Kept {
    plan: LogicalPlan,
    /// The tables that the statement names.
    pub wanted: BTreeSet<String>,
    /// Those that are not put in anew, with their versions.
    fixed: BTreeMap<String, Option<i64>>,
    /// Whether all that is to be added up was; else there may be better by now.
    added_up: bool,
}

/// Stands in a kept plan for a table that is put in when it is used.
#[derive(Debug)]
struct Awaited {
    name: String,
    schema: SchemaRef,
}

impl TableSource for Awaited {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl Plans {
    pub(crate) fn get(&self, question: &Question) -> Option<Arc<Kept>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.asked += 1;
        let asked = known.asked;
        let (last, kept) = known.plans.get_mut(question)?;
        *last = asked;
        Some(Arc::clone(kept))
    }

    /// Keeps what a question has become, in place of what was asked longest ago.
    pub(crate) fn keep(&self, question: Question, kept: Kept) {
        if question.0.len() > LONGEST {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.asked += 1;
        if known.plans.len() >= MOST && !known.plans.contains_key(&question) {
            let oldest = known.plans.iter().min_by_key(|(_, (last, _))| *last).map(|(question, _)| question.clone());
            oldest.and_then(|question| known.plans.remove(&question));
        }
        let asked = known.asked;
        known.plans.insert(question, (asked, Arc::new(kept)));
    }
}

impl Kept {
    /// What is to be kept of an optimised plan.
    pub(crate) fn new(plan: LogicalPlan, pinned: &Pinned) -> Result<Self> {
        let plan = plan.transform_up_with_subqueries(|node| match node {
            LogicalPlan::TableScan(scan) => Ok(awaiting(scan, pinned)),
            other => Ok(Transformed::no(other)),
        })?;
        Ok(Self { plan: plan.data, wanted: pinned.asked.clone(), fixed: fixed(pinned), added_up: pinned.added_up })
    }

    /// The plan over these tables, if it is one for them.
    pub(crate) fn over(&self, pinned: &Pinned) -> Result<Option<LogicalPlan>> {
        if self.fixed != fixed(pinned) || self.added_up != pinned.added_up {
            return Ok(None);
        }
        let mut fits = true;
        let plan = self.plan.clone().transform_up_with_subqueries(|node| {
            let LogicalPlan::TableScan(scan) = node else { return Ok(Transformed::no(node)) };
            let Some(Awaited { name, schema }) = awaited(&*scan.source) else {
                return Ok(Transformed::no(LogicalPlan::TableScan(scan)));
            };
            match pinned.get(name).filter(|table| table.schema() == *schema) {
                Some(table) => {
                    let source = provider_as_source(Arc::clone(table));
                    Ok(Transformed::yes(LogicalPlan::TableScan(TableScan { source, ..scan })))
                }
                None => {
                    fits = false;
                    Ok(Transformed::no(LogicalPlan::TableScan(scan)))
                }
            }
        })?;
        Ok(fits.then_some(plan.data))
    }
}

fn awaited(source: &dyn TableSource) -> Option<&Awaited> {
    (source as &dyn std::any::Any).downcast_ref()
}

/// Leaves the place of a table open that moves on.
fn awaiting(scan: TableScan, pinned: &Pinned) -> Transformed<LogicalPlan> {
    let read = source_as_provider(&scan.source).ok();
    let same = |table: &Arc<_>| read.as_ref().is_some_and(|read| std::ptr::addr_eq(Arc::as_ptr(read), Arc::as_ptr(table)));
    match pinned.tables().find(|(name, table)| pinned.moves(name) && same(table)) {
        Some((name, table)) => {
            let source = Arc::new(Awaited { name: name.to_owned(), schema: table.schema() });
            Transformed::yes(LogicalPlan::TableScan(TableScan { source, ..scan }))
        }
        None => Transformed::no(LogicalPlan::TableScan(scan)),
    }
}

fn fixed(pinned: &Pinned) -> BTreeMap<String, Option<i64>> {
    let fixed = pinned.tables().map(|(name, _)| name).filter(|name| !pinned.moves(name));
    fixed.map(|name| (name.to_owned(), pinned.as_of.get(name).copied())).collect()
}

/// Whether a plan that is not optimised yet gives the same whenever it is run over the same tables, and is worth keeping.
pub(crate) fn lasts(plan: &LogicalPlan) -> Result<bool> {
    let mut lasts = !matches!(plan, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_));
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            lasts &= !expr.exists(|part| Ok(changes(part)))?;
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(lasts)
}

fn changes(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarFunction(call) if call.func.signature().volatility != Volatility::Immutable)
}
