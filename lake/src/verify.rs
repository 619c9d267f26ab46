//! Every file of a table against what its commit says of it.
//!
//! Promises: reads and changes nothing; a fault names the file and what is wrong with it; what is found broken does not hide
//! the rest. Looked at in depth, every byte counts: a flipped bit is found by the file's checksum, and where its writer left
//! none, by decoding every page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::{FooterTail, ParquetMetaDataReader};
use serde::Serialize;

use crate::digest;
use crate::error::{Error, Result};
use crate::lake::Lake;
use crate::log::Log;
use crate::state::LiveFile;
use crate::vacuum::Litter;

const FOOTER: u64 = 8;
const SIDE_BY_SIDE: usize = 2;

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The file is not there.
    Missing,
    /// Its size is not what was written.
    Size,
    /// Its footer cannot be read.
    Footer,
    /// It holds another number of rows than was written.
    Rows,
    /// Its bytes are not those that were written.
    Checksum,
    /// A page of it cannot be decoded.
    Page,
    /// It could not be read.
    Unreadable,
    /// An entry of the log is missing.
    LogGap,
    /// An entry of the log, or a checkpoint, cannot be read.
    LogEntry,
    /// The table as a whole cannot be opened.
    Table,
}

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Below the table's folder.
    pub path: String,
    /// Days since 1970-01-01, for a data file of a day.
    pub day: Option<i32>,
    pub kind: FaultKind,
    /// What was expected and what was found.
    pub detail: String,
}

/// What came of looking at one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub table: String,
    pub version: i64,
    pub files: usize,
    pub rows: u64,
    pub bytes: u64,
    pub faults: Vec<Fault>,
    /// Files that the newest version no longer names and that readers of older ones may need; vacuum removes them.
    pub retired: usize,
    /// Files that no version names, which crashes leave; vacuum removes them.
    pub orphans: Vec<Litter>,
}

impl Lake {
    /// Looks at one table; `deep` reads every byte of it.
    ///
    /// # Errors
    /// `lake_table_name` for a name that no table can have; storage errors other than those that are faults of files.
    pub async fn verify(&self, name: &str, deep: bool) -> Result<Verdict> {
        let log = self.log(name)?;
        let mut verdict = Verdict { table: name.to_owned(), ..Verdict::default() };
        verdict.faults = log_faults(&log).await?;
        let state = match log.load().await {
            Ok(Some(state)) => state,
            Ok(None) => return Ok(verdict.with("_delta_log", FaultKind::Table, "there is no log".to_owned())),
            Err(error) => return Ok(verdict.with("_delta_log", FaultKind::Table, told(&error))),
        };
        verdict.version = state.version;
        let store = log.store.object_store(None);
        let looked = state.files.values().map(|file| look(store.as_ref(), file, deep));
        let faults: Vec<Option<Fault>> = stream::iter(looked).buffered(SIDE_BY_SIDE).collect().await;
        verdict.faults.extend(faults.into_iter().flatten());
        for file in state.files.values() {
            verdict.files += 1;
            verdict.rows += file.rows.unwrap_or_default();
            verdict.bytes += file.size;
        }
        self.find_orphans(name, &mut verdict).await?;
        Ok(verdict)
    }

    async fn find_orphans(&self, name: &str, verdict: &mut Verdict) -> Result<()> {
        let Some(table) = self.existing(name).await? else { return Ok(()) };
        table.refresh().await?;
        let retired: BTreeSet<String> = table.taken_out(Duration::MAX).await?.into_iter().map(|(path, _)| path).collect();
        for object in table.unnamed().await? {
            match retired.contains(object.location.as_ref()) {
                true => verdict.retired += 1,
                false => verdict.orphans.push(Litter { path: object.location.to_string(), bytes: object.size }),
            }
        }
        for staged in table.half_written(Duration::ZERO).await? {
            let path = table.folder().and_then(|folder| staged.path.strip_prefix(folder).ok().map(|path| path.to_owned()));
            let path = path.unwrap_or(staged.path).to_string_lossy().into_owned();
            verdict.orphans.push(Litter { path, bytes: staged.bytes });
        }
        Ok(())
    }
}

impl Verdict {
    fn with(mut self, path: &str, kind: FaultKind, detail: String) -> Verdict {
        self.faults.push(Fault { path: path.to_owned(), day: None, kind, detail });
        self
    }
}

