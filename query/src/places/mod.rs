//! Rows added up, in memory, over what a question does not tell apart: `place_load` is the grain `load` over all schools and over grades of
//! the same stage and the same limits, `place_load__region__public` over schools of the same region and ownership, and so on for any of
//! [`ALIKE`]. A grain may be made of several rollups and of events ([`crate::common::Grain`]): its rows by school and grade are read once,
//! and all its other tables are made from them.
//!
//! A city of a thousand schools has ten counties, so what is asked by place and not by school reads a hundredth of the rows. In `school`
//! stands one of the schools for all that are like it, and in `grade` one of the grades: what joins the register or the code sets by them
//! finds what they share.
//!
//! Invariants: what a query sees is what the tables of its moment give over the registers of its moment; a day is added up anew when the
//! files of a table, what is held in memory of it, or a register have changed, and only then. A school that is not in the register stands
//! for itself. Together the tables take no more memory than they may; those that were not asked for lately go, and one that does not fit is
//! the rows as they are.

mod added;
mod alike;
mod asked;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::prelude::SessionContext;
use xueqing_schema::Standard;

use self::added::{added_up, viewed};
use self::alike::{Stand, alike_grades, alike_schools, pairs};
pub(crate) use self::asked::Dated;
use self::asked::{Asked, Made, Marks, reading};
use crate::catalog::Pinned;
use crate::common::Sum;

/// Stands before a table's name.
pub(crate) const PREFIX: &str = "place_";
/// Stands in a table's name before each column in which its rows are alike.
pub(crate) const BY: &str = "__";
/// The register, and what its schools can be alike in.
pub(crate) const REGISTER: &str = "school";
const OF_SCHOOLS: [&str; 4] = ["region", "school_type", "urban_rural", "public"];
/// What rows can be alike in. A school by itself is like no other.
pub(crate) const ALIKE: [&str; 6] = ["region", "school_type", "urban_rural", "public", "school", "grade"];
/// Parts that are read at the same time.
const PARTS: usize = 2;
/// The number of what is not asked but prepared: for it nothing goes.
pub(crate) const PREPARED: u64 = 0;
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
}

impl Sort {
    /// Of the register, what tells schools apart; nothing where each is by itself.
    fn of_schools(&self) -> Option<Vec<&'static str>> {
        let by_itself = self.alike.contains("school");
        (!by_itself).then(|| OF_SCHOOLS.into_iter().filter(|column| self.alike.contains(column)).collect())
    }

    /// What it is made from: the same rows with each school and grade by itself, unless it is that.
    fn finest(&self) -> Option<Self> {
        let alike = BTreeSet::from(["school", "grade"]);
        (self.alike != alike).then(|| Self { rows: self.rows.clone(), alike })
    }
}

/// What has been added up so far.
pub(crate) struct Places {
    /// With the names of their tables, what is read most first.
    sums: Vec<(String, Arc<Sum>)>,
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

/// What a table holds.
struct Added {
    /// The versions of the registers.
    registers: Vec<Option<i64>>,
    /// By column of the key, what stands for what.
    stands: Vec<(&'static str, RecordBatch)>,
    /// The columns of the rows that are added up.
    schema: SchemaRef,
    /// The days of the tables, and what the days of the rows are made of.
    there: BTreeSet<i32>,
    made: Made,
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

    fn provider(&self) -> Result<Provider> {
        let batches: Vec<RecordBatch> =
            self.days.values().map(|day| day.rows.clone()).filter(|rows| rows.num_rows() > 0).collect();
        let mut parts: Vec<Vec<RecordBatch>> =
            batches.chunks(batches.len().div_ceil(PARTS).max(1)).map(<[RecordBatch]>::to_vec).collect();
        // There is a part even if it is empty.
        parts.resize_with(parts.len().max(1), Vec::new);
        Ok(Arc::new(MemTable::try_new(viewed(&self.schema), parts)?))
    }
}

impl Places {
    /// `memory` is what all tables may take.
    pub(crate) fn new(sums: Vec<(String, Arc<Sum>)>, standard: &Standard, memory: usize) -> Self {
        Self { sums, grades: alike_grades(standard), memory, tables: Mutex::default(), questions: AtomicU64::default() }
    }

    pub(crate) fn named(&self, name: &str) -> Option<Place> {
        let mut parts = name.split(BY);
        let rows = parts.next()?.to_owned();
        let (_, sum) = self.sums.iter().find(|(name, _)| *name == rows)?;
        let mut alike = parts.map(|part| ALIKE.into_iter().find(|column| *column == part)).collect::<Option<BTreeSet<_>>>()?;
        if alike.contains("school") {
            alike.retain(|column| !OF_SCHOOLS.contains(column));
        }
        Some(Place { name: name.to_owned(), sort: Sort { rows, alike }, sum: Arc::clone(sum) })
    }

    /// The names of the tables that all others are made from, what is read most first, while half of the memory is free.
    pub(crate) fn first(&self) -> impl Iterator<Item = String> {
        let names: Vec<String> = self.sums.iter().map(|(rows, _)| format!("{rows}{BY}school{BY}grade")).collect();
        names.into_iter().take_while(|_| self.taken() <= self.memory / 2)
    }

    /// The number of the next question.
    pub(crate) fn question(&self) -> u64 {
        self.questions.fetch_add(1, Ordering::Relaxed) + PREPARED + 1
    }

    fn taken(&self) -> usize {
        self.tables().values().map(|table| table.memory.load(Ordering::Relaxed)).sum()
    }

