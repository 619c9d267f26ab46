//! Which cluster, as whom, and which topics.

use std::path::PathBuf;

use serde::Deserialize;
use xueqing_schema::Standard;

/// Records of `topic` are read by `mapping`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaTopic {
    pub topic: String,
    pub mapping: String,
}

/// How to reach a cluster, and what to take from it.
#[derive(Clone)]
pub struct KafkaOptions {
    /// Some of its brokers, as `host:port`.
    pub brokers: Vec<String>,
    pub topics: Vec<KafkaTopic>,
    pub tls: bool,
    /// The authority that vouches for the brokers, in PEM; else those that the system trusts.
    pub ca_file: Option<PathBuf>,
    /// With a password: SASL/PLAIN.
    pub username: Option<String>,
    pub password: Option<String>,
}

impl KafkaOptions {
    /// Finds what can never work before anything is started.
    pub(super) fn check(&self, standard: &Standard) -> Result<(), String> {
        if self.topics.is_empty() {
            return Err("no topics: add [[kafka.topics]] with a topic and a mapping".to_owned());
        }
        if let Some(broker) = self.brokers.iter().find(|broker| !broker.contains(':')) {
            return Err(format!("the address \"{broker}\" cannot be used: write host:port"));
        }
        for KafkaTopic { topic, mapping } in &self.topics {
            standard.mapping(mapping).map_err(|error| format!("topic \"{topic}\": {error}"))?;
            // Offsets are kept by topic in the table of the mapping's kind: two readers of one topic would mix theirs up.
            if self.topics.iter().filter(|other| other.topic == *topic).count() > 1 {
                return Err(format!("the topic \"{topic}\" stands there twice: one mapping reads a topic"));
            }
        }
        Ok(())
    }
}
