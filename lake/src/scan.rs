//! A pinned table as DataFusion reads it: a plain Parquet scan of the live files, and the days that are held in memory.
//!
//! Invariants: the plan names nothing but files, so it can be sent to another process; a file is left out only when
//! its partition or statistics prove that no row of it can pass; the rows never change after the provider was made; while a
//! plan lives, vacuum leaves its files alone.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use chrono::DateTime;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::common::config::TableParquetOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::{CachedParquetFileReaderFactory, ParquetFileReaderFactory};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::union::UnionExec;
use object_store::ObjectMeta;
use object_store::path::Path;
use parquet::arrow::async_reader::AsyncFileReader;

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
    fn in_memory(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(held) = &self.held else { return Ok(None) };
        let shape = &self.state.shape;
        let days = prune::days(shape, session, filters, held.days())?;
        if days.is_empty() {
            return Ok(None);
        }
        let columns = projection.cloned().unwrap_or_else(|| (0..shape.schema.fields().len()).collect());
        let equal: Vec<(usize, ScalarValue)> =
            filters.iter().filter_map(|filter| prune::equality(&shape.schema, filter)).collect();
        let rows = held.rows(&days, &columns, &equal)?;
        let schema = Arc::new(shape.schema.project(&columns)?);
        Ok(Some(MemorySourceConfig::try_new_exec(&[rows], schema, None)?))
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
        let mut files = prune::remaining(&self.state, session, filters)?;
        let memory = self.in_memory(session, projection, filters)?;
        if let Some(held) = &self.held {
            let days = held.days();
            files.retain(|file| file.day.is_none_or(|day| !days.contains(&day)));
        }
        let schema = &self.state.shape.schema;
        if let (Some(memory), true) = (&memory, files.is_empty()) {
            return Ok(Arc::clone(memory));
        }
        if files.is_empty() {
            let projected = match projection {
                Some(columns) => Arc::new(schema.project(columns)?),
                None => Arc::clone(schema),
            };
            return Ok(Arc::new(EmptyExec::new(projected)));
        }
        let statistics = stats::merged(schema, files.iter().map(|f| &f.statistics))?;
        let parts = files.iter().map(|f| self.partitioned(f)).collect::<Result<Vec<_>>>()?;
        let pin = self.site.pin(&self.state).await;
        let groups = FileGroup::new(parts).split_files(session.config().target_partitions().max(1));
        let scan = FileScanConfigBuilder::new(self.place.store_url.clone(), Arc::new(self.source(session, pin)?))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        let stored = DataSourceExec::from_data_source(scan);
        match memory {
            Some(memory) => UnionExec::try_new(vec![stored, memory]),
            None => Ok(stored),
        }
    }
}
