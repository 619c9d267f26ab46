//! Where an input's bytes come from.

use std::io::{Cursor, Read};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// A reader, as threads hand it on.
pub type Reader = Box<dyn Read + Send>;

/// Bytes that can be read once, or as often as needed.
///
/// Only what can be read again can be recognised by its content: whether an input is the one that an earlier run began is
/// known after reading what that run had committed, and if it is not, reading starts over.
pub enum Feed {
    Once(Mutex<Option<Reader>>),
    Again(Box<dyn Fn() -> std::io::Result<Reader> + Send + Sync>),
}

impl Feed {
    /// Begins to read.
    ///
    /// # Errors
    /// Why it cannot be read, also a second time.
    pub fn open(&self) -> std::io::Result<Reader> {
        match self {
            Self::Again(open) => open(),
            Self::Once(reader) => {
                let taken = reader.lock().unwrap_or_else(PoisonError::into_inner).take();
                taken.ok_or_else(|| std::io::Error::other("the input can be read only once"))
            }
        }
    }

    /// A file on disk, opened for each reading.
    #[must_use]
    pub fn file(path: &std::path::Path) -> Self {
        let path = path.to_owned();
        Self::Again(Box::new(move || Ok(Box::new(std::fs::File::open(&path)?))))
    }
}

impl From<Reader> for Feed {
    fn from(reader: Reader) -> Self {
        Self::Once(Mutex::new(Some(reader)))
    }
}

impl<R: Read + Send + 'static> From<Box<R>> for Feed {
    fn from(reader: Box<R>) -> Self {
        let reader: Reader = reader;
        reader.into()
    }
}

impl From<Bytes> for Feed {
    fn from(bytes: Bytes) -> Self {
        Self::Again(Box::new(move || Ok(Box::new(Cursor::new(bytes.clone())))))
    }
}
