//! Which SQL can be kept up to date by adding and taking away: sums, counts and histograms over rows that are each looked at alone.
//!
//! Invariant: of a plan that passes, what it gives for two sets of rows, added up by key, is what it gives for both together – so
//! what has changed is enough to run it over.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::expr::{Alias, Cast};
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Expr, LogicalPlan, Operator, Projection, SubqueryAlias, Union, ident, lit,
};

use super::file::Rollup;
use super::prepared::ROWS;
use crate::Result;

/// The plan with one more column: how many source rows stand behind each row.
///
/// # Errors
/// `rollup` when rows could not be taken back.
pub(super) fn counted(rollup: &Rollup, plan: &LogicalPlan) -> Result<LogicalPlan> {
    let failed = |error: DataFusionError| rollup.wrong(error.strip_backtrace());
    Ok(match plan {
        LogicalPlan::Projection(projection) => {
            projection.expr.iter().try_for_each(|expr| check_output(rollup, expr))?;
            let input = Arc::new(counted(rollup, &projection.input)?);
            let exprs = projection.expr.iter().cloned().chain([ident(ROWS)]).collect();
            LogicalPlan::Projection(Projection::try_new(exprs, input).map_err(failed)?)
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let input = Arc::new(counted(rollup, &alias.input)?);
            LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(input, alias.alias.clone()).map_err(failed)?)
        }
        LogicalPlan::Union(union) => {
            let inputs = union.inputs.iter().map(|input| Ok(Arc::new(counted(rollup, input)?))).collect::<Result<Vec<_>>>()?;
            LogicalPlan::Union(Union::try_new_by_name(inputs).map_err(failed)?)
        }
        LogicalPlan::Aggregate(aggregate) => {
            aggregate.aggr_expr.iter().try_for_each(|expr| check_aggregate(rollup, expr))?;
            if rollup.together.is_none() {
                check_rows(rollup, &aggregate.input)?;
            }
            let measures = aggregate.aggr_expr.iter().cloned().chain([count(lit(1)).alias(ROWS)]).collect();
            let counted = Aggregate::try_new(Arc::clone(&aggregate.input), aggregate.group_expr.clone(), measures);
            LogicalPlan::Aggregate(counted.map_err(failed)?)
        }
        other => return Err(rollup.wrong(format!("`{}` cannot be kept up to date: {SHAPE}", other.display()))),
    })
}

const SHAPE: &str = "give SELECT key, count(…), sum(…), histogram(…) FROM … WHERE … GROUP BY key, or a UNION ALL BY NAME of such; \
                     build what needs more on another rollup";

/// Above the sums there may be names, and what is itself a sum.
fn check_output(rollup: &Rollup, expr: &Expr) -> Result<()> {
    let is_key = |name: &str| rollup.key.iter().any(|key| key == name);
    match expr {
        Expr::Alias(Alias { name, .. }) if is_key(name) => Ok(()),
        expr if is_sum(expr) => Ok(()),
        other => Err(rollup.wrong(format!("`{other}` is no sum: {SHAPE}"))),
    }
}

fn is_sum(expr: &Expr) -> bool {
    let zero = |expr: &Expr| match expr {
        Expr::Literal(value, _) => value.is_null() || value.to_string().parse() == Ok(0.0),
        _ => false,
    };
    match expr {
        Expr::Column(_) => true,
        Expr::Literal(..) => zero(expr),
        Expr::Alias(alias) => is_sum(&alias.expr),
        Expr::Cast(Cast { expr, .. }) | Expr::Negative(expr) => is_sum(expr),
        Expr::ScalarFunction(call) if call.name() == "coalesce" => {
            call.args.split_first().is_some_and(|(first, rest)| is_sum(first) && rest.iter().all(zero))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Plus | Operator::Minus, right }) => is_sum(left) && is_sum(right),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Multiply, right }) => match (&**left, &**right) {
            (Expr::Literal(..), sum) | (sum, Expr::Literal(..)) => is_sum(sum),
            _ => false,
        },
        _ => false,
    }
}

