//! Reading rejects again, with today's mappings and standard.
//!
//! Promises:
//! - A record goes in only when nothing of it is rejected any more, under its original source; then, and only then, its rejects
//!   leave the quarantine. The rest stays as it is, and the report says why.
//! - Stopped anywhere and run again, the outcome is the same: rows that went in before their rejects were removed are replaced
//!   by their equals.
//! - A record that was cut, or whose header was not kept, cannot be read again and is counted as such.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::logical_expr::{ident, lit};
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use serde::Serialize;
use xueqing_schema::{SEQ, Text};

use crate::decode::RAW_LIMIT;
use crate::ingest::Reading;
use crate::quarantine::TABLE;
use crate::{Error, Format, Identity, Ingest, Origin, Raw, Result};

/// Records that are read again at a time.
const AT_A_TIME: usize = 5_000;
/// Records that stay and are named one by one.
const SHOWN: usize = 100;
/// A text this long may have lost its end, at the last whole character.
const PERHAPS_CUT: usize = RAW_LIMIT - 3;

const RECORDS: &str = "
    SELECT seq, mapping, source, line, header, raw FROM quarantine
    WHERE ($source IS NULL OR source = $source) AND ($rule IS NULL OR rule = $rule)
      AND ($mapping IS NULL OR mapping = $mapping OR kind = $mapping)
    ORDER BY mapping, source, header, line, seq";

/// Which rejects to read again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replay {
    pub source: Option<String>,
    pub rule: Option<String>,
    /// A vendor's mapping or a kind.
    pub mapping: Option<String>,
    /// Only say what would go in.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Different records that were looked at.
    pub records: u64,
    /// Records that went in, and left the quarantine.
    pub replayed: u64,
    /// Rows that these became.
    pub rows: u64,
    /// Records that are still rejected.
    pub rejected: u64,
    /// Records that cannot be read again: cut, or without their header.
    pub unreadable: u64,
    /// The first hundred records that stay, and why.
    pub stays: Vec<Unreplayed>,
}

/// A record that stays in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreplayed {
    pub source: String,
    pub line: i64,
    pub rule: String,
    pub reason: Text,
}

/// Records that are read together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Group {
    mapping: String,
    source: String,
    header: Option<String>,
}

/// A record and its rejects.
#[derive(Default)]
struct Record {
    line: i64,
    seqs: Vec<i64>,
}

type Records = BTreeMap<String, Record>;
/// The rule and the reason by which a record stays.
type Fault = (String, Text);

impl Ingest {
    /// Reads rejects again; what is sound now goes in.
    ///
    /// # Errors
    /// What the lake says; the records that went in before stay in.
    pub async fn replay(&self, replay: &Replay) -> Result<Replayed> {
        let quarantine = &self.tables().quarantine;
        quarantine.refresh().await?;
        let context = SessionContext::new();
        context.register_table(TABLE, quarantine.provider())?;
        let text = |value: &Option<String>| ScalarValue::Utf8(value.clone());
        let params = [("source", text(&replay.source)), ("rule", text(&replay.rule)), ("mapping", text(&replay.mapping))];
        let listed = context.sql(RECORDS).await?.with_param_values(ParamValues::from(params.to_vec()))?;
        let mut stream = listed.execute_stream().await?;
        let (mut report, mut done) = (Replayed::default(), Vec::new());
        let (mut group, mut records) = (Group::default(), Records::new());
        while let Some(batch) = stream.next().await {
            for (of, line, raw, seq) in rows(&batch?)? {
                if of != group || records.len() >= AT_A_TIME {
                    self.read_again(&group, std::mem::take(&mut records), replay, (&mut report, &mut done)).await?;
                    group = of;
                }
                let record = records.entry(raw).or_insert_with(|| Record { line, seqs: Vec::new() });
                record.seqs.push(seq);
            }
        }
        self.read_again(&group, records, replay, (&mut report, &mut done)).await?;
        if !done.is_empty() {
            quarantine.delete(&ident(SEQ).in_list(done.into_iter().map(lit).collect(), false), true, &[]).await?;
        }
        Ok(report)
    }

