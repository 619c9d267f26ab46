//! Whatever the bytes are: no panic, everything accounted for, memory bounded.

use std::io::{Read, Write};

use super::*;
use proptest::prelude::*;
use rstest::rstest;

const GOOD: &str = r#"{"student":"1","at":"2026-11-20 08:00:00","subject":"语文","minutes":12.5,"pages":3,"note":"x"}"#;
const SHEET: &str = "student,at,subject,minutes,pages,note\n1,2026-11-20 08:00:00,语文,12.5,3,\"a, b\"\n2,2026-11-20,math,1,2,\n";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(text, 1).unwrap()
}

fn everything_about(bytes: &[u8]) {
    for format in [Format::Auto, Format::Ndjson, Format::Csv] {
        for encoding in [None, Some("gb18030"), Some("utf-16le")] {
            for mapping in ["reading", "wide"] {
                let outcome = run(&decoder(mapping, format, encoding), bytes);
                assert_eq!(outcome.read, outcome.rows() + outcome.rejects.len());
                for reject in &outcome.rejects {
                    assert!(reject.raw.len() <= super::super::RAW_LIMIT && reject.line > 0);
                    assert!(!reject.reason.zh.is_empty() && !reject.reason.en.is_empty() && !reject.rule.is_empty());
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        everything_about(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_header_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        everything_about(&[b"student,at,minutes\n", bytes.as_slice()].concat());
    }

    #[test]
    fn any_text_of_marks_is_survived(text in "[\\[\\]{}\",:;\\\\\r\n\tu0-9a-f \u{feff}学]{0,300}") {
        everything_about(text.as_bytes());
    }

    #[test]
    fn any_values_are_survived(student in ".*", at in ".*", minutes in any::<f64>(), pages in any::<i64>(), note in ".*") {
        let record = serde_json::json!({"student": student, "at": at, "minutes": minutes, "pages": pages, "note": note});
        let outcome = decode("reading", record.to_string());
        prop_assert_eq!((outcome.read, outcome.error), (1, None));
    }
}

/// A small generator, so that the thousands of inputs below are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides.max(1)
    }
}

#[test]
fn thousands_of_damaged_inputs_are_rejects_or_errors() {
    let mut dice = Dice(1);
    let bomb = "[".repeat(5000);
    let wrong = ["17", "\"x\"", "null", "{}", "[]", "true", "{\"student\":{}}", "nul", "\u{0}", "\u{1}", "{\"a\":1e999}", &bomb];
    for round in 0..12_000 {
        let (good, rows) = if round % 2 == 0 { (format!("{GOOD}\n{GOOD}\n"), 2) } else { (SHEET.to_owned(), 2) };
        let mut bytes = good.into_bytes();
        match round % 6 {
            // Cut off.
            0 | 1 => bytes.truncate(dice.roll(bytes.len())),
            // Some bytes replaced: by NUL, by what is not UTF-8, by marks.
            2 | 3 => {
                let marks = b"\0\xff\xfe\x80\"{}[],\n\r\\";
                for _ in 0..=dice.roll(4) {
                    let at = dice.roll(bytes.len());
                    bytes[at] = marks[dice.roll(marks.len())];
                }
            }
            // Another kind of value, or a bomb.
            4 => bytes = [b"{\"student\":1,\"at\":", wrong[dice.roll(wrong.len())].as_bytes(), b"}\n", &bytes].concat(),
            _ => bytes.extend_from_slice(wrong[dice.roll(wrong.len())].as_bytes()),
        }
        let packed = match dice.roll(4) {
            0 => gzip(&bytes),
            1 => zstd(&bytes),
            _ => bytes.clone(),
        };
        let cut = if dice.roll(8) == 0 { dice.roll(packed.len()) } else { packed.len() };
        let outcome = decode("reading", &packed[..cut]);
        assert_eq!(outcome.read, outcome.rows() + outcome.rejects.len(), "{:?}", String::from_utf8_lossy(&bytes));
        assert!(outcome.rows() <= rows + 1);
        if cut < packed.len() && packed != bytes && cut >= 4 {
            assert!(outcome.error.is_some(), "cut at {cut} of {}", packed.len());
        }
    }
}

#[rstest]
#[case::gzip(gzip as fn(&[u8]) -> Vec<u8>, "gzip")]
#[case::zstd(zstd as fn(&[u8]) -> Vec<u8>, "zstd")]
fn a_cut_stream_gives_its_rows_and_then_the_error(#[case] pack: fn(&[u8]) -> Vec<u8>, #[case] name: &str) {
    let mut dice = Dice(7);
    let row = |n: usize| format!("{{\"student\":{n},\"at\":\"2026-11-20\",\"note\":\"{}\"}}\n", dice.roll(1 << 30));
    let text: String = (0..200_000).map(row).collect();
    let packed = pack(text.as_bytes());
    for threads in [1, 2] {
        let outcome = run(&decoder("reading", Format::Auto, None).with_threads(threads), &packed[..packed.len() / 2]);
        let error = outcome.error.as_ref().expect("an error");
        assert!(error.contains(&format!("the {name} stream is truncated")), "{error}");
        assert!(outcome.rows() > 10_000 && outcome.rows() < 150_000, "{}", outcome.rows());
        assert!(outcome.rejects.is_empty(), "{:?}", outcome.rejects);
    }
}

/// The same byte, very often.
struct Flood {
    head: &'static [u8],
    byte: u8,
    left: u64,
    tail: &'static [u8],
}

impl Read for Flood {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if !self.head.is_empty() {
            return self.head.read(into);
        }
        if self.left == 0 {
            return self.tail.read(into);
        }
        let length = into.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        into[..length].fill(self.byte);
        self.left -= length as u64;
        Ok(length)
    }
}

#[rstest]
#[case::json(b"{\"student\":\"", b'x', b"\"}\n{\"student\":1,\"at\":\"2026-11-20\"}\n")]
#[case::csv(b"student,at\n1,", b'x', b"\n1,2026-11-20\n")]
#[case::csv_in_quotes(b"student,at\n1,\"", b'x', b"\"\n1,2026-11-20\n")]
#[case::array(b"[{\"student\":\"", b'x', b"\"},{\"student\":1,\"at\":\"2026-11-20\"}]")]
#[case::brackets(b"{\"student\":", b'[', b"\n{\"student\":1,\"at\":\"2026-11-20\"}\n")]
fn a_line_of_a_gigabyte_is_one_reject(#[case] head: &'static [u8], #[case] byte: u8, #[case] tail: &'static [u8]) {
    let flood = Flood { head, byte, left: 1 << 30, tail };
    let (mut rows, mut rejects, mut bytes) = (0, Vec::new(), 0);
    for decoded in decoder("reading", Format::Auto, None).batches(flood) {
        let decoded = decoded.expect("no error");
        assert!(decoded.batch.get_array_memory_size() < 64 << 20);
        rows += decoded.batch.num_rows();
        rejects.extend(decoded.rejects);
        bytes += decoded.bytes;
    }
    assert_eq!((rows, rejects.len()), (1, 1), "{:?}", rejects.iter().map(|r| &r.rule).collect::<Vec<_>>());
    assert_eq!(rejects[0].rule, "too_long");
    assert!(rejects[0].raw.len() <= super::super::RAW_LIMIT && bytes > 1 << 30);
}

#[test]
fn a_long_record_within_a_block_is_one_reject() {
    let long = "x".repeat(super::super::MAX_RECORD + 10);
    let text = format!("{GOOD}\n{{\"student\":\"{long}\"}}\n{GOOD}\n");
    assert_eq!(decode("reading", text).rules(), [(2, "too_long")]);
    let text = format!("student,at\n1,2026-11-20\n1,{long}\n1,2026-11-20\n");
    assert_eq!(decode("reading", text).rules(), [(3, "too_long")]);
}

#[test]
fn many_rejects_stay_in_bounds() {
    let text = "x\n".repeat(3_000_000);
    let mut lines = 0;
    for decoded in decoder("reading", Format::Ndjson, None).batches(text.as_bytes()) {
        let decoded = decoded.expect("no error");
        assert!(decoded.rejects.len() <= 65_536);
        assert_eq!(decoded.rejects[0].line, lines + 1);
        lines += decoded.rejects.len() as u64;
    }
    assert_eq!(lines, 3_000_000);
}
