//! Rows added up, in memory, over what a question does not tell apart: `place_day` is `school_grade_day` over all schools and over grades of
//! the same stage and the same limits, `place_day__region__public` over schools of the same region and ownership, and so on for any of
//! [`ALIKE`]. What there is to be added up is said in `common.toml`, and may be made of several rollups.
//!
//! A city of a thousand schools has ten counties, so what is asked by place and not by school reads a hundredth of the rows. In `school`
//! stands one of the schools for all that are like it, and in `grade` one of the grades: what joins the register or the code sets by them
//! finds what they share.
//!
//! Invariants: what a query sees is what the rollups of its moment give over the registers of its moment; a day is added up anew when the
//! files of a rollup, what is held in memory of it, or a register have changed, and only then. A school that is not in the register stands
//! for itself. Together the tables take no more memory than they may; those that were not asked for lately go, and one that does not fit is
//! the rows as they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{cast, concat_batches, partition, take_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider, TableProvider};
use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::MemTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::FunctionRegistry;
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use xueqing_lake::{Held, Table};
use xueqing_schema::Standard;

use crate::catalog::{Pinned, listed};
use crate::common::Sum;

/// Stands in a table's name before each column in which its rows are alike.
pub(crate) const BY: &str = "__";
/// The register, and what its schools can be alike in.
pub(crate) const REGISTER: &str = "school";
const OF_SCHOOLS: [&str; 4] = ["region", "school_type", "urban_rural", "public"];
/// What rows can be alike in. A school by itself is like no other.
pub(crate) const ALIKE: [&str; 6] = ["region", "school_type", "urban_rural", "public", "school", "grade"];
/// Parts that are read at the same time.
const PARTS: usize = 2;
/// A table that was asked for among so many questions stays, and one that did not fit is tried again after so many.
const LATELY: u64 = 100;
const AGAIN: u64 = 1000;
/// Days that are added up together: some ten thousand rows of a city.
const DAYS_AT_ONCE: usize = 5;

type Provider = Arc<dyn TableProvider>;

/// One of the tables by its name.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub name: String,
    sort: Sort,
    sum: Arc<Sum>,
}

/// What makes a table: which rows, and what those are alike in that are added up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Sort {
    rows: String,
    alike: BTreeSet<&'static str>,
}

impl Place {
    /// The tables that it is made of.
    pub(crate) fn reads(&self) -> impl Iterator<Item = &str> {
        self.sum.reads.iter().map(String::as_str).chain([REGISTER])
    }

    /// Of the register, what tells schools apart; nothing where each is by itself.
    fn of_schools(&self) -> Option<Vec<&'static str>> {
        let by_itself = self.sort.alike.contains("school");
        (!by_itself).then(|| OF_SCHOOLS.into_iter().filter(|column| self.sort.alike.contains(column)).collect())
    }
}

/// What has been added up so far.
pub(crate) struct Places {
    sums: BTreeMap<String, Arc<Sum>>,
    /// Each grade with the first of those that are like it.
    grades: Stand,
    /// What all tables may take in memory.
    memory: usize,
    tables: Mutex<HashMap<Sort, Arc<Kept>>>,
    questions: AtomicU64,
}

/// One table. While it is brought up to date others are read.
#[derive(Default)]
struct Kept {
    memory: AtomicUsize,
    /// The number of the last question for it.
    asked: AtomicU64,
    state: tokio::sync::Mutex<State>,
}

#[derive(Default)]
enum State {
    #[default]
    New,
    Added(Added),
    /// It did not fit when this question was asked.
    Large(u64),
}

/// What stands for what.
type Stand = BTreeMap<String, String>;

/// What a table holds.
struct Added {
    /// The versions of the registers.
    registers: Vec<Option<i64>>,
    /// By column of the key, what stands for what.
    stands: Vec<(&'static str, RecordBatch)>,
    schema: SchemaRef,
    days: BTreeMap<i32, Day>,
}

struct Day {
    made_of: Marks,
    rows: RecordBatch,
    memory: usize,
}

impl Added {
    fn memory(&self) -> usize {
        self.days.values().map(|day| day.memory).sum()
    }
}

/// What a day was added up from, rollup by rollup.
type Marks = Vec<Option<Mark>>;

/// What there is of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mark {
    Files(Vec<String>),
    Held(Option<i64>),
}

