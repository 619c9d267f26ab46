//! Character encodings: bytes of a known or guessed encoding become UTF-8, as a stream.
//!
//! Promises: a byte-order mark wins over a name (no text begins with one by chance) and is not passed on, and so does a text that can
//! only be UTF-8, because vendors change their exports and schools save them anew; what an encoding
//! does not have becomes the byte FF, which is never UTF-8, so that the record that holds it is found and refused.

use encoding_rs::{CoderResult, DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::input::Input;
use crate::{Error, Result};

/// How much of the text the guess looks at.
const SAMPLE: usize = 64 << 10;
const CHUNK: usize = 64 << 10;
/// So many characters of three bytes leave no doubt.
const SURE: usize = 8;
/// Stands for bytes that the encoding does not have.
const DAMAGE: u8 = 0xff;

/// The encoding of that name.
pub(super) fn named(name: &str) -> Result<&'static Encoding> {
    let unknown = || Error::Encoding { name: name.to_owned() };
    Encoding::for_label_no_replacement(name.trim().as_bytes()).ok_or_else(unknown)
}

/// UTF-8 text, whatever the encoding; `DAMAGE` where the text is damaged.
pub(super) struct Utf8<'r> {
    input: Input<'r>,
    /// Bytes read for the guess and not yet passed on.
    sample: Vec<u8>,
    /// None for UTF-8, which is passed on as it is.
    decoder: Option<encoding_rs::Decoder>,
    ended: bool,
}

