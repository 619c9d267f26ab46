//! Whatever a parcel holds, read as ingest reads it.
//!
//! Promise: [`read`] panics when an item's name does not begin with the parcel's, when a sheet is not text in UTF-8, or when an item
//! begins otherwise when it is read once more.

use std::io::{Cursor, Read};
use std::sync::LazyLock;

use xueqing_pipeline::{Feed, Format, Item, Parcel};

use crate::{Pieces, Reader};

const NAME: &str = "p";
const MARK: &[u8] = "\u{feff}".as_bytes();
/// Longer texts are read by their beginnings.
const LONGEST: u64 = 1 << 20;

static SHEETS: LazyLock<Reader> = LazyLock::new(|| Reader::built_in("attendance", Format::Csv, None));
static FILES: LazyLock<Reader> = LazyLock::new(|| Reader::built_in("attendance", Format::Auto, None));

/// Reads everything that is in a parcel.
pub fn read(data: &[u8]) {
    let pieces = Pieces { data: Cursor::new(data.to_vec()), size: 1 + data.len() % 7 };
    let Ok(parcel) = Parcel::of_reader(Box::new(pieces), NAME) else { return };
    parcel.for_each(read_item);
}

fn read_item(item: Item) {
    assert!(item.source.starts_with(NAME));
    let (packed, sheet) = (item.source != NAME, item.sheet.is_some());
    assert!(item.folder().is_none_or(|folder| item.source.contains(folder)));
    let Ok(feed) = item.open() else { return };
    let reader = if sheet { &SHEETS } else { &FILES };
    if !packed {
        reader.outcome(feed.open().expect("opened once"));
        return;
    }
    // As ingest does, which looks at a beginning first.
    let mut begun = [0; 16];
    let length = feed.open().and_then(|mut feed| feed.read(&mut begun));
    let (text, whole) = text(&feed);
    assert!(!sheet || text.is_empty() || (text.starts_with(MARK) && is_utf8(&text, whole)));
    let same = length.is_ok_and(|length| text.starts_with(&begun[..length]));
    assert!(!whole || same, "an item is not the same when read again");
    reader.outcome(text.as_slice());
}

/// An item's text as far as it goes, and whether that is all.
fn text(feed: &Feed) -> (Vec<u8>, bool) {
    let mut text = Vec::new();
    let read = feed.open().and_then(|feed| feed.take(LONGEST).read_to_end(&mut text));
    (text, read.is_ok_and(|length| (length as u64) < LONGEST))
}

fn is_utf8(text: &[u8], whole: bool) -> bool {
    std::str::from_utf8(text).map_or_else(|error| !whole && error.error_len().is_none(), |_| true)
}