    /// A table over pinned tables and registers, and whether its rows are added up or what they are made of.
    pub(crate) async fn table(
        &self,
        context: &SessionContext,
        place: &Place,
        tables: &BTreeMap<String, Dated>,
        pinned: &Pinned,
        question: u64,
    ) -> Result<(Provider, bool)> {
        let sources: Vec<_> =
            place.reads().filter_map(|name| Some((name, Arc::clone(pinned.get(name)?), tables.get(name)))).collect();
        let asked = Asked {
            read: reading(context, &sources)?,
            sources,
            sum: &place.sum,
            dated: place.reads().filter_map(|name| tables.get(name)).collect(),
            registers: place
                .reads()
                .filter(|name| !tables.contains_key(*name))
                .map(|name| pinned.as_of.get(name).copied())
                .collect(),
            question,
        };
        self.kept(&place.sort).asked.store(asked.question, Ordering::Relaxed);
        match self.added_up(&asked, &place.sort).await? {
            Some(added_up) => Ok((added_up, true)),
            None => Ok((asked.rows().await?.into_view(), false)),
        }
    }

    /// The table, brought up to date; nothing if it does not fit.
    async fn added_up(&self, asked: &Asked<'_>, sort: &Sort) -> Result<Option<Provider>> {
        let kept = self.kept(sort);
        if !asked.sum.cheap {
            // What others are made from stays, too.
            kept.asked.store(asked.question, Ordering::Relaxed);
        }
        let mut state = kept.state.lock().await;
        match &*state {
            State::Large(since) if asked.question < since + asked.again() => return Ok(None),
            State::Added(table) if table.registers == asked.registers => {}
            _ => {
                let schema = Arc::clone(asked.rows().await?.schema().inner());
                let stands = self.stands(&asked.read, sort).await?;
                let (there, made, days) = (BTreeSet::new(), Made::new(), BTreeMap::new());
                *state = State::Added(Added { registers: asked.registers.clone(), stands, schema, there, made, days });
            }
        }
        let State::Added(table) = &mut *state else { return Err(missing()) };
        let there = asked.days();
        if table.there != there {
            (table.made, table.there) = (asked.made(&there).await?, there);
        }
        let Added { made, days, .. } = table;
        days.retain(|day, known| made.get(day).is_some_and(|of| known.made_of == asked.marks(of)));
        let wanted: Vec<i32> = made.keys().copied().filter(|day| !days.contains_key(day)).collect();
        kept.memory.store(table.memory(), Ordering::Relaxed);
        let rows = match sort.finest().filter(|_| !wanted.is_empty()) {
            Some(finest) => Box::pin(self.added_up(asked, &finest)).await?,
            None => None,
        };
        // What has been added up stays when a question ends before all is.
        for days in wanted.chunks(DAYS_AT_ONCE) {
            let rows = match &rows {
                Some(rows) => asked.read.read_table(Arc::clone(rows))?,
                None => asked.rows_of(days.iter().flat_map(|day| &table.made[day])).await?,
            };
            let mut added = added_up(&asked.read, rows, days, table).await?;
            for day in days {
                // A day without rows is known to have none.
                let rows = added.remove(day).unwrap_or_else(|| RecordBatch::new_empty(viewed(&table.schema)));
                table
                    .days
                    .insert(*day, Day { made_of: asked.marks(&table.made[day]), memory: rows.get_array_memory_size(), rows });
            }
            kept.memory.store(table.memory(), Ordering::Relaxed);
            if !self.make_room(asked) {
                kept.memory.store(0, Ordering::Relaxed);
                *state = State::Large(asked.question);
                return Ok(None);
            }
        }
        table.provider().map(Some)
    }

    /// Lets tables go that were not asked for lately, the longest first, if that is enough; whether all now take no more than they may.
    fn make_room(&self, asked: &Asked<'_>) -> bool {
        let tables = self.tables();
        let memory = |table: &Arc<Kept>| table.memory.load(Ordering::Relaxed);
        let last = |table: &Arc<Kept>| table.asked.load(Ordering::Relaxed);
        let mut others: Vec<&Arc<Kept>> =
            tables.values().filter(|other| last(other) + asked.lately() <= asked.question).collect();
        others.sort_by_key(|other| last(other));
        let mut taken: usize = tables.values().map(memory).sum();
        if taken.saturating_sub(others.iter().copied().map(memory).sum()) > self.memory {
            return false;
        }
        for other in others {
            if taken <= self.memory {
                break;
            }
            if let Ok(mut state) = other.state.try_lock() {
                *state = State::New;
                taken = taken.saturating_sub(other.memory.swap(0, Ordering::Relaxed));
            }
        }
        taken <= self.memory
    }

    fn kept(&self, sort: &Sort) -> Arc<Kept> {
        Arc::clone(self.tables().entry(sort.clone()).or_default())
    }

    fn tables(&self) -> MutexGuard<'_, HashMap<Sort, Arc<Kept>>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn stands(&self, read: &SessionContext, sort: &Sort) -> Result<Vec<(&'static str, RecordBatch)>> {
        let mut stands = Vec::new();
        if let Some(columns) = sort.of_schools() {
            stands.push(("school", pairs(&alike_schools(read, &columns).await?)?));
        }
        if !sort.alike.contains("grade") {
            stands.push(("grade", pairs(&self.grades)?));
        }
        Ok(stands)
    }
}

fn missing() -> DataFusionError {
    DataFusionError::Internal("a table by place is missing".to_owned())
}