/// A rollup at one version, and what its days are made of.
pub(crate) struct Dated {
    pub version: i64,
    pub provider: Provider,
    days: BTreeMap<i32, Mark>,
}

impl Dated {
    /// The table with what is held of it.
    pub(crate) fn new(table: &Table, held: Option<&Arc<dyn Held>>) -> Self {
        loop {
            let version = table.version();
            let mut days: BTreeMap<i32, Mark> = BTreeMap::new();
            for file in table.files() {
                let Some(day) = file.day else { continue };
                if let Mark::Files(paths) = days.entry(day).or_insert_with(|| Mark::Files(Vec::new())) {
                    paths.push(file.path);
                }
            }
            let provider = held.map_or_else(|| table.provider(), |held| table.provider_over(Arc::clone(held)));
            if table.version() == version {
                for (held, day) in held.iter().flat_map(|held| held.days().into_iter().map(move |day| (held, day))) {
                    days.insert(day, Mark::Held(held.revision(day)));
                }
                return Self { version: held.map_or(version, |held| held.moment()), provider, days };
            }
        }
    }
}

impl Places {
    /// `memory` is what all tables may take.
    pub(crate) fn new(sums: BTreeMap<String, Sum>, standard: &Standard, memory: usize) -> Self {
        let sums = sums.into_iter().map(|(name, sum)| (name, Arc::new(sum))).collect();
        Self { sums, grades: alike_grades(standard), memory, tables: Mutex::default(), questions: AtomicU64::default() }
    }

    pub(crate) fn named(&self, name: &str) -> Option<Place> {
        let mut parts = name.split(BY);
        let rows = parts.next()?.to_owned();
        let sum = Arc::clone(self.sums.get(&rows)?);
        let mut alike = parts.map(|part| ALIKE.into_iter().find(|column| *column == part)).collect::<Option<BTreeSet<_>>>()?;
        if alike.contains("school") {
            alike.retain(|column| !OF_SCHOOLS.contains(column));
        }
        Some(Place { name: name.to_owned(), sort: Sort { rows, alike }, sum })
    }

