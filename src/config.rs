//! What a district sets: flags over environment over `xueqing.toml` over defaults.
//!
//! Promise: an unknown key or a value that cannot be used is an error that names it. The environment is an argument
//! ([`Environment`]), read once from the process by `main`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use xueqing_pipeline::Language;

use crate::alerting::Alerting;
use crate::cli::Globals;
use crate::doors::{Inbox, Kafka, Mqtt};
use crate::failure::Failure;
use crate::heap::HEAPS;

const FILE: &str = "xueqing.toml";

/// The `XUEQING_…` variables, and those of the heap.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Those of this process.
    pub fn of_process() -> Self {
        let all = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let ours = all.filter(|(name, _)| name.starts_with("XUEQING_") || HEAPS.contains(&name.as_str()));
        Self(ours.map(|(name, value)| (name, value.to_string_lossy().into_owned())).collect())
    }

    /// These.
    #[cfg(test)]
    pub fn of<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// The settings in force.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Folder or URL of the lake.
    pub lake: String,
    /// Where `serve` listens.
    pub address: String,
    /// The district's time zone: it decides the school day of an event.
    pub timezone: String,
    /// A folder with the district's own `kinds/`, `codes/`, `vendors/`, `rollups/`, `metrics/` and `alerts/`.
    pub standard: Option<PathBuf>,
    /// The file with the key of the pseudonyms; beside the lake when not set.
    pub key_file: Option<PathBuf>,
    /// The key itself; from the environment only.
    #[serde(skip)]
    pub key: Option<String>,
    /// The language of reports.
    pub language: Language,
    pub commit: Commit,
    pub upkeep: Upkeep,
    /// Days that the events of a kind are kept.
    pub retention: BTreeMap<String, u32>,
    pub http: Http,
    pub query: Query,
    pub inbox: Inbox,
    pub mqtt: Mqtt,
    pub kafka: Kafka,
    pub alerts: Alerting,
}

/// When what has arrived is committed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Commit {
    pub interval_ms: u64,
    pub mebibytes: usize,
}

/// What is done with past days.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Upkeep {
    pub close_after_hours: u32,
}

/// What a body that is sent over HTTP may be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// The longest body of events, after decompression.
    pub body_mebibytes: u64,
    /// How long a client may send nothing before its body is given up.
    pub idle_seconds: u64,
}

/// What a query may use.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Query {
    pub memory_mebibytes: usize,
    pub timeout_seconds: u64,
    pub max_rows: usize,
    /// Groups of fewer students are not shown.
    pub suppress_below: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            lake: "./xueqing-lake".to_owned(),
            address: "127.0.0.1:8080".to_owned(),
            timezone: "Asia/Shanghai".to_owned(),
            standard: None,
            key_file: None,
            key: None,
            language: Language::default(),
            commit: Commit::default(),
            upkeep: Upkeep::default(),
            retention: BTreeMap::new(),
            http: Http::default(),
            query: Query::default(),
            inbox: Inbox::default(),
            mqtt: Mqtt::default(),
            kafka: Kafka::default(),
            alerts: Alerting::default(),
        }
    }
}

impl Default for Commit {
    fn default() -> Self {
        Self { interval_ms: 1_000, mebibytes: 64 }
    }
}

impl Default for Upkeep {
    fn default() -> Self {
        Self { close_after_hours: 36 }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self { body_mebibytes: 16 << 10, idle_seconds: 30 }
    }
}

impl Default for Query {
    fn default() -> Self {
        Self { memory_mebibytes: 512, timeout_seconds: 30, max_rows: 100_000, suppress_below: 10 }
    }
}

impl Config {
    /// Reads the settings that hold for this call.
    pub fn load(globals: &Globals, environment: &Environment) -> anyhow::Result<Self> {
        let named = globals.config.clone().or_else(|| environment.get("XUEQING_CONFIG").map(PathBuf::from));
        let mut config = match named {
            Some(file) => Self::read(&file)?,
            None if Path::new(FILE).is_file() => Self::read(Path::new(FILE))?,
            None => Self::default(),
        };
        config.apply(environment);
        if let Some(lake) = &globals.lake {
            config.lake.clone_from(lake);
        }
        Ok(config)
    }

