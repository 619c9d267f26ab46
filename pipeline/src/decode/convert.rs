//! Cells to values: trim, null texts, the mapping's own values, then the field's type.
//!
//! Promises: a value that does not fit its field is a fault, never a guess; each distinct text is looked up, resolved or hashed
//! once; a person's number is the same person whether it came as `13893`, `"13893"` or `13893.0`.

use xueqing_schema::time::{parse_date, parse_timestamp};

use super::cell::{Cell, Cells};
use super::column::Column;
use super::instant::Instants;
use super::memo::Memo;
use super::plan::{FieldPlan, Input, Plan, Target};
use super::reject::Fault;

const TEXTS_REMEMBERED: usize = 200_000;
/// Whole numbers up to here are exact as floating point.
const EXACT: f64 = 9_007_199_254_740_992.0;
const INTEGER: (&str, &str) = ("整数", "a whole number");
pub(super) const NUMBER: (&str, &str) = ("数字", "a number");
const BOOLEAN: (&str, &str) = ("是/否", "true or false");
const TIMESTAMP: (&str, &str) = ("可识别的时间", "a time that can be read");
const DATE: (&str, &str) = ("可识别的日期", "a date that can be read");
const RESULT: (&str, &str) = ("值，而是公式的错误", "a value but a formula's error");
const SCALAR: (&str, &str) = ("单个值", "a single value");
const WRITTEN_OUT: (&str, &str) = ("精确的编号，请写成文本", "an exact number: write it as text");
/// What spreadsheets write into cells whose formula failed.
const ERRORS: [&str; 8] = ["#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#DATA!"];
/// Formats of the shape that [`Instants`] reads.
const PLAIN_FORMATS: [&str; 4] = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];

/// One row to be: a record, and which column of a wide sheet it comes from.
pub(super) struct Row<'a, 't> {
    pub cells: &'a Cells<'t>,
    pub pivoted: Option<&'a str>,
}

/// What a field remembers from row to row.
pub(super) struct Converter {
    texts: Memo<Known>,
    /// Texts are not worth remembering: each is another one.
    unique: bool,
    last_time: (String, Option<i64>),
    instants: Option<Instants>,
    /// The slot that the last value came from, and the instant that it was.
    last: Option<usize>,
    last_micros: i64,
}

/// What a text of a field stands for.
enum Known {
    Text(Box<str>),
    Nothing,
    /// No code of the field's set, or what a spreadsheet left of a text.
    Unknown(Box<str>),
}

/// Texts that are written anew for each value.
#[derive(Default)]
pub(super) struct Scratch {
    digits: String,
    joined: String,
}

impl Converter {
    pub fn new(field: &FieldPlan, plan: &Plan) -> Self {
        let plain = field.formats.iter().all(|format| PLAIN_FORMATS.contains(&format.as_str()));
        Self {
            texts: Memo::new(TEXTS_REMEMBERED),
            unique: false,
            last_time: (String::new(), None),
            instants: plain.then(|| Instants::new(plan.zone)),
            last: None,
            last_micros: 0,
        }
    }

    /// An empty column for the field.
    pub fn column(&mut self, field: &FieldPlan, rows: usize) -> Column {
        self.last = None;
        Column::new(&field.target, !self.unique, rows)
    }

    /// Looks at a filled column, to know better how the next is kept.
    pub fn learn(&mut self, field: &FieldPlan, column: &Column) {
        if matches!(field.target, Target::Text) && column.hardly_repeats() {
            self.unique = true;
            self.texts = Memo::new(TEXTS_REMEMBERED);
        }
    }

    /// Appends the row's value of `field`, which is in the slot `first` if its input is one of several; on a fault, nothing.
    pub fn append(
        &mut self,
        (field, plan): (&FieldPlan, &Plan),
        row: &Row<'_, '_>,
        first: Option<usize>,
        scratch: &mut Scratch,
        column: &mut Column,
    ) -> Result<(), Fault> {
        let cells = row.cells;
        match &field.input {
            Input::Absent => self.append_text(field, plan, None, column),
            Input::Constant(text) => self.append_text(field, plan, Some(text), column),
            Input::Pivoted => self.append_text(field, plan, row.pivoted, column),
            Input::Joined(slots) if slots.iter().any(|&slot| cells.get(slot) == Cell::Nested) => Err(nested(field)),
            Input::Joined(slots) => self.append_text(field, plan, join(field, cells, slots, scratch), column),
            Input::First(_) => match first {
                Some(slot) => self.append_cell(field, plan, (cells, slot), scratch, column),
                None => {
                    self.forget();
                    if field.is_optional() {
                        column.append_null();
                        return Ok(());
                    }
                    self.append_text(field, plan, None, column)
                }
            },
        }
    }

