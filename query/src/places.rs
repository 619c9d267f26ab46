//! Schools that are alike in the register, added up: `place_day` is `school_grade_day` over all schools, `place_day__region__public` over those of
//! the same region and ownership, and so on for any of [`ALIKE`]; `place_subject_day` is `school_grade_subject_day` in the same way.
//!
//! A city of a thousand schools has ten counties, so what is asked by place and not by school reads a hundredth of the rows, from memory. In
//! `school` stands one of the schools for all that are like it: whatever joins the register by it finds what they share.
//!
//! Invariants: what a query sees is what the rollup of its moment gives over the register of its moment; a day is added up anew when its
//! files, what is held in memory of it, or the register have changed, and only then. A school that is not in the register stands for itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::{concat_batches, partition};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::JoinType;
use datafusion::datasource::MemTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::FunctionRegistry;
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use tokio::sync::Mutex;
use xueqing_lake::{Held, Table};

/// The tables, and the rollups they are made of.
const PLACES: [(&str, &str); 2] = [("place_day", "school_grade_day"), ("place_subject_day", "school_grade_subject_day")];
/// Stands in a table's name before each column in which its schools are alike.
pub(crate) const BY: &str = "__";
/// The register, and what schools can be alike in.
pub(crate) const REGISTER: &str = "school";
const ALIKE: [&str; 4] = ["region", "school_type", "urban_rural", "public"];
/// Parts that are read at the same time.
const PARTS: usize = 2;

type Provider = Arc<dyn TableProvider>;

/// One of the tables by its name.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub name: String,
    /// The rollup that it is made of.
    pub source: &'static str,
    alike: Vec<&'static str>,
}

impl Place {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut parts = name.split(BY);
        let table = parts.next()?;
        let (_, source) = PLACES.iter().find(|(place, _)| *place == table)?;
        let alike = parts.map(|part| ALIKE.into_iter().find(|column| *column == part)).collect::<Option<_>>()?;
        Some(Self { name: name.to_owned(), source, alike })
    }
}

/// What has been added up so far.
#[derive(Default)]
pub(crate) struct Places(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// The register's version.
    register: Option<i64>,
    tables: HashMap<String, Added>,
}

/// One table.
struct Added {
    /// The register's schools, with those that stand for them.
    alike: RecordBatch,
    days: BTreeMap<i32, (Mark, RecordBatch)>,
}

/// What a day was added up from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mark {
    Files(Vec<String>),
    Held(i64),
}

/// One of the rollups, pinned.
pub(crate) struct Source {
    provider: Provider,
    days: BTreeMap<i32, Mark>,
}

impl Source {
    /// The table with what is held of it, and of what its days are made.
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
                let in_memory = held.iter().flat_map(|held| held.days().into_iter().map(|day| (day, Mark::Held(held.moment()))));
                days.extend(in_memory.collect::<Vec<_>>());
                return Self { provider, days };
            }
        }
    }
}

impl Places {
    /// A table over its pinned source and the pinned register.
    pub(crate) async fn table(
        &self,
        context: &SessionContext,
        place: &Place,
        source: &Source,
        (version, register): (i64, Provider),
    ) -> Result<Provider> {
        let mut known = self.0.lock().await;
        if known.register != Some(version) {
            *known = Known { register: Some(version), ..Known::default() };
        }
        if !known.tables.contains_key(&place.name) {
            let added = Added { alike: alike(context, register, &place.alike).await?, days: BTreeMap::new() };
            known.tables.insert(place.name.clone(), added);
        }
        let Some(Added { alike, days }) = known.tables.get_mut(&place.name) else { return Err(missing()) };
        days.retain(|day, (mark, _)| source.days.get(day) == Some(mark));
        let wanted: Vec<i32> = source.days.keys().filter(|day| !days.contains_key(day)).copied().collect();
        let schema = source.provider.schema();
        let mut added = added_up(context, Arc::clone(&source.provider), &wanted, alike.clone()).await?;
        for day in wanted {
            // A day without rows is known to have none.
            let rows = added.remove(&day).unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(&schema)));
            days.insert(day, (source.days[&day].clone(), rows));
        }
        let batches: Vec<RecordBatch> = days.values().map(|(_, rows)| rows.clone()).filter(|rows| rows.num_rows() > 0).collect();
        let mut parts: Vec<Vec<RecordBatch>> =
            batches.chunks(batches.len().div_ceil(PARTS).max(1)).map(<[RecordBatch]>::to_vec).collect();
        // There is a part even if it is empty.
        parts.resize_with(parts.len().max(1), Vec::new);
        Ok(Arc::new(MemTable::try_new(schema, parts)?))
    }
}

