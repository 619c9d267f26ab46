//! A lake in a temporary folder, and lines to send it.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use tempfile::TempDir;
use xueqing_lake::Lake;
use xueqing_pipeline::{Clock, Format, Identity, Ingest, Options, Raw, Receipt, Setup};
use xueqing_schema::Standard;
use xueqing_schema::ids::Pseudonyms;

pub struct World {
    pub folder: TempDir,
    pub standard: Arc<Standard>,
    pub rollup_files: Vec<(String, String)>,
    pub options: Options,
    pub clock: Clock,
}

impl World {
    pub fn new() -> Self {
        Self {
            folder: TempDir::new().expect("a temporary folder"),
            standard: Arc::new(Standard::builtin().expect("the built-in standard")),
            rollup_files: Vec::new(),
            options: Options { commit_interval: Duration::from_millis(20), ..Options::default() },
            clock: Arc::new(|| 1_795_132_800_000_000),
        }
    }

    pub async fn lake(&self) -> Lake {
        Lake::open(self.folder.path().to_str().expect("a plain path")).expect("a lake")
    }

    pub async fn try_start(&self) -> xueqing_pipeline::Result<Ingest> {
        Ingest::start(Setup {
            lake: self.lake().await,
            standard: Arc::clone(&self.standard),
            ids: Pseudonyms::new(b"test"),
            timezone: chrono_tz::Asia::Shanghai,
            rollup_files: self.rollup_files.clone(),
            options: self.options.clone(),
            clock: Arc::clone(&self.clock),
        })
        .await
    }

    pub async fn start(&self) -> Ingest {
        self.try_start().await.expect("ingest starts")
    }

    /// The rows of a query over the current rows of all event kinds and over the stored rollups, as text.
    pub async fn query(&self, sql: &str) -> String {
        let context = self.context().await;
        show(&context.sql(sql).await.expect("a plan").collect().await.expect("rows"))
    }

    /// Current rows under the kinds' names, stored rollups as `stored_NAME`, whole tables as `all_NAME`.
    pub async fn context(&self) -> SessionContext {
        let context = SessionContext::new();
        xueqing_lake::histogram::register(&context);
        let lake = self.lake().await;
        for kind in self.standard.kinds() {
            let Some(table) = lake.existing(&kind.table_name()).await.expect("a readable lake") else { continue };
            let current = xueqing_lake::current(&context, &table, &kind.key, None).expect("current rows");
            context.register_table(kind.name.as_str(), current.into_view()).expect("a new name");
            context.register_table(format!("all_{}", kind.name), table.provider()).expect("a new name");
        }
        for name in lake.names().await.expect("a readable lake") {
            if let Some(rollup) = name.strip_prefix("rollups/") {
                let table = lake.existing(&name).await.expect("a readable lake").expect("it was listed");
                context.register_table(format!("stored_{rollup}"), table.provider()).expect("a new name");
            }
        }
        context
    }
}

pub fn show(batches: &[RecordBatch]) -> String {
    pretty_format_batches(batches).expect("printable").to_string()
}

pub fn raw(mapping: &str, source: &str, lines: &[String]) -> Raw {
    Raw {
        bytes: lines.join("\n").into(),
        mapping: mapping.to_owned(),
        format: Format::Ndjson,
        encoding: None,
        source: source.to_owned(),
        identity: Identity::Unknown,
    }
}

pub async fn send(ingest: &Ingest, mapping: &str, lines: &[String]) -> Receipt {
    ingest.submit(raw(mapping, "test", lines)).await.expect("accepted")
}

/// One pupil's piece of homework; `more` is further JSON members, each led by a comma.
pub fn homework(day: &str, assignment: &str, student: &str, status: &str, more: &str) -> String {
    format!(
        r#"{{"assignment":"{assignment}","school":"S1","class":"C1","grade":"13","subject":"math","student":"{student}","assigned_at":"{day}T16:00:00+08:00","status":"{status}"{more}}}"#
    )
}

pub fn attendance(day: &str, student: &str, period: &str, status: &str) -> String {
    format!(
        r#"{{"school":"S1","class":"C1","student":"{student}","at":"{day}T08:00:00+08:00","place":"lesson","period":"{period}","status":"{status}"}}"#
    )
}

pub fn act(day: &str, event: &str, student: &str, act: &str, correct: bool) -> String {
    format!(
        r#"{{"event":"{event}","school":"S1","class":"C1","grade":"13","subject":"math","lesson":"L1","student":"{student}","at":"{day}T09:00:00+08:00","act":"{act}","correct":{correct}}}"#
    )
}
