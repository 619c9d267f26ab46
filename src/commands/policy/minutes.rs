//! How far recorded minutes can be trusted, as tables for people.

use xueqing_query::policy::agreement::{Agreement, Source};
use xueqing_query::policy::estimate::Estimate;
use xueqing_query::{Pair, Sources, Told, Unclosed};

use super::show::{heading, line, text};

pub(super) fn agreement(found: &Sources, unit: &str) -> Vec<Vec<String>> {
    let mut rows = vec![heading(found.confidence)];
    found.pairs.iter().for_each(|pair| rows.extend(compared(pair, unit)));
    rows.push(text(
        "差 · difference",
        "前者减后者，每名学生每份作业的均值 · the first less the second, a pupil's mean of a piece".to_owned(),
    ));
    rows.push(text(
        "方法 · method",
        "Bland–Altman 一致性界限，Lin 一致性相关系数，估计值 · limits of agreement and concordance: estimates".to_owned(),
    ));
    rows
}

fn compared(pair: &Pair, unit: &str) -> Vec<Vec<String>> {
    let name = format!("{} – {}", source(pair.one), source(pair.other));
    let Some(Agreement { n, coverage, bias, lower_limit, upper_limit, growth, concordance, rank_correlation, .. }) =
        &pair.agreement.found
    else {
        return vec![text(&name, refused(&pair.agreement))];
    };
    vec![
        text(&name, format!("n = {n} ({:.0} %)", coverage * 100.0)),
        line(&format!("{name}: 平均差 · mean difference"), bias, unit),
        line("  一致性下限 · lower limit", lower_limit, unit),
        line("  一致性上限 · upper limit", upper_limit, unit),
        line("  差随时长的增长（每分钟）· growth a minute", growth, unit),
        line("  一致性相关系数 · concordance", concordance, unit),
        line("  等级相关 · rank correlation", rank_correlation, unit),
    ]
}

fn source(source: Source) -> &'static str {
    match source {
        Source::Measured => "实测 measured",
        Source::Reported => "填报 reported",
        Source::Estimated => "估计 estimated",
    }
}

pub(super) fn unclosed(found: &Unclosed, _unit: &str) -> Vec<Vec<String>> {
    let interval = format!("{:.0} % 区间 · interval", found.confidence * 100.0);
    let mut rows = vec![vec![String::new(), "估计 · estimate".to_owned(), interval]];
    let to = format!("均值（至 {:.0} 分钟）· mean (to {:.0} min)", found.restricted_to, found.restricted_to);
    rows.push(minutes(&to, &found.restricted_mean));
    rows.push(told("中位数 · median", &found.median, minutes));
    rows.push(told("P90", &found.p90, minutes));
    if let Some(over) = &found.over_limit {
        rows.push(told("超过上限的学生 · pupils over the limit", over, share));
    }
    if let Some(law) = &found.lognormal.found {
        rows.push(minutes("均值（对数正态）· mean (lognormal)", &law.mean));
    }
    rows.push(text("记录的均值 · mean as recorded", format!("{:.2}", found.recorded_mean)));
    rows.push(text("被截断 · cut off", format!("{} / {} ({:.1} %)", found.cut_off, found.n, found.cut_off_share * 100.0)));
    rows.push(text(
        "方法 · method",
        "Kaplan–Meier 估计，每名学生一个学生日，被截断的只知“至少” · Kaplan–Meier over one day of each pupil; what was cut off took at least as long"
            .to_owned(),
    ));
    rows
}

fn told(name: &str, told: &Told<Estimate>, row: fn(&str, &Estimate) -> Vec<String>) -> Vec<String> {
    told.found.as_ref().map_or_else(|| text(name, refused(told)), |estimate| row(name, estimate))
}

fn refused<T>(told: &Told<T>) -> String {
    told.refused.as_ref().map(|reason| format!("{} · {}", reason.zh, reason.en)).unwrap_or_default()
}

fn minutes(name: &str, Estimate { value, low, high, .. }: &Estimate) -> Vec<String> {
    vec![name.to_owned(), format!("{value:.2}"), format!("{low:.2} … {high:.2}")]
}

fn share(name: &str, Estimate { value, low, high, .. }: &Estimate) -> Vec<String> {
    vec![name.to_owned(), format!("{:.1} %", value * 100.0), format!("{:.1} % … {:.1} %", low * 100.0, high * 100.0)]
}
