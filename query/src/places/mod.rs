//! Rows added up, in memory, over what a question does not tell apart: `place_load` is the grain `load` over all schools, over grades of
//! the same stage and the same limits, and over the days of a term, `place_load__region__public__day` over schools of the same region and
//! ownership on each day, and so on for any of [`ALIKE`]. A grain may be made of several rollups and of events ([`crate::common::Grain`]): its
//! rows by day, school and grade are read once, and all its other tables are made from them.
//!
//! A city of a thousand schools has ten counties, and a term a hundred days, so what is asked by place alone reads a few rows of a million.
//! In `school` stands one of the schools for all that are like it, in `grade` one of the grades and in `day` one of the days: what joins the
//! register, the calendar or the code sets by them finds what they share. Of the days that a question begins or ends among, and of those
//! that are still changing, each has rows of its own.
//!
//! Invariants: what a query sees is what the tables of its moment give over the registers of its moment; a day is added up anew when the
//! files of a table, what is held in memory of it, or a register have changed, and only then; with it those that it has rows together with. A school that is not in the register stands
//! for itself. Together the tables take no more memory than they may; those that were not asked for lately go, and one that does not fit is
//! the rows as they are.

mod added;
mod alike;
mod asked;
mod days;
mod table;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::error::{DataFusionError, Result};
use datafusion::prelude::SessionContext;
use xueqing_schema::Standard;

use self::added::{added_up, viewed};
use self::alike::{Stand, alike_grades, alike_schools, pairs, terms};
pub(crate) use self::asked::Dated;
use self::asked::{Asked, Made, reading};
pub(crate) use self::days::Days;
use self::days::{Span, alike_days};
use self::table::{Added, Day, Rows};
use crate::catalog::Pinned;
use crate::common::Sum;

/// Stands before a table's name.
pub(crate) const PREFIX: &str = "place_";
/// Stands in a table's name before each column in which its rows are alike.
pub(crate) const BY: &str = "__";
/// The register, and what its schools can be alike in.
pub(crate) const REGISTER: &str = "school";
const OF_SCHOOLS: [&str; 4] = ["region", "school_type", "urban_rural", "public"];
/// Says of which term a day is.
const CALENDAR: &str = "calendar";
/// What rows can be alike in. A school by itself is like no other, and so is a day.
pub(crate) const ALIKE: [&str; 9] = ["region", "school_type", "urban_rural", "public", "school", "grade", MONTH, WEEK, DAY];
const MONTH: &str = "month";
const WEEK: &str = "week";
pub(crate) const DAY: &str = "day";
/// The number of what is not asked but prepared: for it nothing goes.
pub(crate) const PREPARED: u64 = 0;
/// Days that are added up together, if not more are alike: some ten thousand rows of a city.
const DAYS_AT_ONCE: usize = 5;

type Provider = Arc<dyn TableProvider>;
/// Whether a day is.
type Wanted<'a> = &'a (dyn Fn(i32) -> bool + Sync);

/// One of the tables by its name.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub name: String,
    sort: Sort,
    /// The days that are asked for.
    days: Days,
    sum: Arc<Sum>,
}

/// What makes a table: which rows, and what those are alike in that are added up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Sort {
    rows: String,
    alike: BTreeSet<&'static str>,
}

impl Place {
    /// The tables that it is made of, and what says which rows are alike.
    pub(crate) fn reads(&self) -> impl Iterator<Item = &str> {
        let besides = [REGISTER, CALENDAR].into_iter().filter(|name| !self.sum.reads.contains(*name));
        self.sum.reads.iter().map(String::as_str).chain(besides)
    }
}