    async fn read_again(
        &self,
        group: &Group,
        records: Records,
        replay: &Replay,
        (report, done): (&mut Replayed, &mut Vec<i64>),
    ) -> Result<()> {
        report.records += records.len() as u64;
        let (mut sound, mut seqs) = (Vec::new(), Vec::new());
        let reading = self.reading(&group.origin()).map_err(told);
        for (raw, record) in records {
            let verdict = match unreadable(group, &raw) {
                Some(fault) => {
                    report.unreadable += 1;
                    Err(fault)
                }
                None => {
                    let checked = reading.as_ref().map_err(Clone::clone).and_then(|reading| check(group, reading, &raw));
                    report.rejected += u64::from(checked.is_err());
                    checked
                }
            };
            match verdict {
                Ok(rows) => {
                    report.replayed += 1;
                    report.rows += rows;
                    seqs.extend(record.seqs);
                    sound.push(on_one_line(group, &raw));
                }
                Err(fault) => report.stay(group, record.line, fault),
            }
        }
        if replay.dry_run || sound.is_empty() {
            return Ok(());
        }
        let lines: Vec<String> = group.header.iter().cloned().chain(sound).collect();
        let Origin { mapping, format, encoding, source, identity } = group.origin();
        let receipt = self.submit(Raw { bytes: lines.join("\n").into(), mapping, format, encoding, source, identity }).await?;
        if receipt.rejected == 0 {
            done.extend(seqs);
        }
        Ok(())
    }
}

/// The number of rows that a record becomes, or why it does not.
fn check(group: &Group, reading: &Reading, raw: &str) -> Result<u64, Fault> {
    let text = group.header.iter().map(|header| format!("{header}\n")).chain([on_one_line(group, raw)]).collect::<String>();
    let mut rows = 0;
    for decoded in reading.decoder.batches(text.as_bytes()) {
        let checked = decoded.and_then(|decoded| reading.validator.check(decoded)).map_err(told)?;
        if let Some(reject) = checked.rejected.rejects().first() {
            return Err((reject.rule.clone(), reject.reason.clone()));
        }
        rows += checked.accepted.rows() as u64;
    }
    Ok(rows)
}

fn told(error: Error) -> Fault {
    (error.code().to_owned(), Text::new(error.to_string(), error.to_string()))
}

impl Group {
    /// Raw text is UTF-8, whatever the file was.
    fn origin(&self) -> Origin {
        Origin {
            mapping: self.mapping.clone(),
            format: if self.header.is_some() { Format::Csv } else { Format::Ndjson },
            encoding: Some("utf-8".to_owned()),
            source: self.source.clone(),
            identity: Identity::Unknown,
        }
    }
}

impl Replayed {
    fn stay(&mut self, group: &Group, line: i64, (rule, reason): Fault) {
        if self.stays.len() < SHOWN {
            self.stays.push(Unreplayed { source: group.source.clone(), line, rule, reason });
        }
    }
}

fn unreadable(group: &Group, raw: &str) -> Option<Fault> {
    let fault = |rule: &str, zh: &str, en: &str| Some((rule.to_owned(), Text::new(zh, en)));
    if raw.len() >= PERHAPS_CUT {
        return fault(
            "cut",
            "原文过长，只保留了开头，请从原文件修复后重新导入",
            "only its beginning was kept: repair it in its file and send that again",
        );
    }
    if raw.contains('\u{fffd}') {
        return fault(
            "encoding",
            "原文中有无法识别的字节，请从原文件修复后重新导入",
            "bytes of it were not known: repair it in its file and send that again",
        );
    }
    if group.header.is_none() && !raw.trim_start().starts_with('{') {
        return fault("header", "隔离时未保留表头，请重新导入原文件", "its header was not kept: send its file again");
    }
    None
}

/// A JSON record may be spread over lines, which have no meaning in it.
fn on_one_line(group: &Group, raw: &str) -> String {
    if group.header.is_some() { raw.to_owned() } else { raw.replace(['\r', '\n'], " ") }
}

fn rows(batch: &RecordBatch) -> Result<Vec<(Group, i64, String, i64)>> {
    let column = |name: &str, kind: &DataType| Ok::<_, Error>(cast(batch.column(batch.schema_ref().index_of(name)?), kind)?);
    let [mapping, source, header, raw] = [
        column("mapping", &DataType::Utf8)?,
        column("source", &DataType::Utf8)?,
        column("header", &DataType::Utf8)?,
        column("raw", &DataType::Utf8)?,
    ];
    let [line, seq] = [column("line", &DataType::Int64)?, column("seq", &DataType::Int64)?];
    let text = |column: &arrow::array::ArrayRef, row| column.as_string::<i32>().value(row).to_owned();
    let number = |column: &arrow::array::ArrayRef, row| column.as_primitive::<Int64Type>().value(row);
    let group = |row| Group {
        mapping: text(&mapping, row),
        source: text(&source, row),
        header: header.is_valid(row).then(|| text(&header, row)),
    };
    Ok((0..batch.num_rows()).map(|row| (group(row), number(&line, row), text(&raw, row), number(&seq, row))).collect())
}
