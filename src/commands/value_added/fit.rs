//! `xueqing value-added fit`, and what is published: multilevel models by a model file, releases, and their reproduction.

use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};
use xueqing_query::value_added::multilevel::{Fit, GroupingFit, Judgement, Note, Shown};
use xueqing_query::value_added::release::{self, Asked, Release};
use xueqing_query::{Fitted, Scope};

use crate::failure::Failure;
use crate::output;
use crate::wiring::{House, now};

/// Fits the model of a file; with `publish`, the lake keeps it.
pub(super) async fn fit(file: PathBuf, publish: bool, house: &House, machine: bool) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    let asked = Asked::read(&text)?;
    let lake = house.existing_lake()?;
    let engine = house.engine(&lake)?;
    let Fitted { fit, as_of } = engine.fit(&asked.model, &asked.sql, &Scope::District).await?;
    let mut name = None;
    if publish {
        engine.can_read_again(&as_of)?;
        let unnamed = Release {
            release: String::new(),
            made_at: now(),
            title: asked.title.clone(),
            model: text,
            code: env!("CARGO_PKG_VERSION").to_owned(),
            as_of: as_of.clone(),
            result: serde_json::to_value(&fit)?,
        };
        name = Some(release::publish(&lake, unnamed).await?.release);
    }
    if machine {
        return output::json(&json!({ "release": name, "title": asked.title, "as_of": as_of, "result": fit }));
    }
    output::print(&format!("{} · {}\n", asked.title.zh, asked.title.en))?;
    output::print(&text_of(&fit))?;
    if let Some(name) = name {
        output::print(&format!("\n已发布 published: {name}　xueqing value-added reproduce {name}"))?;
    }
    Ok(())
}

/// What has been published.
pub(super) async fn list(house: &House, machine: bool) -> anyhow::Result<()> {
    let releases = house.engine(&house.existing_lake()?)?.releases().await?;
    if machine {
        let short = |it: &Release| json!({ "release": it.release, "made_at": it.made_at, "title": it.title, "code": it.code });
        return output::json(&releases.iter().map(short).collect::<Vec<Value>>());
    }
    if releases.is_empty() {
        return output::print("还没有发布 · nothing has been published: xueqing value-added fit MODEL.toml --publish");
    }
    let row = |it: &Release| vec![it.release.clone(), it.title.zh.clone(), it.title.en.clone(), it.code.clone()];
    output::print(&output::columns(&releases.iter().map(row).collect::<Vec<_>>()))
}

/// One release, whole.
pub(super) async fn show(name: &str, house: &House) -> anyhow::Result<()> {
    let engine = house.engine(&house.existing_lake()?)?;
    output::json(&find(&engine, name).await?)
}

