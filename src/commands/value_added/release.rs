//! `xueqing value-added fit`, `sgp` and `gain`, and what is published of them: releases, and their reproduction.

use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};
use xueqing_query::value_added::asked::{About, Asked};
use xueqing_query::value_added::release::{self, Release};
use xueqing_query::value_added::reported::Reported;
use xueqing_query::{Engine, Error, Evaluation, Scope};

use super::text;
use crate::failure::Failure;
use crate::output;
use crate::wiring::{House, now};

/// Computes what a file asks for; with `publish`, the lake keeps it.
pub(super) async fn fit(file: PathBuf, publish: bool, house: &House, machine: bool) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    compute(&Asked::read(&text)?, text, publish, house, machine).await
}

/// Computes what was asked for, whose model file is `file`.
pub(super) async fn compute(asked: &Asked, file: String, publish: bool, house: &House, machine: bool) -> anyhow::Result<()> {
    let lake = house.existing_lake()?;
    let engine = house.engine(&lake)?;
    let evaluation = engine.value_added(asked, None, &Scope::District).await.map_err(refused)?;
    let mut published = None;
    if publish {
        engine.can_read_again(&evaluation.as_of)?;
        let unnamed = Release {
            release: String::new(),
            made_at: now(),
            title: asked.title.clone(),
            model: file,
            code: env!("CARGO_PKG_VERSION").to_owned(),
            as_of: evaluation.as_of.clone(),
            result: evaluation.result.clone(),
        };
        let name = release::publish(&lake, unnamed).await?.release;
        published = Some(find(&engine, &name).await?);
    }
    let name = published.as_ref().map(|it| &it.release.release);
    if machine {
        let Evaluation { result, as_of, .. } = evaluation;
        return output::json(&json!({ "release": name, "title": asked.title, "as_of": as_of, "result": result }));
    }
    output::print(&format!("{} · {}\n", asked.title.zh, asked.title.en))?;
    output::print(&text::evaluation(&evaluation))?;
    if let Some(reported) = &published {
        output::print(&format!("\n{}", text::reported(reported)))?;
        let name = &reported.release.release;
        output::print(&format!("\n已发布 published: {name}　xueqing value-added reproduce {name}"))?;
    }
    Ok(())
}

/// A refusal's own code, as a script looks for it.
pub(super) fn refused(error: Error) -> anyhow::Error {
    match error {
        Error::NoFigure(refusal) => Failure::new(refusal.code(), format!("{refusal} · {}", refusal.chinese())).into(),
        other => other.into(),
    }
}

/// What has been published.
pub(super) async fn list(house: &House, machine: bool) -> anyhow::Result<()> {
    let releases = house.engine(&house.existing_lake()?)?.releases().await?;
    let asked = |it: &Release| Asked::read(&it.model).ok();
    if machine {
        let short = |it: &Release| {
            let (method, about) = asked(it).map(|asked| (asked.method.name(), asked.about)).unzip();
            let About { subject, grade, year } = about.unwrap_or_default();
            json!({ "release": it.release, "made_at": it.made_at, "title": it.title, "method": method, "subject": subject,
                "grade": grade, "year": year, "code": it.code })
        };
        return output::json(&releases.iter().map(short).collect::<Vec<Value>>());
    }
    if releases.is_empty() {
        return output::print("还没有发布 · nothing has been published: xueqing value-added fit MODEL.toml --publish");
    }
    let method = |it: &Release| asked(it).map_or("–", |asked| asked.method.name()).to_owned();
    let row = |it: &Release| vec![it.release.clone(), method(it), it.title.zh.clone(), it.title.en.clone(), it.code.clone()];
    output::print(&output::columns(&releases.iter().map(row).collect::<Vec<_>>()))
}

/// One release, whole, with what is said of it.
pub(super) async fn show(name: &str, house: &House) -> anyhow::Result<()> {
    let engine = house.engine(&house.existing_lake()?)?;
    output::json(&find(&engine, name).await?)
}

/// Makes a release again over the data as they were, and says whether every number is the same.
pub(super) async fn reproduce(name: &str, house: &House, machine: bool) -> anyhow::Result<()> {
    let engine = house.engine(&house.existing_lake()?)?;
    let release = find(&engine, name).await?.release;
    let asked = Asked::read(&release.model)?;
    let again = engine.value_added(&asked, Some(&release.as_of), &Scope::District).await.map_err(refused)?;
    let differences = release::differences(&release.result, &again.result);
    if !differences.is_empty() {
        let (number, first) = (differences.len(), &differences[0]);
        let message = format!("{number} numbers are not those of the release, the first is {first} · {number} 个数与发布时不同");
        return Err(Failure::new("not_reproduced", message).into());
    }
    if machine {
        return output::json(&json!({ "release": name, "as_of": release.as_of, "same": true }));
    }
    let versions = release.as_of.iter().map(|(table, version)| format!("{table} {version}")).collect::<Vec<_>>().join(", ");
    output::print(&format!("{name}: 每个数都与发布时相同 · every number is that of the release ({versions})"))
}

pub(super) async fn find(engine: &Engine, name: &str) -> anyhow::Result<Reported> {
    let message = || format!("there is no release {name}: see `xueqing value-added list` · 没有这个发布");
    engine.release(name).await?.ok_or_else(|| Failure::new("unknown_release", message()).into())
}
