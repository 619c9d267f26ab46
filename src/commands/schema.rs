//! `xueqing schema` – the data standard in force, a district's own files included.

use clap::{Args, Subcommand};
use serde_json::json;
use xueqing_schema::{Standard, docs};

use crate::output;
use crate::wiring::House;

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing schema list                        kinds, vendors' mappings, code sets
  xueqing schema docs > dictionary.md        the data dictionary in both languages · 中英文数据字典
  xueqing schema json homework               the JSON Schema of one kind";

/// Arguments of `xueqing schema`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    pub what: What,
}

/// What to show.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Kinds, mappings and code sets · 列出类别、映射与代码集
    List,
    /// The data dictionary, as Markdown · 数据字典
    Docs,
    /// The JSON Schema of a kind · 某一类别的 JSON Schema
    Json {
        /// The kind, such as homework · 类别
        kind: String,
    },
}

/// Shows.
pub fn run(arguments: &Arguments, house: &House, machine: bool) -> anyhow::Result<()> {
    let standard = &house.standard;
    match &arguments.what {
        What::List => list(standard, machine),
        What::Docs => output::print(&docs::dictionary(standard)),
        What::Json { kind } => {
            let schema = standard.kind(kind)?.json_schema(standard);
            if machine { output::json(&schema) } else { output::print(&serde_json::to_string_pretty(&schema)?) }
        }
    }
}

fn list(standard: &Standard, machine: bool) -> anyhow::Result<()> {
    if machine {
        let kinds = standard.kinds().map(|kind| json!({ "name": kind.name, "title": kind.title }));
        let mappings = standard.mappings().map(|m| json!({ "name": m.name, "kind": m.kind, "title": m.title }));
        let sets = standard.code_sets().map(|set| json!({ "name": set.name, "title": set.title }));
        return output::json(&json!({
            "kinds": kinds.collect::<Vec<_>>(),
            "mappings": mappings.collect::<Vec<_>>(),
            "code_sets": sets.collect::<Vec<_>>(),
        }));
    }
    let row =
        |what: &str, name: &str, title: &xueqing_schema::Text| [what, name, &title.zh, &title.en].map(str::to_owned).to_vec();
    let kinds = standard.kinds().map(|kind| row("kind", &kind.name, &kind.title));
    let mappings = standard.mappings().map(|mapping| row("vendor", &mapping.name, &mapping.title));
    let sets = standard.code_sets().map(|set| row("codes", &set.name, &set.title));
    output::print(&output::columns(&kinds.chain(mappings).chain(sets).collect::<Vec<_>>()))
}
