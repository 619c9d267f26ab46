//! Rollups: tables that are at every moment what their SQL gives over the current rows of all events.
//!
//! ```text
//!  the kinds' logs ── follow ──▶ files with new rows ── ledger ──▶ rows gone, rows new
//!                                                                        │  the rollup's SQL over each (prepared)
//!      next rollup ◀── rows gone, rows new ◀── keyed: add, take away ◀───┘
//!       watchers ◀── live: days and classes ◀────┤
//!          query ◀── held: days in memory ◀──────┴──── write ─▶ the rollup's Delta table
//! ```
//!
//! Promises:
//! - **Exact.** Measures are whole numbers, or histograms of such, that are added and taken away; a row that a newer revision replaces is taken away as it was
//!   added. The same SQL over all rows of a day gives the same table, and that is how a day comes into memory.
//! - **Cheap.** A commit costs what is new in it, not what the day or the table holds.
//! - **Resumable.** A rollup's own log says up to which versions of its sources it has been written. A crash at any point leaves
//!   days to be worked out anew, and nothing wrong; commits, late events, erasures and starts all take the same path.
//! - **Current with its definition.** The log also holds the definition's fingerprint: a changed file works every day out anew.
//! - **Lasting.** A day that retention has taken out of a source is never worked out anew: its figures stay as they were.
//!
//! Several processes may follow the same lake: days are written only by one that has seen all that the last writer saw.

mod coded;
mod days;
mod file;
mod follow;
mod given;
mod held;
mod keep;
mod keyed;
mod ledger;
mod linear;
mod live;
mod narrow;
mod order;
mod prepared;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use tokio::sync::{Mutex, RwLock};
use xueqing_lake::{Lake, Memory, Table};
use xueqing_schema::{DAY, SEQ, Standard};

use crate::Result;
use days::{Day, Days};
pub use file::Rollup;
use follow::Progress;
use given::{Given, Uses};
use keyed::{Role, Shape};
use ledger::Layout;
pub use live::{Change, Class, Live, Touch};
use prepared::{Prepared, Sources};

/// All rollups of a lake, in the order in which they build on each other.
pub struct Rollups {
    lake: Lake,
    kinds: Arc<BTreeMap<String, Source>>,
    ordered: Arc<[Maintained]>,
    /// How far the kinds' logs have been followed; held by whoever follows them.
    progress: Mutex<Progress>,
    /// The days in memory.
    days: RwLock<Days>,
    live: Live,
}

/// A kind of event that rollups read.
struct Source {
    table: Table,
    layout: Layout,
}

struct Maintained {
    rollup: Rollup,
    fingerprint: i64,
    /// Where it is written, if it is.
    table: Option<Table>,
    shape: Arc<Shape>,
    sql: Arc<Prepared>,
    /// The kinds that it goes back to.
    kinds: BTreeSet<String>,
    /// By rollup that it builds on: the places of the measures that it reads.
    reads: BTreeMap<String, Vec<usize>>,
}

/// The rows that a change takes away, and those that it brings.
#[derive(Default)]
struct Signed {
    gone: Vec<RecordBatch>,
    new: Vec<RecordBatch>,
}

impl Signed {
    fn of(gone: RecordBatch, new: RecordBatch) -> Self {
        let filled = |batch: RecordBatch| if batch.num_rows() > 0 { vec![batch] } else { Vec::new() };
        Self { gone: filled(gone), new: filled(new) }
    }

    /// The rows to be taken away (−1) or added (1).
    fn side(&self, sign: i64) -> &[RecordBatch] {
        if sign < 0 { &self.gone } else { &self.new }
    }

    fn append(&mut self, other: Self) {
        self.gone.extend(other.gone);
        self.new.extend(other.new);
    }

    fn rows(&self) -> usize {
        self.gone.iter().chain(&self.new).map(RecordBatch::num_rows).sum()
    }
}

