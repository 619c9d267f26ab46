//! The real binary under load, killed at random instants and started again, until every row that was sent is acknowledged.
//!
//! Promises looked at: whatever was acknowledged is there once – in the current rows and in the rollups – and corrections stand
//! where they should. `XUEQING_KILLS` (default 200) sets how often it is killed, `XUEQING_CRASH_SEED` at which instants.
//!
//! ```text
//!   dice ─▶ a door ─┬─ http: four senders post to `serve`      ─┐  SIGKILL   start   resend   …   compare by key
//!                   ├─ file: `ingest` reads a file of its own  ─┼─────────▶───────▶────────▶ … ─▶ with the book
//!                   ├─ mqtt: `serve` takes what a broker keeps ─┤
//!                   └─ upkeep: `lake compact` merges files     ─┘
//! ```
//!
//! The broker is never killed, and whatever life comes next takes what it keeps, an HTTP door's too.
//! A further door is a module with `live(&mut self, district, dice) -> Killed` and a line in `Doors`.
#![cfg(unix)]

mod book;
#[expect(dead_code, reason = "the pipeline's tests use the rest")]
#[path = "../../pipeline/tests/ingest/broker.rs"]
mod broker;
mod file;
mod http;
mod mqtt;
mod rows;
#[path = "../support/mod.rs"]
mod support;
mod upkeep;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use book::Book;
use support::District;

/// Kills between two comparisons of everything.
const ROUND: usize = 25;
/// So long a start may take when it is interrupted.
const STARTING: Duration = Duration::from_millis(400);

/// Whether the process was still there to be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Killed {
    Yes,
    Ended,
}

struct Doors {
    http: http::Door,
    file: file::Door,
    mqtt: mqtt::Door,
    /// How often each was killed.
    kills: BTreeMap<&'static str, usize>,
}

impl Doors {
    fn new(district: &District, dice: &mut StdRng) -> Self {
        let (http, mqtt) = (http::Door::new(dice), mqtt::Door::new(district, dice));
        Self { http, file: file::Door::default(), mqtt, kills: BTreeMap::new() }
    }

    fn live(&mut self, district: &District, dice: &mut StdRng) {
        let (door, killed) = match dice.random_range(0..10) {
            0..4 => ("http", self.http.live(district, dice)),
            4..6 => ("file", self.file.live(district, dice)),
            6..9 => ("mqtt", self.mqtt.live(district, dice)),
            _ => ("upkeep", upkeep::live(district, dice)),
        };
        *self.kills.entry(door).or_default() += usize::from(killed == Killed::Yes);
    }

    fn killed(&self) -> usize {
        self.kills.values().sum()
    }

    /// Everything that is acknowledged, over all doors.
    fn book(&self) -> Book {
        let mut book = self.http.book();
        book.add(&self.file.book);
        book.add(self.mqtt.book());
        book
    }
}

#[test]
fn nothing_acknowledged_is_lost_or_counted_twice() {
    let kills = number("XUEQING_KILLS", 200);
    let mut dice = StdRng::seed_from_u64(number("XUEQING_CRASH_SEED", 1) as u64);
    let district = district();
    let mut doors = Doors::new(&district, &mut dice);
    let begun = Instant::now();
    while doors.killed() < kills {
        doors.live(&district, &mut dice);
        let done = doors.killed();
        if done.is_multiple_of(ROUND) || done == kills {
            upkeep::finish(&district);
            let server = district.serve();
            doors.mqtt.wait(&server);
            doors.book().compare(&server);
            let (after, slowest) = (begun.elapsed().as_secs(), doors.http.slowest.as_millis());
            tell(&format!("{done} of {kills} kills after {after} s, slowest start {slowest} ms: all there"));
        }
    }
    doors.file.finish(&district);
    doors.http.finish(&district);
    doors.mqtt.finish(&district);
    let server = district.serve();
    let (book, verdict) = (doors.book(), doors.book().compare(&server));
    book.compare_rollups(&server);
    assert_eq!(verdict.strange, 0, "rows that nobody sent or that are not acknowledged");
    let (kills, rows, broker) = (&doors.kills, book.len(), doors.mqtt.book().len());
    tell(&format!("crash test: kills {kills:?}, {rows} acknowledged rows ({broker} of them through the broker)"));
    tell(&format!("crash test: {} lost, {} twice", verdict.lost, verdict.twice));
}

/// A lake that commits often, so that there is much to interrupt.
fn district() -> District {
    let district = District::new();
    let settings = "[commit]\ninterval_ms = 20\nmebibytes = 1\n[query]\nmax_rows = 100000000\n";
    std::fs::write(district.path("xueqing.toml"), settings).expect("written");
    district
}

#[expect(clippy::disallowed_methods, reason = "how long a test runs is told by its environment")]
fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// Past the test runner, which keeps what passing tests print.
fn tell(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("standard error");
}

/// Starts the server and kills it before it is ready, or just after.
fn killed_at_start(district: &District, dice: &mut StdRng) {
    let mut command = district.command(&["serve", "--address", "127.0.0.1:0", "--json"]);
    let mut child = command.stdout(Stdio::null()).spawn().expect("the binary starts");
    std::thread::sleep(moment(dice, STARTING));
    child.kill().expect("killed");
    child.wait().expect("ended");
}

/// A random moment up to `longest`.
fn moment(dice: &mut StdRng, longest: Duration) -> Duration {
    longest.mul_f64(dice.random_range(0.0..1.0))
}