    fn append_cell(
        &mut self,
        field: &FieldPlan,
        plan: &Plan,
        (cells, slot): (&Cells<'_>, usize),
        scratch: &mut Scratch,
        column: &mut Column,
    ) -> Result<(), Fault> {
        let cell = cells.get(slot);
        if self.append_again(slot, cell, column) || direct(field, cell, column) {
            return Ok(());
        }
        match cell {
            Cell::Nested => Err(nested(field)),
            Cell::Number(value) if value.abs() >= EXACT && matches!(column, Column::Text(_) | Column::Listed(_)) => {
                Err(Fault::mistyped(&field.name, &value.to_string(), WRITTEN_OUT))
            }
            _ => self.append_text(field, plan, cells.text(slot, &mut scratch.digits), column),
        }
    }

    /// The last row was none: what it had is not repeated.
    pub fn forget(&mut self) {
        self.last = None;
    }

    /// Appends the last value once more, if the cell says that the text is the last one; true when it did.
    fn append_again(&mut self, slot: usize, cell: Cell<'_>, column: &mut Column) -> bool {
        let again = matches!(cell, Cell::Again(_)) && self.last == Some(slot);
        self.last = matches!(cell, Cell::Text(_) | Cell::Again(_)).then_some(slot);
        match column {
            Column::Listed(column) if again => column.append_again(),
            Column::Timestamp(column) if again => column.append_value(self.last_micros),
            _ => return false,
        }
        true
    }

    /// What a text stands for, if anything; an error for a text that is no code.
    pub fn stands_for(&mut self, field: &FieldPlan, plan: &Plan, text: Option<&str>) -> Result<Option<&str>, ()> {
        match self.texts.get(text.unwrap_or_default(), |_| known(field, plan, text)).1 {
            Known::Text(text) => Ok(Some(text)),
            Known::Nothing => Ok(None),
            Known::Unknown(_) => Err(()),
        }
    }

    /// Appends a text, without white space around it, or what stands for none.
    pub fn append_text(&mut self, field: &FieldPlan, plan: &Plan, text: Option<&str>, column: &mut Column) -> Result<(), Fault> {
        let Column::Listed(column) = column else {
            return self.append_typed(field, plan, field.translate(text), column);
        };
        let (place, known) = self.texts.get(text.unwrap_or_default(), |_| known(field, plan, text));
        match known {
            Known::Text(text) => column.append(place, text),
            Known::Nothing if field.required => return Err(Fault::required(&field.name)),
            Known::Nothing => column.append_null(),
            Known::Unknown(ours) => return Err(unknown(field, ours)),
        }
        Ok(())
    }

    fn append_typed(&mut self, field: &FieldPlan, plan: &Plan, text: Option<&str>, column: &mut Column) -> Result<(), Fault> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            // An empty text is a value only where the standard gives it as the default.
            return match (column, text) {
                (Column::Text(column), Some(_)) => {
                    column.append_value("");
                    Ok(())
                }
                _ if field.required => Err(Fault::required(&field.name)),
                (column, _) => {
                    column.append_null();
                    Ok(())
                }
            };
        };
        let mistyped = |what| move || Fault::mistyped(&field.name, text, what);
        match column {
            Column::Text(_) if let Some(what) = spoilt(text) => return Err(mistyped(what)()),
            Column::Text(column) => column.append_value(text),
            Column::Listed(_) => {}
            Column::Integer(column) => column.append_value(integer(text, field.scale).ok_or_else(mistyped(INTEGER))?),
            Column::Number(column) => {
                column.append_value(number(text).ok_or_else(mistyped(NUMBER))? * field.scale.unwrap_or(1.0));
            }
            Column::Boolean(column) => column.append_value(boolean(text).ok_or_else(mistyped(BOOLEAN))?),
            Column::Timestamp(column) => {
                self.last_micros = self.timestamp(field, plan, text).ok_or_else(mistyped(TIMESTAMP))?;
                column.append_value(self.last_micros);
            }
            Column::Date(column) => column.append_value(self.date(field, text).ok_or_else(mistyped(DATE))?),
        }
        Ok(())
    }

    fn timestamp(&mut self, field: &FieldPlan, plan: &Plan, text: &str) -> Option<i64> {
        if let Some(micros) = self.instants.as_mut().and_then(|instants| instants.read(text)) {
            return Some(micros);
        }
        self.remembered(text, |text| parse_timestamp(text, &field.formats, plan.zone))
    }

    fn date(&mut self, field: &FieldPlan, text: &str) -> Option<i32> {
        let days = self.remembered(text, |text| parse_date(text, &field.formats).map(i64::from));
        days.and_then(|days| i32::try_from(days).ok())
    }

    fn remembered(&mut self, text: &str, read: impl FnOnce(&str) -> Option<i64>) -> Option<i64> {
        if self.last_time.0 != text {
            self.last_time.0.clear();
            self.last_time.0.push_str(text);
            self.last_time.1 = read(text);
        }
        self.last_time.1
    }
}

fn known(field: &FieldPlan, plan: &Plan, text: Option<&str>) -> Known {
    let Some(ours) = field.translate(text) else { return Known::Nothing };
    match &field.target {
        Target::Code(set) => set.resolve(ours).map_or_else(|| Known::Unknown(ours.into()), |code| Known::Text(code.into())),
        _ if spoilt(ours).is_some() => Known::Unknown(ours.into()),
        Target::Identifier { person } if !ours.is_empty() => {
            Known::Text(plan.ids.hash(person, &plan.namespace, whole(ours)).into())
        }
        _ => Known::Text(ours.into()),
    }
}

