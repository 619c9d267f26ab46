//! What a source is doing, in plain words, for whoever looks after the server.
//!
//! Promise: a source is always in exactly one state; a source that waits says for what, and why; every change is in the log
//! once.

use serde::Serialize;
use tokio::sync::watch;

/// What a source is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SourceState {
    /// Taking in what arrives.
    Running,
    /// Taking nothing in until something happens.
    Waiting {
        /// What it waits for, such as `the broker`.
        awaited: String,
        reason: String,
    },
    /// Ended: the server is stopping.
    Stopped,
}

/// Where a source writes its state.
#[derive(Clone)]
pub(crate) struct Board {
    name: String,
    state: watch::Sender<SourceState>,
}

impl Board {
    pub(crate) fn new(name: &str) -> (Self, watch::Receiver<SourceState>) {
        let first = SourceState::Waiting { awaited: "its first look".to_owned(), reason: "it is starting".to_owned() };
        let (state, seen) = watch::channel(first);
        (Self { name: name.to_owned(), state }, seen)
    }

    pub(crate) fn running(&self) {
        if self.change(SourceState::Running) {
            tracing::info!(source = self.name, "taking in what arrives");
        }
    }

    pub(crate) fn waiting(&self, awaited: &str, reason: impl ToString) {
        let reason = reason.to_string();
        if self.change(SourceState::Waiting { awaited: awaited.to_owned(), reason: reason.clone() }) {
            tracing::warn!(source = self.name, "waiting for {awaited}: {reason}");
        }
    }

    pub(crate) fn stopped(&self) {
        if self.change(SourceState::Stopped) {
            tracing::info!(source = self.name, "stopped");
        }
    }

    fn change(&self, to: SourceState) -> bool {
        self.state.send_if_modified(|state| {
            let changed = *state != to;
            *state = to;
            changed
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_told_once() {
        let (board, mut seen) = Board::new("mqtt");
        board.waiting("the broker", "connection refused");
        assert!(seen.has_changed().unwrap());
        let waiting = SourceState::Waiting { awaited: "the broker".to_owned(), reason: "connection refused".to_owned() };
        assert_eq!(*seen.borrow_and_update(), waiting);
        board.waiting("the broker", "connection refused");
        assert!(!seen.has_changed().unwrap());
        let json = serde_json::to_value(&waiting).unwrap();
        assert_eq!((json["state"].as_str(), json["awaited"].as_str()), (Some("waiting"), Some("the broker")));
    }
}