    /// A table over pinned rollups and registers.
    pub(crate) async fn table(
        &self,
        context: &SessionContext,
        place: &Place,
        rollups: &BTreeMap<String, Dated>,
        pinned: &Pinned,
    ) -> Result<Provider> {
        let read = reading(context, place.reads().filter_map(|name| Some((name, pinned.get(name)?))))?;
        let dated: Vec<&Dated> = place.reads().filter_map(|name| rollups.get(name)).collect();
        let marks = |day: &i32| dated.iter().map(|rollup| rollup.days.get(day).cloned()).collect::<Marks>();
        let registers: Vec<_> =
            place.reads().map(|name| pinned.as_of.get(name).copied().filter(|_| !rollups.contains_key(name))).collect();
        let kept = Arc::clone(self.tables().entry(place.sort.clone()).or_default());
        let question = self.questions.fetch_add(1, Ordering::Relaxed);
        kept.asked.store(question, Ordering::Relaxed);
        let mut state = kept.state.lock().await;
        match &*state {
            State::Large(since) if question < since + AGAIN => return Ok(read.sql(&place.sum.rows).await?.into_view()),
            State::Added(table) if table.registers == registers => {}
            _ => {
                let schema = viewed(read.sql(&place.sum.rows).await?.schema().as_arrow());
                let stands = self.stands(&read, place).await?;
                *state = State::Added(Added { registers, stands, schema, days: BTreeMap::new() });
            }
        }
        let State::Added(table) = &mut *state else { return Err(missing()) };
        table.days.retain(|day, known| known.made_of == marks(day));
        kept.memory.store(table.memory(), Ordering::Relaxed);
        let days: BTreeSet<i32> = dated.iter().flat_map(|rollup| rollup.days.keys().copied()).collect();
        let wanted: Vec<i32> = days.into_iter().filter(|day| !table.days.contains_key(day)).collect();
        // What has been added up stays when a question ends before all is.
        for days in wanted.chunks(DAYS_AT_ONCE) {
            let rows = read.sql(&place.sum.rows).await?;
            let mut added = added_up(&read, rows.clone(), days, table).await?;
            for day in days {
                // A day without rows is known to have none.
                let rows = added.remove(day).unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(&table.schema)));
                table.days.insert(*day, Day { made_of: marks(day), memory: rows.get_array_memory_size(), rows });
            }
            kept.memory.store(table.memory(), Ordering::Relaxed);
            if !self.make_room(question) {
                kept.memory.store(0, Ordering::Relaxed);
                *state = State::Large(question);
                return Ok(rows.into_view());
            }
        }
        let batches: Vec<RecordBatch> =
            table.days.values().map(|day| day.rows.clone()).filter(|rows| rows.num_rows() > 0).collect();
        let mut parts: Vec<Vec<RecordBatch>> =
            batches.chunks(batches.len().div_ceil(PARTS).max(1)).map(<[RecordBatch]>::to_vec).collect();
        // There is a part even if it is empty.
        parts.resize_with(parts.len().max(1), Vec::new);
        Ok(Arc::new(MemTable::try_new(Arc::clone(&table.schema), parts)?))
    }

    /// Lets tables go that were not asked for lately, the longest first; whether all now take no more than they may.
    fn make_room(&self, question: u64) -> bool {
        let tables = self.tables();
        let lately = |other: &&Arc<Kept>| other.asked.load(Ordering::Relaxed) + LATELY > question;
        let mut others: Vec<&Arc<Kept>> = tables.values().filter(|other| !lately(other)).collect();
        others.sort_by_key(|other| other.asked.load(Ordering::Relaxed));
        let mut others = others.into_iter();
        while tables.values().map(|table| table.memory.load(Ordering::Relaxed)).sum::<usize>() > self.memory {
            let Some(other) = others.next() else { return false };
            if let Ok(mut state) = other.state.try_lock() {
                *state = State::New;
                other.memory.store(0, Ordering::Relaxed);
            }
        }
        true
    }

    fn tables(&self) -> MutexGuard<'_, HashMap<Sort, Arc<Kept>>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn stands(&self, read: &SessionContext, place: &Place) -> Result<Vec<(&'static str, RecordBatch)>> {
        let mut stands = Vec::new();
        if let Some(columns) = place.of_schools() {
            stands.push(("school", pairs(&alike_schools(read, &columns).await?)?));
        }
        if !place.sort.alike.contains("grade") {
            stands.push(("grade", pairs(&self.grades)?));
        }
        Ok(stands)
    }
}

/// Each grade with the first of its stage that has the same limits all the time.
fn alike_grades(standard: &Standard) -> Stand {
    let (Ok(grades), Ok(limits)) = (standard.code_set("grades"), standard.code_set("homework_limits")) else {
        return Stand::new();
    };
    let mut firsts = HashMap::new();
    let mut stand = Stand::new();
    for grade in &grades.entries {
        let own = limits.entries.iter().filter(|limit| limit.code == grade.code);
        let own = own.map(|limit| (limit.valid_from, limit.valid_to, limit.attributes.get("minutes"))).collect::<Vec<_>>();
        let shared = (grade.attributes.get("stage"), own);
        stand.insert(grade.code.clone(), firsts.entry(shared).or_insert_with(|| grade.code.clone()).clone());
    }
    stand
}

fn pairs(stand: &Stand) -> Result<RecordBatch> {
    let texts = |texts: Vec<&String>| Arc::new(texts.into_iter().map(Some).collect::<StringArray>()) as ArrayRef;
    let columns = [("of", texts(stand.keys().collect())), ("stands_for", texts(stand.values().collect()))];
    Ok(RecordBatch::try_from_iter(columns)?)
}

/// The rollup's columns; histograms as views, which joins hand on without copying them.
fn viewed(schema: &Schema) -> SchemaRef {
    let view = |field: &Arc<Field>| match field.data_type() {
        DataType::Binary => Arc::new(field.as_ref().clone().with_data_type(DataType::BinaryView)),
        _ => Arc::clone(field),
    };
    Arc::new(Schema::new(schema.fields().iter().map(view).collect::<Vec<_>>()))
}

/// A session that sees these tables.
fn reading<'a>(context: &SessionContext, tables: impl Iterator<Item = (&'a str, &'a Provider)>) -> Result<SessionContext> {
    let schema = MemorySchemaProvider::new();
    for (name, table) in tables {
        schema.register_table(name.to_owned(), Arc::clone(table))?;
    }
    let mut state = context.state();
    state.register_catalog_list(listed(Arc::new(schema))?);
    Ok(SessionContext::new_with_state(state))
}