fn unknown(field: &FieldPlan, text: &str) -> Fault {
    match (&field.target, spoilt(text)) {
        (Target::Code(set), _) => Fault::unknown_code(&field.name, text, &set.name),
        (_, what) => Fault::mistyped(&field.name, text, what.unwrap_or(RESULT)),
    }
}

/// Appends a number or boolean of JSON that needs no text in between.
fn direct(field: &FieldPlan, cell: Cell<'_>, column: &mut Column) -> bool {
    match (cell, column) {
        _ if !field.direct => return false,
        (Cell::Integer(value), Column::Integer(column)) => column.append_value(value),
        (Cell::Integer(value), Column::Number(column)) => column.append_value(value as f64),
        (Cell::Number(value), Column::Number(column)) => column.append_value(value),
        (Cell::Boolean(value), Column::Boolean(column)) => column.append_value(value),
        _ => return false,
    }
    true
}

fn nested(field: &FieldPlan) -> Fault {
    Fault::mistyped(&field.name, "{…}", SCALAR)
}

/// All parts joined with `@`. Where the mapping looks the value up, a missing part is empty; elsewhere the whole is missing,
/// because half a name could be another's.
fn join<'a>(field: &FieldPlan, cells: &Cells<'_>, slots: &[usize], scratch: &'a mut Scratch) -> Option<&'a str> {
    let Scratch { digits, joined } = scratch;
    joined.clear();
    let mut filled = false;
    for (place, &slot) in slots.iter().enumerate() {
        let part = cells.text(slot, digits).filter(|part| !field.is_null(part));
        filled |= part.is_some();
        if place > 0 {
            joined.push('@');
        }
        match part {
            Some(part) => joined.push_str(whole(part)),
            None if field.looks_up() => {}
            None => return None,
        }
    }
    filled.then_some(joined)
}

/// Spreadsheets write the number 13893 as `13893.0` in a column with gaps: it is the same number.
fn whole(text: &str) -> &str {
    match text.strip_suffix(".0") {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => digits,
        _ => text,
    }
}

/// What a text should have been that a spreadsheet spoilt: `3.30204E+17` was a long number, `#N/A` is a failed formula.
fn spoilt(text: &str) -> Option<(&'static str, &'static str)> {
    match text.as_bytes() {
        [b'#', ..] if ERRORS.contains(&text) => Some(RESULT),
        [b'0'..=b'9', .., b'E', b'+', _, _] if text.parse::<f64>().is_ok() => Some(WRITTEN_OUT),
        _ => None,
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

fn integer(text: &str, scale: Option<f64>) -> Option<i64> {
    if let (None, Ok(value)) = (scale, text.parse()) {
        return Some(value);
    }
    let value = number(text)? * scale.unwrap_or(1.0);
    let rounded = value.round();
    ((value - rounded).abs() < 1e-9 && rounded.abs() < EXACT).then_some(rounded as i64)
}

fn boolean(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["true", "1", "1.0", "yes", "y", "是"]) {
        Some(true)
    } else if is(&["false", "0", "0.0", "no", "n", "否"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("81", None, Some(81))]
    #[case("81.0", None, Some(81))]
    #[case("-3", None, Some(-3))]
    #[case("81.5", None, None)]
    #[case("1.5", Some(60.0), Some(90))]
    #[case("9223372036854775807", None, Some(i64::MAX))]
    #[case("1e300", None, None)]
    #[case("nan", None, None)]
    fn whole_numbers_are_whole(#[case] text: &str, #[case] scale: Option<f64>, #[case] value: Option<i64>) {
        assert_eq!(integer(text, scale), value);
    }

    #[rstest]
    #[case("81.5", Some(81.5))]
    #[case("1e2", Some(100.0))]
    #[case("inf", None)]
    #[case("八十", None)]
    fn numbers_are_finite(#[case] text: &str, #[case] value: Option<f64>) {
        assert_eq!(number(text), value);
    }

    #[rstest]
    #[case("是", Some(true))]
    #[case("TRUE", Some(true))]
    #[case("0", Some(false))]
    #[case("No", Some(false))]
    #[case("maybe", None)]
    fn yes_and_no_have_many_names(#[case] text: &str, #[case] value: Option<bool>) {
        assert_eq!(boolean(text), value);
    }

    #[rstest]
    #[case("3.30204E+17", true)]
    #[case("1E+17", true)]
    #[case("#N/A", true)]
    #[case("#1", false)]
    #[case("MODE+12", false)]
    #[case("1e5", false)]
    #[case("E", false)]
    fn what_a_spreadsheet_spoilt_is_no_text(#[case] text: &str, #[case] spoilt: bool) {
        assert_eq!(super::spoilt(text).is_some(), spoilt);
    }

    #[rstest]
    #[case("13893.0", "13893")]
    #[case("13893", "13893")]
    #[case("1.10.0", "1.10.0")]
    #[case(".0", ".0")]
    fn a_whole_number_is_itself(#[case] text: &str, #[case] number: &str) {
        assert_eq!(whole(text), number);
    }
}
