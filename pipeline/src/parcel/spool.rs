//! A file that is read at several places at a time: an archive's directory, its entries, a workbook's parts.
//!
//! Invariant: every clone has its own position; the file itself is shared, and gone with the last clone when it was a temporary one.

use std::fs::File;
use std::io::{BufWriter, Read, Result, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::Watch;
use super::limits::Budget;

const CHUNK: usize = 256 << 10;

#[derive(Clone)]
pub(super) struct Spool {
    file: Arc<Mutex<File>>,
    at: u64,
    length: u64,
    watch: Option<Watch>,
}

impl Spool {
    pub fn of_file(file: File, watch: Option<Watch>) -> Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { file: Arc::new(Mutex::new(file)), at: 0, length, watch })
    }

    /// Copies a stream to an anonymous temporary file.
    pub fn of_reader(reader: &mut dyn Read, budget: &Budget) -> Result<Self> {
        let mut file = BufWriter::with_capacity(CHUNK, tempfile::tempfile()?);
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = reader.read(&mut chunk)?;
            if read == 0 {
                break;
            }
            budget.take(read as u64)?;
            file.write_all(&chunk[..read])?;
        }
        Self::of_file(file.into_inner().map_err(|error| error.into_error())?, None)
    }

    pub fn length(&self) -> u64 {
        self.length
    }
}

impl Read for Spool {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        let read = {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(self.at))?;
            file.read(into)?
        };
        self.at += read as u64;
        if let Some(watch) = &self.watch {
            watch(read as u64);
        }
        Ok(read)
    }
}

impl Seek for Spool {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let moved = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = moved.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn clones_read_at_their_own_places() {
        let mut one = Spool::of_reader(&mut b"0123456789".as_slice(), &Budget::none()).unwrap();
        let mut other = one.clone();
        let (mut first, mut last) = ([0; 3], [0; 2]);
        one.read_exact(&mut first).unwrap();
        other.seek(SeekFrom::End(-2)).unwrap();
        other.read_exact(&mut last).unwrap();
        one.read_exact(&mut first).unwrap();
        assert_eq!((&first, &last, one.length()), (b"345", b"89", 10));
        assert!(one.seek(SeekFrom::Current(-7)).is_err());
    }

    #[test]
    fn every_byte_read_is_told() {
        let told = Arc::new(AtomicU64::new(0));
        let file = tempfile::tempfile().unwrap();
        (&file).write_all(&[1; 1000]).unwrap();
        let count = told.clone();
        let watch: Watch = Arc::new(move |bytes| {
            count.fetch_add(bytes, Ordering::Relaxed);
        });
        Spool::of_file(file, Some(watch)).unwrap().read_to_end(&mut Vec::new()).unwrap();
        assert_eq!(told.load(Ordering::Relaxed), 1000);
    }
}
