//! Messages from a real broker: nothing lost, nothing acknowledged before its commit, whatever is cut off in between.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rstest::rstest;
use xueqing_pipeline::{Doors, Filter, Ingest, MqttOptions, MqttVersion, SourceState, Sources, TopicRule};

use crate::broker::Broker;
use crate::world::{World, attendance, homework};

fn options(broker: &Broker, version: MqttVersion) -> MqttOptions {
    let rule = |pattern: &str, mapping: &str| TopicRule { pattern: pattern.to_owned(), mapping: mapping.to_owned() };
    MqttOptions {
        url: broker.url(),
        version,
        client_id: "xueqing-test".to_owned(),
        username: None,
        password: None,
        ca_file: None,
        topics: vec![rule("school/+/homework", "homework"), rule("school/+/gate/#", "attendance")],
        gather: Duration::from_millis(50),
        in_flight: 20,
    }
}

fn open(ingest: &Ingest, options: MqttOptions) -> Sources {
    let doors = Doors { inbox: None, mqtt: Some(options), kafka: None, chance: Arc::new(|| 0.0) };
    Sources::start(ingest, doors).expect("started")
}

fn state(sources: &Sources) -> SourceState {
    sources.states()[0].1.clone()
}

fn waits_for(sources: &Sources, what: &str) -> bool {
    matches!(state(sources), SourceState::Waiting { awaited, .. } if awaited.contains(what))
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "not within 60 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn running(sources: &Sources) {
    eventually("running", async || state(sources) == SourceState::Running).await;
}

async fn count(world: &World, table: &str) -> usize {
    let text = world.query(&format!("SELECT count(*) AS n FROM {table}")).await;
    let number = text.lines().nth(3).and_then(|line| line.trim_matches(['|', ' ']).parse().ok());
    number.unwrap_or_else(|| panic!("a count: {text}"))
}

async fn until_count(world: &World, table: &str, expected: usize) {
    eventually(&format!("{expected} rows in {table}"), async || count(world, table).await == expected).await;
}

fn work(from: usize, to: usize) -> Vec<(String, Vec<u8>)> {
    let line = |n: usize| homework("2026-11-20", "a1", &n.to_string(), "submitted", "");
    (from..to).map(|n| (format!("school/{}/homework", n % 7), line(n).into_bytes())).collect()
}

#[rstest]
#[case::v3(MqttVersion::V3)]
#[case::v5(MqttVersion::V5)]
#[tokio::test(flavor = "multi_thread")]
async fn messages_of_every_form_become_rows(#[case] version: MqttVersion) {
    let broker = Broker::start("allow_anonymous true\nmax_inflight_messages 200");
    let world = World::new();
    let ingest = world.start().await;
    let sources = open(&ingest, options(&broker, version));
    running(&sources).await;
    broker.publish(work(0, 1_000)).await;
    let gate = |text: String| vec![("school/s1/gate/北门/1".to_owned(), text.into_bytes())];
    let lines: Vec<String> = (1..=4).map(|n| attendance("2026-11-20", &n.to_string(), "1", "present")).collect();
    broker.publish(gate(format!("{}\n{}\n", lines[0], lines[1]))).await;
    broker.publish(gate(format!("[{},\n{}]", lines[2], lines[3]))).await;
    // What looks like an array, another encoding, a packed file: each spoils itself only.
    let odd: [&[u8]; 4] = [b"[{\"school\": broken", b"\xff\xfe[", b"\x1f\x8b\x08", b"PK\x03\x04"];
    for odd in odd {
        broker.publish(vec![("school/s1/gate".to_owned(), odd.to_vec())]).await;
    }
    until_count(&world, "homework", 1_000).await;
    until_count(&world, "attendance", 4).await;
    let quarantined = async || ingest.quarantine(Filter::default()).await.expect("a listing");
    eventually("four bad messages", async || quarantined().await.len() == odd.len()).await;
    assert!(quarantined().await.iter().all(|row| row.source == "mqtt:school/+/gate/#"), "{:?}", quarantined().await);
    sources.stop().await;
    // Everything was acknowledged: nothing comes again.
    let before = count(&world, "all_homework").await;
    let sources = open(&ingest, options(&broker, version));
    running(&sources).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    sources.stop().await;
    assert_eq!(count(&world, "all_homework").await, before);
}

