//! An answer of the engine, as a table for people, JSON, or CSV. The JSON is that of the API.

use clap::ValueEnum;
use serde_json::{Value, json};
use xueqing_query::{Answer, format};

use crate::output;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For reading · 表格
    Table,
    /// As the API writes it · 与接口一致
    Json,
    /// For spreadsheets, with a byte-order mark · 可直接用电子表格打开
    Csv,
}

impl Format {
    /// `--json` stands for `--format json` where no format is given.
    pub fn choose(given: Option<Format>, machine: bool) -> Format {
        given.unwrap_or(if machine { Format::Json } else { Format::Table })
    }
}

/// Writes an answer.
pub fn write(answer: &Answer, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Table => output::print(&format::table(answer)?),
        Format::Json => output::json(&document(answer)?),
        Format::Csv => output::bytes(&format::csv(answer)?),
    }
}

fn document(answer: &Answer) -> anyhow::Result<Value> {
    let rows = format::json_rows(answer)?;
    let mut document = json!({
        "by": answer.by,
        "params": answer.params,
        "as_of": answer.as_of,
        "columns": answer.columns(),
        "rows": rows,
    });
    if let Some(metric) = &answer.metric {
        document["metric"] = json!(metric.name);
        document["title"] = json!(metric.title);
        document["unit"] = json!(metric.unit);
    }
    Ok(document)
}