/// Makes a release again over the data as they were, and says whether every number is the same.
pub(super) async fn reproduce(name: &str, house: &House, machine: bool) -> anyhow::Result<()> {
    let engine = house.engine(&house.existing_lake()?)?;
    let release = find(&engine, name).await?;
    let asked = Asked::read(&release.model)?;
    let Fitted { fit, .. } = engine.fit_at(&asked.model, &asked.sql, &release.as_of, &Scope::District).await?;
    let differences = release::differences(&release.result, &serde_json::to_value(&fit)?);
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

async fn find(engine: &xueqing_query::Engine, name: &str) -> anyhow::Result<Release> {
    let found = engine.releases().await?.into_iter().find(|release| release.release == name);
    let message = || format!("there is no release {name}: see `xueqing value-added list` · 没有这个发布");
    found.ok_or_else(|| Failure::new("unknown_release", message()).into())
}

fn text_of(fit: &Fit) -> String {
    let mut rows = vec![["固定效应 fixed effect", "估计 estimate", "标准误 error", "95 %"].map(str::to_owned).to_vec()];
    rows.extend(fit.fixed.iter().map(|it| {
        vec![
            it.term.clone(),
            format!("{:.4}", it.estimate),
            format!("{:.4}", it.error),
            format!("{:.4} … {:.4}", it.low, it.high),
        ]
    }));
    let mut parts = vec![output::columns(&rows)];
    let mut rows = vec![["方差成分 variance", "项 term", "标准差 deviation", "95 %"].map(str::to_owned).to_vec()];
    rows.extend(fit.variances.iter().map(|it| {
        let of = it.grouping.clone().unwrap_or_else(|| "残差 residual".to_owned());
        let interval = it.interval.map_or("–".to_owned(), |it| format!("{:.4} … {:.4}", it.low, it.high));
        vec![of, it.term.clone(), format!("{:.4}", it.deviation), interval]
    }));
    parts.push(output::columns(&rows));
    parts.extend(fit.groupings.iter().filter_map(groups));
    parts.push(about(fit));
    parts.join("\n\n")
}

fn groups(grouping: &GroupingFit) -> Option<String> {
    grouping.effects.as_ref()?;
    let head = [&grouping.grouping, "n", "增值 value added", "95 %", "信度 reliability", "判断 judgement"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(grouping.effects.iter().flatten().map(|group| {
        let name = group.within.iter().rev().chain([&group.group]).cloned().collect::<Vec<_>>().join(" / ");
        match &group.shown {
            Some(shown) => shown_row(name, shown),
            None => vec![name, "–".to_owned(), "人数过少 too few".to_owned()],
        }
    }));
    Some(output::columns(&rows))
}

fn shown_row(name: String, shown: &Shown) -> Vec<String> {
    let judgement = match shown.judgement {
        Judgement::Above => "高于预期 above",
        Judgement::Below => "低于预期 below",
        Judgement::NotDistinguished => "与预期无异 as expected",
    };
    let effect = shown.effects.first();
    vec![
        name,
        shown.n.to_string(),
        effect.map_or("–".to_owned(), |it| format!("{:+.3}", it.estimate)),
        effect.map_or("–".to_owned(), |it| format!("{:+.3} … {:+.3}", it.low, it.high)),
        format!("{:.2}", shown.reliability),
        judgement.to_owned(),
    ]
}

fn about(fit: &Fit) -> String {
    let (coverage, convergence) = (&fit.coverage, &fit.convergence);
    let mut lines = vec![
        format!(
            "学生 pupils {}/{}（无成绩 no response {}，无先前成绩 no prior {}，无分组 no group {}）",
            coverage.complete, coverage.pupils, coverage.no_response, coverage.no_prior, coverage.no_group
        ),
        format!("对数似然 log-likelihood {:.4} · 步数 steps {}", fit.log_likelihood, convergence.iterations),
    ];
    lines.extend(fit.intraclass.iter().map(|it| format!("组内相关 ICC {}: {:.3}", it.grouping, it.share)));
    lines.push("按代码排列，不是排名 · in the order of codes, no ranking".to_owned());
    lines.extend(fit.notes.iter().map(|note| format!("· {}", said(note))));
    lines.join("\n")
}

fn said(note: &Note) -> String {
    match note {
        Note::NotCausal => "增值不等于因果 · what groups add is not what they cause".to_owned(),
        Note::WithoutPriors { pupils, share } => {
            format!("{pupils} 名学生（{:.1} %）没有先前成绩，未计入 · pupils without priors are left out", share * 100.0)
        }
        Note::Moved { pupils, share } => {
            format!("{pupils} 名学生（{:.1} %）期间转学，计入现校 · pupils who moved count where they were tested", share * 100.0)
        }
        Note::MobilityUnknown => "数据未说明谁转学 · the data do not say who changed school".to_owned(),
        Note::Singular { grouping } => format!("{grouping}: 组间差异不超过偶然 · groups differ by no more than chance"),
        Note::FewGroups { grouping, groups } => {
            format!("{grouping}: 只有 {groups} 组，区间偏窄 · with so few groups intervals are too narrow")
        }
        Note::ErrorInPriors { columns } => {
            format!("已校正 {} 的测量误差 · the error of these priors is taken out", columns.join(", "))
        }
    }
}
