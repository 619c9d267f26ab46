//! One state for many readers: running when none of them waits, else what the first of them waits for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::sources::state::Board;

/// What each reader waits for. Clones share it.
#[derive(Clone)]
pub(super) struct Troubles {
    board: Board,
    /// By reader: awaited, reason. Held only to change it, never across an await.
    waiting: Arc<Mutex<BTreeMap<String, (String, String)>>>,
}

impl Troubles {
    pub(super) fn new(board: Board) -> Self {
        Self { board, waiting: Arc::default() }
    }

    pub(super) fn tell(&self, reader: &str, awaited: &str, reason: &str) {
        self.change(|waiting| drop(waiting.insert(reader.to_owned(), (awaited.to_owned(), reason.to_owned()))));
    }

    pub(super) fn over(&self, reader: &str) {
        self.change(|waiting| drop(waiting.remove(reader)));
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, (String, String)>)) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut waiting);
        match waiting.values().next() {
            Some((awaited, reason)) => self.board.waiting(awaited, reason),
            None => self.board.running(),
        }
    }
}
