//! What a Parquet file states about itself, looked at before anything is made of it.
//!
//! Promise: a count or a length that there is no room for is refused before the reader makes room for it – where memory cannot be
//! had, the program ends, and no error is caught. Everything else that is damaged is left to the reader, which says what it is.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use arrow::datatypes::{DataType, Schema};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use crate::{Error, Result};

/// The length of the footer and the mark at the end.
const TAIL: u64 = 8;
const LONGEST_FOOTER: u64 = 64 << 20;
/// The longest value or list of a fixed length, all that lies in it counted: there is room for it in each row, whether it has one or not.
const LONGEST: usize = 4096;
/// The most that a page may become, and the most values of one whose column is a list.
const LARGEST_PAGE: u64 = 512 << 20;
const MOST_LISTED: u64 = 1 << 24;
const DEEPEST: usize = 32;
const LONGEST_HEAD: u64 = 64 << 10;

/// Looks at the footer and at each page.
pub(super) fn check(file: &mut File) -> Result<()> {
    check_footer(file)?;
    file.seek(SeekFrom::Start(0))?;
    let Ok(reader) = SerializedFileReader::new(file.try_clone()?) else { return Ok(()) };
    for group in 0..reader.num_row_groups() {
        let Ok(group) = reader.get_row_group(group) else { return Ok(()) };
        for place in 0..group.num_columns() {
            let column = group.metadata().column(place).column_descr_ptr();
            check_heads(file, group.metadata().column(place).byte_range())?;
            // Where the pages cannot be read any further, the reader will not get further either.
            if let Ok(pages) = group.get_column_page_reader(place) {
                check_pages(pages, &column)?;
            }
        }
    }
    Ok(())
}

/// Values and lists of a fixed length.
pub(super) fn check_lengths(schema: &Schema) -> Result<()> {
    let Some(field) = schema.fields().iter().find(|field| fixed(field.data_type()) > LONGEST) else { return Ok(()) };
    let reason = format!("each value of the column \"{}\" has room for more than {LONGEST} parts: leave it out", field.name());
    Err(Error::Read { reason })
}

/// How many bytes or values one value of a type has room for.
fn fixed(kind: &DataType) -> usize {
    let times = |length: i32, each: usize| usize::try_from(length).unwrap_or_default().saturating_mul(each.max(1));
    match kind {
        DataType::FixedSizeBinary(length) => times(*length, 1),
        DataType::FixedSizeList(field, length) => times(*length, fixed(field.data_type())),
        DataType::Struct(fields) => fields.iter().map(|field| fixed(field.data_type())).max().unwrap_or(1),
        DataType::List(field) | DataType::LargeList(field) | DataType::Map(field, _) => fixed(field.data_type()),
        _ => 1,
    }
}

/// What the pages of a column say that they become when they are unpacked.
fn check_heads(file: &File, (begin, length): (u64, u64)) -> Result<()> {
    let (mut file, mut at) = (file, begin);
    let mut head = Vec::new();
    while at < begin.saturating_add(length) {
        head.clear();
        file.seek(SeekFrom::Start(at))?;
        file.take(LONGEST_HEAD).read_to_end(&mut head)?;
        let mut rest = head.as_slice();
        let Some([unpacked, packed]) = sizes(&mut rest) else {
            // The reader would go on, and further than this.
            return if head.len() as u64 == LONGEST_HEAD { Err(implausible(head.len())) } else { Ok(()) };
        };
        if unpacked > LARGEST_PAGE {
            return Err(implausible(unpacked));
        }
        at = at.saturating_add((head.len() - rest.len()) as u64).saturating_add(packed);
    }
    Ok(())
}

/// Of a page's head the fields 2 and 3: how large it becomes, and how large it is.
fn sizes(bytes: &mut &[u8]) -> Option<[u64; 2]> {
    let (mut sizes, mut field) = ([0; 2], 0);
    loop {
        let head = *bytes.split_off_first()?;
        if head == 0 {
            return Some(sizes);
        }
        field = if head >> 4 == 0 { signed(number(bytes)?) } else { field + i64::from(head >> 4) };
        match (field, head & 15) {
            (2 | 3, 5) => sizes[field as usize - 2] = u64::try_from(signed(number(bytes)?)).ok()?,
            (_, kind) => skim(kind, bytes, 1)?,
        }
    }
}

