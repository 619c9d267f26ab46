//! One connection to a broker, in either version of the protocol.
//!
//! Invariants: the session is persistent, so that the broker keeps what arrives while we are away and sends again what was not
//! acknowledged; nothing is acknowledged but by [`Client::ack`]; [`Events::next`] connects anew after it has failed, and by then
//! has dropped the acknowledgements that were not sent.

use std::time::Duration;

use bytes::Bytes;
use rumqttc::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::QoS as QoS5;
use rumqttc::v5::mqttbytes::v5 as packets5;
use rumqttc::{TlsConfiguration, Transport, v5};

use super::options::{Broker, MqttOptions, Version};
use super::{LARGEST, MOST};
use crate::sources::tls;

const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// For how long a broker of version 5 keeps the session while we are away, in seconds.
const SESSION: u32 = 30 * 24 * 3600;
/// Room for acknowledgements and subscriptions on their way out.
const REQUESTS: usize = MOST + 16;

/// What we tell the broker.
pub(super) enum Client {
    V3(rumqttc::AsyncClient),
    V5(v5::AsyncClient),
}

/// What the broker tells us.
pub(super) enum Events {
    V3(Box<rumqttc::EventLoop>),
    V5(Box<v5::EventLoop>),
}

#[derive(Debug)]
pub(super) enum Event {
    Connected,
    /// Which of the subscriptions were granted.
    Subscribed(Vec<bool>),
    Message(Box<Message>),
    /// The protocol's own affairs.
    Other,
}

#[derive(Debug)]
pub(super) struct Message {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    pub(super) delivery: Delivery,
}

/// What it takes to acknowledge a message.
#[derive(Debug)]
pub(super) enum Delivery {
    V3(rumqttc::Publish),
    V5(v5::mqttbytes::v5::Publish),
}

/// Sets a connection up; it is opened by the first [`Events::next`].
pub(super) fn open(options: &MqttOptions, broker: &Broker) -> Result<(Client, Events), String> {
    let transport = match broker.tls {
        true => Transport::tls_with_config(TlsConfiguration::Rustls(tls::client(options.ca_file.as_deref())?)),
        false => Transport::tcp(),
    };
    Ok(match options.version {
        Version::V3 => open_3(options, broker, transport),
        Version::V5 => open_5(options, broker, transport),
    })
}

fn open_3(options: &MqttOptions, broker: &Broker, transport: Transport) -> (Client, Events) {
    let mut set = rumqttc::MqttOptions::new(&options.client_id, &broker.host, broker.port);
    set.set_transport(transport).set_keep_alive(KEEP_ALIVE).set_clean_session(false).set_manual_acks(true);
    set.set_max_packet_size(LARGEST, LARGEST);
    if let Some(user) = &options.username {
        set.set_credentials(user, options.password.as_deref().unwrap_or_default());
    }
    let (client, events) = rumqttc::AsyncClient::new(set, REQUESTS);
    (Client::V3(client), Events::V3(Box::new(events)))
}

fn open_5(options: &MqttOptions, broker: &Broker, transport: Transport) -> (Client, Events) {
    let mut set = v5::MqttOptions::new(&options.client_id, &broker.host, broker.port);
    set.set_transport(transport).set_keep_alive(KEEP_ALIVE).set_clean_start(false).set_manual_acks(true);
    set.set_session_expiry_interval(Some(SESSION));
    set.set_receive_maximum(u16::try_from(MOST).ok());
    set.set_max_packet_size(u32::try_from(LARGEST).ok());
    if let Some(user) = &options.username {
        set.set_credentials(user, options.password.as_deref().unwrap_or_default());
    }
    let (client, events) = v5::AsyncClient::new(set, REQUESTS);
    (Client::V5(client), Events::V5(Box::new(events)))
}

impl Client {
    /// Asks for the messages of these patterns, at least once each.
    pub(super) fn subscribe(&self, patterns: &[String]) -> Result<(), String> {
        match self {
            Self::V3(client) => {
                let filters = patterns.iter().map(|pattern| rumqttc::SubscribeFilter::new(pattern.clone(), QoS::AtLeastOnce));
                client.try_subscribe_many(filters).map_err(|error| error.to_string())
            }
            Self::V5(client) => {
                let filters = patterns.iter().map(|pattern| packets5::Filter::new(pattern, QoS5::AtLeastOnce));
                client.try_subscribe_many(filters).map_err(|error| error.to_string())
            }
        }
    }

    /// Puts an acknowledgement on its way; false when there is no room now.
    pub(super) fn ack(&self, delivery: &Delivery) -> bool {
        match (self, delivery) {
            (Self::V3(client), Delivery::V3(publish)) => client.try_ack(publish).is_ok(),
            (Self::V5(client), Delivery::V5(publish)) => client.try_ack(publish).is_ok(),
            // A delivery comes from the connection that it is acknowledged on.
            _ => false,
        }
    }
}

impl Events {
    /// The next event. Must not be dropped before it is done, unless the connection is given up.
    pub(super) async fn next(&mut self) -> Result<Event, String> {
        match self {
            Self::V3(events) => events.poll().await.map(of_3).map_err(|error| error.to_string()),
            Self::V5(events) => events.poll().await.map(of_5).map_err(|error| error.to_string()),
        }
    }
}

fn of_3(event: rumqttc::Event) -> Event {
    use rumqttc::{Packet, SubscribeReasonCode};
    match event {
        rumqttc::Event::Incoming(Packet::ConnAck(_)) => Event::Connected,
        rumqttc::Event::Incoming(Packet::SubAck(ack)) => {
            Event::Subscribed(ack.return_codes.iter().map(|code| matches!(code, SubscribeReasonCode::Success(_))).collect())
        }
        rumqttc::Event::Incoming(Packet::Publish(mut publish)) => {
            let (topic, payload) = (std::mem::take(&mut publish.topic), std::mem::take(&mut publish.payload));
            Event::Message(Box::new(Message { topic, payload, delivery: Delivery::V3(publish) }))
        }
        _ => Event::Other,
    }
}

fn of_5(event: v5::Event) -> Event {
    use packets5::{Packet, SubscribeReasonCode};
    match event {
        v5::Event::Incoming(Packet::ConnAck(_)) => Event::Connected,
        v5::Event::Incoming(Packet::SubAck(ack)) => {
            Event::Subscribed(ack.return_codes.iter().map(|code| matches!(code, SubscribeReasonCode::Success(_))).collect())
        }
        v5::Event::Incoming(Packet::Publish(mut publish)) => {
            let (topic, payload) = (std::mem::take(&mut publish.topic), std::mem::take(&mut publish.payload));
            let topic = String::from_utf8_lossy(&topic).into_owned();
            Event::Message(Box::new(Message { topic, payload, delivery: Delivery::V5(publish) }))
        }
        _ => Event::Other,
    }
}
