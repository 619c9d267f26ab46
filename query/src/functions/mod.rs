//! Functions that SQL lacks and figures need. Each is pure and exact to the last digits of a double.

mod beta_binomial;
pub(crate) mod pupils;
mod weighted_deviation;

use datafusion::prelude::SessionContext;

/// Makes the functions known to a session.
pub(crate) fn register(context: &SessionContext) {
    context.register_udf(beta_binomial::function());
    context.register_udaf(weighted_deviation::function());
    pupils::register(context);
    xueqing_lake::histogram::register(context);
}
