//! A sheet as text: CSV in UTF-8, told by a byte-order mark whatever encoding the vendor's text files have.
//!
//! Promises: line n of the text is row n of the sheet; a cell is what people see in it, as far as its value tells: dates and times in ISO 8601,
//! whole numbers without a point, an error as its name, a formula as its last result; a line break within a cell becomes a space.
//! Every row has at least the cells of the sheet's first rows, so that a row that ends early is not short.

use std::io::{Result, Write};

use calamine::{Data, ExcelDateTime};

use super::merge::{Merges, WIDEST};

/// Rows that are looked at before the first is written, to know how wide the sheet is.
const AHEAD: usize = 64;
const AHEAD_BYTES: usize = 4 << 20;
/// The longest sheet, in rows.
const TALLEST: u32 = 1 << 20;
/// No more columns than these are believed without being seen.
const DECLARED: usize = 1024;
/// From here on a spreadsheet's numbers have lost digits.
const INEXACT: f64 = 1e15;

pub(super) struct SheetText<W> {
    out: W,
    merges: Merges,
    width: usize,
    /// The row in the making.
    row: u32,
    cells: Vec<String>,
    /// Rows that wait for the width to be known.
    waiting: Option<Vec<(u32, Vec<String>)>>,
    waiting_bytes: usize,
    /// The row that the next line is.
    line: u32,
}

impl<W: Write> SheetText<W> {
    /// `declared`: the columns that the sheet says it has.
    pub fn new(mut out: W, declared: usize, merges: Merges) -> Result<Self> {
        out.write_all("\u{feff}".as_bytes())?;
        let width = declared.min(DECLARED);
        Ok(Self { out, merges, width, row: 0, cells: Vec::new(), waiting: Some(Vec::new()), waiting_bytes: 0, line: 0 })
    }

    /// Puts a cell; rows come in order.
    pub fn put(&mut self, (row, column): (u32, u32), text: &str) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        if row < self.row {
            return Err(std::io::Error::other("the workbook is damaged: its rows are not in order"));
        }
        if row >= TALLEST || column >= WIDEST {
            return Err(std::io::Error::other("the workbook is damaged: a cell lies where no sheet goes"));
        }
        if row > self.row {
            self.end_row()?;
            self.row = row;
        }
        let column = column as usize;
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        text.clone_into(&mut self.cells[column]);
        Ok(())
    }

    pub fn finish(mut self) -> Result<()> {
        self.end_row()?;
        self.settle()?;
        self.out.flush()
    }

    fn end_row(&mut self) -> Result<()> {
        let mut cells = std::mem::take(&mut self.cells);
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        self.merges.fill(self.row, &mut cells);
        let Some(waiting) = &mut self.waiting else { return self.write(self.row, &cells) };
        self.width = self.width.max(cells.len());
        self.waiting_bytes += cells.iter().map(|cell| cell.len() + size_of::<String>()).sum::<usize>();
        waiting.push((self.row, cells));
        if waiting.len() >= AHEAD || self.waiting_bytes >= AHEAD_BYTES {
            self.settle()?;
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        let waiting = self.waiting.take().unwrap_or_default();
        waiting.iter().try_for_each(|(row, cells)| self.write(*row, cells))
    }

    fn write(&mut self, row: u32, cells: &[String]) -> Result<()> {
        while self.line < row {
            self.out.write_all(b"\n")?;
            self.line += 1;
        }
        for column in 0..self.width.max(cells.len()) {
            if column > 0 {
                self.out.write_all(b",")?;
            }
            self.out.write_all(escaped(cells.get(column).map_or("", String::as_str)).as_bytes())?;
        }
        self.out.write_all(b"\n")?;
        self.line += 1;
        Ok(())
    }
}

fn escaped(cell: &str) -> std::borrow::Cow<'_, str> {
    if !cell.contains([',', '"', '\n', '\r', '\0']) {
        return cell.into();
    }
    let line = cell.replace("\r\n", " ").replace(['\n', '\r', '\0'], " ");
    if line.contains([',', '"']) { format!("\"{}\"", line.replace('"', "\"\"")).into() } else { line.into() }
}

