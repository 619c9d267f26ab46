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

/// Who decodes.
pub(super) enum Workers<K, W, T> {
    /// The reading thread itself.
    Here(Box<K>, Then<T>),
    Pool(Pool<W, T>),
}

impl<K: Worker<W> + 'static, W: Send + 'static, T: Send + 'static> Workers<K, W, T> {
    pub fn new(threads: usize, worker: impl Fn() -> Result<K>, then: &Then<T>) -> Result<Self> {
        if threads < 2 {
            return Ok(Self::Here(Box::new(worker()?), Arc::clone(then)));
        }
        let workers = (0..threads).map(|_| worker()).collect::<Result<Vec<K>>>()?;
        Ok(Self::Pool(Pool::new(workers, then)))
    }

    /// What comes of the next piece. An error of the pieces is kept in `failed` while others are under way.
    pub fn next(&mut self, pieces: &mut impl Iterator<Item = Result<W>>, failed: &mut Option<Error>) -> Option<Result<Vec<T>>> {
        let pool = match self {
            Self::Here(worker, then) => return Some(pieces.next()?.and_then(|piece| all(worker.as_mut(), piece, then))),
            Self::Pool(pool) => pool,
        };
        while pool.has_room() && failed.is_none() {
            match pieces.next() {
                Some(Ok(piece)) => pool.submit(piece),
                Some(Err(error)) => *failed = Some(error),
                None => break,
            }
        }
        pool.next()
    }
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
fn all<W, T>(worker: &mut impl Worker<W>, piece: W, then: &Then<T>) -> Result<Vec<T>> {
    worker.work(piece)?.into_iter().map(|decoded| then(decoded)).collect()
}
