//! The MQTT door: clickers and boards publish to a real broker, which keeps what the server has not acknowledged.
//!
//! Promises looked at: what the broker has taken from a publisher is there once, however often the server was killed before,
//! between and after its commits; and when all is there, it is acknowledged, so that the broker keeps nothing.
//!
//! ```text
//!   publisher ─▶ broker, which is never killed ─▶ serve ─ commit ─▶ PUBACK
//!        └ PUBACK ─▶ book
//! ```

use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rumqttc::{Client, Event, MqttOptions, Packet};
use tokio::runtime::Runtime;

use crate::book::{Book, ask};
use crate::broker::Broker;
use crate::rows::Row;
use crate::support::{District, Server};
use crate::{Killed, killed_at_start, moment};

/// The longest life after the server has said where it is.
const LONGEST: Duration = Duration::from_millis(700);
/// Between two bursts, so that the broker does not keep more and more.
const PAUSE: Duration = Duration::from_millis(10);
/// After this, what has not arrived counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// The name under which the broker keeps what is for the server.
const SESSION: &str = "xueqing-crash";
/// Messages that the broker sends before it waits for acknowledgements.
const IN_FLIGHT: usize = 200;
/// Events that fall on one day.
const PER_DAY: u64 = 4_000;
/// Days before this are of the other doors.
const FIRST_DAY: u64 = 1_000;
/// Corrections are of the latest events, so that a start has few days to roll up.
const LATELY: u64 = 3_000;

pub struct Door {
    broker: Broker,
    /// The settings of the other doors.
    settings: String,
    publisher: Publisher,
}

impl Door {
    /// Starts a broker and lets the server subscribe: from then on nothing that is published may get lost.
    pub fn new(district: &District, dice: &mut StdRng) -> Self {
        let broker = Broker::start(&format!("allow_anonymous true\nmax_inflight_messages {IN_FLIGHT}"));
        let settings = std::fs::read_to_string(district.path("xueqing.toml")).expect("settings");
        let mut door = Self { broker, settings, publisher: Publisher::new(dice.random()) };
        door.configure(district, dice);
        let server = district.serve();
        let (begun, first) = (Instant::now(), vec![Row::new("m-first".to_owned(), 0, FIRST_DAY)]);
        while !door.is_in(&server) {
            assert!(begun.elapsed() < PATIENCE, "the server takes nothing from the broker");
            door.publisher.publish(&door.broker, vec![first.clone()]);
            std::thread::sleep(Duration::from_millis(100));
        }
        door
    }

    /// One life under load; the publisher begins before it, so that the server finds messages when it starts.
    pub fn live(&mut self, district: &District, dice: &mut StdRng) -> Killed {
        self.configure(district, dice);
        let (Self { broker, publisher, .. }, (alive, ended)) = (self, channel());
        std::thread::scope(move |scope| {
            scope.spawn(move || publisher.work(broker, &ended));
            if dice.random_ratio(1, 8) {
                killed_at_start(district, dice);
            } else {
                let server = district.serve();
                std::thread::sleep(moment(dice, LONGEST));
                // SIGKILL.
                drop(server);
            }
            drop(alive);
        });
        Killed::Yes
    }