#[rstest]
#[case::v3(MqttVersion::V3)]
#[case::v5(MqttVersion::V5)]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_broker_and_server_come_and_go(#[case] version: MqttVersion) {
    let mut broker = Broker::start("allow_anonymous true");
    let world = World::new();
    let ingest = world.start().await;
    let sources = open(&ingest, options(&broker, version));
    running(&sources).await;
    broker.publish(work(0, 300)).await;
    broker.pause();
    eventually("waiting for the broker", async || waits_for(&sources, "the broker")).await;
    broker.resume();
    running(&sources).await;
    broker.publish(work(300, 600)).await;
    // Ended somewhere in the middle, with messages on their way.
    sources.stop().await;
    ingest.shutdown().await;
    broker.publish(work(600, 900)).await;
    let ingest = world.start().await;
    let sources = open(&ingest, options(&broker, version));
    until_count(&world, "homework", 900).await;
    sources.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_acknowledged_before_its_commit() {
    let broker = Broker::start("allow_anonymous true");
    let world = World::new();
    let ingest = world.start().await;
    let sources = open(&ingest, options(&broker, MqttVersion::V3));
    running(&sources).await;
    // Where the lock file should be lies a folder: no writer gets the lock.
    let lock = world.folder.path().join(".lock");
    std::fs::remove_file(&lock).expect("removed");
    std::fs::create_dir(&lock).expect("made");
    broker.publish(work(0, 50)).await;
    eventually("waiting for the lake", async || waits_for(&sources, "the lake")).await;
    sources.stop().await;
    ingest.shutdown().await;
    std::fs::remove_dir(&lock).expect("removed");
    let ingest = world.start().await;
    assert_eq!(count(&world, "homework").await, 0, "nothing was committed");
    let sources = open(&ingest, options(&broker, MqttVersion::V3));
    until_count(&world, "homework", 50).await;
    sources.stop().await;
}

#[rstest]
#[case::v3(MqttVersion::V3)]
#[case::v5(MqttVersion::V5)]
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_with_tls_and_passwords(#[case] version: MqttVersion) {
    let secrets = tempfile::tempdir().expect("a temporary folder");
    let place = secrets.path().display();
    let certificate = format!(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1 -addext \
         basicConstraints=critical,CA:false -keyout {place}/key.pem -out {place}/ca.pem && mosquitto_passwd -b -c {place}/users xueqing secret"
    );
    let made = Command::new("sh").args(["-c", &certificate]).output().expect("sh runs");
    assert!(made.status.success(), "openssl and mosquitto_passwd: {}", String::from_utf8_lossy(&made.stderr));
    let broker = Broker::start(&format!(
        "allow_anonymous false\npassword_file {place}/users\ncertfile {place}/ca.pem\nkeyfile {place}/key.pem"
    ));
    let world = World::new();
    let ingest = world.start().await;
    let with = |password: &str| MqttOptions {
        url: broker.url().replace("mqtt:", "mqtts:"),
        username: Some("xueqing".to_owned()),
        password: Some(password.to_owned()),
        ca_file: Some(secrets.path().join("ca.pem")),
        ..options(&broker, version)
    };
    let sources = open(&ingest, with("wrong"));
    let refused = || matches!(state(&sources), SourceState::Waiting { reason, .. } if reason.to_lowercase().contains("refused") || reason.contains("NotAuthorized"));
    eventually("refused", async || refused()).await;
    sources.stop().await;
    let sources = open(&ingest, with("secret"));
    running(&sources).await;
    sources.stop().await;
}

#[tokio::test]
async fn options_that_can_never_work_are_refused() {
    let world = World::new();
    let ingest = world.start().await;
    let broker = MqttOptions { url: "mqtt://127.0.0.1".to_owned(), ..options_for_nobody() };
    let rule = |pattern: &str, mapping: &str| vec![TopicRule { pattern: pattern.to_owned(), mapping: mapping.to_owned() }];
    for (wrong, told) in [
        (MqttOptions { url: "127.0.0.1:1883".to_owned(), ..broker.clone() }, "write mqtt://"),
        (MqttOptions { topics: Vec::new(), ..broker.clone() }, "no topics"),
        (MqttOptions { topics: rule("a/#/b", "homework"), ..broker.clone() }, "no pattern"),
        (MqttOptions { topics: rule("a/#", "homewrok"), ..broker.clone() }, "unknown mapping"),
        (MqttOptions { client_id: String::new(), ..broker.clone() }, "client_id"),
        (MqttOptions { url: "mqtts://x".to_owned(), ca_file: Some("/none.pem".into()), ..broker.clone() }, "/none.pem"),
    ] {
        let doors = Doors { inbox: None, mqtt: Some(wrong), kafka: None, chance: Arc::new(|| 0.0) };
        let error = Sources::start(&ingest, doors).err().expect("refused");
        assert!(error.code() == "source" && error.to_string().contains(told), "{error}");
    }
}

fn options_for_nobody() -> MqttOptions {
    MqttOptions {
        url: String::new(),
        version: MqttVersion::V3,
        client_id: "x".to_owned(),
        username: None,
        password: None,
        ca_file: None,
        topics: vec![TopicRule { pattern: "a".to_owned(), mapping: "homework".to_owned() }],
        gather: Duration::ZERO,
        in_flight: 20,
    }
}
