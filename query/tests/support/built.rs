//! Rollups that are built on others, by the SQL of their own files.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use datafusion::prelude::SessionContext;
use xueqing_lake::Lake;

/// Their names, each after those that it is built on.
pub const TABLES: [&str; 3] = ["class_day", "school_grade_day", "school_grade_subject_day"];
const UNSTORED: &str = "student_load_day";
const FILES: [(&str, &str); 4] = [
    (UNSTORED, include_str!("../../../pipeline/rollups/student_load_day.sql")),
    ("class_day", include_str!("../../../pipeline/rollups/class_day.sql")),
    ("school_grade_day", include_str!("../../../pipeline/rollups/school_grade_day.sql")),
    ("school_grade_subject_day", include_str!("../../../pipeline/rollups/school_grade_subject_day.sql")),
];

/// What they are over what the lake has of pupils' days and classes' subjects.
pub async fn on(lake: &Lake) -> Vec<(&'static str, Vec<RecordBatch>)> {
    let context = SessionContext::new();
    xueqing_lake::histogram::register(&context);
    for name in ["student_day", "class_subject_day"] {
        let table = lake.existing(&format!("rollups/{name}")).await.unwrap().unwrap();
        context.register_table(name, table.provider()).unwrap();
    }
    let mut built = Vec::new();
    for (name, file) in FILES {
        let sql = file.split("---*/").nth(1).unwrap();
        if name == UNSTORED {
            let rows = context.sql(sql).await.unwrap();
            context.register_table(name, rows.into_view()).unwrap();
            continue;
        }
        let schema = lake.existing(&format!("rollups/{name}")).await.unwrap().unwrap().schema();
        // Rows of one key are added up, and what a part does not give is none.
        let text = |field: &&Arc<Field>| matches!(field.data_type(), DataType::Utf8 | DataType::Date32);
        let keys: Vec<&str> = schema.fields().iter().filter(text).map(|field| field.name().as_str()).collect();
        let sums = schema.fields().iter().filter(|field| !text(field)).map(|field| match (field.name(), field.data_type()) {
            (name, DataType::Binary) => format!("histogram_sum({name}) AS {name}"),
            (name, _) => format!("COALESCE(sum({name}), 0) AS {name}"),
        });
        let (key, sums) = (keys.join(", "), sums.collect::<Vec<_>>().join(", "));
        let rows = context.sql(&format!("SELECT {key}, {sums} FROM ({sql}) GROUP BY {key}")).await.unwrap();
        let rows = rows.collect().await.unwrap();
        let fitted = rows.iter().map(|rows| {
            let column =
                |field: &Arc<Field>| -> ArrayRef { cast(rows.column_by_name(field.name()).unwrap(), field.data_type()).unwrap() };
            RecordBatch::try_new(schema.clone(), schema.fields().iter().map(column).collect()).unwrap()
        });
        let fitted: Vec<RecordBatch> = fitted.filter(|rows| rows.num_rows() > 0).collect();
        context.register_batch(name, arrow::compute::concat_batches(&schema, &fitted).unwrap()).unwrap();
        built.push((name, fitted));
    }
    built
}
