//! Reading a body into memory, within bounds.
//!
//! Promise: whatever is sent – too long, broken off, a compression bomb – memory stays within `body_bytes` for one request
//! and `pending_bytes` for all. Bodies that are gzip or zstd files by their first bytes are decompressed here, so that the
//! limit holds for what comes out.

use std::io::{self, Read};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use flate2::bufread::MultiGzDecoder;
use futures::StreamExt;

use crate::limits::{Limits, Room};
use crate::{Error, Problem};

/// A body, and the room that it takes until dropped.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) bytes: Bytes,
    _room: Room,
}

/// Reads all of it, decompressed.
pub(crate) async fn read(body: Body, limits: &Limits) -> Result<Held, Problem> {
    let limit = limits.body_bytes();
    let mut room = limits.room();
    let raw = collect(body, limit, &mut room).await?;
    let Some(compression) = Compression::of(&raw) else {
        return Ok(Held { bytes: raw, _room: room });
    };
    room.grow(limit)?;
    let inflated = tokio::task::spawn_blocking(move || compression.inflate(&raw, limit))
        .await
        .map_err(|error| Error::Internal(format!("decompression task: {error}")))??;
    if Compression::of(&inflated).is_some() {
        return Err(Error::BadBody("it is compressed twice; send it compressed once".to_owned()).into());
    }
    room.shrink_to(inflated.len());
    Ok(Held { bytes: inflated, _room: room })
}

/// Reads a short text body, such as a query.
pub(crate) async fn read_text(body: Body, limits: &Limits, limit: usize) -> Result<String, Problem> {
    let raw = collect(body, limit.min(limits.body_bytes()), &mut limits.room()).await?;
    let bad = |_| Error::BadBody("it is not UTF-8".to_owned());
    Ok(String::from_utf8(raw.to_vec()).map_err(bad)?)
}

async fn collect(body: Body, limit: usize, room: &mut Room) -> Result<Bytes, Problem> {
    let mut chunks = body.into_data_stream();
    let mut whole = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Error::BadBody(error.to_string()))?;
        if whole.len() + chunk.len() > limit {
            return Err(Error::BodyTooLarge { limit }.into());
        }
        room.grow(chunk.len())?;
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

/// How a file is compressed, by its first bytes.
#[derive(Clone, Copy, Debug)]
enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    fn of(bytes: &[u8]) -> Option<Compression> {
        match bytes {
            [0x1f, 0x8b, ..] => Some(Compression::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
            _ => None,
        }
    }

    fn inflate(self, raw: &[u8], limit: usize) -> Result<Bytes, Error> {
        match self {
            Compression::Gzip => read_up_to(MultiGzDecoder::new(raw), limit),
            Compression::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(raw).map_err(broken)?;
                read_up_to(decoder, limit)
            }
        }
    }
}

fn read_up_to(reader: impl Read, limit: usize) -> Result<Bytes, Error> {
    let mut whole = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut whole).map_err(broken)?;
    if whole.len() > limit {
        return Err(Error::BodyTooLarge { limit });
    }
    Ok(whole.into())
}

fn broken(error: io::Error) -> Error {
    Error::BadBody(format!("decompression failed: {error}"))
}
