//! To real receivers: signatures, repeats, retries, restarts, quiet hours, filters, groups.

use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use xueqing_alerts::{DeliveryState, Filter, Kind, Receiver};
use xueqing_query::alert::{Audience, Severity};

use crate::http::{Reply, Server};
use crate::world::{CLUSTER, HOUR, NO_LEAVE, SECOND, World, judge, open, receiver};

fn hmac(key: &str, text: &str) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_robot_is_spoken_to_in_its_own_way() {
    let world = World::new().await;
    let server = Server::start(&[]).await;
    let kinds = [Kind::Wecom, Kind::Dingtalk, Kind::Feishu, Kind::Webhook];
    let receivers: Vec<Receiver> =
        kinds.iter().map(|kind| receiver(&format!("{kind:?}"), *kind, &server.url, Some("SECsecret"))).collect();
    let alerts = world.open(receivers.clone()).await;
    world.ill("2026-11-20", "c1", 3).await;
    judge(&alerts, CLUSTER).await;
    world.pass(11 * SECOND);
    for receiver in &receivers {
        alerts.deliver(receiver).await;
    }
    let got = server.got();
    assert_eq!(got.len(), 4);
    assert!(got.iter().all(|one| one.query["key"] == "robot-key"), "its own parameters stay");
    let wecom = got[0].body["markdown"]["content"].as_str().unwrap();
    assert!(got[0].body["msgtype"] == "markdown" && wecom.contains("<font color=\"warning\">紧急</font> 病假聚集"), "{wecom}");
    let dingtalk = &got[1].query;
    assert_eq!(dingtalk["sign"], base64(&hmac("SECsecret", &format!("{}\nSECsecret", dingtalk["timestamp"]))));
    let feishu = &got[2].body;
    let key = format!("{}\nSECsecret", feishu["timestamp"].as_str().unwrap());
    assert_eq!(feishu["sign"], base64(&hmac(&key, "")));
    let (webhook, seconds) = (&got[3], got[3].headers["x-xueqing-timestamp"].to_str().unwrap());
    let hex: String = hmac("SECsecret", &format!("{seconds}.{}", webhook.text)).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(webhook.headers["x-xueqing-signature"], format!("sha256={hex}"));
    assert_eq!(webhook.body["alerts"][0]["values"]["cases_1_day"], 3);
    // Nothing more is due, and the record says so.
    for receiver in &receivers {
        assert_eq!(alerts.deliver(receiver).await, None);
    }
    assert!(open(&alerts)[0].deliveries.iter().all(|one| one.state == DeliveryState::Delivered && one.attempts == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_at_growing_intervals_and_then_given_up() {
    let world = World::new().await;
    let refused = r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#;
    let server = Server::start(&[Reply::Status(500), Reply::Never, Reply::Body(refused), Reply::Status(302)]).await;
    let robot = receiver("robot", Kind::Wecom, &server.url, None);
    let alerts = world.open(vec![robot.clone()]).await;
    world.ill("2026-11-20", "c1", 3).await;
    judge(&alerts, CLUSTER).await;
    world.pass(11 * SECOND);
    let mut waits = Vec::new();
    let mut errors = Vec::new();
    loop {
        let at = alerts.deliver(&robot).await;
        errors.push(open(&alerts)[0].deliveries[0].error.clone().unwrap());
        let Some(_) = at else { break };
        let sent = server.got().len();
        match alerts.deliver(&robot).await {
            None => break,
            Some(next) => {
                assert_eq!(server.got().len(), sent, "not before its time");
                waits.push(next);
                world.pass(30 * SECOND * (1 << (waits.len() - 1)));
            }
        }
    }
    assert_eq!(waits.windows(2).map(|pair| (pair[1] - pair[0]) / SECOND).collect::<Vec<_>>(), [60, 120]);
    assert_eq!(
        errors,
        [
            "it answered 500",
            "it did not answer in time",
            "the robot refused: errcode 93000 invalid webhook url",
            "it answered 302"
        ]
    );
    let delivery = &open(&alerts)[0].deliveries[0];
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::GivenUp, 4));
    assert!(errors.iter().all(|error| !error.contains("robot-key")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_tells_nothing_twice_and_delivers_what_was_not() {
    let world = World::new().await;
    let (good, bad) = (Server::start(&[]).await, Server::start(&[Reply::Status(503)]).await);
    let receivers = [receiver("good", Kind::Webhook, &good.url, None), receiver("bad", Kind::Webhook, &bad.url, None)];
    world.ill("2026-11-20", "c1", 3).await;
    let id = {
        let alerts = world.open(receivers.to_vec()).await;
        judge(&alerts, CLUSTER).await;
        world.pass(11 * SECOND);
        alerts.deliver(&receivers[0]).await;
        alerts.deliver(&receivers[1]).await;
        open(&alerts)[0].id.clone()
    };
    let alerts = world.open(receivers.to_vec()).await;
    judge(&alerts, CLUSTER).await;
    world.pass(HOUR);
    for receiver in &receivers {
        alerts.deliver(receiver).await;
    }
    assert_eq!((good.got().len(), bad.got().len()), (1, 2));
    assert_eq!(bad.got()[0].headers["idempotency-key"], bad.got()[1].headers["idempotency-key"]);
    let all = alerts.list(&Filter::default());
    assert_eq!((all.len(), all[0].id.clone()), (1, id));
    assert_eq!(all[0].deliveries.iter().map(|one| one.attempts).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_alerts_of_one_minute_are_one_message() {
    let world = World::new().await;
    let server = Server::start(&[]).await;
    let robot = receiver("robot", Kind::Webhook, &server.url, None);
    let alerts = world.open(vec![robot.clone()]).await;
    for class in 0..40 {
        world.ill("2026-11-20", &format!("c{class}"), 3).await;
    }
    judge(&alerts, CLUSTER).await;
    assert_eq!(open(&alerts).len(), 40);
    let due = alerts.deliver(&robot).await.unwrap();
    assert!(server.got().is_empty() && due > 0, "the first waits for the others");
    world.pass(11 * SECOND);
    alerts.deliver(&robot).await;
    assert_eq!(alerts.deliver(&robot).await, None);
    assert_eq!(server.got().iter().map(|one| one.body["alerts"].as_array().unwrap().len()).collect::<Vec<_>>(), [40]);
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_hours_hold_back_what_may_wait() {
    let world = World::new().await;
    let server = Server::start(&[]).await;
    let night =
        Receiver { quiet_hours: Some("17:00-07:00".parse().unwrap()), ..receiver("night", Kind::Webhook, &server.url, None) };
    let alerts = world.open(vec![night.clone()]).await;
    world.truant("2026-11-20", "c9", 1).await;
    judge(&alerts, NO_LEAVE).await;
    world.pass(11 * SECOND);
    let morning = alerts.deliver(&night).await.unwrap();
    assert_eq!((morning - crate::world::FRIDAY_EVENING) / HOUR, 13, "07:00");
    assert!(server.got().is_empty());
    // A cluster is told at night.
    world.ill("2026-11-20", "c1", 3).await;
    judge(&alerts, CLUSTER).await;
    world.pass(11 * SECOND);
    alerts.deliver(&night).await;
    assert_eq!(server.got().iter().map(|one| one.body["alerts"][0]["rule"].clone()).collect::<Vec<_>>(), [CLUSTER]);
    world.pass(13 * HOUR);
    alerts.deliver(&night).await;
    assert_eq!(server.got()[1].body["alerts"][0]["rule"], NO_LEAVE);
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_get_what_they_ask_for_in_their_language() {
    let world = World::new().await;
    let server = Server::start(&[]).await;
    let all = receiver("all", Kind::Feishu, &server.url, None);
    let english =
        Receiver { english: true, severity: Severity::Critical, ..receiver("english", Kind::Feishu, &server.url, None) };
    let elsewhere = Receiver { schools: vec!["s2".into()], ..receiver("elsewhere", Kind::Feishu, &server.url, None) };
    let operators = Receiver { audience: vec![Audience::Operator], ..receiver("operators", Kind::Feishu, &server.url, None) };
    let receivers = [all, english, elsewhere, operators];
    let alerts = world.open(receivers.to_vec()).await;
    world.ill("2026-11-20", "c1", 3).await;
    world.truant("2026-11-20", "c2", 2).await;
    judge(&alerts, CLUSTER).await;
    judge(&alerts, NO_LEAVE).await;
    world.pass(11 * SECOND);
    for receiver in &receivers {
        alerts.deliver(receiver).await;
    }
    let texts: Vec<String> = server.got().iter().map(|one| one.body["content"]["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].starts_with("学情：3 条预警（紧急）") && texts[0].contains("未请假缺勤（2 条）"), "{}", texts[0]);
    assert!(texts[1].starts_with("xueqing: 1 alert(s), Urgent\n【Urgent】Illness cluster: "), "{}", texts[1]);
    // Which student it is stays in the house: in the record, in no message.
    let students: Vec<String> = open(&alerts).iter().filter_map(|alert| alert.subject.get("student").cloned()).collect();
    assert_eq!(students.len(), 2);
    assert!(server.got().iter().all(|one| students.iter().all(|student| !one.text.contains(student))));
}