impl<'r> Utf8<'r> {
    /// Reads the first bytes and settles the encoding. A read error shows only after what came before it.
    pub fn open(mut input: Input<'r>, name: Option<&'static Encoding>) -> (Self, Option<Error>) {
        let mut sample = Vec::new();
        let error = input.read_into(&mut sample, SAMPLE).err();
        let (encoding, mark) = match Encoding::for_bom(&sample) {
            Some((encoding, mark)) => (encoding, mark),
            None if name.is_some() && surely_utf_8(&sample) => (UTF_8, 0),
            None => (name.unwrap_or_else(|| guess(&sample)), 0),
        };
        sample.drain(..mark);
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling());
        let ended = error.is_some();
        (Self { input, sample, decoder, ended }, error)
    }

    /// Appends about `limit` bytes of text to `buffer`. Returns false at the end.
    pub fn read_into(&mut self, buffer: &mut Vec<u8>, limit: usize) -> Result<bool> {
        if self.decoder.is_some() {
            return self.decode_into(buffer, limit);
        }
        let target = buffer.len() + limit;
        buffer.append(&mut self.sample);
        if self.ended {
            return Ok(false);
        }
        let wanted = target.saturating_sub(buffer.len()).max(1);
        Ok(self.input.read_into(buffer, wanted)? == wanted)
    }

    fn decode_into(&mut self, buffer: &mut Vec<u8>, limit: usize) -> Result<bool> {
        let target = buffer.len() + limit;
        while buffer.len() < target {
            let mut chunk = std::mem::take(&mut self.sample);
            let mut failure = None;
            if chunk.is_empty() && !self.ended {
                let read = self.input.read_into(&mut chunk, CHUNK);
                self.ended = !matches!(read, Ok(CHUNK));
                failure = read.err();
            }
            if let Some(decoder) = &mut self.decoder {
                decode(decoder, &chunk, self.ended, buffer);
            }
            if let Some(error) = failure {
                return Err(error);
            }
            if self.ended {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn decode(decoder: &mut encoding_rs::Decoder, mut chunk: &[u8], last: bool, buffer: &mut Vec<u8>) {
    loop {
        let start = buffer.len();
        let room = decoder.max_utf8_buffer_length_without_replacement(chunk.len()).unwrap_or(CHUNK * 3).max(16);
        buffer.resize(start + room, 0);
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(chunk, &mut buffer[start..], last);
        buffer.truncate(start + written);
        chunk = &chunk[read..];
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => buffer.push(DAMAGE),
        }
    }
}

/// The encoding that the text looks to be in; UTF-8 when nothing speaks for another.
fn guess(sample: &[u8]) -> &'static Encoding {
    if let Some(encoding) = utf_16(sample) {
        return encoding;
    }
    if mostly_utf_8(sample) {
        return UTF_8;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let likely = detector.guess(Some(b"cn"), chardetng::Utf8Detection::Deny);
    if likely == encoding_rs::GBK || likely == GB18030 || decodes(GB18030, sample) { GB18030 } else { UTF_8 }
}

/// In UTF-16 the digits, commas and line ends have a NUL in one and the same half.
fn utf_16(sample: &[u8]) -> Option<&'static Encoding> {
    let pairs = sample.chunks_exact(2);
    let (count, nul) = (pairs.len(), |half: usize| pairs.clone().filter(|pair| pair[half] == 0 && pair[1 - half] != 0).count());
    let (first, second) = (nul(0), nul(1));
    let clear = |many: usize, few: usize| many * 10 > count && few * 4 < many;
    if clear(second, first) {
        Some(UTF_16LE)
    } else if clear(first, second) {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// UTF-8, perhaps with some damage: its characters of several bytes are many times the bytes that do not fit.
fn mostly_utf_8(sample: &[u8]) -> bool {
    let (mut wide, mut damage) = (0, 0);
    for chunk in sample.utf8_chunks() {
        wide += chunk.valid().bytes().filter(|&byte| byte >= 0xc0).count();
        damage += usize::from(!chunk.invalid().is_empty());
    }
    // The sample may end in the middle of a character.
    let cut = std::str::from_utf8(sample).is_err_and(|error| error.error_len().is_none());
    cut || damage == 0 || wide > damage * 8
}

/// UTF-8 without a fault and with so many characters of three bytes and more that no other encoding's text looks like it.
fn surely_utf_8(sample: &[u8]) -> bool {
    let whole = match std::str::from_utf8(sample) {
        Ok(_) => sample.len(),
        // The sample may end in the middle of a character.
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => return false,
    };
    sample[..whole].iter().filter(|&&byte| byte >= 0xe0).take(SURE).count() == SURE
}

fn decodes(encoding: &'static Encoding, sample: &[u8]) -> bool {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length(sample.len()).unwrap_or(0));
    let (result, _, damaged) = decoder.decode_to_string(sample, &mut text, false);
    let wide = text.chars().filter(|&c| c > '\u{7f}').count();
    let chinese = text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count();
    result == CoderResult::InputEmpty && !damaged && chinese * 2 > wide
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const TEXT: &str = "学号,姓名,考试,分数\n13893,甲,期中考试语文,81.5\n13894,乙,期末考试数学,90\n";

    fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn read(bytes: &[u8], name: Option<&str>) -> Vec<u8> {
        let encoding = name.map(|name| named(name).unwrap());
        let (mut reader, error) = Utf8::open(Input::open(bytes).unwrap(), encoding);
        assert!(error.is_none());
        let mut text = Vec::new();
        while reader.read_into(&mut text, 100).unwrap() {}
        text
    }

    #[rstest]
    #[case::utf_8(TEXT.as_bytes().to_vec())]
    #[case::utf_8_mark([b"\xef\xbb\xbf", TEXT.as_bytes()].concat())]
    #[case::gbk(encoding_rs::GBK.encode(TEXT).0.into_owned())]
    #[case::utf_16_le(utf_16(TEXT, u16::to_le_bytes))]
    #[case::utf_16_be(utf_16(TEXT, u16::to_be_bytes))]
    #[case::utf_16_le_mark([b"\xff\xfe".to_vec(), utf_16(TEXT, u16::to_le_bytes)].concat())]
    #[case::utf_16_be_mark([b"\xfe\xff".to_vec(), utf_16(TEXT, u16::to_be_bytes)].concat())]
    fn the_encoding_is_found(#[case] bytes: Vec<u8>) {
        assert_eq!(String::from_utf8(read(&bytes, None)).unwrap(), TEXT);
    }

    #[rstest]
    #[case("gbk")]
    #[case("GB2312")]
    #[case("gb18030")]
    fn names_of_chinese_encodings_are_known(#[case] name: &str) {
        let (bytes, _, _) = encoding_rs::GB18030.encode("名\n𠮷\n");
        assert_eq!(read(&bytes, Some(name)), "名\n𠮷\n".as_bytes());
        assert!(named("klingon").is_err());
    }

    #[test]
    fn a_mark_wins_over_a_name() {
        assert_eq!(read("\u{feff}名".as_bytes(), Some("gbk")), "名".as_bytes());
    }

    #[test]
    fn a_text_that_can_only_be_utf_8_wins_over_a_name() {
        assert_eq!(read(TEXT.as_bytes(), Some("gbk")), TEXT.as_bytes());
        let (bytes, ..) = encoding_rs::GBK.encode(TEXT);
        assert_eq!(read(&bytes, Some("gbk")), TEXT.as_bytes());
        let few = "a,b\n1,\u{540d}\n";
        assert_ne!(read(few.as_bytes(), Some("gbk")), few.as_bytes(), "one character may be by chance");
    }

    #[test]
    fn long_text_keeps_every_character() {
        let text = "一行中文，mixed with ASCII\n".repeat(20_000);
        let (bytes, _, _) = encoding_rs::GBK.encode(&text);
        assert_eq!(read(&bytes, None), text.as_bytes());
        assert_eq!(read(&utf_16(&text, u16::to_le_bytes), None), text.as_bytes());
    }

    #[test]
    fn damage_is_marked_and_does_not_spread() {
        let text = read(b"a\n\x81\n\xd6\xd0\n", Some("gbk"));
        assert!(text.contains(&DAMAGE));
        assert!(text.ends_with("\n中\n".as_bytes()));
        let some_damage = [TEXT.as_bytes(), b"\xff\xfe broken\n"].concat();
        assert_eq!(read(&some_damage, None), some_damage);
    }
}