impl Rollups {
    /// Reads the built-in files and the district's (`own` replaces a built-in file of the same name), and opens or creates
    /// their tables. The event tables they read are created too. From now on the lake's readers see the days in memory.
    ///
    /// # Errors
    /// `rollup` when a file is wrong: its front matter, an unknown source, a circle, SQL that does not plan or that cannot be kept
    /// up to date, a column that is a float.
    pub async fn open(lake: &Lake, standard: &Standard, own: &[(String, String)]) -> Result<Arc<Self>> {
        let kinds: Vec<_> = standard.kinds().filter(|kind| kind.partition().is_some()).collect();
        let mut columns = Sources::new();
        for kind in &kinds {
            let schema = kind.table_schema();
            let seen: Vec<_> = schema.fields().iter().filter(|field| field.name() != SEQ).cloned().collect();
            columns.insert(kind.name.clone(), prepared::holding(&listed(&seen)));
        }
        let names: BTreeSet<String> = columns.keys().cloned().collect();
        let files = order::by_dependency(file::load(own)?, &names)?;
        let mut planned = Vec::new();
        for rollup in files {
            let sources: Sources =
                rollup.from.iter().filter_map(|from| Some((from.clone(), columns.get(from)?.clone()))).collect();
            let (output, uses) = prepared::look(&rollup, &sources).await?;
            columns.insert(rollup.name.clone(), prepared::holding(&summable(&stored(&rollup, &output)?)));
            planned.push(Planned { rollup, output, uses });
        }
        let mut ordered: Vec<Maintained> = Vec::new();
        for place in 0..planned.len() {
            ordered.push(maintained(lake, place, &planned, &columns, &ordered).await?);
        }
        let used: BTreeSet<&String> = ordered.iter().flat_map(|maintained| &maintained.kinds).collect();
        let mut sources = BTreeMap::new();
        for kind in kinds.into_iter().filter(|kind| used.contains(&kind.name)) {
            let table = lake.table(&kind.table_name(), kind.table_schema(), kind.partition()).await?;
            // Of a kind's rows only what some rollup reads is held.
            let uses = uses_of(&planned, &kind.name);
            let read = |field: &&Arc<Field>| uses.iter().any(|uses| uses.contains_key(field.name()));
            let read: Vec<_> = columns[&kind.name].fields().iter().filter(read).cloned().collect();
            let read: SchemaRef = Arc::new(Schema::new(read));
            let given = Given::new(&read, &uses);
            let layout = Layout::new(kind, read, given);
            sources.insert(kind.name.clone(), Source { table, layout });
        }
        let (progress, days) = (Mutex::default(), RwLock::default());
        let (kinds, ordered) = (Arc::new(sources), ordered.into());
        let rollups = Arc::new(Self { lake: lake.clone(), kinds, ordered, progress, days, live: Live::default() });
        lake.hold(&(Arc::clone(&rollups) as Arc<dyn Memory>));
        Ok(rollups)
    }

    /// The rollups' files, sources before what is built on them.
    pub fn files(&self) -> impl Iterator<Item = &Rollup> {
        self.ordered.iter().map(|maintained| &maintained.rollup)
    }

    /// What changes, as it changes.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// How many days are in memory, and about how many bytes they take.
    pub async fn in_memory(&self) -> (usize, usize) {
        let days = self.days.read().await;
        (days.by_day.len(), days.by_day.values().map(Day::footprint).sum())
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.ordered.iter().filter_map(|maintained| maintained.table.as_ref())
    }

    /// How many rollups are written.
    pub(crate) fn written(&self) -> usize {
        self.tables().count()
    }

    /// Brings every rollup up to its sources, in memory and on disk. The days that were written.
    ///
    /// # Errors
    /// What the lake or the SQL says; what was done until then stays done.
    pub async fn catch_up(&self) -> Result<BTreeSet<i32>> {
        let mut progress = self.progress.lock().await;
        self.follow(&mut progress, true).await?;
        self.write(&mut progress).await
    }

    /// Brings the days in memory up to their sources, without waiting for days that come into it, and goes on writing
    /// the rollup whose turn it is; with `write`, begins with the next. Whether nothing is left to be done, and whether everything is written.
    pub(crate) async fn keep_up(&self, write: bool) -> Result<(bool, bool)> {
        let mut progress = self.progress.lock().await;
        let done = self.follow(&mut progress, false).await?;
        self.write_next(&mut progress, write).await?;
        // A day alone may take more than all should: it is not written at each look for that.
        self.make_room(&mut progress, usize::MAX).await?;
        let written = progress.draft.is_none() && progress.unwritten.iter().all(BTreeSet::is_empty);
        Ok((done, done && written))
    }
}

/// A rollup whose SQL has been looked at.
struct Planned {
    rollup: Rollup,
    output: SchemaRef,
    /// By source.
    uses: BTreeMap<String, Uses>,
}

/// How the columns of a source are used by each rollup that reads it.
fn uses_of<'a>(planned: &'a [Planned], source: &str) -> Vec<&'a Uses> {
    planned.iter().filter_map(|planned| planned.uses.get(source)).collect()
}

/// Columns as files are read: texts as dictionaries.
fn listed(fields: &[Arc<Field>]) -> Schema {
    let text = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let listed = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 => field.as_ref().clone().with_data_type(text.clone()),
        _ => field.as_ref().clone(),
    };
    Schema::new(fields.iter().map(listed).collect::<Vec<_>>())
}

