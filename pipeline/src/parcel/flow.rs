//! A text that one thread makes while another reads it, a few pieces ahead.
//!
//! Promises: memory is a few pieces, however long the text; the reader meets the end only when the maker has finished, and a maker's error
//! or its panic as an error; a reader that goes away ends the maker at its next piece.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::limits::Budget;

const PIECE: usize = 256 << 10;
const AHEAD: usize = 4;

/// Pieces, then an empty one for the end, or an error.
type Piece = Result<Vec<u8>>;

/// Where the maker writes.
pub(super) struct Outlet {
    sender: SyncSender<Piece>,
    piece: Vec<u8>,
    budget: Budget,
}

/// Where the reader reads.
pub(super) struct Inlet {
    pieces: Receiver<Piece>,
    piece: Vec<u8>,
    at: usize,
    ended: bool,
}

fn channel(budget: &Budget) -> (Outlet, Inlet) {
    let (sender, pieces) = sync_channel(AHEAD);
    (Outlet { sender, piece: Vec::new(), budget: budget.clone() }, Inlet { pieces, piece: Vec::new(), at: 0, ended: false })
}

/// Makes a text on a thread of its own.
pub(super) fn made(budget: &Budget, make: impl FnOnce(&mut Outlet) -> Result<()> + Send + 'static) -> Result<Inlet> {
    let (mut outlet, inlet) = channel(budget);
    let maker = move || {
        let made = make(&mut outlet);
        outlet.end(made);
    };
    std::thread::Builder::new().name("unpacking".to_owned()).spawn(maker)?;
    Ok(inlet)
}

impl Outlet {
    /// Ends the text, or tells why it ends early.
    fn end(mut self, made: Result<()>) {
        let made = made.and_then(|()| self.flush());
        // Fails only when nobody reads any more.
        let _ = self.sender.send(made.map(|()| Vec::new()));
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        self.budget.take(self.piece.len() as u64)?;
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.sender.send(Ok(piece)).map_err(|_| Error::from(ErrorKind::BrokenPipe))
    }
}

impl Read for Inlet {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        if self.at == self.piece.len() && !self.ended {
            let piece = self.pieces.recv().unwrap_or_else(|_| Err(Error::other("its reader stopped unexpectedly")));
            self.ended = !matches!(&piece, Ok(piece) if !piece.is_empty());
            (self.piece, self.at) = (piece?, 0);
        }
        let count = into.len().min(self.piece.len() - self.at);
        into[..count].copy_from_slice(&self.piece[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(make: impl FnOnce(&mut Outlet) -> Result<()> + Send + 'static) -> (usize, Option<String>) {
        let mut text = Vec::new();
        let read = made(&Budget::none(), make).unwrap().read_to_end(&mut text);
        (text.len(), read.err().map(|error| error.to_string()))
    }

    #[test]
    fn a_text_of_any_length_arrives_whole() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 20 * PIECE] {
            assert_eq!(read(move |out| out.write_all(&vec![7; length])), (length, None));
        }
    }

    #[test]
    fn errors_come_after_what_was_made_and_panics_are_errors() {
        let failing = |out: &mut Outlet| out.write_all(&[7; PIECE]).and_then(|()| Err(Error::other("broken")));
        assert_eq!(read(failing), (PIECE, Some("broken".to_owned())));
        assert!(read(|_| panic!("on purpose")).1.unwrap().contains("stopped"));
    }

    #[test]
    fn a_reader_that_goes_away_ends_the_maker() {
        let (told, ended) = sync_channel(1);
        let endless = move |out: &mut Outlet| {
            let done = (0..).try_for_each(|_: u64| out.write_all(&[7; 1000]));
            told.send(done.is_err()).map_err(Error::other)
        };
        drop(made(&Budget::none(), endless).unwrap());
        assert!(ended.recv().unwrap());
    }
}
