//! What a message says: one line for each thing to act on, the gravest first. Pure.
//!
//! Promise: a message carries the words of rules, names of schools and classes, and a link – no subject, so no student.

use serde_json::{Value, json};
use xueqing_query::alert::Severity;
use xueqing_schema::Text;

use crate::book::NoticeKind;
use crate::entry::Place;
use crate::outbox::Item;

/// Lines of one message; the rest is counted.
const LINES: usize = 20;

/// A message to one receiver.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    /// The same for the same notices to the same receiver, so that who is told twice can know it.
    pub id: String,
    pub english: bool,
    pub lines: Vec<Line>,
    /// What the lines leave out.
    pub more: usize,
    pub alerts: Vec<Value>,
    pub link: Option<String>,
}

/// One thing, or several of the same words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub severity: Severity,
    pub kind: NoticeKind,
    pub title: Text,
    pub reason: Text,
    pub times: usize,
    pub link: Option<String>,
}

impl Message {
    /// Of these notices; `page` is where the dashboard is.
    pub(crate) fn of(receiver: &str, items: &[Item<'_>], english: bool, page: Option<&str>) -> Self {
        let mut sorted: Vec<&Item<'_>> = items.iter().collect();
        sorted.sort_by_key(|item| {
            (item.notice.kind == NoticeKind::Resolved, std::cmp::Reverse(item.notice.severity), item.alert.raised)
        });
        let mut lines: Vec<Line> = Vec::new();
        for line in sorted.iter().map(|item| line(item, page)) {
            match lines.iter_mut().find(|known| known.is_as(&line)) {
                Some(known) => known.times += 1,
                None => lines.push(line),
            }
        }
        let more = lines.iter().skip(LINES).map(|line| line.times).sum();
        lines.truncate(LINES);
        let link = page.map(str::to_owned);
        Self {
            id: id(receiver, items),
            english,
            lines,
            more,
            alerts: sorted.iter().map(|item| alert(item, page)).collect(),
            link,
        }
    }

    /// The first line of all.
    pub(crate) fn title(&self) -> String {
        let count = self.lines.iter().map(|line| line.times).sum::<usize>() + self.more;
        let worst = self.lines.iter().filter(|line| line.kind != NoticeKind::Resolved).map(|line| line.severity).max();
        let word = worst.map(|severity| self.say(&severity.title()));
        match (self.english, word) {
            (true, Some(word)) => format!("xueqing: {count} alert(s), {word}"),
            (true, None) => format!("xueqing: {count} alert(s) resolved"),
            (false, Some(word)) => format!("学情：{count} 条预警（{word}）"),
            (false, None) => format!("学情：{count} 条预警已解除"),
        }
    }

    /// The part of a line that says how grave it is, or that it is over.
    pub(crate) fn mark(&self, line: &Line) -> String {
        let word = self.say(&line.severity.title());
        match (line.kind, self.english) {
            (NoticeKind::Raised, _) => word,
            (NoticeKind::Escalated, true) => format!("{word}, graver than before"),
            (NoticeKind::Escalated, false) => format!("{word}·升级"),
            (NoticeKind::Resolved, true) => "Resolved".to_owned(),
            (NoticeKind::Resolved, false) => "已解除".to_owned(),
        }
    }

    /// The last line, when lines were left out.
    pub(crate) fn rest(&self, left_out: usize) -> Option<String> {
        let count = self.more + left_out;
        let text = if self.english { format!("… and {count} more") } else { format!("……另有 {count} 条") };
        (count > 0).then_some(text)
    }

    pub(crate) fn say(&self, text: &Text) -> String {
        if self.english { text.en.clone() } else { text.zh.clone() }
    }

    pub(crate) fn times(&self, line: &Line) -> String {
        match (line.times, self.english) {
            (1, _) => String::new(),
            (times, true) => format!(" ({times} times)"),
            (times, false) => format!("（{times} 条）"),
        }
    }

    /// The words of the link.
    pub(crate) fn look(&self) -> &'static str {
        if self.english { "Open the page" } else { "查看" }
    }
}

impl Line {
    fn is_as(&self, other: &Line) -> bool {
        (self.severity, self.kind, &self.title, &self.reason) == (other.severity, other.kind, &other.title, &other.reason)
    }
}

fn line(item: &Item<'_>, page: Option<&str>) -> Line {
    let alert = item.alert;
    let link = page.map(|page| link(page, &alert.place));
    let (title, reason) = (alert.title.clone(), alert.reason.clone());
    Line { severity: item.notice.severity, kind: item.notice.kind, title, reason, times: 1, link }
}

/// The page of a class, or the first.
fn link(page: &str, place: &Place) -> String {
    let query = |pairs: &[(&str, &String)]| url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let page = page.trim_end_matches('/');
    match (&place.school, &place.class) {
        (Some(school), Some(class)) => format!("{page}/?{}", query(&[("school", school), ("class", class)])),
        (Some(school), None) => format!("{page}/?{}", query(&[("school", school)])),
        _ => format!("{page}/"),
    }
}

fn alert(item: &Item<'_>, page: Option<&str>) -> Value {
    let alert = item.alert;
    let at = |micros: i64| chrono::DateTime::from_timestamp_micros(micros).map(|at| at.to_rfc3339());
    json!({
        "id": alert.id, "rule": alert.rule, "notice": item.notice.kind, "severity": item.notice.severity,
        "title": alert.title, "reason": alert.reason, "place": alert.place, "values": alert.values,
        "raised_at": at(alert.raised), "link": page.map(|page| link(page, &alert.place)),
    })
}

fn id(receiver: &str, items: &[Item<'_>]) -> String {
    use sha2::Digest;
    let mut hash = sha2::Sha256::new();
    hash.update(receiver);
    items.iter().for_each(|item| hash.update(format!("\n{} {}", item.alert.id, item.number)));
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