/// A number whose sign is its lowest bit.
fn signed(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

fn implausible(stated: impl std::fmt::Display) -> Error {
    Error::Read { reason: format!("the Parquet file is damaged: it claims {stated} values or bytes, more than it has room for") }
}

fn check_footer(file: &mut File) -> Result<()> {
    let Some(end) = file.seek(SeekFrom::End(0))?.checked_sub(TAIL) else { return Ok(()) };
    let mut length = [0; 4];
    file.seek(SeekFrom::Start(end))?;
    file.read_exact(&mut length)?;
    let length = u64::from(u32::from_le_bytes(length));
    let Some(begin) = end.checked_sub(length) else { return Ok(()) };
    if length > LONGEST_FOOTER {
        return Err(implausible(length));
    }
    let mut footer = Vec::new();
    file.seek(SeekFrom::Start(begin))?;
    file.take(length).read_to_end(&mut footer)?;
    let damaged = || Error::Read { reason: "the Parquet file is damaged: its footer cannot be read".to_owned() };
    skim(STRUCT, &mut footer.as_slice(), 0).ok_or_else(damaged)
}

/// Of Thrift's compact protocol the type of what has fields.
const STRUCT: u8 = 12;

/// Passes over one value of a type; none where it does not go on, or a list or a text is longer than what is left.
fn skim(kind: u8, bytes: &mut &[u8], depth: usize) -> Option<()> {
    match kind {
        _ if depth > DEEPEST => None,
        1 | 2 => Some(()),
        3 => bytes.split_off(..1).map(drop),
        4..=6 => number(bytes).map(drop),
        7 => bytes.split_off(..8).map(drop),
        8 => {
            let length = usize::try_from(number(bytes)?).ok()?;
            bytes.split_off(..length).map(drop)
        }
        9 | 10 => {
            let head = *bytes.split_off_first()?;
            let length = if head >> 4 == 15 { number(bytes)? } else { u64::from(head >> 4) };
            // In a list a truth value is a byte.
            let kind = if matches!(head & 15, 1 | 2) { 3 } else { head & 15 };
            if length > bytes.len() as u64 {
                return None;
            }
            (0..length).try_for_each(|_| skim(kind, bytes, depth + 1))
        }
        STRUCT => loop {
            let head = *bytes.split_off_first()?;
            if head == 0 {
                return Some(());
            }
            // A field's number stands in the head, or behind it.
            if head >> 4 == 0 {
                number(bytes)?;
            }
            skim(head & 15, bytes, depth + 1)?;
        },
        13 => bytes.split_off(..16).map(drop),
        _ => None,
    }
}

/// Seven bits a byte, the lowest first.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn check_pages(mut pages: Box<dyn PageReader>, column: &ColumnDescriptor) -> Result<()> {
    while let Ok(Some(page)) = pages.get_next_page() {
        let values = u64::from(page.num_values());
        let stated = match page.encoding() {
            _ if column.max_rep_level() > 0 && values > MOST_LISTED => Some(values),
            // Each takes a byte or more.
            _ if matches!(page, Page::DictionaryPage { .. }) => {
                Some(values).filter(|values| *values > page.buffer().len() as u64)
            }
            Encoding::DELTA_LENGTH_BYTE_ARRAY => stated_lengths(&page, column, 1).filter(|stated| *stated > values),
            Encoding::DELTA_BYTE_ARRAY => stated_lengths(&page, column, 2).filter(|stated| *stated > values),
            _ => None,
        };
        if let Some(stated) = stated {
            return Err(implausible(stated));
        }
    }
    Ok(())
}

/// How many values a page's runs of lengths state, at the most: their own count, for which there is room before they are read.
fn stated_lengths(page: &Page, column: &ColumnDescriptor, runs: usize) -> Option<u64> {
    let mut bytes = values_of(page, column)?;
    let mut most = 0;
    for _ in 0..runs {
        let (stated, rest) = lengths(&bytes, u64::from(page.num_values()))?;
        most = stated.max(most);
        // What is not believed is not passed over.
        match rest {
            Some(rest) => bytes = bytes.slice(rest..),
            None => return Some(most),
        }
    }
    Some(most)
}

/// The values behind a page's levels.
fn values_of(page: &Page, column: &ColumnDescriptor) -> Option<Bytes> {
    let (mut bytes, values) = (page.buffer().clone(), page.num_values() as usize);
    match page {
        Page::DataPage { rep_level_encoding, def_level_encoding, .. } => {
            let levels = [(column.max_rep_level(), rep_level_encoding), (column.max_def_level(), def_level_encoding)];
            for (most, encoding) in levels.into_iter().filter(|(most, _)| *most > 0) {
                let length = match encoding {
                    Encoding::RLE => 4 + u32::from_le_bytes(*bytes.first_chunk()?) as usize,
                    _ => (values * (16 - most.leading_zeros() as usize)).div_ceil(8),
                };
                bytes = (length <= bytes.len()).then(|| bytes.slice(length..))?;
            }
            Some(bytes)
        }
        Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
            let length = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
            (length <= bytes.len()).then(|| bytes.slice(length..))
        }
        Page::DictionaryPage { .. } => None,
    }
}

/// How many lengths a run of packed differences states, and where it ends; no end if there are more than `most`.
fn lengths(bytes: &[u8], most: u64) -> Option<(u64, Option<usize>)> {
    let mut rest = bytes;
    let [block, parts, stated] = [number(&mut rest)?, number(&mut rest)?, number(&mut rest)?];
    number(&mut rest)?;
    if stated > most {
        return Some((stated, None));
    }
    let parts = usize::try_from(parts).ok().filter(|parts| (1..=bytes.len()).contains(parts))?;
    let each = block.checked_div(parts as u64).filter(|each| *each > 0)?;
    let mut left = stated.saturating_sub(1);
    while left > 0 {
        number(&mut rest)?;
        for width in rest.split_off(..parts)? {
            if left > 0 {
                let length = usize::try_from(u64::from(*width).checked_mul(each)? / 8).ok()?;
                rest = rest.get(length..)?;
            }
            left = left.saturating_sub(each);
        }
    }
    Some((stated, Some(bytes.len() - rest.len())))
}
