//! The bodies of requests, piece by piece.
//!
//! Promise: what is held of a body stays within what [`Limits`] gives room for, whatever is sent. A client that sends nothing
//! for `idle_timeout` is given up; how long the whole takes is its own affair. A server that is stopping gives bodies half of
//! its grace to end.

use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures::future::{BoxFuture, Fuse};
use futures::{FutureExt, StreamExt};
use tokio::sync::watch;

use crate::limits::{Limits, Room};
use crate::{Error, Problem};

/// A body that ends within so many bytes is one submission; of a longer one, this much is read before it gets a place.
const HEAD: usize = 1 << 20;
/// What is still read of a body that is refused, so that its sender hears why instead of a broken connection.
const LINGER_BYTES: u64 = 64 << 20;
const LINGER: Duration = Duration::from_secs(2);

/// A body as it arrives.
pub(crate) struct Incoming {
    pieces: BodyDataStream,
    idle: Duration,
    /// Ends when a stopping server waits no longer.
    cut: Fuse<BoxFuture<'static, ()>>,
    pub(crate) bytes: u64,
    /// When the last byte had come.
    pub(crate) ended: Option<Instant>,
    failed: bool,
}

/// The beginning of a body, and the room that it takes until dropped.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) bytes: Bytes,
    _room: Room,
}

impl Incoming {
    pub(crate) fn new(body: Body, limits: &Limits, mut stopping: watch::Receiver<bool>) -> Incoming {
        let patience = limits.options().grace / 2;
        let cut = async move {
            let told = stopping.wait_for(|stopping| *stopping).await.is_ok();
            if !told {
                // Nobody is there who could stop.
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(patience).await;
        };
        let idle = limits.options().idle_timeout;
        Incoming { pieces: body.into_data_stream(), idle, cut: cut.boxed().fuse(), bytes: 0, ended: None, failed: false }
    }

    /// The next bytes; None at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let piece = self.piece().await;
        match &piece {
            Ok(Some(bytes)) => self.bytes += bytes.len() as u64,
            Ok(None) => _ = self.ended.get_or_insert_with(Instant::now),
            Err(_) => self.failed = true,
        }
        piece
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, Error> {
        tokio::select! {
            piece = tokio::time::timeout(self.idle, self.pieces.next()) => {
                let piece = piece.map_err(|_| Error::BodyTimeout(self.idle.as_secs()))?;
                piece.transpose().map_err(|error| Error::BadBody(error.to_string()))
            }
            () = &mut self.cut => Err(Error::Stopping),
        }
    }

    /// Reads until the end or the length of a head.
    pub(crate) async fn head(&mut self, limits: &Limits) -> Result<Head, Problem> {
        let mut room = limits.room();
        let mut head = BytesMut::new();
        while head.len() < HEAD
            && let Some(piece) = self.next().await?
        {
            room.grow(piece.len())?;
            head.extend_from_slice(&piece);
        }
        Ok(Head { bytes: head.freeze(), _room: room })
    }

    /// Whether the last byte has come.
    pub(crate) fn is_whole(&self) -> bool {
        self.ended.is_some()
    }

    /// Reads a little more of a body that is whole so far, and forgets it.
    pub(crate) async fn linger(&mut self) {
        if self.failed || self.is_whole() {
            return;
        }
        let most = self.bytes + LINGER_BYTES;
        let rest = async { while self.bytes < most && matches!(self.next().await, Ok(Some(_))) {} };
        // Whoever has not ended by then loses the connection.
        let _ = tokio::time::timeout(LINGER, rest).await;
    }
}

/// Reads a short text body, such as a query.
pub(crate) async fn read_text(body: Body, limits: &Limits, limit: usize) -> Result<String, Problem> {
    let mut room = limits.room();
    let mut pieces = body.into_data_stream();
    let mut whole = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| Error::BadBody(error.to_string()))?;
        if whole.len() + piece.len() > limit {
            return Err(Error::BodyTooLarge { limit: limit as u64 }.into());
        }
        room.grow(piece.len())?;
        whole.extend_from_slice(&piece);
    }
    Ok(String::from_utf8(whole).map_err(|_| Error::BadBody("it is not UTF-8".to_owned()))?)
}
