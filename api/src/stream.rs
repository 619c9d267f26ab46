//! A body of any length on its way from the socket to the decoder.
//!
//! ```text
//!   socket ─▶ Incoming ─▶ pump ─▶ a few pieces ─▶ Pieces ─▶ gunzip ─▶ Text ─▶ Ingest::submit_file
//!            (async)              bounded         (blocking reads)   length
//! ```
//!
//! Promises: at most [`AHEAD`] pieces wait; a body that breaks off never looks like one that ended; when the client goes away,
//! reading ends, what was committed stays and nothing is acknowledged. Files that are gzip or zstd by their first bytes are
//! unpacked here, so that the limit on the length holds for what comes out.

use std::io::{self, BufReader, Chain, Cursor, ErrorKind, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use tokio::sync::mpsc;
use xueqing_pipeline::{Ingest, Origin, Receipt};

use crate::body::{Head, Incoming};
use crate::{Error, Problem};

/// Pieces that wait for the decoder.
const AHEAD: usize = 4;

/// Takes a body in, piece by piece.
pub(crate) async fn submit(
    ingest: &Ingest,
    head: &Head,
    rest: &mut Incoming,
    origin: Origin,
    limit: u64,
) -> Result<Receipt, Problem> {
    let fault = Fault::default();
    let (sender, pieces) = mpsc::channel(AHEAD);
    let reader = reader(&head.bytes, pieces, limit, &fault);
    let taken = {
        let taking = ingest.submit_file(reader, origin, |_| {});
        tokio::pin!(taking);
        // Nobody reads the rest of a body that is refused.
        tokio::select! {
            taken = &mut taking => taken,
            () = pump(rest, sender, &fault) => taking.await,
        }
    };
    match (taken, fault.take()) {
        (Ok(receipt), _) => Ok(receipt),
        (Err(_), Some(fault)) => Err(fault.into()),
        (Err(error), None) => Err(error.into()),
    }
}

/// Hands pieces on until the body ends or fails.
async fn pump(rest: &mut Incoming, sender: mpsc::Sender<Option<Bytes>>, fault: &Fault) {
    while !rest.is_whole() {
        let piece = match rest.next().await {
            Ok(piece) => piece,
            Err(error) => return fault.set(error),
        };
        if piece.is_some() && sender.send(piece).await.is_err() {
            return;
        }
    }
    // A decoder that has gone needs no end.
    let _ = sender.send(None).await;
}

/// The first thing that was wrong with the body; it says more than what the decoder makes of it.
#[derive(Clone, Debug, Default)]
struct Fault(Arc<Mutex<Option<Error>>>);

impl Fault {
    fn set(&self, error: Error) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

fn reader(head: &Bytes, pieces: mpsc::Receiver<Option<Bytes>>, limit: u64, fault: &Fault) -> Box<dyn Read + Send> {
    let whole = Cursor::new(head.clone()).chain(Pieces { current: Bytes::new(), pieces, ended: false });
    let packing = Packing::of(head);
    let bytes: Box<dyn Read + Send> = Box::new(io::empty());
    Box::new(Text { whole: Some(whole), bytes, packing, beginning: Vec::new(), read: 0, limit, fault: fault.clone() })
}

/// The pieces as one stream of bytes.
struct Pieces {
    current: Bytes,
    /// `None` says that the body has ended; a closed channel without it, that it broke off.
    pieces: mpsc::Receiver<Option<Bytes>>,
    ended: bool,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.ended {
            match self.pieces.blocking_recv() {
                Some(Some(piece)) => self.current = piece,
                Some(None) => self.ended = true,
                None => return Err(io::Error::new(ErrorKind::UnexpectedEof, "the body broke off")),
            }
        }
        let length = into.len().min(self.current.len());
        into[..length].copy_from_slice(&self.current.split_to(length));
        Ok(length)
    }
}

/// How a file is compressed, by its first bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    pub(crate) fn of(bytes: &[u8]) -> Option<Packing> {
        match bytes {
            [0x1f, 0x8b, ..] => Some(Packing::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packing::Zstd),
            _ => None,
        }
    }
}

/// What comes out, and whether it is what may come.
struct Text {
    /// Until the first read: opening an unpacker reads, and only the decoder may wait.
    whole: Option<Chain<Cursor<Bytes>, Pieces>>,
    bytes: Box<dyn Read + Send>,
    packing: Option<Packing>,
    beginning: Vec<u8>,
    read: u64,
    limit: u64,
    fault: Fault,
}

impl Read for Text {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let packed = self.packing.is_some();
        let length = match self.read_unpacked(into) {
            Err(error) if packed && error.kind() != ErrorKind::Interrupted => {
                return Err(self.refuse(Error::BadBody(format!("decompression failed: {error}"))));
            }
            read => read?,
        };
        self.read += length as u64;
        if self.read > self.limit {
            return Err(self.refuse(Error::BodyTooLarge { limit: self.limit }));
        }
        if packed && self.beginning.len() < 4 {
            self.beginning.extend(into[..length].iter().take(4));
            if Packing::of(&self.beginning).is_some() {
                return Err(self.refuse(Error::BadBody("it is compressed twice; send it compressed once".to_owned())));
            }
        }
        Ok(length)
    }
}

impl Text {
    fn read_unpacked(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(whole) = self.whole.take() {
            self.bytes = match self.packing {
                None => Box::new(whole),
                Some(Packing::Gzip) => Box::new(MultiGzDecoder::new(BufReader::new(whole))),
                Some(Packing::Zstd) => Box::new(zstd::stream::read::Decoder::new(whole)?),
            };
        }
        self.bytes.read(into)
    }

    fn refuse(&self, error: Error) -> io::Error {
        let told = io::Error::other(error.to_string());
        self.fault.set(error);
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[Option<&'static str>], limit: u64) -> (io::Result<String>, Option<&'static str>) {
        let (sender, receiver) = mpsc::channel(8);
        for piece in pieces {
            sender.blocking_send(piece.map(Bytes::from)).unwrap();
        }
        drop(sender);
        let fault = Fault::default();
        let mut text = String::new();
        let read = reader(&Bytes::from("head "), receiver, limit, &fault).read_to_string(&mut text);
        (read.map(|_| text), fault.take().map(|error| error.code()))
    }

    #[test]
    fn a_body_that_breaks_off_never_looks_like_one_that_ended() {
        assert_eq!(read(&[Some("a"), Some(""), Some("b"), None], 100).0.unwrap(), "head ab");
        assert_eq!(read(&[Some("a")], 100).0.unwrap_err().kind(), ErrorKind::UnexpectedEof);
        assert_eq!(read(&[], 100).0.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_body_ends_at_its_limit() {
        assert_eq!(read(&[Some("12345"), None], 10).0.unwrap(), "head 12345");
        let (read, fault) = read(&[Some("123456"), None], 10);
        assert!(read.is_err() && fault == Some("body_too_large"));
    }
}
