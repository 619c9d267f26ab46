//! Closing a day: repeats go, rows are sorted, one well-sized file remains.
//!
//! Invariants: the current rows of the day stay the same, so followers of the log see no change; the work is done without the
//! lake's lock, and done anew when other writers touched its files; rows that arrive meanwhile or later stand in files of their
//! own until the day is closed again. Memory is bounded by the options: sorting spills beside the tables.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::dataframe::DataFrame;
use datafusion::error::Result as PlanResult;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf, ident, lit};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::scalar::ScalarValue;
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use serde::Serialize;
use uuid::Uuid;

use crate::encode::{Encoded, SEQ};
use crate::error::{Error, Result};
use crate::litter::SPILL;
use crate::state::{LiveFile, State};
use crate::table::Table;
use crate::write::{self, NewFile};
use crate::{digest, encode, repeats};

const ATTEMPTS: usize = 3;
/// Small enough that bounds and bloom filters leave most of a day unread.
const ROW_GROUP: usize = 1 << 18;
const LEVEL: i32 = 3;

/// How a day is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseOptions {
    /// Tells one record from another; of its repeats the one with the highest (revision, seq) is kept.
    pub key: Vec<String>,
    /// The order of rows; columns that the table lacks are passed over.
    pub sort: Vec<String>,
    /// Columns that are looked up by single values: they get bloom filters.
    pub bloom: Vec<String>,
    /// About how large a file may become.
    pub file_bytes: usize,
    /// How much sorting may hold in memory.
    pub sort_bytes: usize,
}

impl Default for CloseOptions {
    fn default() -> CloseOptions {
        let (key, sort, bloom) = Default::default();
        CloseOptions { key, sort, bloom, file_bytes: 128 << 20, sort_bytes: 192 << 20 }
    }
}

/// What closing a day did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Closed {
    pub version: i64,
    pub files_before: usize,
    pub files: usize,
    pub rows_before: u64,
    pub rows: u64,
    pub bytes_before: u64,
    pub bytes: u64,
}

impl Table {
    /// Whether nothing has been added to the day since it was last closed, or nothing is there.
    pub fn is_closed(&self, day: i32) -> bool {
        is_closed(&files_of(&self.state(), day))
    }

    /// Closes a day; `None` when it is closed already.
    ///
    /// # Errors
    /// `lake_conflict` when other writers kept rewriting the day; `lake_plan`, `lake_full` and storage errors, after which the
    /// table is as before.
    pub async fn close_day(&self, day: i32, options: &CloseOptions) -> Result<Option<Closed>> {
        for _ in 0..ATTEMPTS {
            self.refresh().await?;
            let state = self.state();
            let inputs = files_of(&state, day);
            if is_closed(&inputs) {
                return Ok(None);
            }
            let files = self.laid_out(&state, day, options).await?;
            if let Some(after) = self.swap(&inputs, &files, false).await? {
                return Ok(Some(closed(after.version, &inputs, &files)));
            }
        }
        let reason = "other writers kept rewriting the day".to_owned();
        Err(Error::Conflict { table: self.name().to_owned(), reason })
    }

    /// The day's rows, without repeats and sorted, in new files.
    async fn laid_out(&self, state: &Arc<State>, day: i32, options: &CloseOptions) -> Result<Vec<NewFile>> {
        let failed = |error| Error::plan(self.name())(error).or_full();
        let context = self.spilling(options).map_err(failed)?;
        let rows = self.sorted(&context, state, day, options).await.map_err(failed)?;
        let layout = properties(state, options);
        let mut files = self.spool(state, Some(day), rows, layout, options.file_bytes).await?;
        let closing = Uuid::now_v7().to_string();
        for file in &mut files {
            digest::mark_closed(file.add.tags.get_or_insert_default(), &closing);
        }
        Ok(files)
    }

    async fn sorted(
        &self,
        context: &SessionContext,
        state: &Arc<State>,
        day: i32,
        options: &CloseOptions,
    ) -> PlanResult<DataFrame> {
        let mut rows = context.read_table(self.provider_of(Arc::clone(state)))?;
        if let Some(partition) = state.shape.partition_name() {
            rows = rows.filter(ident(partition).eq(lit(ScalarValue::Date32(Some(day)))))?;
        }
        let has = |name: &&String| state.shape.schema.index_of(name).is_ok();
        let mut order: Vec<_> = options.sort.iter().filter(has).map(|name| ident(name).sort(true, true)).collect();
        if has(&&SEQ.to_owned()) {
            let count = files_of(state, day).iter().filter_map(|file| file.rows).sum();
            let replaced = repeats::replaced(&rows, &options.key, count).await?;
            if !replaced.is_empty() {
                rows = rows.filter(is_none_of(replaced).call(vec![ident(SEQ)]))?;
            }
            order.push(ident(SEQ).sort(true, true));
        }
        rows.sort(order)
    }

    /// A context that sorts within its memory and spills beside the tables.
    fn spilling(&self, options: &CloseOptions) -> PlanResult<SessionContext> {
        let mut disk = DiskManagerBuilder::default();
        if let Some(lake) = &self.site().lake {
            let folder = lake.join(SPILL);
            std::fs::create_dir_all(&folder)?;
            disk = disk.with_mode(DiskManagerMode::Directories(vec![folder]));
        }
        let pool = Arc::new(FairSpillPool::new(options.sort_bytes));
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(pool).with_disk_manager_builder(disk).build_arc()?;
        let config = SessionConfig::new().with_target_partitions(1).with_sort_spill_reservation_bytes(options.sort_bytes / 8);
        Ok(SessionContext::new_with_config_rt(config, runtime))
    }

