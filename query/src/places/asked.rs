//! What rows are added up from: tables at one version each, the days that they have, and what each day of the rows is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Date32Array, RecordBatch};
use arrow::datatypes::Date32Type;
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use xueqing_lake::{Held, Table};

use super::days::Span;
use super::{Provider, REGISTER, Sort, missing};
use crate::catalog::listed;
use crate::common::Sum;

/// A table that was asked for among so many questions stays, and one that did not fit is tried again after so many.
const LATELY: u64 = 100;
const AGAIN: u64 = 1000;
/// The same for both where rows take long to make: to read them as they are for each question would take long, too.
const LABORIOUS: u64 = 10;

/// Days of rows, each with those of the tables that it is made of.
pub(super) type Made = BTreeMap<i32, BTreeSet<i32>>;

/// What days were added up from, table by table.
pub(super) type Marks = BTreeMap<i32, Vec<Option<Mark>>>;

/// What there is of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Files(Vec<String>),
    Held(Option<i64>),
}

/// A table at one version, and what its days are made of.
pub(crate) struct Dated {
    pub version: i64,
    pub provider: Provider,
    pub days: BTreeMap<i32, Mark>,
}

impl Dated {
    /// The version of a table now, and its days with what is held of them.
    pub(crate) fn days(table: &Table, held: Option<&Arc<dyn Held>>) -> (i64, BTreeMap<i32, Mark>) {
        loop {
            let version = table.version();
            let mut days: BTreeMap<i32, Mark> = BTreeMap::new();
            for file in table.files() {
                let Some(day) = file.day else { continue };
                if let Mark::Files(paths) = days.entry(day).or_insert_with(|| Mark::Files(Vec::new())) {
                    paths.push(file.path);
                }
            }
            if table.version() == version {
                for (held, day) in held.iter().flat_map(|held| held.days().into_iter().map(move |day| (held, day))) {
                    days.insert(day, Mark::Held(held.revision(day)));
                }
                return (version, days);
            }
        }
    }
}

/// What a table is asked over.
pub(super) struct Asked<'a> {
    pub read: SessionContext,
    /// The tables that it reads by name, and what the days are of those that have any.
    pub sources: Vec<(&'a str, Provider, Option<&'a Dated>)>,
    pub sum: &'a Sum,
    pub dated: Vec<&'a Dated>,
    /// The versions of the registers by name.
    pub registers: BTreeMap<&'a str, Option<i64>>,
    pub question: u64,
}

impl Asked<'_> {
    pub(super) async fn rows(&self) -> Result<DataFrame> {
        self.read.sql(&self.sum.rows).await
    }

    /// The rows that are made of these days.
    pub(super) async fn rows_of(&self, days: impl Iterator<Item = &i32>) -> Result<DataFrame> {
        let days: BTreeSet<&i32> = days.collect();
        let days: Vec<Expr> = days.into_iter().map(|day| lit(ScalarValue::Date32(Some(*day)))).collect();
        let mut sources = self.sources.clone();
        for (_, table, _) in sources.iter_mut().filter(|(_, _, dated)| dated.is_some()) {
            *table = self.read.read_table(Arc::clone(table))?.filter(col("day").in_list(days.clone(), false))?.into_view();
        }
        reading(&self.read, &sources)?.sql(&self.sum.rows).await
    }

    pub(super) fn days(&self) -> BTreeSet<i32> {
        self.dated.iter().flat_map(|table| table.days.keys().copied()).collect()
    }

    /// The days of the rows, each with those that it is made of.
    pub(super) async fn made(&self, there: &BTreeSet<i32>) -> Result<Made> {
        let Some(days) = &self.sum.days else {
            return Ok(there.iter().map(|day| (*day, BTreeSet::from([*day]))).collect());
        };
        let there: ArrayRef = Arc::new(Date32Array::from_iter_values(there.iter().copied()));
        let there = self.read.read_batch(RecordBatch::try_from_iter([("day", there)])?)?.into_view();
        let sources: Vec<_> = self.sources.iter().cloned().chain([("days", there, None)]).collect();
        let mut made = Made::new();
        for pairs in reading(&self.read, &sources)?.sql(days).await?.collect().await? {
            let [rows, tables] = [0, 1].map(|place| pairs.column(place).as_primitive_opt::<Date32Type>());
            let (Some(rows), Some(tables)) = (rows, tables) else { return Err(missing()) };
            rows.iter().zip(tables).filter_map(|(row, of)| Some((row?, of?))).for_each(|(row, of)| {
                made.entry(row).or_default().insert(of);
            });
        }
        Ok(made)
    }

    /// Among how many questions a table was asked for that stays when this one needs room.
    pub(super) const fn lately(&self) -> u64 {
        if self.sum.cheap { LATELY } else { LABORIOUS }
    }

    /// After how many questions what did not fit is tried again.
    pub(super) const fn again(&self) -> u64 {
        if self.sum.cheap { AGAIN } else { LABORIOUS }
    }

    /// The versions of the registers that a table depends on.
    pub(super) fn registers_of(&self, sort: &Sort) -> Vec<Option<i64>> {
        let needed = |name: &str| match name {
            _ if self.sum.reads.contains(name) => true,
            REGISTER => sort.of_schools().is_some(),
            _ => sort.span() != Span::Day,
        };
        self.registers.iter().filter(|(name, _)| needed(name)).map(|(_, version)| *version).collect()
    }

    pub(super) fn marks<'d>(&self, days: impl Iterator<Item = &'d i32>) -> Marks {
        days.map(|day| (*day, self.dated.iter().map(|table| table.days.get(day).cloned()).collect())).collect()
    }
}

/// A session that sees these tables.
pub(super) fn reading(context: &SessionContext, tables: &[(&str, Provider, Option<&Dated>)]) -> Result<SessionContext> {
    let schema = MemorySchemaProvider::new();
    for (name, table, _) in tables {
        schema.register_table((*name).to_owned(), Arc::clone(table))?;
    }
    let mut state = context.state();
    state.register_catalog_list(listed(Arc::new(schema))?);
    Ok(SessionContext::new_with_state(state))
}
