//! What is like what: schools that the register says the same of, and grades of one stage with the same limits; and the terms of days, which
//! are alike in them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type};
use datafusion::error::Result;
use datafusion::logical_expr::col;
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use xueqing_schema::Standard;

use super::{CALENDAR, REGISTER};

/// What stands for what.
pub(super) type Stand = BTreeMap<String, String>;

/// Each grade with the first of its stage that has the same limits all the time.
pub(super) fn alike_grades(standard: &Standard) -> Stand {
    let (Ok(grades), Ok(limits)) = (standard.code_set("grades"), standard.code_set("homework_limits")) else {
        return Stand::new();
    };
    let mut firsts = HashMap::new();
    let mut stand = Stand::new();
    for grade in &grades.entries {
        let own = limits.entries.iter().filter(|limit| limit.code == grade.code);
        let own = own.map(|limit| (limit.valid_from, limit.valid_to, limit.attributes.get("minutes"))).collect::<Vec<_>>();
        let shared = (grade.attributes.get("stage"), own);
        stand.insert(grade.code.clone(), firsts.entry(shared).or_insert_with(|| grade.code.clone()).clone());
    }
    stand
}

/// The same as rows.
pub(super) fn pairs(stand: &Stand) -> Result<RecordBatch> {
    let texts = |texts: Vec<&String>| Arc::new(texts.into_iter().map(Some).collect::<StringArray>()) as ArrayRef;
    let columns = [("of", texts(stand.keys().collect())), ("stands_for", texts(stand.values().collect()))];
    Ok(RecordBatch::try_from_iter(columns)?)
}

/// Each school of the register with the first of those that are like it.
pub(super) async fn alike_schools(read: &SessionContext, columns: &[&str]) -> Result<Stand> {
    let columns: Vec<&str> = [REGISTER].into_iter().chain(columns.iter().copied()).collect();
    let rows = read.table(REGISTER).await?.select_columns(&columns)?.sort(vec![col(REGISTER).sort(true, true)])?;
    let mut firsts: HashMap<Vec<ScalarValue>, String> = HashMap::new();
    let mut stand = Stand::new();
    for batch in rows.collect().await? {
        for row in 0..batch.num_rows() {
            let values = batch.columns().iter().map(|column| ScalarValue::try_from_array(column, row));
            let mut values = values.collect::<Result<Vec<_>>>()?;
            let Some(Some(school)) = values.remove(0).try_as_str().map(|school| school.map(str::to_owned)) else { continue };
            let first = firsts.entry(values).or_insert_with(|| school.clone()).clone();
            stand.insert(school, first);
        }
    }
    Ok(stand)
}

/// The days of the calendar that have a term.
pub(super) async fn terms(read: &SessionContext) -> Result<HashMap<i32, String>> {
    let mut terms = HashMap::new();
    for batch in read.table(CALENDAR).await?.select_columns(&["date", "term"])?.collect().await? {
        let [days, texts] = [(0, DataType::Date32), (1, DataType::Utf8)].map(|(place, kind)| cast(batch.column(place), &kind));
        let (days, texts) = (days?, texts?);
        let pairs = days.as_primitive::<Date32Type>().iter().zip(texts.as_string::<i32>());
        terms.extend(pairs.filter_map(|(day, term)| Some((day?, term?.to_owned()))));
    }
    Ok(terms)
}