    /// Waits until everything published is there; what is not there by then, the comparison finds.
    pub fn wait(&self, server: &Server) {
        let begun = Instant::now();
        while !self.is_in(server) && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Lets the server take what the broker still keeps: then it is acknowledged, and the broker keeps nothing.
    pub fn finish(&self, district: &District) {
        for _ in 0..5 {
            let server = district.serve();
            self.wait(&server);
            // The acknowledgement comes after the commit.
            std::thread::sleep(Duration::from_millis(300));
            assert!(server.stop().success(), "a clean end");
            if self.kept() == 0 {
                return;
            }
        }
        panic!("the server does not acknowledge what it has committed");
    }

    pub fn book(&self) -> &Book {
        &self.publisher.book
    }

    /// Whether as many events as were published are current, in revisions as high.
    fn is_in(&self, server: &Server) -> bool {
        let (events, revisions) = self.publisher.book.totals();
        let csv = ask(server, "SELECT count(*) AS events, sum(revision) AS revisions FROM interaction WHERE event LIKE 'm%'");
        events > 0 && csv.lines().nth(1) == Some(format!("{events},{revisions}").as_str())
    }

    /// In either version of the protocol; the session outlives the change.
    fn configure(&self, district: &District, dice: &mut StdRng) {
        let (version, url) = (if dice.random() { "3.1.1" } else { "5" }, self.broker.url());
        let text = format!(
            "{}[mqtt]\nurl = '{url}'\nversion = '{version}'\nclient_id = '{SESSION}'\ngather_ms = 20\nin_flight = {IN_FLIGHT}\n\
             topics = [{{ pattern = 'class/+/clicker', mapping = 'interaction' }}, {{ pattern = 'class/+/board/#', mapping = \
             'interaction' }}]\n",
            self.settings
        );
        std::fs::write(district.path("xueqing.toml"), text).expect("written");
    }

    /// How many messages the broker would send again, asked in the server's place.
    fn kept(&self) -> usize {
        let mut options = MqttOptions::new(SESSION, "127.0.0.1", self.broker.port);
        options.set_clean_session(false).set_manual_acks(true).set_max_packet_size(1 << 20, 1 << 20);
        let (_client, mut connection) = Client::new(options, 1);
        let mut kept = 0;
        while let Ok(event) = connection.recv_timeout(Duration::from_secs(1)) {
            match event.expect("the broker answers") {
                Event::Incoming(Packet::ConnAck(ack)) => assert!(ack.session_present, "the broker has kept the session"),
                Event::Incoming(Packet::Publish(_)) => kept += 1,
                _ => {}
            }
        }
        kept
    }
}

struct Publisher {
    dice: StdRng,
    runtime: Runtime,
    events: u64,
    /// What the broker has acknowledged.
    book: Book,
}

impl Publisher {
    fn new(seed: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { dice: StdRng::seed_from_u64(seed), runtime, events: 0, book: Book::default() }
    }

    /// Publishes until the life is over.
    fn work(&mut self, broker: &Broker, ended: &Receiver<()>) {
        while ended.try_recv() == Err(TryRecvError::Empty) {
            let messages = (0..self.dice.random_range(1..100)).map(|_| self.message()).collect();
            self.publish(broker, messages);
            std::thread::sleep(PAUSE);
        }
    }

    /// Returns when the broker has taken all messages.
    fn publish(&mut self, broker: &Broker, messages: Vec<Vec<Row>>) {
        let mut packets = Vec::new();
        for rows in &messages {
            let topic = if self.dice.random() { "class/C1/clicker" } else { "class/C1/board/1" };
            let lines: Vec<String> = rows.iter().map(Row::line).collect();
            let text = if self.dice.random() { lines.concat() } else { format!("[{}]", lines.join(",")) };
            packets.push((topic.to_owned(), text.into_bytes()));
        }
        self.runtime.block_on(broker.publish(packets));
        messages.iter().for_each(|rows| self.book.acknowledge(rows));
    }

    /// Mostly one row: a new event, or a correction of an old one. Now and then it holds many.
    fn message(&mut self) -> Vec<Row> {
        let rows = if self.dice.random_ratio(1, 50) { 100 } else { 1 };
        (0..rows).map(|_| self.row()).collect()
    }

    fn row(&mut self) -> Row {
        let old = self.events > 0 && self.dice.random_ratio(1, 3);
        let number = if old { self.dice.random_range(self.events.saturating_sub(LATELY)..self.events) } else { self.events };
        self.events += u64::from(!old);
        Row::new(format!("m-{number}"), self.dice.random_range(0..4), FIRST_DAY + number / PER_DAY)
    }
}
