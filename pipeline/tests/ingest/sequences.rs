//! Whatever happens in whatever order – sent, sent again, corrected, late, crashed, merged – the current rows are those of a
//! model that fits on a page.
//!
//! `XUEQING_SEQUENCES` sets how many sequences are tried; the first ones are the same in every run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed, TestRunner};
use tokio::runtime::{Builder, Runtime};
use xueqing_lake::{CloseOptions, CompactOptions, Table};
use xueqing_pipeline::Ingest;

use crate::world::{World, raw};

const SEQUENCES: u32 = 16;

/// One act in a lesson: of four events on two days, in one of four revisions.
#[derive(Debug, Clone, Copy)]
struct Event {
    event: u8,
    day: u8,
    revision: i64,
    value: i64,
}

#[derive(Debug, Clone)]
enum Step {
    /// New events, corrections and late ones, as revisions fall.
    Send(Vec<Event>),
    /// An earlier body again, word for word.
    Resend(usize),
    /// An earlier body from two senders in two processes at once.
    FromTwo(usize),
    /// Killed so many microseconds after a body was sent; whoever gets no answer sends it again.
    Crash(Vec<Event>, u64),
    /// Ended and started again.
    Restart,
    /// Files are merged while a body is on its way.
    Compact(Vec<Event>),
    /// A day is closed while a body is on its way.
    Close(usize, Vec<Event>),
    /// The clock of the machine is set.
    Clock(i64),
}

/// What must be current: of each event and day the highest revision, of equal ones the last that came.
#[derive(Default)]
struct Model {
    current: BTreeMap<(u8, u8), (i64, i64)>,
}

impl Model {
    fn take(&mut self, events: &[Event]) {
        for &Event { event, day, revision, value } in events {
            let current = self.current.entry((event, day)).or_insert((revision, value));
            if revision >= current.0 {
                *current = (revision, value);
            }
        }
    }
}

/// A process, as far as there can be one within a test: a runtime that can be killed.
struct Life {
    runtime: Runtime,
    ingest: Ingest,
}

impl Life {
    fn begin(world: &World) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let ingest = runtime.block_on(world.start());
        Self { runtime, ingest }
    }

    fn send(&self, source: &str, events: &[Event]) {
        self.send_while(source, events, async {});
    }

    fn send_while(&self, source: &str, events: &[Event], work: impl Future<Output = ()>) {
        let taking = self.ingest.submit(raw("interaction", source, &lines(events)));
        let (taken, ()) = self.runtime.block_on(async { tokio::join!(taking, work) });
        assert_eq!(taken.expect("accepted").accepted, events.len() as u64);
    }

    /// Tasks end where they stand. What the kernel was asked to write it writes.
    fn crash(self, events: &[Event], after: Duration) {
        let (ingest, body) = (self.ingest.clone(), raw("interaction", "one", &lines(events)));
        self.runtime.spawn(async move { ingest.submit(body).await });
        std::thread::sleep(after);
        self.runtime.shutdown_timeout(Duration::from_secs(30));
    }

    fn end(self) {
        self.runtime.block_on(self.ingest.shutdown());
    }
}

fn lines(events: &[Event]) -> Vec<String> {
    let line = |Event { event, day, revision, value }: &Event| {
        format!(
            r#"{{"event":"e{event}","school":"S1","class":"C1","grade":"13","subject":"math","lesson":"L1","at":"2026-11-1{day}T09:00:00+08:00","act":"answer","response_ms":{value},"revision":{revision}}}"#
        )
    };
    events.iter().map(line).collect()
}

async fn table(world: &World) -> Table {
    world.lake().await.existing("events/interaction").await.expect("readable").expect("there")
}

async fn current(world: &World) -> BTreeMap<(u8, u8), (i64, i64)> {
    let context = SessionContext::new();
    let rows = xueqing_lake::current(&context, &table(world).await, &["event".to_owned()], None).expect("current rows");
    context.register_table("current", rows.into_view()).expect("a new name");
    let sql = "SELECT CAST(substr(event, 2) AS BIGINT) AS event, CAST(date_part('day', day) AS BIGINT) - 10 AS day, revision, \
        response_ms FROM current";
    let batches = context.sql(sql).await.expect("a plan").collect().await.expect("rows");
    let mut found = BTreeMap::new();
    for batch in batches {
        let column = |index: usize| batch.column(index).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let [event, day, revision, value] = [0, 1, 2, 3].map(|index| column(index).value(row));
            let twice = found.insert((event as u8, day as u8), (revision, value));
            assert!(twice.is_none(), "event {event} of day {day} is current twice");
        }
    }
    found
}