impl Sort {
    /// Of the register, what tells schools apart; nothing where each is by itself.
    fn of_schools(&self) -> Option<Vec<&'static str>> {
        let by_itself = self.alike.contains("school");
        (!by_itself).then(|| OF_SCHOOLS.into_iter().filter(|column| self.alike.contains(column)).collect())
    }

    fn span(&self) -> Span {
        let spans = [(DAY, Span::Day), (WEEK, Span::Week), (MONTH, Span::Month)];
        spans.into_iter().find(|(column, _)| self.alike.contains(column)).map_or(Span::Term, |(_, span)| span)
    }

    /// The same by month, and if it is that, or of weeks, by day.
    fn finer(&self) -> Self {
        let span = if self.span() == Span::Term { MONTH } else { DAY };
        let places = self.alike.iter().copied().filter(|column| ![MONTH, WEEK].contains(column));
        Self { rows: self.rows.clone(), alike: places.chain([span]).collect() }
    }

    /// What it is made from, and if that does not fit, from the next: where it is of terms, the same of months, else the same rows with each
    /// day, school and grade by itself, unless it is that; then the same of days, which are made a few at a time.
    fn made_from(&self) -> Vec<Self> {
        let finest = Self { rows: self.rows.clone(), alike: BTreeSet::from(["school", "grade", DAY]) };
        match self.span() {
            Span::Term => vec![self.finer(), self.finer().finer()],
            Span::Month | Span::Week => vec![finest, self.finer()],
            Span::Day if *self != finest => vec![finest],
            Span::Day => Vec::new(),
        }
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
    Added(Box<Added>),
    /// It did not fit when this question was asked.
    Large(u64),
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
        let mut days = Days::default();
        let columns = parts.filter(|part| !days.take(part)).map(|part| ALIKE.into_iter().find(|column| *column == part));
        let mut alike = columns.collect::<Option<BTreeSet<_>>>()?;
        if alike.contains("school") {
            alike.retain(|column| !OF_SCHOOLS.contains(column));
        }
        if alike.contains(DAY) {
            alike.retain(|column| ![MONTH, WEEK].contains(column));
        } else if alike.contains(WEEK) {
            alike.remove(MONTH);
        }
        Some(Place { name: name.to_owned(), sort: Sort { rows, alike }, days, sum: Arc::clone(sum) })
    }

    /// The names of the tables that all others are made from, what is read most first, while half of the memory is free.
    pub(crate) fn first(&self) -> impl Iterator<Item = String> {
        let names: Vec<String> = self.sums.iter().map(|(rows, _)| format!("{rows}{BY}school{BY}grade{BY}{DAY}")).collect();
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
                .map(|name| (name, pinned.as_of.get(name).copied()))
                .collect(),
            question,
        };
        self.kept(&place.sort).asked.store(asked.question, Ordering::Relaxed);
        match self.rows(&asked, &place.sort, &|day| place.days.hold(day)).await? {
            Some(rows) => Ok((rows.provider()?, true)),
            None => Ok((asked.rows().await?.into_view(), false)),
        }
    }

    /// The rows of the days that are wanted; nothing if the table does not fit. Days that are alike have rows together if all of them are
    /// wanted and none has changed since the last question, else what they have by month or by day is read.
    async fn rows(&self, asked: &Asked<'_>, sort: &Sort, wanted: Wanted<'_>) -> Result<Option<Rows>> {
        let kept = self.kept(sort);
        let mut state = kept.state.lock().await;
        let (registers, span) = (asked.registers_of(sort), sort.span());
        match &*state {
            State::Large(since) if asked.question < since + asked.again() => return Ok(None),
            State::Added(table) if table.registers == registers => {}
            _ => *state = State::Added(Box::new(self.begin(asked, sort, registers).await?)),
        }
        let State::Added(table) = &mut *state else { return Err(missing()) };
        let there = asked.days();
        if table.there != there {
            table.made = asked.made(&there).await?;
            table.alike = alike_days(table.made.keys().copied(), &table.terms, span);
            table.there = there;
        }
        let marks = table.marks(asked);
        table.days.retain(|first, day| marks.get(first) == Some(&day.made_of));
        kept.memory.store(table.memory(), Ordering::Relaxed);
        let (together, each) = table.parts(&marks, span, wanted);
        if span != Span::Day {
            table.seen.clone_from(&marks);
        }
        let mut new =
            together.iter().copied().filter(|first| !table.days.contains_key(first)).collect::<Vec<_>>().into_iter().peekable();
        // What has been added up stays when a question ends before all is.
        while new.peek().is_some() {
            let (mut firsts, mut days) = (Vec::new(), BTreeSet::new());
            while let Some(first) = new.next_if(|_| days.len() < DAYS_AT_ONCE) {
                firsts.push(first);
                days.extend(&table.alike[&first]);
            }
            let rows = match self.source(asked, sort, &days).await? {
                Some(rows) => asked.read.read_table(rows.provider()?)?,
                None => asked.rows_of(days.iter().flat_map(|day| &table.made[day])).await?,
            };
            let mut added = added_up(&asked.read, rows, &firsts, table).await?;
            for first in firsts {
                // Days without rows are known to have none.
                let rows = added.remove(&first).unwrap_or_else(|| RecordBatch::new_empty(viewed(&table.schema)));
                let day = Day { made_of: marks[&first].clone(), memory: rows.get_array_memory_size(), rows };
                table.days.insert(first, day);
            }
            kept.memory.store(table.memory(), Ordering::Relaxed);
            if !self.make_room(asked) {
                kept.memory.store(0, Ordering::Relaxed);
                *state = State::Large(asked.question);
                return Ok(None);
            }
        }
        let mut batches: Vec<RecordBatch> = together.iter().map(|first| table.days[first].rows.clone()).collect();
        if !each.is_empty() {
            let Some(rows) = self.behind(asked, &sort.finer(), &|day| each.contains(&day)).await? else { return Ok(None) };
            batches.extend(rows.batches);
        }
        Ok(Some(Rows { schema: viewed(&table.schema), batches }))
    }

    /// The rows of these days that a table is made from; nothing if no other table has them.
    async fn source(&self, asked: &Asked<'_>, sort: &Sort, days: &BTreeSet<i32>) -> Result<Option<Rows>> {
        for sort in sort.made_from() {
            if let Some(rows) = self.behind(asked, &sort, &|day| days.contains(&day)).await? {
                return Ok(Some(rows));
            }
        }
        Ok(None)
    }

    /// The rows of another table that these are made of. What is made with much work stays as long as they do.
    async fn behind(&self, asked: &Asked<'_>, sort: &Sort, wanted: Wanted<'_>) -> Result<Option<Rows>> {
        if !asked.sum.cheap {
            self.kept(sort).asked.store(asked.question, Ordering::Relaxed);
        }
        Box::pin(self.rows(asked, sort, wanted)).await
    }

    /// A table that holds nothing yet.
    async fn begin(&self, asked: &Asked<'_>, sort: &Sort, registers: Vec<Option<i64>>) -> Result<Added> {
        Ok(Added {
            registers,
            stands: self.stands(&asked.read, sort).await?,
            terms: if sort.span() == Span::Day { HashMap::new() } else { terms(&asked.read).await? },
            schema: Arc::clone(asked.rows().await?.schema().inner()),
            there: BTreeSet::new(),
            made: Made::new(),
            alike: Made::new(),
            seen: BTreeMap::new(),
            days: BTreeMap::new(),
        })
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
