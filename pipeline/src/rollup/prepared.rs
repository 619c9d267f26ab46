//! A rollup's SQL, planned once and run over whatever rows are put before it.
//!
//! Invariants: a run goes on one thread and leaves nothing behind; what it gives has one more column, [`ROWS`]: the source
//! rows behind each row.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::empty::EmptyTable;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::TaskContext;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::TryStreamExt;
use xueqing_lake::histogram;

use super::coded::held;
use super::file::Rollup;
use super::given::{self, Uses};
use super::linear;
use crate::Result;

/// The column that counts the source rows behind a row.
pub(super) const ROWS: &str = "__rows";
const BATCH: usize = 1 << 15;

/// The sources of a rollup under the names its SQL uses.
pub(super) type Sources = BTreeMap<String, SchemaRef>;

pub(super) struct Prepared {
    plan: Arc<dyn ExecutionPlan>,
    config: SessionConfig,
    runtime: Arc<RuntimeEnv>,
}

/// The place of a source in a plan.
#[derive(Debug)]
struct Feed {
    name: String,
    schema: SchemaRef,
}

/// The rows of the sources in one run; it travels with the run's task.
struct Inputs(Vec<(String, Vec<RecordBatch>)>);

impl PartitionStream for Feed {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, task: Arc<TaskContext>) -> SendableRecordBatchStream {
        let inputs = task.session_config().get_extension::<Inputs>();
        let found = inputs.iter().flat_map(|inputs| &inputs.0).find(|(name, _)| *name == self.name);
        let batches = found.map(|(_, batches)| batches.clone()).unwrap_or_default();
        let schema = Arc::clone(&self.schema);
        let rows = batches.into_iter().map(move |batch| given::picked(&schema, &batch).map_err(DataFusionError::from));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), futures::stream::iter(rows)))
    }
}

impl Prepared {
    /// Plans the SQL, and refuses what cannot be kept up to date.
    pub async fn new(rollup: &Rollup, sources: &Sources) -> Result<Self> {
        let wrong = |error: DataFusionError| rollup.wrong(error.strip_backtrace());
        let config = SessionConfig::new().with_target_partitions(1).with_batch_size(BATCH);
        let context = SessionContext::new_with_config(config);
        histogram::register(&context);
        for (name, schema) in sources {
            let feed = Arc::new(Feed { name: name.clone(), schema: Arc::clone(schema) });
            let table = StreamingTable::try_new(Arc::clone(schema), vec![feed]).map_err(wrong)?;
            context.register_table(name.as_str(), Arc::new(table)).map_err(wrong)?;
        }
        let plan = linear::counted(rollup, &logical(rollup, &context).await?)?;
        let plan = context.state().create_physical_plan(&plan).await.map_err(wrong)?;
        Ok(Self { plan, config: context.copied_config(), runtime: context.runtime_env() })
    }

    /// Runs the SQL over these rows; a source without any is empty. Several runs may go on at once.
    pub async fn run(&self, inputs: Vec<(String, Vec<RecordBatch>)>) -> Result<Vec<RecordBatch>> {
        let config = self.config.clone().with_extension(Arc::new(Inputs(inputs)));
        let task = TaskContext::default().with_session_config(config).with_runtime(Arc::clone(&self.runtime));
        Ok(collect(reset_plan_states(Arc::clone(&self.plan))?, &Arc::new(task)).await?)
    }
}

async fn collect(plan: Arc<dyn ExecutionPlan>, task: &Arc<TaskContext>) -> datafusion::error::Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    for partition in 0..plan.output_partitioning().partition_count() {
        let rows = plan.execute(partition, Arc::clone(task))?;
        batches.extend(rows.try_filter(|batch| futures::future::ready(batch.num_rows() > 0)).try_collect::<Vec<_>>().await?);
    }
    Ok(batches)
}

async fn logical(rollup: &Rollup, context: &SessionContext) -> Result<LogicalPlan> {
    let read_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let planned = context.sql_with_options(&rollup.sql, read_only).await;
    Ok(planned.map_err(|error| rollup.wrong(error.strip_backtrace()))?.into_unoptimized_plan())
}

/// What the SQL gives, and how it uses the columns of each source.
pub(super) async fn look(rollup: &Rollup, sources: &Sources) -> Result<(SchemaRef, BTreeMap<String, Uses>)> {
    let wrong = |error: DataFusionError| rollup.wrong(error.strip_backtrace());
    let context = SessionContext::new();
    histogram::register(&context);
    for (name, schema) in sources {
        let table = EmptyTable::new(Arc::clone(schema));
        context.register_table(name.as_str(), Arc::new(table)).map_err(wrong)?;
    }
    let plan = logical(rollup, &context).await?;
    let output = Arc::new(Schema::new(plan.schema().fields().iter().cloned().collect::<Vec<_>>()));
    let looked_into = linear::looked_into(&plan).map_err(wrong)?;
    let mut uses: BTreeMap<String, Uses> = BTreeMap::new();
    let seen = context.state().optimize(&plan).map_err(wrong)?.apply(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let schema = scan.source.schema();
            let columns = scan.projection.clone().unwrap_or_else(|| (0..schema.fields().len()).collect());
            let names = columns.iter().map(|column| schema.field(*column).name());
            let used = names.map(|name| (name.clone(), !looked_into.contains(name)));
            uses.entry(scan.table_name.table().to_owned()).or_default().extend(used);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    seen.map_err(wrong)?;
    Ok((output, uses))
}

/// A schema with the types in which columns are held; columns of other types are left out.
pub(super) fn holding(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().filter_map(|field| Some(Field::new(field.name(), held(field.data_type())?, true)));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