    fn read(file: &Path) -> anyhow::Result<Self> {
        let refused = |reason: String| Failure::new("config", format!("{}: {reason}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| refused(error.to_string()))?;
        let mut config: Self = toml::from_str(&text).map_err(|error| refused(error.to_string().trim_end().to_owned()))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        for path in config.paths().flatten() {
            *path = folder.join(&path);
        }
        Ok(config)
    }

    /// Every path; one that is not absolute is meant from the file's folder.
    fn paths(&mut self) -> impl Iterator<Item = &mut Option<PathBuf>> {
        let Self { standard, key_file, inbox, mqtt, kafka, alerts, .. } = self;
        let fixed = [
            standard,
            key_file,
            &mut inbox.folder,
            &mut mqtt.password_file,
            &mut mqtt.ca_file,
            &mut kafka.password_file,
            &mut kafka.ca_file,
        ];
        fixed.into_iter().chain(alerts.paths())
    }

    fn apply(&mut self, environment: &Environment) {
        let text = |name: &str| environment.get(name).map(str::to_owned);
        for (name, place) in
            [("XUEQING_LAKE", &mut self.lake), ("XUEQING_ADDRESS", &mut self.address), ("XUEQING_TIMEZONE", &mut self.timezone)]
        {
            if let Some(value) = text(name) {
                *place = value;
            }
        }
        self.standard = text("XUEQING_STANDARD").map(PathBuf::from).or(self.standard.take());
        self.key_file = text("XUEQING_KEY_FILE").map(PathBuf::from).or(self.key_file.take());
        self.key = text("XUEQING_KEY");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("x.toml");
        std::fs::write(&file, "lake = 'from-file'\naddress = '127.0.0.1:1'\nstandard = 'own'\n[query]\nsuppress_below = 5\n")
            .expect("written");
        let environment = environment(&[("XUEQING_LAKE", "from-environment"), ("XUEQING_TIMEZONE", "")]);
        let mut globals = Globals { config: Some(file), ..Globals::default() };
        let config = Config::load(&globals, &environment).expect("loads");
        assert_eq!((config.lake.as_str(), config.address.as_str()), ("from-environment", "127.0.0.1:1"));
        assert_eq!((config.timezone.as_str(), config.query.suppress_below), ("Asia/Shanghai", 5));
        assert_eq!(config.standard, Some(folder.path().join("own")));
        globals.lake = Some("from-flag".to_owned());
        assert_eq!(Config::load(&globals, &environment).expect("loads").lake, "from-flag");
    }

    #[test]
    fn doors_are_read_with_their_topics_and_paths() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("x.toml");
        let text = "language = 'en'\n[inbox]\nfolder = 'drop'\n[mqtt]\nurl = 'mqtt://x'\nversion = '5'\ntopics = [{ pattern = 'a/#', mapping = 'homework' }]\n\
            [kafka]\nbrokers = ['x:9092']\n[[kafka.topics]]\ntopic = 't'\nmapping = 'homework'\n";
        std::fs::write(&file, text).expect("written");
        let globals = Globals { config: Some(file), ..Globals::default() };
        let config = Config::load(&globals, &Environment::default()).expect("loads");
        assert_eq!((config.language, config.inbox.folder), (Language::En, Some(folder.path().join("drop"))));
        assert_eq!((config.mqtt.version, config.mqtt.topics[0].pattern.as_str()), (xueqing_pipeline::MqttVersion::V5, "a/#"));
        assert_eq!(config.kafka.topics[0].topic, "t");
    }

    #[test]
    fn an_unknown_key_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("x.toml");
        std::fs::write(&file, "laek = 'x'\n").expect("written");
        let globals = Globals { config: Some(file), ..Globals::default() };
        let error = Config::load(&globals, &Environment::default()).expect_err("refused").to_string();
        assert!(error.contains("laek"), "{error}");
    }

    #[test]
    fn the_example_is_the_defaults() {
        let example: Config = toml::from_str(include_str!("../xueqing.toml.example")).expect("parses");
        assert_eq!(format!("{example:?}"), format!("{:?}", Config::default()));
    }
}
