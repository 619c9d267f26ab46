//! `tonight_load(past, pupils, pieces)`: the forecast as a function of SQL.
//!
//! Each argument is a list of structs whose fields are those of [`Past`], [`Pupil`] and [`Piece`] by name; the result is a list of
//! structs, one for each [`Load`]. A field that is missing or of another type is an error that names it.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray, StringArray, StructArray, new_null_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Float64Type};
use datafusion::common::{Result, exec_err, plan_datafusion_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::{By, Load, Of, Past, Piece, Pupil, Sums, forecast};

const NAME: &str = "tonight_load";

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct TonightLoad {
    signature: Signature,
}

impl Default for TonightLoad {
    fn default() -> Self {
        Self { signature: Signature::any(3, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for TonightLoad {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(item()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [past, pupils, pieces] = args.args.as_slice() else { return exec_err!("{NAME} takes past, pupils and pieces") };
        let list = |value: &ColumnarValue, name| lists(value.to_array(args.number_rows)?, name);
        let (past, pupils, pieces) = (list(past, "past")?, list(pupils, "pupils")?, list(pieces, "pieces")?);
        let mut all = Vec::new();
        let mut lengths = Vec::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let loads = forecast(&read(&past, row, pasts)?, &read(&pupils, row, of_class)?, &read(&pieces, row, set)?);
            lengths.push(loads.len());
            all.extend(loads);
        }
        let values = Arc::new(StructArray::try_new(fields(), columns(&all), None)?);
        let list = ListArray::try_new(item(), OffsetBuffer::from_lengths(lengths), values, None)?;
        Ok(ColumnarValue::Array(Arc::new(list)))
    }
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(fields()), true))
}

fn fields() -> Fields {
    let text = |name| Field::new(name, DataType::Utf8, true);
    let number = |name| Field::new(name, DataType::Float64, true);
    let mut fields = vec![text("class"), text("assignment"), text("student"), text("basis")];
    fields.extend(["past", "by_teacher", "expected", "low", "high", "written", "over"].map(number));
    fields.push(Field::new("pupils", DataType::Int64, true));
    fields.extend(["pupil_low", "pupil_high", "pupils_over"].map(number));
    Fields::from(fields)
}

fn columns(loads: &[Load]) -> Vec<ArrayRef> {
    let text = |of: fn(&Load) -> Option<&str>| Arc::new(loads.iter().map(of).collect::<StringArray>()) as ArrayRef;
    let number = |of: fn(&Load) -> Option<f64>| Arc::new(loads.iter().map(of).collect::<Float64Array>()) as ArrayRef;
    vec![
        text(|load| Some(&load.class)),
        text(|load| if let Of::Piece(assignment) = &load.of { Some(assignment) } else { None }),
        text(|load| if let Of::Pupil(student) = &load.of { Some(student) } else { None }),
        text(|load| Some(load.basis.name())),
        number(|load| Some(load.past)),
        number(|load| Some(load.by_teacher)),
        number(|load| Some(load.total?.mean)),
        number(|load| Some(load.total?.interval?.0)),
        number(|load| Some(load.total?.interval?.1)),
        number(|load| Some(load.written?.mean)),
        number(|load| load.over),
        Arc::new(loads.iter().map(|load| Some(load.pupils?.n as i64)).collect::<Int64Array>()),
        number(|load| Some(load.pupils?.range?.0)),
        number(|load| Some(load.pupils?.range?.1)),
        number(|load| load.pupils?.over),
    ]
}

/// An argument: its name and its lists; none when it is NULL throughout.
type Lists = (&'static str, Option<ListArray>);

fn lists(array: ArrayRef, name: &'static str) -> Result<Lists> {
    match array.data_type() {
        DataType::Null => Ok((name, None)),
        DataType::List(item) if matches!(item.data_type(), DataType::Struct(_)) => {
            Ok((name, Some(array.as_list::<i32>().clone())))
        }
        other => exec_err!("{NAME}: {name} is {other}, which is no list of structs"),
    }
}

/// One row's structs, as what they stand for; a NULL list is empty.
fn read<T>((name, lists): &Lists, row: usize, parse: fn(&Columns) -> Result<Vec<T>>) -> Result<Vec<T>> {
    match lists.as_ref().filter(|lists| lists.is_valid(row)) {
        Some(lists) => parse(&Columns { name, rows: lists.value(row).as_struct() }),
        None => Ok(Vec::new()),
    }
}

/// The columns of one row's structs.
struct Columns<'a> {
    name: &'static str,
    rows: &'a StructArray,
}

impl Columns<'_> {
    fn column(&self, name: &str, kind: &DataType) -> Result<ArrayRef> {
        let missing = || plan_datafusion_err!("{NAME}: {} lacks the field {name}", self.name);
        let column = self.rows.column_by_name(name).ok_or_else(missing)?;
        if column.data_type() == &DataType::Null {
            return Ok(new_null_array(kind, self.rows.len()));
        }
        Ok(cast(column, kind)?)
    }

    fn texts(&self, name: &str) -> Result<Vec<Option<String>>> {
        Ok(self.column(name, &DataType::Utf8)?.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect())
    }

    /// Numbers; what is not finite is none.
    fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>> {
        let column = self.column(name, &DataType::Float64)?;
        Ok(column.as_primitive::<Float64Type>().iter().map(|number| number.filter(|number| number.is_finite())).collect())
    }

    fn flags(&self, name: &str) -> Result<BooleanArray> {
        Ok(self.column(name, &DataType::Boolean)?.as_boolean().clone())
    }

    /// Whose pieces they are, row by row.
    fn by(&self) -> Result<Vec<By>> {
        let (classes, subjects) = (self.texts("class")?, self.texts("subject")?);
        let teachers = self.texts("teacher")?.into_iter();
        let by = |((class, subject), teacher): ((Option<String>, Option<String>), _)| By {
            class: class.unwrap_or_default(),
            subject: subject.unwrap_or_default(),
            teacher,
        };
        Ok(classes.into_iter().zip(subjects).zip(teachers).map(by).collect())
    }

    fn sums(&self, names: [&str; 3]) -> Result<Vec<Sums>> {
        let [n, sum, squares] = [self.numbers(names[0])?, self.numbers(names[1])?, self.numbers(names[2])?];
        let row = |row: usize| Sums {
            n: n[row].unwrap_or_default(),
            sum: sum[row].unwrap_or_default(),
            squares: squares[row].unwrap_or_default(),
        };
        Ok((0..self.rows.len()).map(row).collect())
    }
}

fn pasts(columns: &Columns) -> Result<Vec<Past>> {
    let ratios = columns.sums(["ratio_n", "ratio_sum", "ratio_squares"])?;
    let seconds = columns.sums(["seconds_n", "seconds_sum", "seconds_squares"])?;
    let past = columns.by()?.into_iter().zip(ratios).zip(seconds);
    Ok(past.map(|((by, ratio), seconds)| Past { by, ratio, seconds }).collect())
}

fn of_class(columns: &Columns) -> Result<Vec<Pupil>> {
    let (classes, students, days) = (columns.texts("class")?, columns.texts("student")?, columns.numbers("days")?);
    let sums = columns.sums(["weight", "sum", "squares"])?;
    let pupil = |row: usize| Pupil {
        class: classes[row].clone().unwrap_or_default(),
        student: students[row].clone().unwrap_or_default(),
        days: days[row].unwrap_or_default(),
        weight: sums[row].n,
        sum: sums[row].sum,
        squares: sums[row].squares,
    };
    Ok((0..sums.len()).map(pupil).collect())
}

fn set(columns: &Columns) -> Result<Vec<Piece>> {
    let (assignments, estimated, written) =
        (columns.texts("assignment")?, columns.numbers("estimated")?, columns.flags("written")?);
    let (reach, limit) = (columns.numbers("reach")?, columns.numbers("limit")?);
    let piece = |(row, by): (usize, By)| Piece {
        assignment: assignments[row].clone().unwrap_or_default(),
        by,
        estimated: estimated[row].filter(|seconds| *seconds > 0.0),
        written: written.is_valid(row) && written.value(row),
        reach: reach[row].filter(|share| *share > 0.0).unwrap_or(1.0),
        limit: limit[row],
    };
    Ok(columns.by()?.into_iter().enumerate().map(piece).collect())
}