/// Entries must be readable and without a gap, from the newest checkpoint (or the first entry) on.
async fn log_faults(log: &Log) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fault = |path: String, kind, detail| faults.push(Fault { path, day: None, kind, detail });
    let entries: BTreeMap<i64, i64> = log.entries().await?.into_iter().collect();
    let mut first = 0;
    if let Some((version, parts)) = log.newest_checkpoint(i64::MAX).await? {
        first = version + 1;
        for part in parts {
            if let Err(reason) = decode_all(log.get(&part).await?.unwrap_or_default()).await {
                fault(below_table(&part), FaultKind::LogEntry, reason);
            }
        }
    }
    let entry = |version: i64| format!("_delta_log/{version:020}.json");
    let last = entries.keys().next_back().copied().unwrap_or(first - 1);
    for version in first..=last {
        match log.commit_entry(version).await {
            Ok(Some(_)) => {}
            Ok(None) => fault(entry(version), FaultKind::LogGap, "the entry is missing".to_owned()),
            Err(error) => fault(entry(version), FaultKind::LogEntry, told(&error)),
        }
    }
    Ok(faults)
}

/// The first thing that is wrong with a data file.
async fn look(store: &dyn ObjectStore, file: &Arc<LiveFile>, deep: bool) -> Option<Fault> {
    let fault = |(kind, detail)| Fault { path: file.path.to_string(), day: file.day, kind, detail };
    let looked = if deep { whole(store, file).await } else { outside(store, file).await };
    looked.err().map(fault)
}

type Looked<T = ()> = std::result::Result<T, (FaultKind, String)>;

/// Existence, size, footer and number of rows.
async fn outside(store: &dyn ObjectStore, file: &LiveFile) -> Looked {
    let path = path_of(file)?;
    let found = store.head(&path).await.map_err(unreadable)?;
    same_size(file, found.size)?;
    let footer = |error: parquet::errors::ParquetError| (FaultKind::Footer, error.to_string());
    let short = || (FaultKind::Footer, "the file is too short".to_owned());
    let tail_at = found.size.checked_sub(FOOTER).ok_or_else(short)?;
    let tail = store.get_range(&path, tail_at..found.size).await.map_err(unreadable)?;
    let tail = FooterTail::try_from(tail.as_ref()).map_err(footer)?;
    let from = tail_at.checked_sub(tail.metadata_length() as u64).ok_or_else(short)?;
    let metadata = store.get_range(&path, from..tail_at).await.map_err(unreadable)?;
    let metadata = ParquetMetaDataReader::decode_metadata(&metadata).map_err(footer)?;
    same_rows(file, metadata.file_metadata().num_rows())
}

/// Every byte.
async fn whole(store: &dyn ObjectStore, file: &LiveFile) -> Looked {
    let found = store.get(&path_of(file)?).await.map_err(unreadable)?;
    let bytes = found.bytes().await.map_err(unreadable)?;
    same_size(file, bytes.len() as u64)?;
    if let Some(expected) = file.checksum
        && digest::checksum(&bytes) != expected
    {
        return Err((FaultKind::Checksum, format!("expected {expected:08x}, found {:08x}", digest::checksum(&bytes))));
    }
    let rows = decode_all(bytes).await.map_err(|reason| (FaultKind::Page, reason))?;
    same_rows(file, rows)
}

fn path_of(file: &LiveFile) -> Looked<Path> {
    Path::parse(&*file.path).map_err(|error| (FaultKind::Unreadable, error.to_string()))
}

fn unreadable(error: object_store::Error) -> (FaultKind, String) {
    match error {
        object_store::Error::NotFound { .. } => (FaultKind::Missing, "the file is not there".to_owned()),
        other => (FaultKind::Unreadable, other.to_string()),
    }
}

fn same_size(file: &LiveFile, found: u64) -> Looked {
    let expected = file.size;
    if found == expected { Ok(()) } else { Err((FaultKind::Size, format!("expected {expected} bytes, found {found}"))) }
}

fn same_rows(file: &LiveFile, found: i64) -> Looked {
    match file.rows {
        Some(expected) if i64::try_from(expected) != Ok(found) => {
            Err((FaultKind::Rows, format!("expected {expected} rows, found {found}")))
        }
        _ => Ok(()),
    }
}

/// Decodes every page of a Parquet file; the number of rows. A decoder that panics over broken bytes is a fault, too.
async fn decode_all(bytes: Bytes) -> std::result::Result<i64, String> {
    let decoding = tokio::task::spawn_blocking(move || {
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).and_then(|builder| builder.build());
        let mut rows = 0;
        for batch in reader.map_err(|error| error.to_string())? {
            rows += batch.map_err(|error| error.to_string())?.num_rows();
        }
        i64::try_from(rows).map_err(|error| error.to_string())
    });
    decoding.await.unwrap_or_else(|_| Err("decoding broke off".to_owned()))
}

fn below_table(path: &Path) -> String {
    let text = path.as_ref();
    text.find("_delta_log").map_or(text, |at| &text[at..]).to_owned()
}

/// An error with its causes, on one line.
fn told(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
