//! `xueqing value-added compare`: how far two results agree, each a release or what a model file gives now.

use std::path::Path;

use anyhow::Context;
use xueqing_query::value_added::asked::Asked;
use xueqing_query::value_added::compare::{self, Side};
use xueqing_query::value_added::reported::side;
use xueqing_query::{Engine, Scope};

use super::{release, text};
use crate::output;
use crate::wiring::House;

/// Compares two results, level by level.
pub(super) async fn compare(names: [String; 2], house: &House, machine: bool) -> anyhow::Result<()> {
    let engine = house.engine(&house.existing_lake()?)?;
    let (one, other) = (read(&engine, &names[0]).await?, read(&engine, &names[1]).await?);
    let found = compare::compare(&one, &other).map_err(|refusal| release::refused(refusal.into()))?;
    if machine { output::json(&found) } else { output::print(&text::comparison(&found)) }
}

/// A name that is that of a file is a model file.
async fn read(engine: &Engine, name: &str) -> anyhow::Result<Side> {
    if Path::new(name).is_file() {
        let file = std::fs::read_to_string(name).with_context(|| format!("reading {name}"))?;
        let asked = Asked::read(&file)?;
        let result = engine.value_added(&asked, None, &Scope::District).await.map_err(release::refused)?.result;
        return Ok(Side { name: name.to_owned(), asked, result });
    }
    let release = release::find(engine, name).await?.release;
    Ok(side(&release, Asked::read(&release.model)?))
}