fn missing() -> DataFusionError {
    DataFusionError::Internal("a rollup by place is missing".to_owned())
}

/// Each school of the register (`of`) with the first of those that are like it (`stands_for`).
async fn alike(context: &SessionContext, register: Provider, columns: &[&str]) -> Result<RecordBatch> {
    let columns: Vec<&str> = [REGISTER].into_iter().chain(columns.iter().copied()).collect();
    let rows = context.read_table(register)?.select_columns(&columns)?.sort(vec![col(REGISTER).sort(true, true)])?;
    let batches = rows.collect().await?;
    let (mut of, mut stands_for) = (Vec::new(), Vec::new());
    let mut firsts: HashMap<Vec<ScalarValue>, String> = HashMap::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let values = batch.columns().iter().map(|column| ScalarValue::try_from_array(column, row));
            let mut values = values.collect::<Result<Vec<_>>>()?;
            let Some(Some(school)) = values.remove(0).try_as_str().map(|school| school.map(str::to_owned)) else { continue };
            stands_for.push(firsts.entry(values).or_insert_with(|| school.clone()).clone());
            of.push(school);
        }
    }
    let columns: [(&str, ArrayRef); 2] =
        [("of", Arc::new(StringArray::from(of))), ("stands_for", Arc::new(StringArray::from(stands_for)))];
    Ok(RecordBatch::try_from_iter(columns)?)
}

/// The rows of these days, added up over schools that are alike, by day.
async fn added_up(
    context: &SessionContext,
    source: Provider,
    days: &[i32],
    alike: RecordBatch,
) -> Result<BTreeMap<i32, RecordBatch>> {
    if days.is_empty() {
        return Ok(BTreeMap::new());
    }
    let schema = source.schema();
    let wanted = days.iter().map(|day| lit(ScalarValue::Date32(Some(*day)))).collect();
    let rows = context.read_table(source)?.filter(col("day").in_list(wanted, false))?;
    let rows = rows.join(context.read_batch(alike)?, JoinType::Left, &["school"], &["of"], None)?;
    let (keys, measures): (Vec<_>, Vec<_>) = schema.fields().iter().partition(|field| !is_measure(field.data_type()));
    let key = |name: &str| match name {
        "school" => coalesce(vec![col("stands_for"), col("school")]).alias("school"),
        name => col(name),
    };
    let histograms = context.state().udaf("histogram_sum")?;
    let measure = |name: &str, kind: &DataType| match kind {
        DataType::Binary => histograms.call(vec![col(name)]).alias(name),
        _ => sum(col(name)).alias(name),
    };
    let keys: Vec<Expr> = keys.iter().map(|field| key(field.name())).collect();
    let measures: Vec<Expr> = measures.iter().map(|field| measure(field.name(), field.data_type())).collect();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let rows = rows.aggregate(keys, measures)?.select_columns(&names)?.sort(vec![col("day").sort(true, true)])?;
    by_day(&schema, &rows.collect().await?)
}

fn is_measure(kind: &DataType) -> bool {
    matches!(kind, DataType::Int64 | DataType::Binary)
}

/// Rows in the order of their days, cut between days.
fn by_day(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<BTreeMap<i32, RecordBatch>> {
    let cast = |batch: &RecordBatch| {
        let columns = batch.columns().iter().zip(schema.fields());
        let columns =
            columns.map(|(column, field)| arrow::compute::cast(column, field.data_type())).collect::<Result<Vec<_>, _>>();
        RecordBatch::try_new(Arc::clone(schema), columns?)
    };
    let batches = batches.iter().map(cast).collect::<Result<Vec<_>, _>>()?;
    let all = concat_batches(schema, &batches)?;
    let days = all.column_by_name("day").ok_or_else(missing)?.clone();
    let cuts = partition(std::slice::from_ref(&days))?.ranges();
    let days = days.as_primitive_opt::<arrow::datatypes::Date32Type>().ok_or_else(missing)?;
    // A slice would keep all the others in memory.
    let own = |rows: RecordBatch| concat_batches(schema, [&rows]);
    cuts.into_iter().map(|cut| Ok((days.value(cut.start), own(all.slice(cut.start, cut.len()))?))).collect()
}
