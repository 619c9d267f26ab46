//! Whether a file is whole, as far as its format can tell.
//!
//! Promises: a file is judged by its first bytes, not by its name; one that ends early is told apart from one that is damaged; text
//! has no end mark and counts as whole. Memory does not depend on the file's size.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// How far from its end a zip archive may keep its directory's end record: the record and the longest comment.
const ZIP_TAIL: u64 = 22 + 65_535;

/// What the end of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wholeness {
    /// Whole, or a format that cannot tell.
    Whole,
    /// It has no bytes.
    Empty,
    /// The named format ends early: more may come.
    Partial(&'static str),
}

/// Looks at a file's beginning and end; what is compressed is unpacked once. Damage is left for reading to find.
pub(super) fn check(path: &Path) -> std::io::Result<Wholeness> {
    let mut file = File::open(path)?;
    let mut head = Vec::with_capacity(8);
    file.by_ref().take(8).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(match head.as_slice() {
        [] => Wholeness::Empty,
        [0x1f, 0x8b, ..] => drained(flate2::bufread::MultiGzDecoder::new(BufReader::new(file)), "gzip")?,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => drained(zstd::stream::read::Decoder::new(file)?, "zstd")?,
        [b'P', b'K', 3, 4, ..] => ends(has_directory(&tail(&mut file, ZIP_TAIL)?), "zip"),
        [b'P', b'A', b'R', b'1', ..] => ends(tail(&mut file, 4)? == b"PAR1", "parquet"),
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => ends(tail(&mut file, 6)? == b"ARROW1", "arrow"),
        _ => Wholeness::Whole,
    })
}

/// Whether a file holds others: an archive, or a workbook of whatever age.
pub(super) fn holds_files(path: &Path) -> std::io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(8).read_to_end(&mut head)?;
    Ok(head.starts_with(b"PK\x03\x04") || head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]))
}

/// Whether a zip's end record is there with all of its comment.
fn has_directory(tail: &[u8]) -> bool {
    let complete = |record: &[u8]| {
        let comment = usize::from(u16::from_le_bytes([record[20], record[21]]));
        record.starts_with(b"PK\x05\x06") && record.len() >= 22 + comment
    };
    (0..tail.len().saturating_sub(21)).any(|at| complete(&tail[at..]))
}

fn ends(well: bool, format: &'static str) -> Wholeness {
    if well { Wholeness::Whole } else { Wholeness::Partial(format) }
}

fn tail(file: &mut File, length: u64) -> std::io::Result<Vec<u8>> {
    let size = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(size.saturating_sub(length)))?;
    let mut tail = Vec::new();
    file.take(length).read_to_end(&mut tail)?;
    Ok(tail)
}

fn drained(mut stream: impl Read, format: &'static str) -> std::io::Result<Wholeness> {
    match std::io::copy(&mut stream, &mut std::io::sink()) {
        Ok(_) => Ok(Wholeness::Whole),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(Wholeness::Partial(format)),
        // Damage, or a disk that cannot be read: whoever reads the file next says which.
        Err(_) => Ok(Wholeness::Whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::io::Write;

    fn gzip() -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&b"0123456789\n".repeat(5_000)).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd() -> Vec<u8> {
        zstd::stream::encode_all(&b"0123456789\n".repeat(5_000)[..], 1).unwrap()
    }

    #[rstest]
    #[case::gzip(gzip(), "gzip")]
    #[case::zstd(zstd(), "zstd")]
    #[case::zip([b"PK\x03\x04".as_slice(), &[7; 500], b"PK\x05\x06", &[0; 18]].concat(), "zip")]
    #[case::parquet([b"PAR1".as_slice(), &[7; 500], b"PAR1"].concat(), "parquet")]
    #[case::arrow([b"ARROW1\0\0".as_slice(), &[7; 500], b"ARROW1"].concat(), "arrow")]
    fn a_file_that_ends_early_is_told(#[case] bytes: Vec<u8>, #[case] format: &'static str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let checked = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            check(&path).unwrap()
        };
        assert_eq!(checked(&bytes), Wholeness::Whole);
        assert_eq!(checked(&bytes[..bytes.len() / 2]), Wholeness::Partial(format));
        assert_eq!(checked(&bytes[..bytes.len() - 2]), Wholeness::Partial(format));
    }

    #[rstest]
    #[case::empty(b"", Wholeness::Empty)]
    #[case::text("学号,日期\n1,".as_bytes(), Wholeness::Whole)]
    fn text_cannot_tell(#[case] bytes: &[u8], #[case] expected: Wholeness) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x"), bytes).unwrap();
        assert_eq!(check(&folder.path().join("x")).unwrap(), expected);
    }
}
