//! Erasing one person's records on request (PIPL, article 47).
//!
//! Promises:
//! - Every row that carries one of the person's pseudonyms goes: from events, reference tables, rollups and the record of alerts; so does every
//!   reject whose raw text or reason holds the raw number. The days concerned are rolled up anew.
//! - What is claimed is counted: afterwards no such row is in the newest version of any table, and, when files are wanted gone
//!   at once, no file below the lake holds one of the pseudonyms.
//! - The record of the erasure names no one: not the number, not a pseudonym, not the hour. Whoever asked gets its receipt
//!   number, which leads to the record and to nothing else.
//!
//! Sums over groups that the person was part of, of days whose events went by retention, stay: they identify no one.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::logical_expr::utils::disjunction;
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarUDF, Volatility, create_udf, ident, lit};
use serde::Serialize;
use xueqing_lake::{Search, Table, VacuumOptions};
use xueqing_schema::{FieldType, Kind};

use crate::closing::{self, Calendar};
use crate::{Error, Ingest, Result};

/// The table of the records.
const TABLE: &str = "erasures";
/// The record of alerts, which names the student that an alert is about.
const ALERTS: &str = "alerts";
/// The columns of the quarantine that may quote a cell.
const QUOTING: [&str; 3] = ["raw", "reason_zh", "reason_en"];

static COLUMNS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let (day, rows) = (Field::new("on", DataType::Date32, false), Field::new("rows", DataType::Int64, false));
    Arc::new(Schema::new(vec![text("receipt"), day, text("person"), text("reason"), rows]))
});

/// Whose records go, and why.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// `student` or `teacher`.
    pub person: String,
    /// The raw number, as the sources give it.
    pub number: String,
    /// The number system of one mapping; all of them when not set.
    pub namespace: Option<String>,
    /// Kept in the record; it must not hold the number.
    pub reason: String,
    /// Names the record; random, and not derived from the person.
    pub receipt: String,
    /// Only count.
    pub dry_run: bool,
    /// Delete the old files and the log before it at once, waiting for running queries, and search the lake for what is left.
    pub at_once: bool,
}

/// What was erased.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Erased {
    /// Tables that held such rows.
    pub tables: Vec<ErasedTable>,
    pub rows: u64,
    /// Rows that a last count still found in the newest versions: 0.
    pub left: u64,
    /// The number of the record that is kept; none for a dry run and when there was nothing.
    pub receipt: Option<String>,
    /// Files deleted at once.
    pub files_deleted: usize,
    /// Log entries deleted at once: what they said of the rows is gone, too.
    pub log_entries_deleted: usize,
    /// What a search of all files for the pseudonyms found; none when it was not asked for or the lake is not a local folder.
    pub search: Option<Search>,
}

/// What one table lost.
#[derive(Debug, Clone, Serialize)]
pub struct ErasedTable {
    pub table: String,
    pub files: usize,
    pub rows: u64,
    /// The version in which no such row is left.
    pub version: i64,
}

/// A table, what goes of it, and how.
struct Doomed {
    table: Table,
    rows: Expr,
    /// Whether the rollups must follow.
    is_source: bool,
    bloom: Vec<String>,
}

impl Ingest {
    /// Erases one person's records. Done again it finds nothing more, and can then delete files at once.
    ///
    /// # Errors
    /// `erasure` when the request cannot be meant so; what the lake or the rollups say: what was done until then stays done, and
    /// doing it again goes on.
    pub async fn erase(&self, erasure: &Erasure) -> Result<Erased> {
        check(erasure)?;
        let pseudonyms = self.pseudonyms(erasure);
        let mut erased = Erased::default();
        let (sources, rollups): (Vec<Doomed>, Vec<Doomed>) =
            self.doomed(erasure, &pseudonyms).await?.into_iter().partition(|doomed| doomed.is_source);
        for doomed in &sources {
            erased.take(doomed, erasure.dry_run).await?;
        }
        if !erasure.dry_run {
            self.rollups().catch_up().await?;
        }
        for doomed in &rollups {
            erased.take(doomed, erasure.dry_run).await?;
        }
        if erasure.dry_run {
            return Ok(erased);
        }
        for Doomed { table, rows, .. } in sources.iter().chain(&rollups) {
            erased.left += table.count_doomed(rows).await?.rows;
        }
        if erased.rows > 0 {
            self.record(erasure, erased.rows).await?;
            erased.receipt = Some(erasure.receipt.clone());
        }
        if erasure.at_once {
            self.leave_nothing(&pseudonyms, sources.iter().chain(&rollups), &mut erased).await?;
        }
        Ok(erased)
    }

    fn pseudonyms(&self, erasure: &Erasure) -> Vec<String> {
        let setup = self.setup();
        let mut namespaces: BTreeSet<&str> = setup.standard.mappings().map(|mapping| mapping.id_namespace.as_str()).collect();
        namespaces.insert("");
        let wanted = |namespace: &&str| erasure.namespace.as_deref().is_none_or(|only| only == *namespace);
        let number = erasure.number.trim();
        namespaces.into_iter().filter(wanted).map(|namespace| setup.ids.hash(&erasure.person, namespace, number)).collect()
    }