fn check_aggregate(rollup: &Rollup, expr: &Expr) -> Result<()> {
    let mut refused = None;
    let looked = expr.apply(|inner| {
        if let Expr::AggregateFunction(call) = inner {
            let sums = matches!(call.func.name(), "sum" | "count" | "histogram") && !call.params.distinct;
            refused = refused.take().or_else(|| (!sums).then(|| inner.to_string()));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    looked.map_err(|error| rollup.wrong(error.strip_backtrace()))?;
    match refused {
        None => Ok(()),
        Some(call) => Err(rollup.wrong(format!("`{call}` cannot be taken back: {SHAPE}"))),
    }
}

/// Below the sums, each row stands for itself.
fn check_rows(rollup: &Rollup, plan: &LogicalPlan) -> Result<()> {
    let alone = matches!(
        plan,
        LogicalPlan::Projection(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::TableScan(_)
            | LogicalPlan::Union(_)
    );
    let mut asks = None;
    let looked = plan.apply_expressions(|expr| {
        expr.apply(|inner| {
            let elsewhere = matches!(inner, Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_));
            if elsewhere || inner.is_volatile_node() {
                asks = Some(inner.to_string());
            }
            Ok(TreeNodeRecursion::Continue)
        })
    });
    looked.map_err(|error| rollup.wrong(error.strip_backtrace()))?;
    if let Some(asks) = asks {
        return Err(rollup.wrong(format!("`{asks}` asks for more than the row itself: {SHAPE}")));
    }
    match alone {
        true => plan.inputs().into_iter().try_for_each(|input| check_rows(rollup, input)),
        false => Err(rollup.wrong(format!("`{}` looks at several rows at once: {SHAPE}", plan.display()))),
    }
}

/// The columns that some part of the plan looks into: compares, computes with or sorts by. Of all others it only asks whether two values
/// are the same, or whether there is one.
pub(super) fn looked_into(plan: &LogicalPlan) -> datafusion::error::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    plan.apply(|node| {
        match node {
            LogicalPlan::Projection(projection) => projection.expr.iter().for_each(|expr| passed_on(expr, &mut names)),
            LogicalPlan::Aggregate(aggregate) => {
                aggregate.group_expr.iter().for_each(|expr| passed_on(expr, &mut names));
                aggregate.aggr_expr.iter().for_each(|expr| all(expr, &mut names));
            }
            LogicalPlan::Window(window) => window.window_expr.iter().for_each(|expr| match expr.clone().unalias() {
                Expr::WindowFunction(call) => {
                    call.params.partition_by.iter().for_each(|expr| passed_on(expr, &mut names));
                    call.params.args.iter().for_each(|expr| all(expr, &mut names));
                    call.params.order_by.iter().for_each(|sort| all(&sort.expr, &mut names));
                }
                other => all(&other, &mut names),
            }),
            LogicalPlan::Filter(filter) => asked(&filter.predicate, &mut names),
            LogicalPlan::Join(join) => {
                join.on.iter().flat_map(|(left, right)| [left, right]).for_each(|expr| passed_on(expr, &mut names));
                join.filter.iter().for_each(|predicate| asked(predicate, &mut names));
            }
            other => {
                other.apply_expressions(|expr| {
                    all(expr, &mut names);
                    Ok(TreeNodeRecursion::Continue)
                })?;
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(names)
}

fn all(expr: &Expr, names: &mut BTreeSet<String>) {
    names.extend(expr.column_refs().into_iter().map(|column| column.name.clone()));
}

/// A column under its own name is handed on as it is.
fn passed_on(expr: &Expr, names: &mut BTreeSet<String>) {
    match expr {
        Expr::Column(_) => {}
        Expr::Alias(Alias { expr, name, .. }) if matches!(&**expr, Expr::Column(column) if column.name == *name) => {}
        other => all(other, names),
    }
}

/// Conditions on whether there is a value, or the same one, look into nothing.
fn asked(predicate: &Expr, names: &mut BTreeSet<String>) {
    match predicate {
        Expr::IsNull(expr) | Expr::IsNotNull(expr) if matches!(**expr, Expr::Column(_)) => {}
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right })
            if matches!((&**left, &**right), (Expr::Column(_), Expr::Column(_))) => {}
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And | Operator::Or, right }) => {
            asked(left, names);
            asked(right, names);
        }
        other => all(other, names),
    }
}
