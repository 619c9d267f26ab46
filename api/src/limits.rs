//! What one machine can take at a time: bytes held, queries running, seconds spent.
//!
//! Invariants: the bytes of all bodies in memory never exceed `pending_bytes`; at most `queries` queries run; a request
//! that finds no room is answered 429 and has changed nothing.

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
    /// Longest body, in bytes after decompression.
    pub body_bytes: usize,
    /// Bytes of all bodies that are in memory at once.
    pub pending_bytes: usize,
    /// Longest time for one request.
    pub request_timeout: Duration,
    /// Queries that run at once.
    pub queries: usize,
    /// How long a query waits for its turn before it is refused.
    pub query_wait: Duration,
    /// How long a stopping server waits for requests that are under way.
    pub grace: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            body_bytes: 64 << 20,
            pending_bytes: 256 << 20,
            request_timeout: Duration::from_secs(60),
            queries: 8,
            query_wait: Duration::from_secs(5),
            grace: Duration::from_secs(10),
        }
    }
}

/// Places, shared by all requests.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    options: Options,
    bytes: Arc<Semaphore>,
    queries: Arc<Semaphore>,
}

/// Room for some bytes; given back on drop.
#[derive(Debug)]
pub(crate) struct Room {
    bytes: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Limits {
    pub(crate) fn new(options: Options) -> Limits {
        let bytes = Arc::new(Semaphore::new(options.pending_bytes.min(Semaphore::MAX_PERMITS)));
        let queries = Arc::new(Semaphore::new(options.queries));
        Limits { options, bytes, queries }
    }

    pub(crate) fn body_bytes(&self) -> usize {
        self.options.body_bytes
    }

    /// Room for a body that has not arrived.
    pub(crate) fn room(&self) -> Room {
        Room { bytes: self.bytes.clone(), held: None }
    }

    /// A place for one query.
    pub(crate) async fn query(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let turn = tokio::time::timeout(self.options.query_wait, self.queries.clone().acquire_owned()).await;
        match turn {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Problem::from(Error::TooManyRequests("too many queries are running")).retry_after(2)),
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

    /// Gives back what is held beyond so many bytes.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        if let Some(held) = &mut self.held {
            drop(held.split(held.num_permits().saturating_sub(bytes)));
        }
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
        first.shrink_to(7);
        limits.room().grow(3).unwrap();
        drop(first);
        limits.room().grow(10).unwrap();
    }
}
