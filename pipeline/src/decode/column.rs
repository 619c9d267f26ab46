//! One field's values of the batch under construction, as an Arrow array in the making.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};

use super::plan::Target;

/// A builder of the field's Arrow type.
pub(super) enum Column {
    Text(StringBuilder),
    Integer(Int64Builder),
    Number(Float64Builder),
    Boolean(BooleanBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Date(Date32Builder),
}

impl Column {
    /// An empty column with room for `rows`.
    pub fn new(target: &Target, rows: usize) -> Self {
        match target {
            Target::Text | Target::Code(_) => Self::Text(StringBuilder::with_capacity(rows, rows * 12)),
            Target::Identifier { .. } => Self::Text(StringBuilder::with_capacity(rows, rows * 32)),
            Target::Integer => Self::Integer(Int64Builder::with_capacity(rows)),
            Target::Number => Self::Number(Float64Builder::with_capacity(rows)),
            Target::Boolean => Self::Boolean(BooleanBuilder::with_capacity(rows)),
            Target::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC")),
            Target::Date => Self::Date(Date32Builder::with_capacity(rows)),
        }
    }

    pub fn append_null(&mut self) {
        match self {
            Self::Text(column) => column.append_null(),
            Self::Integer(column) => column.append_null(),
            Self::Number(column) => column.append_null(),
            Self::Boolean(column) => column.append_null(),
            Self::Timestamp(column) => column.append_null(),
            Self::Date(column) => column.append_null(),
        }
    }

    pub fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut column) => Arc::new(column.finish()),
            Self::Integer(mut column) => Arc::new(column.finish()),
            Self::Number(mut column) => Arc::new(column.finish()),
            Self::Boolean(mut column) => Arc::new(column.finish()),
            Self::Timestamp(mut column) => Arc::new(column.finish()),
            Self::Date(mut column) => Arc::new(column.finish()),
        }
    }
}
