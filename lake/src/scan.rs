//! A pinned table as DataFusion reads it: a plain Parquet scan of the live files, and the days that are held in memory.
//!
//! Invariants: what is not in memory is named by its files; a file is left out only when its partition or statistics prove that no
//! row of it can pass; the rows never change after the provider was made; while a plan lives, vacuum leaves its files alone.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use chrono::DateTime;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::TableParquetOptions;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::{CachedParquetFileReaderFactory, ParquetFileReaderFactory};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::union::UnionExec;
use object_store::ObjectMeta;
use object_store::path::Path;
use parquet::arrow::async_reader::AsyncFileReader;
use tokio::task::JoinSet;

use crate::kept::{Asked, MOST_ROWS};
use crate::memory::Held;
use crate::prune;
use crate::root::Place;
use crate::site::{Pin, Site};
use crate::state::{LiveFile, State};
use crate::stats;

/// The table at one version.
#[derive(Debug)]
pub(crate) struct Provider {
    state: Arc<State>,
    place: Place,
    site: Site,
    held: Option<Arc<dyn Held>>,
}

/// Opens files for one plan, and keeps them from being deleted while the plan lives.
#[derive(Debug)]
struct Opener {
    inner: CachedParquetFileReaderFactory,
    _pin: Arc<Pin>,
}

impl ParquetFileReaderFactory for Opener {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        footer_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        self.inner.create_reader(partition, file, footer_hint, metrics)
    }
}

impl Provider {
    pub(crate) fn new(state: Arc<State>, place: Place, site: Site) -> Provider {
        Provider { state, place, site, held: None }
    }

    pub(crate) fn over(self, held: Arc<dyn Held>) -> Provider {
        Provider { held: Some(held), ..self }
    }

    /// The rows in memory that may pass all `filters`.
    fn in_memory(&self, session: &dyn Session, columns: &[usize], filters: &[Expr]) -> Result<Vec<RecordBatch>> {
        let Some(held) = &self.held else { return Ok(Vec::new()) };
        let shape = &self.state.shape;
        let days = prune::days(shape, session, filters, held.days())?;
        if days.is_empty() {
            return Ok(Vec::new());
        }
        let equal: Vec<(usize, ScalarValue)> =
            filters.iter().filter_map(|filter| prune::equality(&shape.schema, filter)).collect();
        Ok(held.rows(&days, columns, &equal)?)
    }

    /// The files in groups, with the columns of `projection`. With a condition, what cannot meet it is left out, and each group's files
    /// are read as that group; else whoever is free takes the next.
    async fn stored(
        &self,
        session: &dyn Session,
        (files, groups): (&[Arc<LiveFile>], usize),
        projection: Vec<usize>,
        condition: Option<Arc<dyn PhysicalExpr>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let statistics = stats::merged(&self.state.shape.schema, files.iter().map(|f| &f.statistics))?;
        let parts = files.iter().map(|f| self.partitioned(f)).collect::<Result<Vec<_>>>()?;
        let pin = self.site.pin(&self.state).await;
        let (mut source, apart) = (self.source(session, pin)?, condition.is_some());
        if let Some(condition) = condition {
            source = source.with_predicate(condition);
        }
        let scan = FileScanConfigBuilder::new(self.place.store_url.clone(), Arc::new(source))
            .with_file_groups(FileGroup::new(parts).split_files(groups))
            .with_statistics(statistics)
            .with_projection_indices(Some(projection))?
            .with_limit(limit)
            .with_preserve_order(apart)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }

