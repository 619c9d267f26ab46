//! Releases: figures that were published, whatever the method, kept in the lake's table `value_added` with all that it takes to make them again.
//!
//! Promise: a release holds the text of its model, the version of each table that was read, the version of the program, and the whole
//! result; it is never changed. This is the one place of this crate that writes, and only what it is handed.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use datafusion::prelude::{SessionContext, col};
use serde::Serialize;
use serde_json::Value;
use xueqing_lake::{Lake, Table};
use xueqing_schema::Text;

use crate::Error;

const TABLE: &str = "value_added";
/// Numbers that differ by less, relative to their size, are the same: rows may be added up in another order.
const SAME: f64 = 1e-9;

static COLUMNS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let at = Field::new("made_at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false);
    Arc::new(Schema::new(vec![text("release"), at, text("title"), text("model"), text("code"), text("as_of"), text("result")]))
});

/// What was published once.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Release {
    pub release: String,
    pub made_at: DateTime<Utc>,
    pub title: Text,
    /// The model file.
    pub model: String,
    /// The version of the program.
    pub code: String,
    /// The version of each table that was read.
    pub as_of: BTreeMap<String, i64>,
    /// The figures of groups with all that is said of them, as the command line writes them; no pupil's.
    pub result: Value,
}

/// All releases, the oldest first; none when nothing has been published.
///
/// # Errors
/// What the lake says.
pub async fn all(lake: &Lake) -> Result<Vec<Release>, Error> {
    let Some(table) = lake.existing(TABLE).await? else { return Ok(Vec::new()) };
    table.refresh().await?;
    read(&table).await
}

/// Publishes figures under the next number of its day; the release.
///
/// # Errors
/// What the lake says.
pub async fn publish(lake: &Lake, mut release: Release) -> Result<Release, Error> {
    let table = lake.table(TABLE, Arc::clone(&COLUMNS), None).await?;
    let _writer = lake.lock().await?;
    table.refresh().await?;
    let day = release.made_at.format("%Y-%m-%d").to_string();
    let same_day = read(&table).await?.into_iter().filter(|other| other.release.starts_with(&day)).count();
    release.release = format!("{day}-{}", same_day + 1);
    table.append(vec![row(&release)?], &[]).await?;
    Ok(release)
}

/// Where what was made again is not what was published: the names of what differs.
pub fn differences(published: &Value, again: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", published, again, &mut found);
    found
}

fn compare(name: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match (one, other) {
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => {
            for (key, value) in one {
                compare(&below(key), value, other.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            one.iter().zip(other).enumerate().for_each(|(at, (one, other))| compare(&below(&at.to_string()), one, other, found));
        }
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap_or(f64::NAN), other.as_f64().unwrap_or(f64::NAN));
            if (one - other).abs() > SAME * one.abs().max(1.0) {
                found.push(name.to_owned());
            }
        }
        (one, other) if one == other => {}
        _ => found.push(name.to_owned()),
    }
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::internal)
}

fn row(release: &Release) -> Result<RecordBatch, Error> {
    let text = |value: &str| Arc::new(StringArray::from_iter_values([value])) as ArrayRef;
    let made_at = TimestampMicrosecondArray::from_iter_values([release.made_at.timestamp_micros()]).with_timezone("UTC");
    let columns = vec![
        text(&release.release),
        Arc::new(made_at) as ArrayRef,
        text(&json(&release.title)?),
        text(&release.model),
        text(&release.code),
        text(&json(&release.as_of)?),
        text(&json(&release.result)?),
    ];
    RecordBatch::try_new(Arc::clone(&COLUMNS), columns).map_err(Error::internal)
}

async fn read(table: &Table) -> Result<Vec<Release>, Error> {
    let context = SessionContext::new();
    let sorted = context.read_table(table.provider()).and_then(|frame| frame.sort(vec![col("made_at").sort(true, false)]));
    let batches = sorted.map_err(Error::internal)?.collect().await.map_err(Error::internal)?;
    let releases = batches.iter().map(releases).collect::<Result<Vec<_>, Error>>()?;
    Ok(releases.into_iter().flatten().collect())
}

fn releases(batch: &RecordBatch) -> Result<Vec<Release>, Error> {
    let column = |name: &str, kind: &DataType| {
        let column = batch.column_by_name(name).ok_or_else(|| Error::internal(format!("no column {name}")))?;
        cast(column, kind).map_err(Error::internal)
    };
    let text = |name: &str| column(name, &DataType::Utf8).map(|column| column.as_string::<i32>().clone());
    let (names, titles, models, codes) = (text("release")?, text("title")?, text("model")?, text("code")?);
    let (as_of, results) = (text("as_of")?, text("result")?);
    let made_at = column("made_at", &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))?;
    let made_at = made_at.as_primitive::<TimestampMicrosecondType>();
    let release = |row: usize| {
        Ok(Release {
            release: names.value(row).to_owned(),
            made_at: DateTime::from_timestamp_micros(made_at.value(row)).unwrap_or_default(),
            title: serde_json::from_str(titles.value(row)).map_err(Error::internal)?,
            model: models.value(row).to_owned(),
            code: codes.value(row).to_owned(),
            as_of: serde_json::from_str(as_of.value(row)).map_err(Error::internal)?,
            result: serde_json::from_str(results.value(row)).map_err(Error::internal)?,
        })
    };
    (0..batch.num_rows()).map(release).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_named_and_the_order_of_sums_is_no_difference() {
        let one = json!({"n": 3, "groups": [{"effect": 0.1}, {"effect": 2.0}], "note": "a"});
        let again = json!({"n": 3, "groups": [{"effect": 0.100_000_000_000_01}, {"effect": 2.0}], "note": "a"});
        assert_eq!(differences(&one, &again), Vec::<String>::new());
        let other = json!({"n": 3, "groups": [{"effect": 0.1}, {"effect": 2.001}], "note": "b"});
        assert_eq!(differences(&one, &other), ["groups.1.effect", "note"]);
        assert_eq!(differences(&one, &json!({"n": 3})), [""]);
    }
}
