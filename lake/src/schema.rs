//! Arrow schemas as Delta schemas and back, and how a stored table grows.
//!
//! Invariants: the partition column is the last column of every table, and `seq` the last before it; a column never changes its type and never
//! disappears; a column added to an existing table may be null, for its old rows have no value.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use datafusion::datasource::table_schema::TableSchema;
use deltalake::kernel::{DataType as DeltaType, Metadata, PrimitiveType, StructField, StructType};
use serde::Deserialize;

use crate::encode::SEQ;
use crate::error::{Error, Result};

/// The columns of a table, in the three forms that readers and writers need.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// All columns, the partition column last.
    pub schema: SchemaRef,
    /// The columns that data files hold.
    pub file_schema: SchemaRef,
    /// The partition column, a date.
    pub partition: Option<FieldRef>,
}

/// The parts of a Delta metadata action that shape a table.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredMetadata {
    schema_string: String,
    partition_columns: Vec<String>,
}

impl Shape {
    /// Puts the partition column last and checks that every type can be stored.
    pub(crate) fn new(table: &str, schema: &Schema, partition: Option<&str>) -> Result<Shape> {
        let refuse = |reason: String| Error::Schema { table: table.to_owned(), reason };
        let (partitions, files): (Vec<FieldRef>, Vec<FieldRef>) =
            schema.fields().iter().cloned().partition(|f| Some(f.name().as_str()) == partition);
        if let Some(name) = partition
            && !matches!(partitions.as_slice(), [day] if day.data_type() == &DataType::Date32)
        {
            return Err(refuse(format!("partition column {name} must exist and be a date")));
        }
        for field in schema.fields() {
            primitive(field.data_type())
                .ok_or_else(|| refuse(format!("column {} has type {}, which is not stored", field.name(), field.data_type())))?;
        }
        Ok(Shape::from_parts(files, partitions.into_iter().next()))
    }

    fn from_parts(files: Vec<FieldRef>, partition: Option<FieldRef>) -> Shape {
        // Columns added later stand before the numbers, too.
        let (numbers, mut files): (Vec<FieldRef>, Vec<FieldRef>) = files.into_iter().partition(|f| f.name() == SEQ);
        files.extend(numbers);
        let file_schema = Arc::new(Schema::new(plain(files)));
        let partition = partition.map(|f| plain(vec![f])[0].clone());
        let all: Fields = file_schema.fields().iter().cloned().chain(partition.clone()).collect();
        Shape { schema: Arc::new(Schema::new(all)), file_schema, partition }
    }

    /// The shape that a stored table declares.
    pub(crate) fn from_metadata(table: &str, metadata: &Metadata) -> Result<Shape> {
        let refuse = |reason: String| Error::Unsupported { table: table.to_owned(), reason };
        let stored: StoredMetadata = serde_json::to_value(metadata)
            .and_then(serde_json::from_value)
            .map_err(|e| refuse(format!("its metadata is not understood: {e}")))?;
        let columns: StructType =
            serde_json::from_str(&stored.schema_string).map_err(|e| refuse(format!("its schema is not understood: {e}")))?;
        let fields = columns.fields().map(|f| to_arrow(table, f)).collect::<Result<Vec<_>>>()?;
        let partition = match stored.partition_columns.as_slice() {
            [] => None,
            [one] => Some(one.as_str()),
            _ => return Err(refuse("it has more than one partition column".into())),
        };
        Shape::new(table, &Schema::new(fields), partition)
    }

    pub(crate) fn partition_name(&self) -> Option<&str> {
        self.partition.as_ref().map(|f| f.name().as_str())
    }

    /// File columns and partition column as the scan wants them.
    pub(crate) fn table_schema(&self) -> TableSchema {
        TableSchema::builder(Arc::clone(&self.file_schema))
            .with_table_partition_cols(self.partition.iter().cloned().collect::<Vec<_>>())
            .build()
    }

    pub(crate) fn to_delta(&self, table: &str) -> Result<StructType> {
        let fields = self.schema.fields().iter().filter_map(|f| {
            Some(StructField::new(f.name().as_str(), DeltaType::Primitive(primitive(f.data_type())?), f.is_nullable()))
        });
        StructType::try_new(fields).map_err(|e| Error::Schema { table: table.to_owned(), reason: e.to_string() })
    }

    /// This shape with the columns of `wanted` that it lacks, or `None` when it has them all.
    pub(crate) fn grown(&self, table: &str, wanted: &Shape) -> Result<Option<Shape>> {
        let refuse = |reason: String| Error::Schema { table: table.to_owned(), reason };
        if self.partition_name() != wanted.partition_name() {
            return Err(refuse("it is partitioned by another column".into()));
        }
        let mut fields: Vec<FieldRef> = self.file_schema.fields().to_vec();
        let mut changed = false;
        for field in wanted.file_schema.fields() {
            match fields.iter_mut().find(|f| f.name() == field.name()) {
                Some(held) if held.data_type() != field.data_type() => {
                    let (old, new) = (held.data_type(), field.data_type());
                    return Err(refuse(format!("column {} is {old} and cannot become {new}", field.name())));
                }
                Some(held) if field.is_nullable() && !held.is_nullable() => *held = Arc::clone(field),
                Some(_) => continue,
                None => fields.push(Arc::new(field.as_ref().clone().with_nullable(true))),
            }
            changed = true;
        }
        Ok(changed.then(|| Shape::from_parts(fields, self.partition.clone())))
    }
}

/// Fields without the metadata that a caller may have attached.
fn plain(fields: Vec<FieldRef>) -> Vec<FieldRef> {
    let bare = |f: FieldRef| Arc::new(Field::new(f.name(), f.data_type().clone(), f.is_nullable()));
    fields.into_iter().map(bare).collect()
}

fn to_arrow(table: &str, field: &StructField) -> Result<Field> {
    let unsupported = || Error::Unsupported {
        table: table.to_owned(),
        reason: format!("column {} has type {}", field.name(), field.data_type()),
    };
    let DeltaType::Primitive(primitive) = field.data_type() else { return Err(unsupported()) };
    let data_type = match primitive {
        PrimitiveType::String => DataType::Utf8,
        PrimitiveType::Binary => DataType::Binary,
        PrimitiveType::Long => DataType::Int64,
        PrimitiveType::Integer => DataType::Int32,
        PrimitiveType::Double => DataType::Float64,
        PrimitiveType::Float => DataType::Float32,
        PrimitiveType::Boolean => DataType::Boolean,
        PrimitiveType::Date => DataType::Date32,
        PrimitiveType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        _ => return Err(unsupported()),
    };
    Ok(Field::new(field.name(), data_type, field.is_nullable()))
}

fn primitive(data_type: &DataType) -> Option<PrimitiveType> {
    Some(match data_type {
        DataType::Utf8 => PrimitiveType::String,
        DataType::Binary => PrimitiveType::Binary,
        DataType::Int64 => PrimitiveType::Long,
        DataType::Int32 => PrimitiveType::Integer,
        DataType::Float64 => PrimitiveType::Double,
        DataType::Float32 => PrimitiveType::Float,
        DataType::Boolean => PrimitiveType::Boolean,
        DataType::Date32 => PrimitiveType::Date,
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if zone.as_ref() == "UTC" => PrimitiveType::Timestamp,
        _ => return None,
    })
}
