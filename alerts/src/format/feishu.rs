//! A custom bot of Feishu: plain text; with a secret, `timestamp` and `sign` go into the body: Base64 of HMAC-SHA-256 with the
//! seconds, a line feed and the secret as the key over nothing. <https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot>

use serde_json::json;

use super::{Post, base64, fitting, hmac};
use crate::message::{Line, Message};

/// A request may have 20 kB.
const LIMIT: usize = 15_000;

pub(super) fn post(message: &Message, secret: Option<&str>, seconds: i64) -> Post {
    let text = fitting(message, LIMIT, |one| line(message, one), &message.title(), "\n");
    let mut body = json!({ "msg_type": "text", "content": { "text": text } });
    if let Some(secret) = secret {
        body["timestamp"] = seconds.to_string().into();
        body["sign"] = base64(&hmac(&format!("{seconds}\n{secret}"), "")).into();
    }
    Post { query: Vec::new(), headers: Vec::new(), body: body.to_string() }
}

/// `<at …>` is the one markup that a text has.
fn line(message: &Message, line: &Line) -> String {
    let said = |text: &str| text.replace(['<', '>'], " ");
    let (title, reason) = (said(&message.say(&line.title)), said(&message.say(&line.reason)));
    let link = line.link.as_ref().map(|link| format!(" {link}")).unwrap_or_default();
    format!("【{}】{title}{}: {reason}{link}", message.mark(line), message.times(line))
}
