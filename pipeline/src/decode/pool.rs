//! Blocks decoded on several threads, given back in order.
//!
//! Invariants: at most `threads + 1` blocks are under way, so memory stays bounded; batches come in the order of the text; when
//! the pool is dropped its threads end.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::Decoded;
use super::blocks::Block;
use super::run::{Place, Run};
use crate::{Error, Result};

type Batches = Result<Vec<Decoded>>;
type Work = (Block, SyncSender<Batches>);

/// Some threads with a run each.
pub(super) struct Pool {
    work: Option<SyncSender<Work>>,
    threads: Vec<JoinHandle<()>>,
    /// What each block under way will become, in order.
    awaited: VecDeque<Receiver<Batches>>,
}

impl Pool {
    pub fn new(runs: Vec<Run>) -> Self {
        let (work, queue) = sync_channel::<Work>(runs.len() + 1);
        let queue = Arc::new(Mutex::new(queue));
        let thread = |mut run: Run| {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || {
                while let Some((block, done)) = take(&queue) {
                    // The receiver is gone when nobody wants the rest.
                    let _ = done.send(all(&mut run, &block));
                }
            })
        };
        let threads: Vec<_> = runs.into_iter().map(thread).collect();
        Self { work: Some(work), threads, awaited: VecDeque::new() }
    }

    pub fn has_room(&self) -> bool {
        self.awaited.len() <= self.threads.len()
    }

    pub fn submit(&mut self, block: Block) {
        let (done, awaited) = sync_channel(1);
        if let Some(work) = &self.work {
            // The threads live as long as `work`; if one has died all the same, `next` says so.
            let _ = work.send((block, done));
        }
        self.awaited.push_back(awaited);
    }

    /// The batches of the oldest block under way.
    pub fn next(&mut self) -> Option<Batches> {
        let awaited = self.awaited.pop_front()?;
        Some(awaited.recv().unwrap_or_else(|_| Err(Error::Batch { reason: "a decoding thread has ended early".to_owned() })))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.work = None;
        self.awaited.clear();
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

fn take(queue: &Mutex<Receiver<Work>>) -> Option<Work> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Every batch of a block.
pub(super) fn all(run: &mut Run, block: &Block) -> Batches {
    let (mut place, mut batches) = (Place::default(), Vec::with_capacity(1));
    while let Some(decoded) = run.decode(block, &mut place)? {
        if decoded.read > 0 {
            batches.push(decoded);
        }
    }
    Ok(batches)
}
