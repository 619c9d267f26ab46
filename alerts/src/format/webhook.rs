//! Any service: JSON in both languages, signed.
//!
//! `X-Xueqing-Signature: sha256=<hex>` is the HMAC-SHA-256 with the secret over `X-Xueqing-Timestamp` (seconds), a full stop and the
//! body; `Idempotency-Key` is the same when a message is sent again.

use serde_json::json;

use super::{Post, hmac};
use crate::message::Message;

pub(super) fn post(message: &Message, secret: Option<&str>, seconds: i64) -> Post {
    let body = json!({
        "type": "xueqing.alerts", "id": message.id, "title": message.title(), "alerts": message.alerts, "link": message.link,
    });
    let body = body.to_string();
    let mut headers = vec![("idempotency-key", message.id.clone()), ("x-xueqing-timestamp", seconds.to_string())];
    headers.extend(secret.map(|secret| {
        let digits = hmac(secret, &format!("{seconds}.{body}")).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        ("x-xueqing-signature", format!("sha256={digits}"))
    }));
    Post { query: Vec::new(), headers, body }
}
