//! The HTTP door: senders who post without a break, and send again what was not answered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::blocking::Client;

use crate::book::Book;
use crate::rows::Row;
use crate::support::District;
use crate::{Killed, killed_at_start, moment};

/// The longest life after the server has said where it is.
const LONGEST: Duration = Duration::from_millis(700);

const SENDERS: usize = 4;
/// Events of one sender that fall on one day.
const PER_DAY: u64 = 2_000;
/// Corrections are of the latest events, so that a start has few days to roll up.
const LATELY: u64 = 3_000;

pub struct Door {
    senders: Vec<Sender>,
    /// The longest time from a start to being ready.
    pub slowest: Duration,
}

impl Door {
    pub fn new(dice: &mut StdRng) -> Self {
        Self { senders: (0..SENDERS).map(|number| Sender::new(number, dice.random())).collect(), slowest: Duration::ZERO }
    }

    pub fn live(&mut self, district: &District, dice: &mut StdRng) -> Killed {
        if dice.random_ratio(1, 8) {
            killed_at_start(district, dice);
            return Killed::Yes;
        }
        let begun = Instant::now();
        let server = district.serve();
        self.slowest = self.slowest.max(begun.elapsed());
        let (url, stop) = (server.url.clone(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for sender in &mut self.senders {
                scope.spawn(|| sender.work(&url, &stop));
            }
            std::thread::sleep(moment(dice, LONGEST));
            // SIGKILL.
            drop(server);
            stop.store(true, Ordering::Relaxed);
        });
        Killed::Yes
    }

    /// Sends again what nobody has answered.
    pub fn finish(&mut self, district: &District) {
        let server = district.serve();
        for sender in &mut self.senders {
            if let Some(body) = sender.unanswered.take() {
                assert!(sender.send(&server.url, &body), "a server that nobody kills answers");
                sender.book.acknowledge(&body.rows);
            }
        }
    }

    pub fn book(&self) -> Book {
        let mut book = Book::default();
        self.senders.iter().for_each(|sender| book.add(&sender.book));
        book
    }
}

struct Sender {
    name: usize,
    dice: StdRng,
    client: Client,
    events: u64,
    bodies: u64,
    unanswered: Option<Body>,
    book: Book,
}

struct Body {
    rows: Vec<Row>,
    /// Bodies with a key are recognised when they come again.
    key: Option<String>,
}

impl Sender {
    fn new(name: usize, seed: u64) -> Self {
        let client = Client::builder().timeout(Duration::from_secs(60)).build().expect("a client");
        let dice = StdRng::seed_from_u64(seed);
        Self { name, dice, client, events: 0, bodies: 0, unanswered: None, book: Book::default() }
    }

    /// Posts until the server is gone.
    fn work(&mut self, url: &str, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let body = self.unanswered.take().unwrap_or_else(|| self.body());
            if !self.send(url, &body) {
                self.unanswered = Some(body);
                return;
            }
            self.book.acknowledge(&body.rows);
        }
    }

    /// Whether the body was acknowledged; anything but a receipt or a broken connection is a fault.
    fn send(&self, url: &str, body: &Body) -> bool {
        let text: String = body.rows.iter().map(Row::line).collect();
        let mut request = self.client.post(format!("{url}/v1/events/interaction"));
        if let Some(key) = &body.key {
            request = request.header("idempotency-key", key);
        }
        let Ok(answer) = request.header("content-type", "application/x-ndjson").body(text).send() else { return false };
        assert_eq!(answer.status(), 200, "{}", answer.text().unwrap_or_default());
        // The head of the answer is the acknowledgement; its body may be cut off.
        if let Ok(receipt) = answer.json::<serde_json::Value>() {
            assert_eq!((receipt["read"].as_u64(), receipt["rejected"].as_u64()), (Some(body.rows.len() as u64), Some(0)));
        }
        true
    }

    /// New events, and corrections of old ones in any order. Now and then it is long.
    fn body(&mut self) -> Body {
        let rows = if self.dice.random_ratio(1, 40) { 8_000 } else { self.dice.random_range(1..60) };
        let rows = (0..rows).map(|_| self.row()).collect();
        self.bodies += 1;
        let key = self.dice.random_bool(0.5).then(|| format!("{}-{}", self.name, self.bodies));
        Body { rows, key }
    }

    fn row(&mut self) -> Row {
        let old = self.events > 0 && self.dice.random_ratio(1, 3);
        let number = if old { self.dice.random_range(self.events.saturating_sub(LATELY)..self.events) } else { self.events };
        self.events += u64::from(!old);
        let day = number / PER_DAY * SENDERS as u64 + self.name as u64;
        Row::new(format!("h{}-{number}", self.name), self.dice.random_range(0..4), day)
    }
}
