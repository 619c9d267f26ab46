//! The names in a binary workbook: of sheets, and those that people give. The reader writes them out wherever they are mentioned.

use std::io::{BufReader, Read, copy, sink};

use crate::Result;
use crate::parcel::limits::TEXTS_HELD;
use crate::parcel::workbook::damaged;

const NAMED: [u16; 2] = [0x009c, 0x0027];
/// A mention takes no fewer bytes.
const MENTION: u64 = 5;

/// Refuses a part of so many bytes if it could mention its longest name too often.
pub(super) fn names(part: impl Read, size: u64) -> Result<()> {
    let mut records = BufReader::new(part);
    let mut longest = 0;
    while let Some((kind, length)) = head(&mut records) {
        if NAMED.contains(&kind) {
            longest = longest.max(length);
        }
        copy(&mut records.by_ref().take(length), &mut sink()).map_err(damaged)?;
    }
    if longest.saturating_mul(size / MENTION) <= TEXTS_HELD { Ok(()) } else { Err(damaged("its names are too long")) }
}

/// A record's number and length, which are as many bytes as their first bits say.
fn head(records: &mut impl Read) -> Option<(u16, u64)> {
    let mut next = || {
        let mut byte = [0];
        records.read_exact(&mut byte).ok().map(|()| byte[0])
    };
    let first = next()?;
    let kind = if first & 0x80 == 0 { u16::from(first) } else { u16::from(first & 0x7f) | u16::from(next()? & 0x7f) << 7 };
    let mut length = 0;
    for place in 0..4 {
        let byte = next()?;
        length |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some((kind, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: usize, mentions: usize) -> Vec<u8> {
        let record = |head: [u8; 2], length: usize| {
            let length = [length & 0x7f | 0x80, length >> 7 & 0x7f | 0x80, length >> 14].map(|byte| byte as u8);
            [head.as_slice(), &length].concat()
        };
        let names = [record([0x9c, 1], name), vec![0x9c; name]].concat();
        [names, record([0xea, 2], 12 * mentions), vec![0; 12 * mentions]].concat()
    }

    #[test]
    fn long_names_that_are_mentioned_often_are_refused() {
        let checked = |part: Vec<u8>| names(part.as_slice(), part.len() as u64);
        assert!(checked(part(100, 20_000)).is_ok());
        assert!(checked(part(100_000, 1000)).unwrap_err().to_string().contains("too long"));
        assert!(checked(part(100, 20_000)[..50].to_vec()).is_ok());
    }
}
