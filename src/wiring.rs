//! From settings to working parts: lake, standard, ingest, engine.
//!
//! The only place of the command line that knows how the rooms fit together, and the only one that reads the clock.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use xueqing_lake::Lake;
use xueqing_pipeline::{Ingest, Rolling};
use xueqing_query::Engine;
use xueqing_schema::Standard;
use xueqing_schema::ids::Pseudonyms;

use crate::config::Config;
use crate::failure::Failure;
use crate::{key, output};

/// A district's parts, as far as they cost nothing to have.
pub struct House {
    pub config: Config,
    pub timezone: Tz,
    pub standard: Arc<Standard>,
    own: Own,
}

/// The district's own files of figures, rollups and alert rules, as (path below its folder, text).
#[derive(Default)]
struct Own {
    rollups: Vec<(String, String)>,
    metrics: Vec<(String, String)>,
    rules: Vec<(String, String)>,
}

impl House {
    /// Reads the standard and the district's own files. The lake is not touched.
    pub fn new(config: Config) -> anyhow::Result<Self> {
        let timezone = config.timezone.parse().map_err(|_| {
            let message = format!("\"{}\" is no time zone; use a name such as Asia/Shanghai or Asia/Urumqi", config.timezone);
            Failure::new("timezone", message)
        })?;
        let mut standard = Standard::builtin()?;
        let mut own = Own::default();
        if let Some(folder) = &config.standard {
            // All at once: a kind may use a code set of the district's own.
            let parts = ["codes", "kinds", "vendors"].map(|part| texts(folder, part, "toml"));
            let files = parts.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
            standard = standard.extend(files.concat())?;
            own.rollups = texts(folder, "rollups", "sql")?;
            own.metrics = texts(folder, "metrics", "sql")?;
            own.rules = texts(folder, "alerts", "toml")?;
        }
        for kind in config.retention.keys() {
            // A wrong name would keep for ever what should go.
            standard.kind(kind)?;
        }
        Ok(Self { config, timezone, standard: Arc::new(standard), own })
    }

    /// The district's own alert rules.
    pub fn rule_files(&self) -> &[(String, String)] {
        &self.own.rules
    }

    /// Opens the lake; a folder that is missing is created.
    pub fn lake(&self) -> anyhow::Result<Lake> {
        Ok(Lake::open(&self.config.lake)?)
    }

    /// Opens the lake for reading: one that is not there is an error, not a new lake.
    pub fn existing_lake(&self) -> anyhow::Result<Lake> {
        let place = &self.config.lake;
        if !place.contains("://") && !Path::new(place).is_dir() {
            let message = format!(
                "there is no lake at {place}; take data in with `xueqing ingest`, or name another with --lake or XUEQING_LAKE"
            );
            return Err(Failure::new("lake_missing", message).into());
        }
        self.lake()
    }

    /// Starts taking events in, with the rollups behind each commit or when asked for. The key is made when the lake is new, with a note.
    pub async fn ingest(&self, lake: &Lake, rolling: Rolling) -> anyhow::Result<Ingest> {
        let key = key::of(&self.config)?;
        if let Some(file) = &key.made {
            output::note(&format!(
                "made the key of the pseudonyms: {0}; keep it safe and apart from the lake · 已生成假名密钥 {0}，请妥善单独保管",
                file.display()
            ));
        }
        let options = xueqing_pipeline::Options {
            commit_interval: Duration::from_millis(self.config.commit.interval_ms),
            commit_bytes: self.config.commit.mebibytes << 20,
            rolling,
            close_after: Some(Duration::from_secs(u64::from(self.config.upkeep.close_after_hours) * 60 * 60)),
            retention: self.config.retention.clone(),
            ..xueqing_pipeline::Options::default()
        };
        let setup = xueqing_pipeline::Setup {
            lake: lake.clone(),
            standard: Arc::clone(&self.standard),
            ids: Pseudonyms::new(&key.bytes),
            timezone: self.timezone,
            rollup_files: self.own.rollups.clone(),
            options,
            clock: Arc::new(|| now().timestamp_micros()),
        };
        Ok(Ingest::start(setup).await?)
    }

    /// Opens the engine for reading.
    pub fn engine(&self, lake: &Lake) -> anyhow::Result<Engine> {
        let limits = &self.config.query;
        let options = xueqing_query::Options {
            memory_bytes: limits.memory_mebibytes << 20,
            held_bytes: limits.memory_mebibytes << 20,
            timeout: Duration::from_secs(limits.timeout_seconds),
            max_rows: limits.max_rows,
            suppress_below: i64::from(limits.suppress_below),
            ..xueqing_query::Options::default()
        };
        Ok(Engine::open(xueqing_query::Setup {
            lake: lake.clone(),
            standard: Arc::clone(&self.standard),
            timezone: self.timezone,
            metric_files: self.own.metrics.clone(),
            options,
        })?)
    }
}

/// The time of day.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock; everything else is handed it")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// The texts below `folder/part` with this extension, in order of their paths; none when there is no such folder.
fn texts(folder: &Path, part: &str, extension: &str) -> anyhow::Result<Vec<(String, String)>> {
    if !folder.is_dir() {
        let message =
            format!("the folder of the district's standard {} does not exist; make it or change `standard`", folder.display());
        return Err(Failure::new("standard_folder", message).into());
    }
    let mut files = Vec::new();
    collect(&folder.join(part), extension, &mut files)?;
    files.sort();
    files.into_iter().map(|file| text(folder, part, &file)).collect()
}

fn text(folder: &Path, part: &str, file: &Path) -> anyhow::Result<(String, String)> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::new("standard_file", format!("{} cannot be read: {error}", file.display())))?;
    // Figures, rollups and alert rules are named by their path below their own folder, kinds and the like by the path with it.
    let base = if matches!(part, "rollups" | "metrics" | "alerts") { folder.join(part) } else { folder.to_owned() };
    let name = file.strip_prefix(base).unwrap_or(file).components().map(|part| part.as_os_str().to_string_lossy());
    Ok((name.collect::<Vec<_>>().join("/"), text))
}

fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, extension, files)?;
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_districts_own_files_are_found_and_named() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("metrics/own")).expect("made");
        std::fs::create_dir_all(folder.path().join("vendors")).expect("made");
        std::fs::write(folder.path().join("metrics/own/x.sql"), "select").expect("written");
        std::fs::write(folder.path().join("vendors/v.toml"), "kind").expect("written");
        let metrics = texts(folder.path(), "metrics", "sql").expect("read");
        assert_eq!(metrics, [("own/x.sql".to_owned(), "select".to_owned())]);
        let vendors = texts(folder.path(), "vendors", "toml").expect("read");
        assert_eq!(vendors, [("vendors/v.toml".to_owned(), "kind".to_owned())]);
        assert!(texts(&folder.path().join("none"), "kinds", "toml").is_err());
    }

    #[test]
    fn a_wrong_time_zone_is_refused_with_an_example() {
        let config = Config { timezone: "Beijing".to_owned(), ..Config::default() };
        let error = House::new(config).err().expect("refused").to_string();
        assert!(error.contains("Asia/Shanghai"), "{error}");
    }
}
