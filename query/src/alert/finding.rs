//! What a rule finds: the rows of its figure for which a level's condition holds.

use std::collections::BTreeMap;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::Schema;
use chrono::NaiveDate;
use datafusion::common::DFSchema;
use datafusion::error::Result as EngineResult;
use datafusion::prelude::SessionContext;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Level, Rule};
use crate::suppress::SUPPRESSED;
use crate::{Answer, Engine, Error, Scope, format};

/// One thing to tell: what it is about, how grave, and the figure's row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The dimensions that make it the same alert.
    pub subject: BTreeMap<String, String>,
    #[serde(flatten)]
    pub level: Found,
    /// The whole row.
    pub values: Map<String, Value>,
}

/// The gravest level whose condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    pub severity: super::Severity,
    pub at_night: bool,
}

impl Engine {
    /// What `rule` finds on `today`. Rows that are hidden because they are about too few students find nothing.
    ///
    /// # Errors
    /// Those of the figure; `bad_rule` when a condition does not fit what the figure really gives.
    pub async fn findings(&self, rule: &Rule, today: NaiveDate, scope: &Scope) -> Result<Vec<Finding>, Error> {
        let answer = self.run(&rule.figure, rule.request(today), scope).await?;
        let file = format!("alerts/{}.toml", rule.name);
        let levels = self.levels(rule, &answer).map_err(|error| Error::bad_rule(&file, error.strip_backtrace()))?;
        let rows = format::json_rows(&answer)?.into_iter().zip(levels);
        Ok(rows.filter_map(|(row, level)| finding(rule, level?, row)).collect())
    }

    /// For each row the gravest level that holds.
    fn levels<'a>(&self, rule: &'a Rule, answer: &Answer) -> EngineResult<Vec<Option<&'a Level>>> {
        let context = SessionContext::new_with_state(self.state().clone());
        let mut found = vec![None; answer.rows()];
        for level in &rule.levels {
            let schema = DFSchema::try_from(answer.schema.as_ref().clone())?;
            let logical = self.state().create_logical_expr(&level.when, &schema)?;
            let condition = context.create_physical_expr(logical, &schema)?;
            let mut place = 0;
            for batch in &answer.batches {
                let held = condition.evaluate(batch)?.into_array(batch.num_rows())?;
                for row in 0..batch.num_rows() {
                    let holds = is_true(held.as_boolean(), row);
                    if holds && found[place].is_none() && !hidden(batch, &answer.schema, row) {
                        found[place] = Some(level);
                    }
                    place += 1;
                }
            }
        }
        Ok(found)
    }
}

fn is_true(values: &BooleanArray, row: usize) -> bool {
    use arrow::array::Array;
    values.is_valid(row) && values.value(row)
}

fn hidden(batch: &RecordBatch, schema: &Schema, row: usize) -> bool {
    schema.index_of(SUPPRESSED).is_ok_and(|column| is_true(batch.column(column).as_boolean(), row))
}

fn finding(rule: &Rule, level: &Level, mut values: Map<String, Value>) -> Option<Finding> {
    let text = |name: &String| {
        let value = values.get(name)?;
        Some((name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
    };
    let subject = rule.subject.iter().map(text).collect::<Option<_>>()?;
    values.remove(SUPPRESSED);
    Some(Finding { subject, level: Found { severity: level.severity, at_night: level.at_night }, values })
}