/// What stands in a cell.
pub(super) fn text(data: &Data) -> String {
    match data {
        Data::Empty => String::new(),
        Data::Int(value) => value.to_string(),
        Data::Float(value) => number(*value),
        Data::String(text) => text.clone(),
        Data::Bool(value) => value.to_string(),
        Data::DateTime(moment) if moment.is_duration() => duration(moment.as_f64()),
        Data::DateTime(moment) => instant(moment),
        Data::DateTimeIso(text) => text.replacen('T', " ", 1),
        Data::DurationIso(text) => iso_duration(text),
        Data::Error(error) => error.to_string(),
    }
}

/// A number that is too long to be exact is written as spreadsheets show it, so that it is not taken for somebody's number.
fn number(value: f64) -> String {
    if value.abs() >= INEXACT {
        return format!("{value:.5E}").replace('E', "E+");
    }
    // Without `-0`.
    (value + 0.0).to_string()
}

fn instant(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let clock = match milli {
        0 => format!("{hour:02}:{minute:02}:{second:02}"),
        milli => format!("{hour:02}:{minute:02}:{second:02}.{milli:03}"),
    };
    match moment.as_f64() {
        value if (0.0..1.0).contains(&value) => clock,
        value if value.fract() == 0.0 => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02} {clock}"),
    }
}

fn duration(days: f64) -> String {
    let seconds = (days * 86_400.0).round() as i64;
    let (sign, seconds) = (if seconds < 0 { "-" } else { "" }, seconds.unsigned_abs());
    format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `PT08H30M00S` as `08:30:00`; anything else as it is.
fn iso_duration(text: &str) -> String {
    let parts = || {
        let (hours, rest) = text.strip_prefix("PT")?.split_once('H')?;
        let (minutes, rest) = rest.split_once('M')?;
        let seconds = rest.strip_suffix('S')?;
        let plain = [hours, minutes, seconds].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
        plain.then(|| format!("{hours}:{minutes}:{seconds}"))
    };
    parts().unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{CellErrorType, ExcelDateTimeType};
    use rstest::rstest;

    fn moment(value: f64, kind: ExcelDateTimeType) -> Data {
        Data::DateTime(ExcelDateTime::new(value, kind, false))
    }

    #[rstest]
    #[case::whole(Data::Float(13893.0), "13893")]
    #[case::zero(Data::Float(-0.0), "0")]
    #[case::decimal(Data::Float(81.5), "81.5")]
    #[case::too_long(Data::Float(330_204_202_600_010_000.0), "3.30204E+17")]
    #[case::yes(Data::Bool(true), "true")]
    #[case::error(Data::Error(CellErrorType::NA), "#N/A")]
    #[case::day(moment(46_346.0, ExcelDateTimeType::DateTime), "2026-11-20")]
    #[case::time(moment(46_346.333_333_333_336, ExcelDateTimeType::DateTime), "2026-11-20 08:00:00")]
    #[case::clock(moment(0.5, ExcelDateTimeType::DateTime), "12:00:00")]
    #[case::long(moment(1.25, ExcelDateTimeType::TimeDelta), "30:00:00")]
    #[case::iso(Data::DateTimeIso("2026-11-20T08:00:00".into()), "2026-11-20 08:00:00")]
    #[case::iso_duration(Data::DurationIso("PT08H30M00S".into()), "08:30:00")]
    fn cells_are_what_people_see(#[case] data: Data, #[case] expected: &str) {
        assert_eq!(text(&data), expected);
    }

    fn sheet(cells: &[((u32, u32), &str)]) -> String {
        let mut out = Vec::new();
        let mut text = SheetText::new(&mut out, 0, Merges::new(Vec::new())).unwrap();
        cells.iter().for_each(|(place, cell)| text.put(*place, cell).unwrap());
        text.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_is_a_row() {
        let text = sheet(&[((1, 0), "a,b"), ((1, 2), "c"), ((4, 1), "two\r\nlines \"x\"")]);
        assert_eq!(text, "\u{feff}\n\"a,b\",,c\n\n\n,\"two lines \"\"x\"\"\",\n");
    }

    #[test]
    fn rows_that_go_backwards_or_too_far_are_damage() {
        let mut text = SheetText::new(Vec::new(), 0, Merges::new(Vec::new())).unwrap();
        text.put((5, 0), "a").unwrap();
        assert!(text.put((4, 0), "b").is_err());
        assert!(text.put((4_000_000_000, 0), "b").is_err());
    }
}
