//! Holds decoded rows against the rules of their kind.
//!
//! Promise: the only way to an [`Accepted`] leads through [`Validator::check`], so what the committer writes has passed every
//! rule. A row breaks the *first* rule it fails, in the order of the kind's file, and becomes one reject. Rules are compiled
//! once and evaluated over whole batches; a rule that is NULL for a row passes; a rule that cannot be evaluated for a row
//! (an overflow, say) rejects that row only.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use chrono_tz::Tz;
use datafusion::common::DFSchema;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::prelude::SessionContext;
use xueqing_schema::{DAY, Kind, Text};

use crate::decode::{Decoded, Mark};
use crate::{Error, Reject, Result, day};

/// Rows that passed every rule, with their school day. Only [`Validator::check`] makes one.
#[derive(Debug, Clone)]
pub struct Accepted {
    kind: Arc<Kind>,
    batch: RecordBatch,
}

impl Accepted {
    #[must_use]
    pub fn kind(&self) -> &Arc<Kind> {
        &self.kind
    }

    /// The kind's table columns, without `seq`, which the commit assigns.
    #[must_use]
    pub fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    #[must_use]
    pub fn rows(&self) -> usize {
        self.batch.num_rows()
    }
}

/// Rows that broke a rule, in decoding or here.
#[derive(Debug, Clone)]
pub struct Rejected {
    kind: Arc<Kind>,
    rejects: Vec<Reject>,
    header: Option<Arc<str>>,
}

impl Rejected {
    #[must_use]
    pub fn kind(&self) -> &Arc<Kind> {
        &self.kind
    }

    #[must_use]
    pub fn rejects(&self) -> &[Reject] {
        &self.rejects
    }

    /// The header that the raw texts need to be read again, if they are cells.
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        self.header.as_deref()
    }
}

/// What became of one decoded batch.
#[derive(Debug, Clone)]
pub struct Checked {
    pub accepted: Accepted,
    pub rejected: Rejected,
    /// Rows read for this batch: accepted and rejected.
    pub read: u64,
    /// Bytes of decoded text that this batch stands for.
    pub bytes: u64,
    /// Where reading can go on after this batch.
    pub mark: Option<Mark>,
}

/// The compiled rules of one kind.
#[derive(Clone)]
pub struct Validator {
    kind: Arc<Kind>,
    zone: Tz,
    rules: Vec<Rule>,
    /// The columns that the rules look at.
    seen: Vec<usize>,
}

#[derive(Clone)]
struct Rule {
    name: String,
    field: Option<String>,
    message: Text,
    check: Check,
}

#[derive(Clone)]
enum Check {
    Present(usize),
    Holds(Arc<dyn PhysicalExpr>),
}

impl Validator {
    /// Compiles the rules of `kind`.
    ///
    /// # Errors
    /// `rule` when a rule is no true-or-false expression over the kind's fields.
    pub fn new(kind: &Arc<Kind>, zone: Tz) -> Result<Self> {
        let context = SessionContext::new();
        let schema = DFSchema::try_from(kind.schema().as_ref().clone())?;
        let mut rules = required(kind);
        for rule in &kind.rules {
            let broken = |reason: String| Error::Rule { kind: kind.name.clone(), rule: rule.name.clone(), reason };
            let check = compile(&context, &schema, &rule.check).map_err(broken)?;
            rules.push(Rule { name: rule.name.clone(), field: None, message: rule.message.clone(), check: Check::Holds(check) });
        }
        let seen = rules.iter().flat_map(|rule: &Rule| rule.check.columns()).collect::<BTreeSet<usize>>().into_iter().collect();
        Ok(Self { kind: Arc::clone(kind), zone, rules, seen })
    }

    #[must_use]
    pub fn kind(&self) -> &Arc<Kind> {
        &self.kind
    }

    /// Splits a decoded batch into what may be committed and what goes to quarantine.
    ///
    /// # Errors
    /// `batch` when the batch is not of this validator's kind.
    pub fn check(&self, decoded: Decoded) -> Result<Checked> {
        let verdict = self.verdict(&decoded.batch)?;
        let Decoded { ref batch, .. } = decoded;
        let kept = match verdict.is_empty() {
            true => batch.clone(),
            false => {
                let keep: BooleanArray = verdict.iter().map(|broken| Some(broken.is_none())).collect();
                filter_record_batch(batch, &keep)?
            }
        };
        let broken = verdict.iter().enumerate().filter_map(|(row, rule)| Some((row, (*rule)?)));
        let fresh: Vec<Reject> = broken.map(|(row, rule)| self.rules[rule].reject(&decoded, row)).collect();
        let mut rejects = decoded.rejects;
        rejects.extend(fresh);
        rejects.sort_by_key(|reject| reject.line);
        Ok(Checked {
            accepted: self.accept(&kept)?,
            rejected: Rejected { kind: Arc::clone(&self.kind), rejects, header: decoded.header },
            read: decoded.read as u64,
            bytes: decoded.bytes,
            mark: decoded.mark,
        })
    }

