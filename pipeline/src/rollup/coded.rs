//! Columns of which each distinct value is kept once, and Arrow arrays made of them.
//!
//! A value is a number here: a text's place among the day's [`Texts`], a floating-point number's bits, a date's days.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, StringViewArray, TimestampMicrosecondArray,
    UInt32Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, UInt32Type};
use arrow::error::ArrowError;
use hashbrown::HashTable;

use super::narrow::Narrow;
use crate::texts::Texts;

/// A value, or null.
pub(super) type Value = Option<i64>;

/// A column of codes; code 0 is null.
#[derive(Clone)]
pub(super) struct Coded {
    distinct: Vec<i64>,
    places: HashTable<u32>,
    codes: Narrow,
    last: (i64, u32),
}

impl Default for Coded {
    fn default() -> Self {
        Self { distinct: vec![0], places: HashTable::new(), codes: Narrow::default(), last: (0, 0) }
    }
}

impl Coded {
    /// The code of a value, which is made up if need be.
    #[inline]
    pub fn code(&mut self, value: Value) -> u32 {
        let Some(value) = value else { return 0 };
        if self.last.1 == 0 || self.last.0 != value {
            self.last = (value, self.look_up(value).unwrap_or_else(|| self.insert(value)));
        }
        self.last.1
    }

    /// The code of a value that occurs.
    pub fn find(&self, value: Value) -> Option<u32> {
        value.map_or(Some(0), |value| self.look_up(value))
    }

    fn look_up(&self, value: i64) -> Option<u32> {
        self.places.find(spread(value), |code| self.distinct[*code as usize] == value).copied()
    }

    #[cold]
    fn insert(&mut self, value: i64) -> u32 {
        let code = self.distinct.len() as u32;
        self.distinct.push(value);
        let distinct = &self.distinct;
        self.places.insert_unique(spread(value), code, |code| spread(distinct[*code as usize]));
        code
    }

    #[inline]
    pub fn at(&self, row: usize) -> u32 {
        self.codes.get(row) as u32
    }

    pub fn value(&self, row: usize) -> Value {
        match self.at(row) {
            0 => None,
            code => Some(self.distinct[code as usize]),
        }
    }

    /// The values of these rows.
    pub fn values<'a>(&'a self, rows: &'a [u32]) -> impl Iterator<Item = Value> + 'a {
        let codes = self.codes.gather(rows).into_iter();
        codes.map(|code| if code == 0 { None } else { Some(self.distinct[code as usize]) })
    }

    pub fn extend(&mut self, codes: impl ExactSizeIterator<Item = u32>) {
        self.codes.extend(codes.map(i64::from));
    }

    pub fn push(&mut self, code: u32) {
        self.codes.push(code.into());
    }

    pub fn set(&mut self, row: usize, code: u32) {
        self.codes.set(row, code.into());
    }

    /// About what it takes in memory.
    pub fn footprint(&self) -> usize {
        self.distinct.capacity() * 8 + self.places.capacity() * 5 + self.codes.footprint()
    }
}

/// A hash that is good enough for a table.
#[inline]
pub(super) fn spread(value: i64) -> u64 {
    let mixed = u128::from(value as u64 ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
    (mixed >> 64) as u64 ^ mixed as u64
}

/// One hash over the codes of a row.
pub(super) fn fold(codes: impl Iterator<Item = u32>) -> u64 {
    codes.fold(0, |hash: u64, code| spread((hash.rotate_left(23) ^ u64::from(code)).cast_signed()))
}

/// The type in which SQL sees a column: texts as views, whole numbers as long ones.
pub(super) fn held(kind: &DataType) -> Option<DataType> {
    Some(match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8View,
        DataType::Dictionary(_, values) if **values == DataType::Utf8 => kind.clone(),
        whole if whole.is_integer() => DataType::Int64,
        DataType::Float64 | DataType::Float32 => DataType::Float64,
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        DataType::Boolean | DataType::Date32 | DataType::Binary => kind.clone(),
        _ => return None,
    })
}

/// The type in which SQL sees a text of which it only asks whether it is the same: the text's place.
pub(super) const PLACE: DataType = DataType::UInt32;

/// The values of an array.
pub(super) fn values(array: &ArrayRef, texts: &mut Texts) -> Result<Vec<Value>, ArrowError> {
    Ok(match array.data_type() {
        DataType::UInt32 => array.as_primitive::<UInt32Type>().iter().map(|place| place.map(i64::from)).collect(),
        DataType::Dictionary(..) => {
            let array = array.as_dictionary::<Int32Type>();
            let places: Vec<Value> =
                array.values().as_string::<i32>().iter().map(|text| Some(texts.place(text?) as i64)).collect();
            array.keys().iter().map(|key| places[key? as usize]).collect()
        }
        DataType::Utf8View => array.as_string_view().iter().map(|text| Some(texts.place(text?) as i64)).collect(),
        DataType::Int64 => array.as_primitive::<Int64Type>().iter().collect(),
        DataType::Float64 => {
            array.as_primitive::<Float64Type>().iter().map(|value| Some(value?.to_bits().cast_signed())).collect()
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => array.as_primitive::<TimestampMicrosecondType>().iter().collect(),
        DataType::Date32 => array.as_primitive::<Date32Type>().iter().map(|value| value.map(i64::from)).collect(),
        DataType::Boolean => array.as_boolean().iter().map(|value| value.map(i64::from)).collect(),
        other => {
            let kind = held(other).filter(|kind| kind != other);
            let kind = kind.ok_or_else(|| ArrowError::CastError(format!("{other} cannot be held")))?;
            return values(&cast(array, &kind)?, texts);
        }
    })
}

/// An array of [`PLACE`], or of a type that [`held`] gives.
pub(super) fn array(kind: &DataType, values: impl Iterator<Item = Value>, texts: &Texts) -> Result<ArrayRef, ArrowError> {
    let view = |values: &mut dyn Iterator<Item = Value>| {
        values.map(|place| Some(texts.get(place? as usize))).collect::<StringViewArray>()
    };
    let mut values = values;
    Ok(match kind {
        DataType::UInt32 => Arc::new(values.map(|place| place.map(|place| place as u32)).collect::<UInt32Array>()),
        DataType::Utf8View => Arc::new(view(&mut values)),
        DataType::Dictionary(..) => cast(&view(&mut values), kind)?,
        DataType::Int64 => Arc::new(values.collect::<Int64Array>()),
        DataType::Float64 => Arc::new(values.map(|bits| Some(f64::from_bits(bits?.cast_unsigned()))).collect::<Float64Array>()),
        DataType::Timestamp(_, zone) => Arc::new(values.collect::<TimestampMicrosecondArray>().with_timezone_opt(zone.clone())),
        DataType::Date32 => Arc::new(values.map(|days| Some(days? as i32)).collect::<Date32Array>()),
        _ => Arc::new(values.map(|value| Some(value? != 0)).collect::<BooleanArray>()),
    })
}
