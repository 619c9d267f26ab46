//! The shapes that receivers understand. Pure: a message, its secret and the clock to an HTTP request; the answer to yes or no.

mod dingtalk;
mod feishu;
mod webhook;
mod wecom;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::message::{Line, Message};
use crate::receiver::Kind;

/// What is posted.
#[derive(Debug, PartialEq)]
pub(crate) struct Post {
    /// Parameters to add to the URL.
    pub query: Vec<(&'static str, String)>,
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

/// The request for a receiver; `now` is in microseconds.
pub(crate) fn post(kind: Kind, message: &Message, secret: Option<&str>, now: i64) -> Post {
    match kind {
        Kind::Wecom => wecom::post(message),
        Kind::Dingtalk => dingtalk::post(message, secret, now / 1_000),
        Kind::Feishu => feishu::post(message, secret, now / 1_000_000),
        Kind::Webhook | Kind::Mail => webhook::post(message, secret, now / 1_000_000),
    }
}

/// Whether an answer of 2xx says that the message was taken; robots answer 200 to what they refuse.
pub(crate) fn taken(kind: Kind, body: &str) -> Result<(), String> {
    let (code, words) = match kind {
        Kind::Wecom | Kind::Dingtalk => ("errcode", "errmsg"),
        Kind::Feishu => ("code", "msg"),
        Kind::Webhook | Kind::Mail => return Ok(()),
    };
    let answer: Value = serde_json::from_str(body).map_err(|_| "the robot's answer is not JSON".to_owned())?;
    match answer.get(code).or_else(|| answer.get("StatusCode")).and_then(Value::as_i64) {
        Some(0) => Ok(()),
        Some(refused) => {
            let words: String = answer.get(words).and_then(Value::as_str).unwrap_or_default().chars().take(200).collect();
            Err(format!("the robot refused: {code} {refused} {words}"))
        }
        None => Err(format!("the robot's answer has no {code}")),
    }
}

fn hmac(key: &str, text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// As many whole lines as fit into `limit` bytes, head and tail included.
fn fitting(message: &Message, limit: usize, line: impl Fn(&Line) -> String, head: &str, between: &str) -> String {
    let mut text = head.to_owned();
    let mut left_out = 0;
    let reserve = 64;
    for one in &message.lines {
        let words = line(one);
        if left_out > 0 || text.len() + between.len() + words.len() + reserve > limit {
            left_out += one.times;
        } else {
            text += between;
            text += &words;
        }
    }
    if let Some(rest) = message.rest(left_out) {
        text += between;
        text += &rest;
    }
    text
}

/// What would be markup in a robot's text is said plainly.
fn plain(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '<' | '>' | '[' | ']' | '*' | '`' | '#' | '\n' | '\r') { ' ' } else { c }).collect()
}

#[cfg(test)]
pub(crate) mod tests;
