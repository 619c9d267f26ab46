//! The shapes, with signatures computed elsewhere.

use super::*;
use crate::book::{Book, NoticeKind};
use crate::decide::entry;
use crate::entry::{Entry, Event, Place, Raised};
use crate::outbox::Item;
use serde_json::json;
use xueqing_query::alert::{Audience, Severity};
use xueqing_schema::Text;

/// A book with these alerts of a class, each with its reason.
pub(crate) fn book(reasons: &[&str]) -> Book {
    let mut book = Book::default();
    for (number, reason) in reasons.iter().enumerate() {
        let raised = Raised {
            rule: "attendance/no_leave".into(),
            title: Text::new("未请假缺勤", "Absent without leave"),
            severity: Severity::Warning,
            at_night: false,
            audience: vec![Audience::School],
            subject: [("school".to_owned(), "s1".to_owned())].into(),
            place: Place { school: Some("s1".into()), class: Some("五 1".into()), ..Place::default() },
            reason: Text::new(*reason, format!("en {reason}")),
            values: serde_json::from_value(json!({"longest_days": 2})).unwrap(),
        };
        let event = Event::Raised(Box::new(raised));
        book.add(Entry { student: Some(format!("pseudonym{number}")), ..entry(number.to_string(), 1_000_000, event) });
    }
    book
}

fn message(reasons: &[&str], english: bool, page: Option<&str>) -> Message {
    let book = book(reasons);
    let items: Vec<Item<'_>> = book.all().map(|alert| Item { alert, number: 0, notice: alert.notices[0], failed: 0 }).collect();
    Message::of("r", &items, english, page)
}

fn body(post: &Post) -> Value {
    serde_json::from_str(&post.body).unwrap()
}

#[test]
fn dingtalk_signs_in_the_url() {
    let post = post(Kind::Dingtalk, &message(&["甲"], false, None), Some("this is secret"), 1_598_000_000_000_000);
    // printf '1598000000000\nthis is secret' | openssl dgst -sha256 -hmac 'this is secret' -binary | base64
    let sign = "mxWidQOGUwUA/Q0RSAnfAhPMcckxkx97k6fd1pv1qLw=";
    assert_eq!(post.query, [("timestamp", "1598000000000".to_owned()), ("sign", sign.to_owned())]);
    assert_eq!(body(&post)["msgtype"], "markdown");
    assert_eq!(body(&post)["markdown"]["title"], "学情：1 条预警（预警）");
}

#[test]
fn feishu_signs_in_the_body() {
    let post = post(Kind::Feishu, &message(&["甲 <at>"], true, None), Some("demo"), 1_599_360_473_000_000);
    // openssl dgst -sha256 -hmac "$(printf '1599360473\ndemo')" -binary < /dev/null | base64
    assert_eq!(
        (&body(&post)["timestamp"], &body(&post)["sign"]),
        (&json!("1599360473"), &json!("l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="))
    );
    let text = "xueqing: 1 alert(s), Warning\n【Warning】Absent without leave: en 甲  at ";
    assert_eq!(body(&post)["content"]["text"], text);
}

#[test]
fn a_webhook_signs_its_body_and_says_the_same_name_again() {
    let words = message(&["甲", "乙"], false, Some("https://x.example/"));
    let signed = post(Kind::Webhook, &words, Some("key"), 7_000_000);
    let header = |name: &str| signed.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let digits: String = hmac("key", &format!("7.{}", signed.body)).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(header("x-xueqing-signature"), Some(format!("sha256={digits}")));
    assert_eq!(header("idempotency-key"), Some(message(&["甲", "乙"], true, None).id));
    assert_eq!(body(&signed)["alerts"][0]["link"], "https://x.example/?school=s1&class=%E4%BA%94+1");
    assert!(post(Kind::Webhook, &words, None, 7_000_000).headers.len() == 2);
}

#[test]
fn a_robot_of_wecom_gets_at_most_4096_bytes_and_is_told_of_the_rest() {
    let reasons: Vec<String> = (0..60).map(|number| format!("{number}{}", "很长的理由".repeat(20))).collect();
    let long = message(&reasons.iter().map(String::as_str).collect::<Vec<_>>(), false, Some("https://x.example"));
    let content = body(&post(Kind::Wecom, &long, None, 0))["markdown"]["content"].as_str().unwrap().to_owned();
    assert!(content.len() <= 4096, "{}", content.len());
    let lines = content.lines().filter(|line| line.starts_with("> ")).count();
    assert!(lines > 5 && content.ends_with(&format!("……另有 {} 条", 60 - lines)), "{content}");
    assert!(content.starts_with("**学情：60 条预警（预警）**"));
}

#[test]
fn the_same_words_are_one_line_and_no_student_is_in_any_shape() {
    let words = message(&["有学生缺勤", "有学生缺勤", "另一班"], false, None);
    assert_eq!(words.lines.iter().map(|line| line.times).collect::<Vec<_>>(), [2, 1]);
    for kind in [Kind::Webhook, Kind::Wecom, Kind::Dingtalk, Kind::Feishu] {
        let post = post(kind, &words, Some("s"), 0);
        assert!(!post.body.contains("pseudonym"), "{kind:?}");
        assert!(kind == Kind::Webhook || post.body.contains("（2 条）"), "{kind:?}: {}", post.body);
    }
    assert!(words.lines.iter().all(|line| line.kind == NoticeKind::Raised));
}

#[test]
fn an_answer_of_200_may_be_a_refusal() {
    assert_eq!(taken(Kind::Wecom, r#"{"errcode":0,"errmsg":"ok"}"#), Ok(()));
    let refused = taken(Kind::Dingtalk, r#"{"errcode":310000,"errmsg":"sign not match"}"#).unwrap_err();
    assert_eq!(refused, "the robot refused: errcode 310000 sign not match");
    assert_eq!(taken(Kind::Feishu, r#"{"code":0,"msg":"success","data":{}}"#), Ok(()));
    assert_eq!(taken(Kind::Feishu, r#"{"StatusCode":0,"StatusMessage":"success"}"#), Ok(()));
    assert!(taken(Kind::Feishu, r#"{"code":19021,"msg":"sign match fail"}"#).unwrap_err().contains("19021"));
    assert!(taken(Kind::Wecom, "<html>").is_err() && taken(Kind::Wecom, "{}").is_err());
    assert_eq!(taken(Kind::Webhook, "anything"), Ok(()));
}
