//! What is the same alert, when it is over, who takes note of it, and what the record keeps.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use xueqing_alerts::{Alerts, Filter, Kind, NoticeKind, Receiver};
use xueqing_pipeline::Erasure;
use xueqing_query::alert::Severity;

use crate::http::Server;
use crate::world::{CLUSTER, HOUR, NO_LEAVE, SECOND, World, judge, open, receiver};

#[tokio::test(flavor = "multi_thread")]
async fn the_ladder_escalates_one_alert_and_ends_when_the_student_is_back() {
    let world = World::new().await;
    let server = Server::start(&[]).await;
    let robot = receiver("robot", Kind::Webhook, &server.url, None);
    let alerts = world.open(vec![robot.clone()]).await;
    let deliver = || async {
        world.pass(11 * SECOND);
        alerts.deliver(&robot).await;
    };
    world.truant("2026-11-20", "c1", 1).await;
    judge(&alerts, NO_LEAVE).await;
    deliver().await;
    // Over the weekend nothing changes; on Monday it is the second day, on Tuesday the third.
    world.pass(72 * HOUR);
    judge(&alerts, NO_LEAVE).await;
    deliver().await;
    for day in ["2026-11-23", "2026-11-24"] {
        world.truant(day, "c1", 1).await;
        judge(&alerts, NO_LEAVE).await;
        deliver().await;
        world.pass(24 * HOUR);
    }
    assert_eq!(open(&alerts).iter().map(|alert| alert.severity).collect::<Vec<_>>(), [Severity::Critical]);
    world.truant("2026-11-25", "c1", 0).await;
    judge(&alerts, NO_LEAVE).await;
    deliver().await;
    assert!(open(&alerts).is_empty());
    let told: Vec<String> = server
        .got()
        .iter()
        .map(|one| format!("{} {}", one.body["alerts"][0]["notice"], one.body["alerts"][0]["severity"]))
        .collect();
    assert_eq!(
        told,
        ["\"raised\" \"info\"", "\"escalated\" \"warning\"", "\"escalated\" \"critical\"", "\"resolved\" \"critical\""]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_held_before_it_is_resolved_and_comes_again_as_another() {
    let world = World::new().await;
    let alerts = world.open(Vec::new()).await;
    world.ill("2026-11-20", "c1", 3).await;
    judge(&alerts, CLUSTER).await;
    // Two are well after all: the cluster is no more, the alert stays for two days.
    world.ill("2026-11-20", "c1", 1).await;
    judge(&alerts, CLUSTER).await;
    world.pass(47 * HOUR);
    judge(&alerts, CLUSTER).await;
    assert_eq!(open(&alerts).len(), 1);
    world.pass(HOUR);
    judge(&alerts, CLUSTER).await;
    assert!(open(&alerts).is_empty());
    world.ill("2026-11-22", "c1", 4).await;
    judge(&alerts, CLUSTER).await;
    let all = alerts.list(&Filter::default());
    assert_eq!(all.iter().map(|alert| alert.resolved.is_some()).collect::<Vec<_>>(), [false, true]);
    assert_ne!(all[0].id, all[1].id);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_who_takes_note_stays() {
    let world = World::new().await;
    let alerts = world.open(Vec::new()).await;
    world.ill("2026-11-20", "c1", 3).await;
    judge(&alerts, CLUSTER).await;
    let id = open(&alerts)[0].id.clone();
    for (who, code) in [(" ", "bad_acknowledgement"), (&*"长".repeat(65), "bad_acknowledgement")] {
        assert_eq!(alerts.acknowledge(&id, who, "").await.unwrap_err().code(), code);
    }
    assert_eq!(alerts.acknowledge("4711", "王老师", "").await.unwrap_err().code(), "unknown_alert");
    let seen = alerts.acknowledge(&id, " 王老师 ", "已电话").await.unwrap();
    assert_eq!(seen.acknowledged.unwrap().who, "王老师");
    alerts.acknowledge(&id, "李老师", "").await.unwrap();
    let again = world.open(Vec::new()).await;
    let known = open(&again)[0].acknowledged.clone().unwrap();
    assert_eq!((known.who.as_str(), known.note.as_str()), ("王老师", "已电话"));
    world.ill("2026-11-20", "c1", 0).await;
    judge(&again, CLUSTER).await;
    world.pass(49 * HOUR);
    judge(&again, CLUSTER).await;
    world.ill("2026-11-22", "c2", 3).await;
    judge(&again, CLUSTER).await;
    let listed = again.list(&Filter { class: Some("c1".into()), open: Some(false), ..Filter::default() });
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].notices.last().unwrap().kind, NoticeKind::Resolved);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_raise_nothing_twice() {
    let world = World::new().await;
    let (one, two) = (world.open(Vec::new()).await, world.open(Vec::new()).await);
    world.ill("2026-11-20", "c1", 3).await;
    world.ill("2026-11-20", "c2", 3).await;
    tokio::join!(judge(&one, CLUSTER), judge(&two, CLUSTER));
    judge(&one, CLUSTER).await;
    let third = world.open(Vec::new()).await;
    assert_eq!(third.list(&Filter::default()).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_is_in_the_record_no_more() {
    let world = World::new().await;
    let alerts = world.open(Vec::new()).await;
    world.truant("2026-11-20", "c1", 2).await;
    judge(&alerts, NO_LEAVE).await;
    assert_eq!(open(&alerts).len(), 2);
    let gone = world
        .ingest
        .erase(&Erasure {
            person: "student".into(),
            number: "c1-0".into(),
            namespace: None,
            reason: "a letter".into(),
            receipt: "r1".into(),
            dry_run: false,
            at_once: true,
        })
        .await
        .unwrap();
    assert!(gone.tables.iter().any(|table| table.table == "alerts" && table.rows == 1), "{gone:?}");
    assert_eq!(gone.left, 0);
    let again = world.open(Vec::new()).await;
    judge(&again, NO_LEAVE).await;
    judge(&alerts, NO_LEAVE).await;
    assert_eq!((open(&again).len(), open(&alerts).len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_gone_resolves_its_alerts() {
    let world = World::new().await;
    let alerts = world.open(Vec::new()).await;
    world.ill("2026-11-20", "c1", 3).await;
    judge(&alerts, CLUSTER).await;
    let off = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../query/alerts/attendance/illness_cluster.toml"));
    let off = off.unwrap().replace("figure =", "enabled = false\nfigure =");
    let again = world.open_with(Vec::new(), &[("attendance/illness_cluster.toml", &off)]).await.unwrap();
    again.resolve().await.unwrap();
    assert!(open(&again).is_empty());
}

/// The whole machinery: what comes in is told by itself.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_is_told_by_itself() {
    let world = World::new().await;
    let server = Server::start(&[]).await;
    let robot = Receiver { rules: vec![CLUSTER.into()], ..receiver("robot", Kind::Webhook, &server.url, None) };
    let alerts = world.open(vec![robot]).await;
    let mut changed = alerts.watch();
    alerts.start(Arc::clone(world.ingest.rollups()));
    world.ill("2026-11-20", "c1", 3).await;
    let raised = tokio::time::timeout(std::time::Duration::from_secs(30), async {
        while open(&alerts).is_empty() {
            changed.changed().await.unwrap();
        }
    });
    raised.await.unwrap();
    world.pass(11 * SECOND);
    // Any change wakes the receivers' tasks.
    alerts.acknowledge(&open(&alerts)[0].id, "王老师", "").await.unwrap();
    let told = tokio::time::timeout(std::time::Duration::from_secs(30), async {
        while server.got().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    told.await.unwrap();
    alerts.stop().await;
    assert_eq!(server.got()[0].body["alerts"][0]["rule"], CLUSTER);
}

fn steps() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    prop::collection::vec((0..3_u8, 0..5_u8, 0..4_u8), 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    /// However cases come and go, the clock runs and the program restarts: a class has at most one open alert, each notice reaches
    /// the receiver at most once, and a fresh start reads the same book.
    #[test]
    fn one_alert_a_subject_and_one_message_a_notice(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(play(steps));
    }
}

async fn play(steps: Vec<(u8, u8, u8)>) {
    let world = World::new().await;
    let server = Server::start(&[]).await;
    let robot = receiver("robot", Kind::Webhook, &server.url, None);
    let mut alerts = world.open(vec![robot.clone()]).await;
    for (class, cases, then) in steps {
        world.ill("2026-11-20", &format!("c{class}"), cases.into()).await;
        judge(&alerts, CLUSTER).await;
        world.pass(11 * SECOND);
        alerts.deliver(&robot).await;
        match then {
            0 => alerts = world.open(vec![robot.clone()]).await,
            1 => world.pass(HOUR),
            _ => {}
        }
        check(&world, &alerts, &server).await;
    }
}

async fn check(world: &World, alerts: &Alerts, server: &Server) {
    let mut subjects = BTreeMap::new();
    for alert in open(alerts) {
        *subjects.entry(alert.subject.clone()).or_insert(0) += 1;
    }
    assert!(subjects.values().all(|count| *count == 1), "{subjects:?}");
    let mut told = BTreeMap::new();
    for alert in server.got().iter().flat_map(|one| one.body["alerts"].as_array().unwrap().clone()) {
        *told.entry(format!("{} {} {}", alert["id"], alert["notice"], alert["severity"])).or_insert(0) += 1;
    }
    assert!(told.values().all(|count| *count == 1), "{told:?}");
    let ids = |alerts: &Alerts| {
        alerts
            .list(&Filter::default())
            .iter()
            .map(|alert| (alert.id.clone(), alert.notices.len(), alert.deliveries.len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(alerts), ids(&world.open(Vec::new()).await));
}
