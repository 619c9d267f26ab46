//! Files as vendors write them: encodings, byte-order marks, line ends, compression.
//!
//! A file is `<folder>/<mapping>/<name>`; the folder name tells which mapping reads it. The same records give the same bytes.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use encoding_rs::{Encoding, GBK, UTF_8};

use super::breakage::{self, Weak};
use super::dice::Dice;
use super::record::Record;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One JSON object a line.
    Ndjson,
    /// The same, compressed.
    NdjsonGz,
    /// CSV in UTF-8.
    Csv,
    /// CSV in UTF-8 with a byte-order mark and CRLF, as spreadsheets save it.
    CsvBom,
    /// CSV in GBK with CRLF.
    CsvGbk,
    /// CSV in UTF-16, little-endian, with a byte-order mark.
    CsvUtf16,
}

impl Shape {
    fn is_csv(self) -> bool {
        !matches!(self, Shape::Ndjson | Shape::NdjsonGz)
    }

    fn mark(self) -> &'static [u8] {
        match self {
            Shape::CsvBom => b"\xef\xbb\xbf",
            Shape::CsvUtf16 => b"\xff\xfe",
            _ => b"",
        }
    }

    fn end(self) -> &'static str {
        if self.is_csv() && self != Shape::Csv { "\r\n" } else { "\n" }
    }

    fn encode(self, text: &str) -> Vec<u8> {
        let named: &Encoding = match self {
            Shape::CsvUtf16 => return text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Shape::CsvGbk => GBK,
            _ => UTF_8,
        };
        named.encode(text).0.into_owned()
    }
}

/// What was written.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Written {
    /// The file, below the generated folder.
    pub path: PathBuf,
    /// Its records, broken ones included.
    pub rows: usize,
    /// How many of them were broken on purpose.
    pub broken: usize,
    /// Its size.
    pub bytes: u64,
}

/// The folder that a district is written to.
pub struct Folder<'a> {
    root: &'a Path,
    seed: u64,
    written: Vec<Written>,
}

impl<'a> Folder<'a> {
    /// A folder; files are made when something is written to them.
    pub fn new(root: &'a Path, seed: u64) -> Self {
        Self { root, seed, written: Vec::new() }
    }

    /// Writes one file of a mapping. Rows are broken now and then when `weak` tells where.
    pub fn write(
        &mut self,
        mapping: &str,
        name: &str,
        shape: Shape,
        records: Vec<Record>,
        weak: Option<Weak>,
    ) -> anyhow::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let path = PathBuf::from(mapping).join(name);
        let (bytes, broken) = self.render(&path, shape, &records, weak);
        let bytes = if shape == Shape::NdjsonGz { compressed(&bytes)? } else { bytes };
        save(&self.root.join(&path), &bytes)?;
        self.written.push(Written { path, rows: records.len(), broken, bytes: bytes.len() as u64 });
        Ok(())
    }

    fn render(&self, path: &Path, shape: Shape, records: &[Record], weak: Option<Weak>) -> (Vec<u8>, usize) {
        let mut dice = Dice::of(self.seed, &["faults", &path.to_string_lossy()]);
        let mut bytes = shape.mark().to_vec();
        let mut broken = 0;
        if shape.is_csv() {
            bytes.extend(shape.encode(&records[0].header()));
            bytes.extend(shape.encode(shape.end()));
        }
        for record in records {
            let (line, spoilt) = line(record, shape, weak, &mut dice);
            broken += usize::from(spoilt);
            bytes.extend(line);
            bytes.extend(shape.encode(shape.end()));
        }
        (bytes, broken)
    }

    /// All that was written, in order.
    pub fn finish(self) -> Vec<Written> {
        self.written
    }
}

fn line(record: &Record, shape: Shape, weak: Option<Weak>, dice: &mut Dice) -> (Vec<u8>, bool) {
    let text = |record: &Record| if shape.is_csv() { record.csv() } else { record.json() };
    let Some((weak, fault)) = weak.and_then(|weak| breakage::draw(dice, &weak).map(|fault| (weak, fault))) else {
        return (shape.encode(&text(record)), false);
    };
    let mut record = record.clone();
    breakage::spoil_cell(&mut record, fault, &weak);
    let mut line = shape.encode(&text(&record));
    breakage::spoil_line(&mut line, fault);
    (line, true)
}

fn compressed(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).context("compressing in memory")?;
    encoder.finish().context("compressing in memory")
}

fn save(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_written_in_gbk_with_windows_line_ends() {
        assert_eq!(Shape::CsvGbk.encode("语文"), [0xd3, 0xef, 0xce, 0xc4]);
        assert_eq!(Shape::CsvGbk.end(), "\r\n");
        assert_eq!(Shape::CsvUtf16.encode("A"), [0x41, 0x00]);
    }
}