    /// The rows of these files that a narrow question wants, file by file; none of them when they are many after all.
    async fn narrow(&self, session: &dyn Session, files: &[Arc<LiveFile>], asked: Asked) -> Result<Option<Vec<RecordBatch>>> {
        let (asked, kept) = (Arc::new(asked), &self.site.kept);
        let known: Vec<_> = files.iter().map(|file| kept.get(&asked, &file.path)).collect();
        let unknown: Vec<Arc<LiveFile>> =
            files.iter().zip(&known).filter(|(_, rows)| rows.is_none()).map(|(file, _)| Arc::clone(file)).collect();
        let mut rows: Vec<RecordBatch> = known.into_iter().flatten().collect();
        let number: usize = rows.iter().map(RecordBatch::num_rows).sum();
        let Some(room) = MOST_ROWS.checked_sub(number) else { return Ok(None) };
        if unknown.is_empty() {
            return Ok(Some(rows));
        }
        let whole = DFSchema::try_from(Arc::clone(&self.state.shape.schema))?;
        let condition = session.create_physical_expr(asked.condition(), &whole)?;
        let scan = self.stored(session, (&unknown, unknown.len()), asked.columns.clone(), Some(condition), None).await?;
        let mut tasks = JoinSet::new();
        let threads = session.config().target_partitions().max(1);
        for part in 0..threads {
            let (scan, asked, context) = (Arc::clone(&scan), Arc::clone(&asked), session.task_ctx());
            tasks.spawn(async move {
                let (mut read, mut room) = (Vec::new(), room / threads);
                for file in (part..scan.properties().partitioning.partition_count()).step_by(threads) {
                    let Some(rows) = asked.few(scan.execute(file, Arc::clone(&context))?, room).await? else { return Ok(None) };
                    room -= rows.num_rows();
                    read.push((file, rows));
                }
                Ok::<_, DataFusionError>(Some(read))
            });
        }
        while let Some(read) = tasks.join_next().await {
            let Some(read) = read.map_err(|error| DataFusionError::External(Box::new(error)))?? else { return Ok(None) };
            for (file, found) in read {
                kept.put(&asked, &unknown[file].path, &found);
                rows.push(found);
            }
        }
        Ok(Some(rows))
    }

    fn partitioned(&self, file: &LiveFile) -> Result<PartitionedFile> {
        let location =
            Path::parse(format!("{}/{}", self.place.prefix, file.path)).map_err(|e| DataFusionError::External(Box::new(e)))?;
        let mut part = PartitionedFile::new_from_meta(ObjectMeta {
            location,
            last_modified: DateTime::from_timestamp_millis(file.modified).unwrap_or_default(),
            size: file.size,
            e_tag: None,
            version: None,
        });
        if self.state.shape.partition.is_some() {
            part.partition_values = vec![ScalarValue::Date32(file.day)];
        }
        part.statistics = Some(Arc::clone(&file.statistics));
        Ok(part)
    }

    /// Reads with the session's Parquet options, and remembers file footers in its cache.
    fn source(&self, session: &dyn Session, pin: Arc<Pin>) -> Result<ParquetSource> {
        let runtime = session.runtime_env();
        if let Some(store) = &self.place.store {
            runtime.register_object_store(self.place.store_url.as_ref(), Arc::clone(store));
        }
        let options =
            TableParquetOptions { global: session.config_options().execution.parquet.clone(), ..TableParquetOptions::default() };
        let store = runtime.object_store(&self.place.store_url)?;
        let footers = runtime.cache_manager.get_file_metadata_cache();
        Ok(ParquetSource::new(self.state.shape.table_schema())
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(Opener {
                inner: CachedParquetFileReaderFactory::new(store, footers),
                _pin: pin,
            })))
    }
}

#[async_trait]
impl TableProvider for Provider {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.state.shape.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let exact = |filter: &&Expr| prune::is_on_partition(&self.state.shape, filter);
        let answer = |filter| match exact(filter) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Inexact,
        };
        Ok(filters.iter().map(answer).collect())
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let shape = &self.state.shape;
        let columns = projection.cloned().unwrap_or_else(|| (0..shape.schema.fields().len()).collect());
        let schema = Arc::new(shape.schema.project(&columns)?);
        let mut files = prune::remaining(&self.state, session, filters)?;
        let mut rows = self.in_memory(session, &columns, filters)?;
        if let Some(held) = &self.held {
            let days = held.days();
            files.retain(|file| file.day.is_none_or(|day| !days.contains(&day)));
        }
        if let Some(asked) = Asked::of(shape, &columns, &schema, filters)
            && let Some(found) = self.narrow(session, &files, asked).await?
        {
            rows.extend(found);
            rows = vec![concat_batches(&schema, &rows)?];
            files.clear();
        }
        let in_memory = |rows| -> Result<Arc<dyn ExecutionPlan>> {
            Ok(MemorySourceConfig::try_new_exec(&[rows], Arc::clone(&schema), None)?)
        };
        match (files.is_empty(), rows.is_empty()) {
            (true, true) => Ok(Arc::new(EmptyExec::new(schema))),
            (true, false) => in_memory(rows),
            (false, is_alone) => {
                let stored = (&files[..], session.config().target_partitions().max(1));
                let stored = self.stored(session, stored, columns, None, limit).await?;
                if is_alone { Ok(stored) } else { UnionExec::try_new(vec![stored, in_memory(rows)?]) }
            }
        }
    }
}
