//! What is to be sent to whom, and when. Pure: from the book, the receivers and the clock.
//!
//! Promises: of an alert only the latest is told; what was told, or given up, is not told again; what fails is tried again at
//! growing intervals, so many times; what comes close together goes in one message; quiet hours hold back what may wait.

use chrono::DateTime;
use chrono_tz::Tz;

use crate::book::{Alert, Book, DeliveryState, Notice, NoticeKind};
use crate::receiver::Receiver;

const MICROS: i64 = 1_000_000;

/// When to gather and when to try again, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// How long the first notice waits for others.
    pub gather: i64,
    /// The wait after the first failure; it doubles with each.
    pub first: i64,
    pub longest: i64,
    pub attempts: u32,
}

/// One notice of one alert.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item<'a> {
    pub alert: &'a Alert,
    /// Its place among the alert's notices.
    pub number: usize,
    pub notice: Notice,
    /// Attempts that have failed.
    pub failed: u32,
}

/// What a receiver is due.
#[derive(Debug, PartialEq)]
pub(crate) enum Due<'a> {
    Nothing,
    /// At this moment there will be something to send.
    Later(i64),
    Now(Vec<Item<'a>>),
}

/// What `receiver` is due at `now`.
pub(crate) fn due<'a>(book: &'a Book, receiver: &Receiver, patience: Patience, zone: Tz, now: i64) -> Due<'a> {
    let pending: Vec<(Item<'a>, i64)> = book.all().filter_map(|alert| pending(alert, receiver, patience)).collect();
    let quiet = quiet_until(receiver, zone, now);
    let (held, free): (Vec<_>, Vec<_>) = pending.into_iter().partition(|(item, _)| quiet.is_some() && !item.notice.at_night);
    let morning = quiet.filter(|_| !held.is_empty());
    // Who has just failed to take something is left alone, with what is new as well.
    let tired = free.iter().filter(|(item, _)| item.failed > 0).map(|(_, from)| *from).max();
    let first = free.iter().map(|(item, _)| item.notice.at).min();
    let from = tired.or(first.map(|first| first + patience.gather * MICROS));
    match (from, morning) {
        (Some(from), _) if from <= now => Due::Now(free.into_iter().map(|(item, _)| item).collect()),
        (None, None) => Due::Nothing,
        (from, morning) => Due::Later(from.into_iter().chain(morning).min().unwrap_or(now)),
    }
}

/// The alert's latest notice, if the receiver has still to be told, and from when on.
fn pending<'a>(alert: &'a Alert, receiver: &Receiver, patience: Patience) -> Option<(Item<'a>, i64)> {
    if !receiver.wants(alert) {
        return None;
    }
    let number = alert.notices.len().checked_sub(1)?;
    let notice = alert.notices[number];
    let told = |one: &crate::book::Delivery| one.receiver == receiver.name && one.state == DeliveryState::Delivered;
    let wanted = match notice.kind {
        // Who was not told of it need not hear that it is over.
        NoticeKind::Resolved => receiver.resolved && alert.deliveries.iter().any(told),
        _ => notice.severity >= receiver.severity,
    };
    let item = |failed| Item { alert, number, notice, failed };
    match alert.delivery(&receiver.name, number) {
        _ if !wanted => None,
        None => Some((item(0), notice.at)),
        Some(tried) if tried.state == DeliveryState::Failed => {
            Some((item(tried.attempts), tried.at + wait(patience, tried.attempts) * MICROS))
        }
        Some(_) => None,
    }
}

fn wait(patience: Patience, attempts: u32) -> i64 {
    let doubled = 1_i64.checked_shl(attempts.saturating_sub(1).min(30)).unwrap_or(i64::MAX);
    patience.first.saturating_mul(doubled).min(patience.longest)
}

/// The end of the quiet hours that hold now.
fn quiet_until(receiver: &Receiver, zone: Tz, now: i64) -> Option<i64> {
    let at = DateTime::from_timestamp_micros(now)?.with_timezone(&zone);
    let hours = receiver.quiet_hours.filter(|hours| hours.hold(at))?;
    Some(now + hours.left(at) * MICROS)
}