    /// Runs a plan and writes its rows, in their order, as files of at most about `file_bytes`.
    pub(crate) async fn spool(
        &self,
        state: &Arc<State>,
        day: Option<i32>,
        rows: DataFrame,
        layout: WriterProperties,
        file_bytes: usize,
    ) -> Result<Vec<NewFile>> {
        let (table, state) = (self.clone(), Arc::clone(state));
        let runtime = tokio::runtime::Handle::current();
        // Encoding keeps a core busy for long: not on a thread that serves.
        let spooling = tokio::task::spawn_blocking(move || {
            runtime.block_on(async {
                let mut files = Vec::new();
                let written = table.spool_into(&mut files, &state, day, (rows, layout, file_bytes)).await;
                if let Err(error) = written {
                    table.discard(&files).await;
                    return Err(error.or_full());
                }
                Ok(files)
            })
        });
        spooling.await.map_err(|_| Error::Cancelled { table: self.name().to_owned(), doing: "rewriting files" })?
    }

    async fn spool_into(
        &self,
        files: &mut Vec<NewFile>,
        state: &State,
        day: Option<i32>,
        (rows, layout, file_bytes): (DataFrame, WriterProperties, usize),
    ) -> Result<()> {
        let schema = &state.shape.file_schema;
        let (planned, failed) = (Error::plan(self.name()), Error::parquet(self.name()));
        let store = self.log().store.object_store(None);
        let begin = || ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(layout.clone())).map_err(&failed);
        let mut stream = rows.execute_stream().await.map_err(&planned)?;
        let mut writer: Option<ArrowWriter<Vec<u8>>> = None;
        while let Some(batch) = stream.next().await.transpose().map_err(&planned)? {
            if batch.num_rows() == 0 {
                continue;
            }
            let mut open = writer.take().map_or_else(begin, Ok)?;
            open.write(&write::align(self.name(), schema, &batch)?).map_err(&failed)?;
            if open.bytes_written() + open.in_progress_size() < file_bytes {
                writer = Some(open);
                continue;
            }
            let encoded = finish(schema, open).map_err(&failed)?;
            files.push(write::put(self.name(), &state.shape, store.as_ref(), day, encoded, self.now()).await?);
        }
        if let Some(open) = writer {
            let encoded = finish(schema, open).map_err(&failed)?;
            files.push(write::put(self.name(), &state.shape, store.as_ref(), day, encoded, self.now()).await?);
        }
        Ok(())
    }
}

/// The properties of a file that is written once and read for long.
pub(crate) fn properties(state: &State, options: &CloseOptions) -> WriterProperties {
    let level = ZstdLevel::try_new(LEVEL).unwrap_or_default();
    let mut layout = encode::properties(&state.shape.file_schema)
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP));
    for name in options.bloom.iter().filter(|name| state.shape.file_schema.index_of(name).is_ok()) {
        let column = ColumnPath::from(name.as_str());
        layout = layout.set_column_bloom_filter_enabled(column.clone(), true).set_column_bloom_filter_fpp(column.clone(), 0.01);
        layout = layout.set_column_bloom_filter_max_ndv(column, ROW_GROUP as u64);
    }
    layout.build()
}

fn finish(schema: &arrow::datatypes::SchemaRef, mut writer: ArrowWriter<Vec<u8>>) -> std::result::Result<Encoded, ParquetError> {
    let metadata = writer.finish()?;
    encode::finished(std::mem::take(writer.inner_mut()), schema, &metadata)
}

/// Passes the rows whose `seq` is none of these, which are sorted.
fn is_none_of(replaced: Vec<i64>) -> datafusion::logical_expr::ScalarUDF {
    let check = move |arguments: &[ColumnarValue]| {
        let seq = ColumnarValue::values_to_arrays(arguments)?;
        let kept = seq[0].as_primitive::<Int64Type>().values().iter().map(|seq| Some(replaced.binary_search(seq).is_err()));
        Ok(ColumnarValue::Array(Arc::new(kept.collect::<BooleanArray>())))
    };
    create_udf("is_newest", vec![DataType::Int64], DataType::Boolean, Volatility::Immutable, Arc::new(check))
}

fn files_of(state: &State, day: i32) -> Vec<Arc<LiveFile>> {
    let day = state.shape.partition.is_some().then_some(day);
    state.files.values().filter(|file| file.day == day).cloned().collect()
}

fn is_closed(files: &[Arc<LiveFile>]) -> bool {
    let closings: HashSet<Option<&str>> = files.iter().map(|file| file.closing.as_deref()).collect();
    closings.is_empty() || (closings.len() == 1 && !closings.contains(&None))
}

fn closed(version: i64, inputs: &[Arc<LiveFile>], files: &[NewFile]) -> Closed {
    Closed {
        version,
        files_before: inputs.len(),
        files: files.len(),
        rows_before: inputs.iter().filter_map(|file| file.rows).sum(),
        rows: files.iter().map(|file| file.rows).sum(),
        bytes_before: inputs.iter().map(|file| file.size).sum(),
        bytes: files.iter().map(NewFile::bytes).sum(),
    }
}