fn missing() -> DataFusionError {
    DataFusionError::Internal("a rollup by place is missing".to_owned())
}

/// Each school of the register with the first of those that are like it.
async fn alike_schools(read: &SessionContext, columns: &[&str]) -> Result<Stand> {
    let columns: Vec<&str> = [REGISTER].into_iter().chain(columns.iter().copied()).collect();
    let rows = read.table(REGISTER).await?.select_columns(&columns)?.sort(vec![col(REGISTER).sort(true, true)])?;
    let mut firsts: HashMap<Vec<ScalarValue>, String> = HashMap::new();
    let mut stand = Stand::new();
    for batch in rows.collect().await? {
        for row in 0..batch.num_rows() {
            let values = batch.columns().iter().map(|column| ScalarValue::try_from_array(column, row));
            let mut values = values.collect::<Result<Vec<_>>>()?;
            let Some(Some(school)) = values.remove(0).try_as_str().map(|school| school.map(str::to_owned)) else { continue };
            let first = firsts.entry(values).or_insert_with(|| school.clone()).clone();
            stand.insert(school, first);
        }
    }
    Ok(stand)
}

/// Of the rows those of these days, added up as the table wants them, by day.
async fn added_up(read: &SessionContext, rows: DataFrame, days: &[i32], table: &Added) -> Result<BTreeMap<i32, RecordBatch>> {
    let Added { stands, schema: viewed, .. } = table;
    let schema = Arc::clone(rows.schema().inner());
    let wanted = days.iter().map(|day| lit(ScalarValue::Date32(Some(*day)))).collect();
    let mut rows = rows.filter(col("day").in_list(wanted, false))?;
    for (column, pairs) in stands {
        let pairs = read.read_batch(pairs.clone())?;
        let pairs =
            pairs.select(vec![col("of").alias(format!("{column}_of")), col("stands_for").alias(format!("{column}_for"))])?;
        rows = rows.join(pairs, JoinType::Left, &[column], &[&format!("{column}_of")], None)?;
    }
    let (keys, measures): (Vec<_>, Vec<_>) = schema.fields().iter().partition(|field| !is_measure(field.data_type()));
    let key = |name: &str| match stands.iter().any(|(column, _)| *column == name) {
        true => coalesce(vec![col(format!("{name}_for")), col(name)]).alias(name),
        false => col(name),
    };
    let histograms = read.state().udaf("histogram_sum")?;
    let measure = |name: &str, kind: &DataType| match kind {
        DataType::Binary => histograms.call(vec![col(name)]).alias(name),
        _ => sum(col(name)).alias(name),
    };
    let keys: Vec<Expr> = keys.iter().map(|field| key(field.name())).collect();
    let measures: Vec<Expr> = measures.iter().map(|field| measure(field.name(), field.data_type())).collect();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let rows = rows.aggregate(keys, measures)?.select_columns(&names)?.sort(vec![col("day").sort(true, true)])?;
    by_day(viewed, &rows.collect().await?)
}

fn is_measure(kind: &DataType) -> bool {
    matches!(kind, DataType::Int64 | DataType::Binary)
}

/// Rows in the order of their days, cut between days.
fn by_day(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<BTreeMap<i32, RecordBatch>> {
    let Some(first) = batches.first() else { return Ok(BTreeMap::new()) };
    let all = concat_batches(&first.schema(), batches)?;
    let days = all.column_by_name("day").ok_or_else(missing)?.clone();
    let cuts = partition(std::slice::from_ref(&days))?.ranges();
    let days = days.as_primitive_opt::<arrow::datatypes::Date32Type>().ok_or_else(missing)?;
    let own = |cut: &Range<usize>| -> std::result::Result<RecordBatch, ArrowError> {
        // A slice would keep all the others in memory, and so would its views.
        let rows = take_record_batch(&all, &UInt32Array::from_iter_values(cut.start as u32..cut.end as u32))?;
        let columns = rows.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
        RecordBatch::try_new(Arc::clone(schema), columns.collect::<std::result::Result<_, _>>()?)
    };
    cuts.iter().map(|cut| Ok((days.value(cut.start), own(cut)?))).collect()
}
