//! What one machine can take at a time: bodies, bytes held, queries running, seconds spent.
//!
//! Invariants: at most `bodies` bodies are taken in at once, `streams` of them longer than a head; the bytes of all heads in
//! memory never exceed `pending_bytes`; at most `queries` queries run; a request that finds no room is answered 429 and has
//! changed nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Error, Problem};

/// Limits of the HTTP door.
#[derive(Clone, Debug)]
pub struct Options {
    /// Longest body of events, in bytes after decompression.
    pub body_bytes: u64,
    /// Bytes of all short bodies, and of the beginnings of long ones, that are in memory at once.
    pub pending_bytes: usize,
    /// Bodies of events that are taken in at once.
    pub bodies: usize,
    /// Long bodies that are taken in at once; fewer than ingest reads side by side, so that slow ones leave a turn for the rest.
    pub streams: usize,
    /// How long a client may send nothing before its body is given up.
    pub idle_timeout: Duration,
    /// Longest time for one request; bodies of events may take longer to arrive.
    pub request_timeout: Duration,
    /// Queries that run at once: each uses all cores, and more of them would only take each other's memory.
    pub queries: usize,
    /// How long a query or a long body waits for its turn before it is refused.
    pub turn_wait: Duration,
    /// How long a stopping server waits for requests that are under way.
    pub grace: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            body_bytes: 16 << 30,
            pending_bytes: 64 << 20,
            bodies: 1024,
            streams: 3,
            idle_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(60),
            queries: std::thread::available_parallelism().map_or(2, usize::from).max(2),
            turn_wait: Duration::from_secs(20),
            grace: Duration::from_secs(10),
        }
    }
}

/// Places, shared by all requests.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    options: Options,
    bytes: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    queries: Arc<Semaphore>,
}

/// A place of something that is bounded; given back on drop.
pub(crate) type Turn = OwnedSemaphorePermit;

/// Room for some bytes; given back on drop.
#[derive(Debug)]
pub(crate) struct Room {
    bytes: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Limits {
    pub(crate) fn new(options: Options) -> Limits {
        let bytes = Arc::new(Semaphore::new(options.pending_bytes.min(Semaphore::MAX_PERMITS)));
        let [bodies, streams, queries] =
            [options.bodies, options.streams, options.queries].map(|places| Arc::new(Semaphore::new(places)));
        Limits { options, bytes, bodies, streams, queries }
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Room for a body that has not arrived.
    pub(crate) fn room(&self) -> Room {
        Room { bytes: self.bytes.clone(), held: None }
    }

    /// A place for one body.
    pub(crate) fn body(&self) -> Result<Turn, Problem> {
        let full = |_| Problem::from(Error::TooManyRequests("too many bodies are arriving")).retry_after(1);
        self.bodies.clone().try_acquire_owned().map_err(full)
    }

    /// A place for one long body.
    pub(crate) async fn stream(&self) -> Result<Turn, Problem> {
        self.turn(&self.streams, "too many long bodies are arriving", 10).await
    }

    /// A place for one query.
    pub(crate) async fn query(&self) -> Result<Turn, Problem> {
        self.turn(&self.queries, "too many queries are running", 2).await
    }

    async fn turn(&self, places: &Arc<Semaphore>, full: &'static str, retry: u32) -> Result<Turn, Problem> {
        match tokio::time::timeout(self.options.turn_wait, places.clone().acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Problem::from(Error::TooManyRequests(full)).retry_after(retry)),
        }
    }
}

impl Room {
    /// Takes so many bytes more.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        let wanted = u32::try_from(bytes).unwrap_or(u32::MAX);
        let full = |_| Problem::from(Error::TooManyRequests("too many bytes are waiting to be written")).retry_after(1);
        let permit = self.bytes.clone().try_acquire_many_owned(wanted).map_err(full)?;
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        Ok(())
    }
}

/// Ends a request that takes too long.
pub(crate) async fn in_time(State(limit): State<Duration>, request: Request, next: Next) -> Result<Response, Problem> {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => Ok(response),
        Err(_) => Err(Error::RequestTimeout(limit.as_secs()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_ends_and_is_given_back() {
        let limits = Limits::new(Options { pending_bytes: 10, ..Options::default() });
        let mut first = limits.room();
        first.grow(6).unwrap();
        first.grow(4).unwrap();
        assert_eq!(limits.room().grow(1).unwrap_err().code(), "too_many_requests");
        drop(first);
        limits.room().grow(10).unwrap();
    }
}