    async fn doomed(&self, erasure: &Erasure, pseudonyms: &[String]) -> Result<Vec<Doomed>> {
        let is_one = |column: &str| ident(column).in_list(pseudonyms.iter().map(|one| lit(one.as_str())).collect(), false);
        let mut doomed = Vec::new();
        for kind in self.setup().standard.kinds() {
            let table = self.tables().kind(kind)?.clone();
            let rows = disjunction(identifiers(kind, &erasure.person).map(is_one));
            let bloom = closing::bloom(kind);
            doomed.extend(rows.map(|rows| Doomed { table, rows, is_source: true, bloom }));
        }
        for table in self.rollups().tables() {
            let schema = table.schema();
            let texts = schema.fields().iter().filter(|field| *field.data_type() == DataType::Utf8);
            let rows = disjunction(texts.map(|field| is_one(field.name())));
            doomed.extend(rows.map(|rows| Doomed { table: table.clone(), rows, is_source: false, bloom: Vec::new() }));
        }
        if let Some(table) = self.lake().existing(ALERTS).await? {
            doomed.push(Doomed { table, rows: is_one("student"), is_source: false, bloom: Vec::new() });
        }
        let mentions = mentions(erasure.number.trim().to_owned());
        let rows = disjunction(QUOTING.map(|column| mentions.call(vec![ident(column)])));
        let table = self.tables().quarantine.clone();
        doomed.extend(rows.map(|rows| Doomed { table, rows, is_source: false, bloom: Vec::new() }));
        Ok(doomed)
    }

    async fn record(&self, erasure: &Erasure, rows: u64) -> Result<()> {
        let table = self.lake().table(TABLE, Arc::clone(&COLUMNS), None).await?;
        let text = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
        let columns: Vec<ArrayRef> = vec![
            text(&erasure.receipt),
            Arc::new(Date32Array::from(vec![Calendar::of(self.setup()).today()])),
            text(&erasure.person),
            text(&erasure.reason),
            Arc::new(Int64Array::from(vec![i64::try_from(rows).unwrap_or(i64::MAX)])),
        ];
        let _writer = self.lake().lock().await?;
        table.append(vec![RecordBatch::try_new(Arc::clone(&COLUMNS), columns)?], &[]).await?;
        Ok(())
    }

    /// Deletes what the newest versions do not need, and what the logs say of it; then looks whether anything is left.
    async fn leave_nothing(
        &self,
        pseudonyms: &[String],
        tables: impl Iterator<Item = &Doomed>,
        erased: &mut Erased,
    ) -> Result<()> {
        for Doomed { table, .. } in tables {
            erased.log_entries_deleted += table.forget_history().await?;
            let now = VacuumOptions { keep: Duration::ZERO, dry_run: false };
            erased.files_deleted += table.vacuum(now).await?.deleted.len();
        }
        erased.search = self.lake().search(pseudonyms).await?;
        Ok(())
    }
}

impl Erased {
    async fn take(&mut self, doomed: &Doomed, dry_run: bool) -> Result<()> {
        let Doomed { table, rows, is_source, bloom } = doomed;
        let done = if dry_run { table.count_doomed(rows).await? } else { table.delete(rows, *is_source, bloom).await? };
        if done.rows > 0 {
            self.rows += done.rows;
            let table = table.name().to_owned();
            self.tables.push(ErasedTable { table, files: done.files, rows: done.rows, version: done.version });
        }
        Ok(())
    }
}

fn check(erasure: &Erasure) -> Result<()> {
    let refuse = |reason: &str| Err(Error::Erasure { reason: reason.to_owned() });
    let number = erasure.number.trim();
    match () {
        () if number.is_empty() => refuse("the number is empty"),
        () if !matches!(erasure.person.as_str(), "student" | "teacher") => refuse("the person is student or teacher"),
        () if erasure.reason.trim().is_empty() => refuse("a reason is needed for the record, such as the letter's date"),
        () if holds_number(&erasure.reason, number) => refuse("the reason is kept and must not hold the number"),
        () => Ok(()),
    }
}

fn identifiers<'k>(kind: &'k Kind, person: &'k str) -> impl Iterator<Item = &'k str> {
    let of_person =
        move |field: &&xueqing_schema::Field| field.kind == FieldType::Identifier && field.person.as_deref() == Some(person);
    kind.fields.iter().filter(of_person).map(|field| field.name.as_str())
}

/// Whether a text holds the number, not as a part of a longer one.
fn holds_number(text: &str, number: &str) -> bool {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(number)
        .any(|(at, _)| !joins(text[..at].chars().next_back()) && !joins(text[at + number.len()..].chars().next()))
}

fn mentions(number: String) -> ScalarUDF {
    let check = move |arguments: &[ColumnarValue]| {
        let texts = ColumnarValue::values_to_arrays(arguments)?;
        let texts = arrow::compute::cast(&texts[0], &DataType::Utf8)?;
        let held = texts.as_string::<i32>().iter().map(|text| text.map(|text| holds_number(text, &number)));
        Ok(ColumnarValue::Array(Arc::new(held.collect::<BooleanArray>())))
    };
    create_udf("mentions", vec![DataType::Utf8], DataType::Boolean, Volatility::Immutable, Arc::new(check))
}

#[cfg(test)]
mod tests {
    use super::holds_number;

    #[rstest::rstest]
    #[case(r#"{"student":"13893"}"#, true)]
    #[case("13893,2026", true)]
    #[case("学号13893迟到", true)]
    #[case("113893", false)]
    #[case("13893a", false)]
    #[case("113893 13893", true)]
    #[case("", false)]
    fn a_number_is_found_as_a_whole(#[case] text: &str, #[case] held: bool) {
        assert_eq!(holds_number(text, "13893"), held);
    }
}
