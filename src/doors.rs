//! The doors that fetch – drop folder, MQTT, Kafka – as the configuration names them.
//!
//! Promise: a door that is not named is not opened; a password stands in a file of its own, never in `xueqing.toml`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rand::TryRngCore;
use serde::Deserialize;
use xueqing_pipeline::{Doors, InboxOptions, Ingest, KafkaOptions, KafkaTopic, MqttOptions, MqttVersion, Sources, TopicRule};

use crate::failure::Failure;
use crate::wiring::House;

/// `[inbox]`: the drop folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Inbox {
    /// Holds `inbox/`, `done/` and `failed/`; not set: no drop folder.
    pub folder: Option<PathBuf>,
    pub settle_seconds: u64,
    pub patience_seconds: u64,
    pub poll_ms: u64,
    pub side_by_side: usize,
}

/// `[mqtt]`: a broker.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mqtt {
    /// `mqtt://host:port` or `mqtts://host:port`; not set: no broker.
    pub url: Option<String>,
    pub version: MqttVersion,
    pub client_id: String,
    pub username: Option<String>,
    pub password_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    pub gather_ms: u64,
    pub in_flight: usize,
    pub topics: Vec<TopicRule>,
}

/// `[kafka]`: a cluster.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kafka {
    /// `host:port` of some brokers; none: no cluster.
    pub brokers: Vec<String>,
    pub tls: bool,
    pub ca_file: Option<PathBuf>,
    pub username: Option<String>,
    pub password_file: Option<PathBuf>,
    pub topics: Vec<KafkaTopic>,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { folder: None, settle_seconds: 5, patience_seconds: 60, poll_ms: 1_000, side_by_side: 2 }
    }
}

impl Default for Mqtt {
    fn default() -> Self {
        Self {
            url: None,
            version: MqttVersion::default(),
            client_id: "xueqing".to_owned(),
            username: None,
            password_file: None,
            ca_file: None,
            gather_ms: 200,
            in_flight: 20,
            topics: Vec::new(),
        }
    }
}

impl House {
    /// Opens the doors that the configuration names.
    pub fn sources(&self, ingest: &Ingest) -> anyhow::Result<Sources> {
        let config = &self.config;
        let doors = Doors {
            inbox: self.inbox(),
            mqtt: config.mqtt.url.clone().map(|url| mqtt(&config.mqtt, url)).transpose()?,
            kafka: (!config.kafka.brokers.is_empty()).then(|| kafka(&config.kafka)).transpose()?,
            chance: Arc::new(chance),
        };
        Ok(Sources::start(ingest, doors)?)
    }

    fn inbox(&self) -> Option<InboxOptions> {
        let inbox = &self.config.inbox;
        Some(InboxOptions {
            folder: inbox.folder.clone()?,
            settle: Duration::from_secs(inbox.settle_seconds),
            patience: Duration::from_secs(inbox.patience_seconds.max(inbox.settle_seconds)),
            poll: Duration::from_millis(inbox.poll_ms.max(1)),
            side_by_side: inbox.side_by_side,
            language: self.config.language,
        })
    }
}

fn mqtt(mqtt: &Mqtt, url: String) -> anyhow::Result<MqttOptions> {
    Ok(MqttOptions {
        url,
        version: mqtt.version,
        client_id: mqtt.client_id.clone(),
        username: mqtt.username.clone(),
        password: password(mqtt.password_file.as_deref())?,
        ca_file: mqtt.ca_file.clone(),
        topics: mqtt.topics.clone(),
        gather: Duration::from_millis(mqtt.gather_ms),
        in_flight: mqtt.in_flight,
    })
}

fn kafka(kafka: &Kafka) -> anyhow::Result<KafkaOptions> {
    Ok(KafkaOptions {
        brokers: kafka.brokers.clone(),
        topics: kafka.topics.clone(),
        tls: kafka.tls,
        ca_file: kafka.ca_file.clone(),
        username: kafka.username.clone(),
        password: password(kafka.password_file.as_deref())?,
    })
}

fn password(file: Option<&Path>) -> anyhow::Result<Option<String>> {
    let Some(file) = file else { return Ok(None) };
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::new("password_file", format!("the password file {} cannot be read: {error}", file.display()))
    })?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// From 0 to 1. A system without chance spreads nothing, which is no reason to fail.
fn chance() -> f64 {
    f64::from(rand::rngs::OsRng.try_next_u32().unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
}
