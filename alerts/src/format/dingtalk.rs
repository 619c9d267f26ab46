//! A custom robot of DingTalk: Markdown; with a secret, `timestamp` and `sign` go into the URL: Base64 of HMAC-SHA-256 with the
//! secret as the key over the milliseconds, a line feed and the secret. <https://open.dingtalk.com/document/robots/custom-robot-access>

use serde_json::json;

use super::{Post, base64, fitting, hmac, plain};
use crate::message::{Line, Message};

const LIMIT: usize = 18_000;

pub(super) fn post(message: &Message, secret: Option<&str>, millis: i64) -> Post {
    let title = plain(&message.title());
    let text = fitting(message, LIMIT, |one| line(message, one), &format!("#### {title}"), "\n\n");
    let query = secret.map(|secret| {
        let sign = base64(&hmac(secret, &format!("{millis}\n{secret}")));
        vec![("timestamp", millis.to_string()), ("sign", sign)]
    });
    let body = json!({ "msgtype": "markdown", "markdown": { "title": title, "text": text } }).to_string();
    Post { query: query.unwrap_or_default(), headers: Vec::new(), body }
}

fn line(message: &Message, line: &Line) -> String {
    let (title, reason) = (plain(&message.say(&line.title)), plain(&message.say(&line.reason)));
    let link = line.link.as_ref().map(|link| format!(" [{}]({link})", message.look())).unwrap_or_default();
    format!("- **{}** {title}{}: {reason}{link}", message.mark(line), message.times(line))
}
