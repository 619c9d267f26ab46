//! A group robot of WeCom: Markdown of at most 4096 bytes. <https://developer.work.weixin.qq.com/document/path/91770>

use serde_json::json;
use xueqing_query::alert::Severity;

use super::{Post, fitting, plain};
use crate::book::NoticeKind;
use crate::message::{Line, Message};

const LIMIT: usize = 4096;

pub(super) fn post(message: &Message) -> Post {
    let head = format!("**{}**", plain(&message.title()));
    let content = fitting(message, LIMIT, |one| line(message, one), &head, "\n");
    let body = json!({ "msgtype": "markdown", "markdown": { "content": content } }).to_string();
    Post { query: Vec::new(), headers: Vec::new(), body }
}

fn line(message: &Message, line: &Line) -> String {
    let colour = match (line.kind, line.severity) {
        (NoticeKind::Resolved, _) => "info",
        (_, Severity::Critical | Severity::Warning) => "warning",
        (_, Severity::Info) => "comment",
    };
    let (title, reason) = (plain(&message.say(&line.title)), plain(&message.say(&line.reason)));
    let link = line.link.as_ref().map(|link| format!(" [{}]({link})", message.look())).unwrap_or_default();
    format!("> <font color=\"{colour}\">{}</font> {title}{}: {reason}{link}", message.mark(line), message.times(line))
}
