//! Growth and gains as doors and releases write them: figures of groups or the reason why there is none, and what must be said of them.

use serde_json::{Value, json};

use super::agreement::Agreement;
use super::caveat::Caveat;
use super::gain::Movement;
use super::group::Rate;
use super::growth::GroupGrowth;
use super::refusal::Refusal;
use super::report::{GainReport, Gains, GrowthReport, Row};

/// The whole of a report on growth.
pub fn growth(report: &GrowthReport) -> Value {
    let figure = |it: &GroupGrowth| {
        json!({ "n": it.n, "tested": it.tested, "median": it.median, "interval": it.interval, "confidence": it.confidence,
            "mean": it.mean, "differs_from_norm": it.differs_from_norm() })
    };
    json!({
        "method": "sgp", "by": report.by, "exams": report.exams, "tested": report.tested, "linked": report.linked, "changed": report.changed,
        "outcome": report.outcome,
        "models": report.models.iter().map(|(priors, students)| json!({ "priors": priors, "students": students })).collect::<Vec<_>>(),
        "left_out": report.left_out.iter().map(|(priors, it)| json!({ "priors": priors, "refused": it })).collect::<Vec<_>>(),
        "stability": report.stability.as_ref().map(agreement),
        "groups": groups(&report.rows, figure), "caveats": caveats(&report.caveats),
    })
}

/// The whole of a report on gains.
pub fn gain(report: &GainReport) -> Value {
    let figure = |it: &Gains| {
        let Movement { rose, stayed, fell, table, .. } = &it.movement;
        json!({
            "tested": it.t.tested, "t_before": it.t.before, "t_after": it.t.after, "t": it.t.gain,
            "percentile_rank": it.percentile_rank.gain, "residual": it.residual, "at_ceiling": it.t.at_ceiling,
            "rose": rate(rose), "stayed": rate(stayed), "fell": rate(fell), "bands": table,
        })
    };
    json!({
        "method": "gain", "by": report.by, "exams": report.exams, "tested": report.tested, "linked": report.linked, "changed": report.changed,
        "outcome": report.outcome, "agreement": agreement(&report.agreement), "pull_to_the_mean": report.pull.as_ref().ok(),
        "r_squared": report.r_squared, "groups": groups(&report.rows, figure), "caveats": caveats(&report.caveats),
    })
}

fn groups<T>(rows: &[Row<T>], figure: impl Fn(&T) -> Value) -> Vec<Value> {
    let row = |row: &Row<T>| match &row.figure {
        Ok(it) => {
            let mut figure = figure(it);
            figure["attainment"] = json!(row.attainment);
            json!({ "group": row.unit, "figure": figure })
        }
        Err(it) => json!({ "group": row.unit, "refused": it }),
    };
    rows.iter().map(row).collect()
}

fn rate(rate: &Result<Rate, Refusal>) -> Value {
    rate.as_ref().map_or_else(|refusal| json!({ "refused": refusal }), |it| json!(it))
}

fn agreement(agreement: &Result<Agreement, Refusal>) -> Value {
    agreement.as_ref().map_or_else(|refusal| json!({ "refused": refusal }), |it| json!(it))
}

fn caveats(caveats: &[Caveat]) -> Vec<Value> {
    caveats.iter().map(|it| json!({ "code": it.code(), "zh": it.chinese(), "en": it.english() })).collect()
}
