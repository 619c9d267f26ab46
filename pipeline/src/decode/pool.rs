//! Blocks decoded on several threads, given back in order.
//!
//! Invariants: at most `threads + 1` blocks are under way, so memory stays bounded; batches come in the order of the text; when
//! the pool is dropped its threads end.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::Decoded;
use crate::{Error, Result};

/// What becomes of a decoded batch, on the thread that decoded it.
pub(super) type Then<T> = Arc<dyn Fn(Decoded) -> Result<T> + Send + Sync>;

/// Turns one piece of work into batches; keeps what it learns for the next.
pub(super) trait Worker<W>: Send {
    fn work(&mut self, piece: W) -> Result<Vec<Decoded>>;
}

type Done<T> = SyncSender<Result<Vec<T>>>;

/// Some threads with a worker each.
pub(super) struct Pool<W, T> {
    work: Option<SyncSender<(W, Done<T>)>>,
    threads: Vec<JoinHandle<()>>,
    /// What each piece under way will become, in order.
    awaited: VecDeque<Receiver<Result<Vec<T>>>>,
}

impl<W: Send + 'static, T: Send + 'static> Pool<W, T> {
    pub fn new(workers: Vec<impl Worker<W> + 'static>, then: &Then<T>) -> Self {
        let (work, queue) = sync_channel::<(W, Done<T>)>(workers.len() + 1);
        let queue = Arc::new(Mutex::new(queue));
        let thread = |mut worker| {
            let (queue, then) = (Arc::clone(&queue), Arc::clone(then));
            std::thread::spawn(move || {
                while let Some((piece, done)) = take(&queue) {
                    // The receiver is gone when nobody wants the rest.
                    let _ = done.send(all(&mut worker, piece, &then));
                }
            })
        };
        let threads: Vec<_> = workers.into_iter().map(thread).collect();
        Self { work: Some(work), threads, awaited: VecDeque::new() }
    }

    pub fn has_room(&self) -> bool {
        self.awaited.len() <= self.threads.len()
    }

    pub fn submit(&mut self, piece: W) {
        let (done, awaited) = sync_channel(1);
        if let Some(work) = &self.work {
            // The threads live as long as `work`; if one has died all the same, `next` says so.
            let _ = work.send((piece, done));
        }
        self.awaited.push_back(awaited);
    }

    /// The batches of the oldest piece under way.
    pub fn next(&mut self) -> Option<Result<Vec<T>>> {
        let awaited = self.awaited.pop_front()?;
        Some(awaited.recv().unwrap_or_else(|_| Err(Error::Batch { reason: "a decoding thread has ended early".to_owned() })))
    }
}

impl<W, T> Drop for Pool<W, T> {
    fn drop(&mut self) {
        self.work = None;
        self.awaited.clear();
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

fn take<W, T>(queue: &Mutex<Receiver<(W, Done<T>)>>) -> Option<(W, Done<T>)> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Everything that comes of a piece of work.
pub(super) fn all<W, T>(worker: &mut impl Worker<W>, piece: W, then: &Then<T>) -> Result<Vec<T>> {
    worker.work(piece)?.into_iter().map(|decoded| then(decoded)).collect()
}