/// Takes the steps, and compares what is current with what must be.
fn live(steps: &[Step]) {
    let mut world = World::new();
    world.options.commit_interval = Duration::from_millis(1);
    let clock = Arc::new(AtomicI64::new(1_795_132_800_000_000));
    let hands = Arc::clone(&clock);
    world.clock = Arc::new(move || hands.load(Ordering::Relaxed));
    let (mut model, mut sent, mut life) = (Model::default(), Vec::new(), Life::begin(&world));
    for step in steps {
        match step {
            Step::Send(events) => {
                life.send("one", events);
                model.take(events);
                sent.push(events.clone());
            }
            Step::Resend(which) => {
                let Some(events) = sent.get(which % sent.len().max(1)) else { continue };
                life.send("one", events);
                model.take(events);
            }
            Step::FromTwo(which) => {
                let Some(events) = sent.get(which % sent.len().max(1)) else { continue };
                from_two(&life, &world, events);
                model.take(events);
            }
            Step::Crash(events, after) => {
                life.crash(events, Duration::from_micros(*after));
                life = Life::begin(&world);
                life.send("one", events);
                model.take(events);
                sent.push(events.clone());
            }
            Step::Restart => {
                life.end();
                life = Life::begin(&world);
            }
            Step::Compact(events) => {
                let table = life.runtime.block_on(table(&world));
                life.send_while("one", events, async {
                    _ = table.compact(CompactOptions { min_files: 2 }).await.expect("merged")
                });
                model.take(events);
                sent.push(events.clone());
            }
            Step::Close(day, events) => {
                let table = life.runtime.block_on(table(&world));
                life.send_while("one", events, close(&table, *day));
                model.take(events);
                sent.push(events.clone());
            }
            Step::Clock(now) => clock.store(*now, Ordering::Relaxed),
        }
    }
    assert_eq!(life.runtime.block_on(current(&world)), model.current);
    life.end();
}

async fn close(table: &Table, day: usize) {
    let Some(day) = table.days().into_iter().nth(day) else { return };
    let options = CloseOptions { key: vec!["event".to_owned()], sort: vec!["event".to_owned()], ..CloseOptions::default() };
    table.close_day(day, &options).await.expect("closed");
}

fn from_two(life: &Life, world: &World, events: &[Event]) {
    life.runtime.block_on(async {
        let other = world.start().await;
        let body = |source: &str| raw("interaction", source, &lines(events));
        let (one, two) = tokio::join!(life.ingest.submit(body("one")), other.submit(body("two")));
        assert_eq!(
            (one.expect("accepted").accepted, two.expect("accepted").accepted),
            (events.len() as u64, events.len() as u64)
        );
        other.shutdown().await;
    });
}

fn event() -> impl Strategy<Value = Event> {
    (0..4u8, 0..2u8, 0..4i64, 0..1000i64).prop_map(|(event, day, revision, value)| Event { event, day, revision, value })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => vec(event(), 1..6).prop_map(Step::Send),
        2 => any::<usize>().prop_map(Step::Resend),
        1 => any::<usize>().prop_map(Step::FromTwo),
        2 => (vec(event(), 1..6), 0..60_000u64).prop_map(|(events, after)| Step::Crash(events, after)),
        1 => Just(Step::Restart),
        2 => vec(event(), 1..6).prop_map(Step::Compact),
        2 => (0..2usize, vec(event(), 1..6)).prop_map(|(day, events)| Step::Close(day, events)),
        1 => (0..2_000_000_000_000_000i64).prop_map(Step::Clock),
    ]
}

#[expect(clippy::disallowed_methods, reason = "how long a test runs is told by its environment")]
fn sequences() -> u32 {
    std::env::var("XUEQING_SEQUENCES").map_or(SEQUENCES, |text| text.parse().expect("a number"))
}

#[test]
fn current_is_what_the_model_says() {
    let config = ProptestConfig {
        cases: sequences(),
        rng_seed: RngSeed::Fixed(1),
        max_shrink_iters: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/ingest/sequences.regressions"
        )))),
        ..ProptestConfig::default()
    };
    let outcome = TestRunner::new(config).run(&vec(step(), 1..14), |steps| {
        live(&steps);
        Ok(())
    });
    if let Err(failed) = outcome {
        panic!("{failed}");
    }
}