async fn maintained(
    lake: &Lake,
    place: usize,
    planned: &[Planned],
    columns: &Sources,
    before: &[Maintained],
) -> Result<Maintained> {
    let Planned { rollup, output, uses } = &planned[place];
    let sources = uses.iter().filter_map(|(source, uses)| Some((source.clone(), given::seen(columns.get(source)?, uses))));
    let sql = Arc::new(Prepared::new(rollup, &sources.collect()).await?);
    let below: Vec<&Maintained> = before.iter().filter(|other| rollup.from.contains(&other.rollup.name)).collect();
    if rollup.together.is_some() && (rollup.from.len() != 1 || below.is_empty()) {
        return Err(rollup.wrong("`together` is for a rollup `from` one other rollup"));
    }
    let reads = below
        .iter()
        .filter_map(|other| Some((other.rollup.name.clone(), other.shape.measures(uses.get(&other.rollup.name)?))))
        .collect();
    let is_kind = |from: &&String| !below.iter().any(|other| other.rollup.name == **from);
    let kinds = rollup.from.iter().filter(is_kind).chain(below.iter().flat_map(|other| &other.kinds)).cloned().collect();
    let fingerprint = rollup.fingerprint(&below.iter().map(|other| other.fingerprint).collect::<Vec<_>>());
    let mut schema: SchemaRef = Arc::new(stored(rollup, output)?);
    let mut table = None;
    if rollup.stored {
        let opened = lake.table(&rollup.table_name(), schema, Some(DAY)).await?;
        schema = opened.schema();
        table = Some(opened);
    }
    let (mut keys, mut measures, mut histograms) = (0.., 0.., 0..);
    // A table may have columns of an older definition, too: they stay empty.
    let role = |name: &String| match (output.column_with_name(name), rollup.key.contains(name)) {
        (None, _) => Role::Absent,
        (_, true) => Role::Key(keys.next().unwrap_or_default()),
        (Some((_, field)), false) if *field.data_type() == DataType::Binary => {
            Role::Histogram(histograms.next().unwrap_or_default())
        }
        (_, false) => Role::Measure(measures.next().unwrap_or_default()),
    };
    let roles = schema.fields().iter().map(|field| field.name()).map(role).collect();
    let schema = prepared::holding(&schema);
    let given = Given::new(&schema, &uses_of(planned, &rollup.name));
    let shape = Arc::new(Shape { schema, roles, given });
    Ok(Maintained { rollup: rollup.clone(), fingerprint, table, shape, sql, kinds, reads })
}

/// What other rollups can build on: sums can be summed up further, histograms are for readers.
fn summable(schema: &Schema) -> Schema {
    let fields = schema.fields().iter().filter(|field| *field.data_type() != DataType::Binary);
    Schema::new(fields.cloned().collect::<Vec<_>>())
}

/// The columns of a rollup's table, by the result of its SQL.
fn stored(rollup: &Rollup, output: &SchemaRef) -> Result<Schema> {
    let fields = output.fields().iter().map(|field| {
        let kind = match field.data_type() {
            DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
            DataType::Dictionary(_, values) if **values == DataType::Utf8 => DataType::Utf8,
            whole if whole.is_integer() => DataType::Int64,
            DataType::Boolean => DataType::Boolean,
            DataType::Binary => DataType::Binary,
            DataType::Date32 => DataType::Date32,
            other => {
                let wanted = "give whole numbers (seconds, counts), histograms, text, dates or booleans";
                return Err(rollup.wrong(format!("column `{}` is {other}; {wanted}", field.name())));
            }
        };
        Ok(Field::new(field.name(), kind, field.name() != DAY))
    });
    let schema = Schema::new(fields.collect::<Result<Vec<_>>>()?);
    let dated = schema.column_with_name(DAY).is_some_and(|(_, day)| *day.data_type() == DataType::Date32);
    let fits = |field: &&Arc<Field>| match (rollup.key.contains(field.name()), field.data_type()) {
        (is_key, DataType::Binary) => !is_key,
        (is_key, kind) => is_key || *kind == DataType::Int64,
    };
    match rollup.key.iter().find(|name| schema.column_with_name(name).is_none()) {
        _ if !dated => return Err(rollup.wrong("it gives no column `day` of type date")),
        Some(name) => return Err(rollup.wrong(format!("it gives no column `{name}`, which `key` names"))),
        None => {}
    }
    match schema.fields().iter().find(|field| !fits(field)) {
        Some(field) => {
            let (name, kind) = (field.name(), field.data_type());
            Err(rollup.wrong(format!("column `{name}` is {kind} and not in `key`; measures are whole numbers or histograms")))
        }
        None => Ok(schema),
    }
}
