//! The rejects as everybody may see them: on which day, of which kind, mapping and source, by which rule and in which field –
//! never their text, nor the reasons, which quote it.
//!
//! Invariant: a reject that was sent several times is one row, on the day it was last received.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use chrono_tz::Tz;
use datafusion::catalog::TableProvider;
use datafusion::error::Result;
use datafusion::functions_aggregate::expr_fn::max;
use datafusion::logical_expr::{cast, col};
use datafusion::prelude::SessionContext;
use xueqing_lake::Table;

/// Its name in queries.
pub(crate) const NAME: &str = "rejects";
/// The table behind it.
pub(crate) const TABLE: &str = "quarantine";

const SHOWN: [&str; 5] = ["kind", "mapping", "source", "rule", "field"];
/// What makes two rejects the same, beside what is shown.
const HIDDEN: [&str; 2] = ["line", "raw"];
const RECEIVED: &str = "received";
const DAY: &str = "day";

pub(crate) fn schema() -> SchemaRef {
    let texts = SHOWN.iter().map(|name| Field::new(*name, DataType::Utf8, *name == "field"));
    Arc::new(Schema::new([Field::new(DAY, DataType::Date32, true)].into_iter().chain(texts).collect::<Vec<_>>()))
}

/// The rejects of the table at the version that its handle knows.
pub(crate) fn view(context: &SessionContext, table: &Table, zone: Tz) -> Result<Arc<dyn TableProvider>> {
    let local = DataType::Timestamp(TimeUnit::Microsecond, Some(zone.name().into()));
    let day = cast(cast(col(RECEIVED), local), DataType::Date32).alias(DAY);
    let same = SHOWN.iter().chain(&HIDDEN).map(|name| col(*name)).collect();
    let once = context.read_table(table.provider())?.aggregate(same, vec![max(col(RECEIVED)).alias(RECEIVED)])?;
    Ok(once.select([day].into_iter().chain(SHOWN.map(col)))?.into_view())
}
