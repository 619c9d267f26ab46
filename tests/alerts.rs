//! Alerts through the real binary: rules, a trial, a robot that is told, and a machine that dies in between.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{District, Server};

const RULE: &str = "attendance/illness_cluster";

/// A robot of WeCom: keeps the bodies that it is sent, and first refuses some.
fn robot(mut refusals: usize) -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/cgi-bin/webhook/send?key=robot-key", listener.local_addr().expect("bound"));
    let (sender, bodies) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                let (name, value) = line.split_once(':').unwrap_or_default();
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse().expect("a length");
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let (status, answer) = if refusals > 0 { ("500 no", "{}") } else { ("200 OK", r#"{"errcode":0,"errmsg":"ok"}"#) };
            refusals = refusals.saturating_sub(1);
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
            stream.write_all(format!("{head}{answer}").as_bytes()).expect("answered");
            if status.starts_with("200") && sender.send(serde_json::from_slice(&body).expect("JSON")).is_err() {
                return;
            }
        }
    });
    (url, bodies)
}

/// A district that tells this robot.
fn telling(url: &str) -> District {
    let district = District::new();
    std::fs::write(district.path("wecom.url"), format!("{url}\n")).expect("written");
    let text = "[alerts]\npage = 'https://xueqing.example'\ngather_seconds = 0\nfirst_retry_seconds = 1\n\
        [[alerts.receivers]]\nname = 'district'\nkind = 'wecom'\nurl_file = 'wecom.url'\nseverity = 'critical'\n";
    std::fs::write(district.path("xueqing.toml"), text).expect("written");
    district
}

fn today() -> String {
    let told = Command::new("date").env("TZ", "Asia/Shanghai").arg("+%F").output().expect("date runs");
    String::from_utf8(told.stdout).expect("UTF-8").trim().to_owned()
}

fn ill(server: &Server, class: &str) {
    let (day, mut lines) = (today(), String::new());
    for student in 0..12 {
        let status = if student < 3 { "sick_leave" } else { "present" };
        lines += &json!({"school": "s1", "class": class, "grade": "13", "student": format!("{class}-{student}"), "place": "lesson", "period": "1",
            "at": format!("{day}T08:20:00+08:00"), "status": status, "symptom": if student < 3 { "呕吐" } else { "" }})
        .to_string();
        lines.push('\n');
    }
    assert!(server.post("/v1/events/attendance", lines).status().is_success());
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(90), "not within 90 s: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn delivered(server: &Server) -> usize {
    let listed = server.json("/v1/alerts?open=true");
    let deliveries =
        listed["alerts"].as_array().expect("a list").iter().flat_map(|alert| alert["deliveries"].as_array().expect("a list"));
    deliveries.filter(|one| one["state"] == "delivered").count()
}

#[test]
fn a_robot_is_told_once_over_a_crash() {
    let (url, bodies) = robot(1);
    let district = telling(&url);
    let server = district.serve();
    ill(&server, "c1");
    let first = bodies.recv_timeout(Duration::from_secs(90)).expect("told, after one refusal");
    let content = first["markdown"]["content"].as_str().expect("markdown");
    assert!(content.contains("呕吐或腹泻") && content.contains("https://xueqing.example/?school=s1&class=c1"), "{content}");
    eventually("the delivery is recorded", || delivered(&server) == 1);
    let listed = server.json("/v1/alerts");
    assert_eq!(listed["alerts"][0]["deliveries"][0]["attempts"], 2);
    assert!(!listed.to_string().contains("robot-key"));
    drop(server); // killed
    let server = district.serve();
    ill(&server, "c2");
    let second = bodies.recv_timeout(Duration::from_secs(90)).expect("told");
    let content = second["markdown"]["content"].as_str().expect("markdown");
    assert!(content.contains("class=c2") && !content.contains("class=c1"), "{content}");
    eventually("the delivery is recorded", || delivered(&server) == 2);
    #[cfg(unix)]
    assert!(server.stop().success());
    assert!(bodies.try_recv().is_err(), "nothing twice");
    let recorded = district.json(&["alert", "list", "--json"]);
    assert_eq!(recorded["alerts"].as_array().expect("a list").len(), 2);
    assert!(district.text(&["alert", "list", "--class", "c2"]).contains("district delivered, 1 attempt"));
    let again = district.json(&["alert", "check", "--rule", RULE, "--json"]);
    assert!(again["would_tell"].as_array().expect("a list").iter().all(|one| one["alert"].is_string()), "{again}");
}

#[test]
fn rules_are_listed_tried_and_refused_by_the_command_line() {
    let district = District::of_sample_data();
    let rules = district.json(&["alert", "rules", "--json"]);
    assert!(rules["rules"].as_array().expect("a list").iter().any(|rule| rule["name"] == RULE));
    assert!(district.text(&["alert", "rules"]).contains("cases_3_days >= 5"));
    assert!(district.json(&["alert", "check", "--json"])["would_tell"].is_array());
    assert_eq!(district.text(&["alert", "list"]).trim(), "no alerts · 没有预警", "a trial records nothing");
    let refused = |words: &[&str], arguments: &[&str]| {
        let done = district.run(arguments);
        let error = String::from_utf8(done.stderr).expect("UTF-8");
        assert!(!done.status.success() && words.iter().all(|word| error.contains(word)), "{error}");
    };
    refused(&["error[unknown_rule]", RULE], &["alert", "check", "--rule", "nothing"]);
    let own = district.path("own/alerts/own");
    std::fs::create_dir_all(&own).expect("made");
    std::fs::write(own.join("bad.toml"), "title = 1\n").expect("written");
    std::fs::write(district.path("xueqing.toml"), "standard = 'own'\n").expect("written");
    refused(&["error[bad_rule]", "alerts/own/bad.toml"], &["alert", "rules"]);
}
