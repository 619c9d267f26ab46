//! Which broker, as whom, and which topics.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use url::Url;
use xueqing_schema::Standard;

use super::topic::{self, TopicRule};

const PORT: u16 = 1883;
const TLS_PORT: u16 = 8883;

/// The version of the protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Version {
    #[default]
    #[serde(rename = "3.1.1")]
    V3,
    #[serde(rename = "5")]
    V5,
}

/// How to reach a broker, and what to take from it.
#[derive(Clone)]
pub struct MqttOptions {
    /// `mqtt://host:port`, or `mqtts://host:port` for TLS.
    pub url: String,
    pub version: Version,
    /// The name under which the broker keeps our session: one for each server.
    pub client_id: String,
    pub username: Option<String>,
    pub password: Option<String>,
    /// The authority that vouches for the broker, in PEM; else those that the system trusts.
    pub ca_file: Option<PathBuf>,
    pub topics: Vec<TopicRule>,
    /// How long messages are gathered before they are committed together.
    pub gather: Duration,
    /// How many messages the broker sends before it waits for acknowledgements: when so many are here, none is waited for.
    pub in_flight: usize,
}

/// Where the broker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broker {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
}

impl Broker {
    fn read(text: &str) -> Result<Self, String> {
        let unusable = || format!("the address \"{text}\" cannot be used: write mqtt://host:1883, or mqtts://host:8883 for TLS");
        let url = Url::parse(text).map_err(|_| unusable())?;
        let tls = match url.scheme() {
            "mqtt" | "tcp" => false,
            "mqtts" | "ssl" => true,
            _ => return Err(unusable()),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(unusable)?;
        Ok(Self { host: host.to_owned(), port: url.port().unwrap_or(if tls { TLS_PORT } else { PORT }), tls })
    }
}

impl MqttOptions {
    /// Finds what can never work before anything is started.
    pub(super) fn check(&self, standard: &Standard) -> Result<Broker, String> {
        let broker = Broker::read(&self.url)?;
        if self.client_id.is_empty() {
            return Err("`client_id` is empty: the broker keeps our messages under this name".to_owned());
        }
        if self.topics.is_empty() {
            return Err("no topics: add [[mqtt.topics]] with a pattern and a mapping".to_owned());
        }
        for TopicRule { pattern, mapping } in &self.topics {
            if !topic::is_valid(pattern) {
                return Err(format!("\"{pattern}\" is no pattern of topics: `+` stands for one level, `#` for the rest"));
            }
            standard.mapping(mapping).map_err(|error| format!("topics \"{pattern}\": {error}"))?;
        }
        Ok(broker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("mqtt://127.0.0.1:1884", Some(("127.0.0.1", 1884, false)))]
    #[case("mqtts://broker.example", Some(("broker.example", 8883, true)))]
    #[case("mqtt://[::1]", Some(("[::1]", 1883, false)))]
    #[case("http://x", None)]
    #[case("broker", None)]
    fn an_address_is_read(#[case] url: &str, #[case] expected: Option<(&str, u16, bool)>) {
        let read = Broker::read(url).ok().map(|broker| (broker.host, broker.port, broker.tls));
        assert_eq!(read, expected.map(|(host, port, tls)| (host.to_owned(), port, tls)));
    }
}