    /// For each row, the place of the first rule it breaks; nothing when every row passes.
    fn verdict(&self, batch: &RecordBatch) -> Result<Vec<Option<usize>>> {
        let (rows, mut verdict) = (batch.num_rows(), Vec::new());
        let batch = &self.plain(batch)?;
        for (place, rule) in self.rules.iter().enumerate() {
            if let Some(passes) = rule.check.passes(batch)? {
                verdict.resize(rows, None);
                for (row, passes) in passes.iter().enumerate() {
                    if passes == Some(false) && verdict[row].is_none() {
                        verdict[row] = Some(place);
                    }
                }
            }
        }
        Ok(verdict)
    }

    /// The batch with texts instead of dictionaries where rules look: not every function of SQL knows dictionaries.
    fn plain(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let mut columns = batch.columns().to_vec();
        let mut fields: Vec<FieldRef> = batch.schema_ref().fields().iter().cloned().collect();
        for &place in &self.seen {
            if let DataType::Dictionary(_, texts) = columns[place].data_type() {
                columns[place] = cast(&columns[place], texts)?;
                fields[place] = Arc::new(fields[place].as_ref().clone().with_data_type(columns[place].data_type().clone()));
            }
        }
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }

    fn accept(&self, batch: &RecordBatch) -> Result<Accepted> {
        let mut columns = batch.columns().to_vec();
        let mut fields: Vec<FieldRef> = batch.schema_ref().fields().iter().cloned().collect();
        if let Some(day) = day::days(&self.kind, batch, self.zone)? {
            columns.push(Arc::new(day));
            fields.push(Arc::new(Field::new(DAY, DataType::Date32, false)));
        }
        Ok(Accepted { kind: Arc::clone(&self.kind), batch: RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)? })
    }
}

/// Decoding has looked at required fields already; the table's columns are not nullable, so nothing rests on that.
fn required(kind: &Kind) -> Vec<Rule> {
    let fields = kind.fields.iter().enumerate().filter(|(_, field)| field.required);
    let rule = |(place, field): (usize, &xueqing_schema::Field)| Rule {
        name: "required".to_owned(),
        field: Some(field.name.clone()),
        message: Text::new(format!("缺少必填字段“{}”", field.title.zh), format!("the required field {} is empty", field.name)),
        check: Check::Present(place),
    };
    fields.map(rule).collect()
}

fn compile(context: &SessionContext, schema: &DFSchema, check: &str) -> Result<Arc<dyn PhysicalExpr>, String> {
    let logical = context.parse_sql_expr(check, schema).map_err(|error| error.to_string())?;
    let physical = context.create_physical_expr(logical, schema).map_err(|error| error.to_string())?;
    match physical.data_type(schema.as_arrow()).map_err(|error| error.to_string())? {
        DataType::Boolean => Ok(physical),
        other => Err(format!("it gives {other}, not true or false")),
    }
}

impl Check {
    /// The columns that it looks at, beside whether they are empty.
    fn columns(&self) -> Vec<usize> {
        match self {
            Self::Present(_) => Vec::new(),
            Self::Holds(rule) => collect_columns(rule).iter().map(Column::index).collect(),
        }
    }

    /// `None` when every row passes.
    fn passes(&self, batch: &RecordBatch) -> Result<Option<BooleanArray>> {
        let passes = match self {
            Self::Present(place) if batch.column(*place).null_count() == 0 => return Ok(None),
            Self::Present(place) => arrow::compute::is_not_null(batch.column(*place))?,
            Self::Holds(rule) => evaluate(rule, batch).unwrap_or_else(|_| row_by_row(rule, batch)),
        };
        Ok(passes.has_false().then_some(passes))
    }
}

fn evaluate(rule: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<BooleanArray> {
    let value = rule.evaluate(batch)?.into_array(batch.num_rows())?;
    Ok(value.as_boolean().clone())
}

fn row_by_row(rule: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> BooleanArray {
    let one = |row| match evaluate(rule, &batch.slice(row, 1)) {
        Ok(passes) if passes.is_valid(0) => Some(passes.value(0)),
        Ok(_) => None,
        Err(_) => Some(false),
    };
    (0..batch.num_rows()).map(one).collect()
}

impl Rule {
    fn reject(&self, decoded: &Decoded, row: usize) -> Reject {
        Reject {
            line: decoded.line(row),
            rule: self.name.clone(),
            field: self.field.clone(),
            reason: self.message.clone(),
            raw: decoded.raw(row),
        }
    }
}
