//! What the targets do with the bytes that a fuzzer makes, and what must hold whatever they are.
//!
//! Promise: [`Reader::read`] panics when decoding or validation breaks one of their promises – rows and rejects add up to what
//! was read, rows know their lines, raw text stays short – or when the outcome depends on the pieces in which the bytes arrive;
//! [`parcels::read`] panics when a parcel's items do.
//!
//! ```text
//!   libFuzzer ─▶ fuzz_targets/<name> ─┬─────────────────────────────▶ Reader ─▶ Decoder ─▶ Validator
//!    seeds/<name>                     ├─▶ extended ─▶ Standard ───────┤
//!                                     └─▶ parts ─▶ parcels ─▶ Parcel ─┘
//! ```

pub mod panics;
pub mod parcels;
pub mod parts;

use std::io::{Cursor, Read};
use std::sync::LazyLock;

use xueqing_pipeline::decode::RAW_LIMIT;
use xueqing_pipeline::{Decoded, Decoder, Format, Validator};
use xueqing_schema::Standard;
use xueqing_schema::ids::Pseudonyms;

/// The standard as it comes.
pub static STANDARD: LazyLock<Standard> = LazyLock::new(|| Standard::builtin().expect("the built-in standard"));

/// Encodings to choose from; the first is to be detected.
pub const ENCODINGS: [Option<&str>; 6] = [None, Some("utf-8"), Some("gb18030"), Some("utf-16le"), Some("utf-16be"), Some("big5")];

/// A few bytes may stand for any number of rows, and so no more than these are read.
const ENOUGH: usize = 1 << 18;

/// Mappings that take every way from columns to fields: types as they are, looked up, joined, one row to several.
static COLUMNAR: LazyLock<Vec<Reader>> = LazyLock::new(|| {
    let mappings = ["homework", "attendance", "interaction", "demo_banpai", "demo_chengji"];
    mappings.iter().map(|mapping| Reader::built_in(mapping, Format::Auto, None)).collect()
});

/// Reads Arrow or Parquet through the mapping that the first byte chooses.
pub fn read_columns(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    COLUMNAR[usize::from(*first) % COLUMNAR.len()].read(bytes);
}

/// What came of some bytes.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    accepted: usize,
    rejects: Vec<(u64, String)>,
    error: Option<&'static str>,
}

/// Reads files through one mapping.
pub struct Reader {
    decoder: Decoder,
    validator: Validator,
}

impl Reader {
    /// None when the standard's files do not go together.
    pub fn new(standard: &Standard, mapping: &str, format: Format, encoding: Option<&str>) -> Option<Self> {
        let mapping = standard.mapping(mapping).ok()?;
        let validator = Validator::new(standard.kind(&mapping.kind).ok()?, chrono_tz::Asia::Shanghai).ok()?;
        let ids = Pseudonyms::new(b"fuzz");
        let decoder = Decoder::new(standard, mapping, &ids, chrono_tz::Asia::Shanghai, format, encoding).ok()?;
        Some(Self { decoder, validator })
    }

    /// One of the built-in standard.
    pub fn built_in(mapping: &str, format: Format, encoding: Option<&str>) -> Self {
        Self::new(&STANDARD, mapping, format, encoding).expect("a mapping of the standard")
    }

    /// Decodes and validates, once in one piece and once a few bytes at a time.
    pub fn read(&self, data: &[u8]) {
        let whole = self.outcome(Cursor::new(data));
        let pieces = self.outcome(Pieces { data, size: 1 + data.len() % 7 });
        // How much of a damaged stream can be read, and so which fault is met first, may depend on it.
        let failed = whole.error.is_some() && pieces.error.is_some();
        assert!(failed || whole == pieces, "the outcome depends on how the bytes arrive: {whole:?} {pieces:?}");
    }

    fn outcome(&self, reader: impl Read + Send) -> Outcome {
        let mut outcome = Outcome { accepted: 0, rejects: Vec::new(), error: None };
        for decoded in self.decoder.batches(reader) {
            match decoded {
                Ok(decoded) => self.check(decoded, &mut outcome),
                Err(error) => outcome.error = Some(error.code()),
            }
            if outcome.accepted + outcome.rejects.len() > ENOUGH {
                outcome.error = Some("enough");
                break;
            }
        }
        outcome
    }

    fn check(&self, decoded: Decoded, outcome: &mut Outcome) {
        assert_eq!(decoded.read, decoded.rows.len() + decoded.rejects.len());
        assert_eq!(decoded.batch.num_rows(), decoded.rows.len());
        assert!((0..decoded.rows.len()).all(|row| decoded.line(row) > 0 && decoded.raw(row).len() <= RAW_LIMIT));
        let read = decoded.read;
        let checked = self.validator.check(decoded).expect("validation never fails as a whole");
        let rejects = checked.rejected.rejects();
        assert_eq!(read, checked.accepted.rows() + rejects.len());
        assert!(rejects.iter().all(|reject| reject.raw.len() <= RAW_LIMIT && !reject.reason.zh.is_empty()));
        outcome.accepted += checked.accepted.rows();
        outcome.rejects.extend(rejects.iter().map(|reject| (reject.line, reject.rule.clone())));
    }
}

/// The standard with one more file, when it is sound.
pub fn extended(path: &str, data: &[u8]) -> Option<Standard> {
    let text = std::str::from_utf8(data).ok()?;
    STANDARD.clone().extend([(path.to_owned(), text.to_owned())]).ok()
}

/// Hands out a few bytes at a time.
struct Pieces<R> {
    data: R,
    size: usize,
}

impl<R: Read> Read for Pieces<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = into.len().min(self.size);
        self.data.read(&mut into[..length])
    }
}
