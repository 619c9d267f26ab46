//! Archives and older workbooks made of what the fuzzer writes, so that checksums and tables of sectors do not keep it out.
//!
//! ```text
//! === a.csv
//! what stands in a.csv
//! === b.csv
//! …
//! ```

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const OPENING: &[u8] = b"=== ";

/// The names and contents of parts; None when the bytes are none.
fn parts(data: &[u8]) -> Option<Vec<(String, &[u8])>> {
    let mut rest = data.strip_prefix(OPENING)?;
    let mut parts = Vec::new();
    loop {
        let next = rest.windows(OPENING.len() + 1).position(|window| window[0] == b'\n' && &window[1..] == OPENING);
        let part = &rest[..next.unwrap_or(rest.len())];
        let line = part.iter().position(|&byte| byte == b'\n').unwrap_or(part.len());
        parts.push((String::from_utf8_lossy(&part[..line]).into_owned(), part.get(line + 1..).unwrap_or_default()));
        let Some(next) = next else { return Some(parts) };
        rest = &rest[next + 1 + OPENING.len()..];
    }
}

/// An archive of the parts; None when the bytes are no parts, or two have the same name.
pub fn zipped(data: &[u8]) -> Option<Vec<u8>> {
    archive(&parts(data)?)
}

/// An archive of one file.
pub fn wrapped(name: &str, content: &[u8]) -> Option<Vec<u8>> {
    archive(&[(name.to_owned(), content)])
}

fn archive(parts: &[(String, &[u8])]) -> Option<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name.as_str(), SimpleFileOptions::default().compression_method(CompressionMethod::Stored)).ok()?;
        zip.write_all(content).ok()?;
    }
    Some(zip.finish().ok()?.into_inner())
}

/// A workbook of the older form with these records.
pub fn compound(records: &[u8]) -> Option<Vec<u8>> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).ok()?;
    file.create_stream("/Workbook").ok()?.write_all(records).ok()?;
    file.flush().ok()?;
    Some(file.into_inner().into_inner())
}
