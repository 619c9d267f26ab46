//! What was found, as tables for people or as the JSON of the API.

use serde::Serialize;
use serde_json::json;
use xueqing_query::Evaluated;
use xueqing_query::policy::changes::Changes;
use xueqing_query::policy::differences::Differences;
use xueqing_query::policy::estimate::Estimate;
use xueqing_query::policy::forecast::Forecast;
use xueqing_query::policy::interrupted::{Errors, Interrupted};
use xueqing_query::policy::quadrant::{Picture, Placed, Quadrant};
use xueqing_query::policy::recent::Recent;
use xueqing_query::policy::series::Step;

use crate::output;

pub(super) fn write<T: Serialize>(
    found: &Evaluated<T>,
    machine: bool,
    rows: fn(&T, &str) -> Vec<Vec<String>>,
) -> anyhow::Result<()> {
    let Evaluated { metric, column, params, as_of, result } = found;
    if machine {
        return output::json(&json!({
            "metric": metric.name, "title": metric.title, "column": column, "params": params, "as_of": as_of, "result": result,
        }));
    }
    let unit = column.unit.as_deref().unwrap_or_default();
    output::print(&format!("{} · {}: {} · {} ({unit})", metric.title.zh, metric.title.en, column.title.zh, column.title.en))?;
    // Numbers stand below each other; what is told in words does not push them apart.
    let (numbers, words): (Vec<_>, Vec<_>) = rows(result, unit).into_iter().partition(|row| row.len() > 2);
    output::print(&output::columns(&numbers))?;
    output::print(&output::columns(&words))
}

pub(super) fn interrupted(found: &Interrupted, unit: &str) -> Vec<Vec<String>> {
    let errors = match found.errors {
        Errors::Autoregressive => "自回归误差 · autoregressive errors".to_owned(),
        Errors::NeweyWest { .. } => format!("Newey–West, {} lags · 短序列区间偏窄", found.lags.unwrap_or(0)),
    };
    vec![
        heading(found.confidence),
        line("日期处的跳变 · level change", &found.level_change, unit),
        line("斜率变化（每周）· slope change a week", &found.slope_change, unit),
        line("之后平均差异 · mean difference after", &found.mean_effect, unit),
        line("最后一日差异 · difference on the last day", &found.last_effect, unit),
        line("之前斜率（每周）· slope before, a week", &found.slope_before, unit),
        text("n", format!("{} + {} {}", found.n_before, found.n_after, step(found.step))),
        text("覆盖率 · coverage", format!("{:.1} %", found.coverage * 100.0)),
        text("自相关 · autocorrelation", format!("{:.2}", found.autocorrelation)),
        text("方法 · method", format!("中断时间序列 · interrupted time series; {errors}")),
    ]
}

pub(super) fn differences(found: &Differences, unit: &str) -> Vec<Vec<String>> {
    let mut rows = vec![
        heading(found.confidence),
        line("变化之差 · difference of the changes", &found.effect, unit),
        line("实施学校的变化 · change of the treated", &found.treated.change, unit),
        line("对照学校的变化 · change of the comparison", &found.comparison.change, unit),
        line("之前斜率之差（每周）· slopes apart before, a week", &found.slope_difference_before, unit),
        text("学校数 · schools", format!("{} : {}", found.treated.schools, found.comparison.schools)),
        text("覆盖率 · coverage", format!("{:.1} %", found.coverage * 100.0)),
        text("方法 · method", "双重差分，以学校为单位 · difference in differences over schools, Welch's interval".to_owned()),
    ];
    if !found.left_out.is_empty() {
        rows.push(text("天数过少而未计入 · too few days", found.left_out.join(" ")));
    }
    rows
}

pub(super) fn changes(found: &Changes, unit: &str) -> Vec<Vec<String>> {
    let titles = ["新水平首日 · first day", "该日的区间 · its interval", "变化 · change", "区间 · interval", "p"];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    rows.extend(found.changes.iter().map(|change| {
        let day = [change.day.to_string(), format!("{} … {}", change.first_day, change.last_day)];
        day.into_iter().chain(line("", &change.size, unit).into_iter().skip(1)).collect()
    }));
    if found.changes.is_empty() {
        rows[0].clear();
        rows.push(text("变点 · changes", "没有明显的变点 · none stands out".to_owned()));
    }
    rows.retain(|row| !row.is_empty());
    rows.push(text("n", format!("{} {}", found.n, step(found.step))));
    rows.push(text("覆盖率 · coverage", format!("{:.1} %", found.coverage * 100.0)));
    rows.push(text(
        "方法 · method",
        "自相关序列的最优分段，变化幅度偏大，仅供提示 · optimal segments of an autocorrelated series; sizes come out too large"
            .to_owned(),
    ));
    rows
}

pub(super) fn recent(found: &Recent, unit: &str) -> Vec<Vec<String>> {
    let before = format!("{:.1$}", found.before, digits(unit));
    vec![
        heading(found.confidence),
        line(&format!("{} 以来的变化 · change since", found.since), &found.change, unit),
        text("此前水平 · level before", before),
        text("n", format!("{} + {} {}", found.n_before, found.n_after, step(found.step))),
        text("覆盖率 · coverage", format!("{:.1} %", found.coverage * 100.0)),
        text("自相关 · autocorrelation", format!("{:.2}", found.autocorrelation)),
        text(
            "方法 · method",
            "去除星期差异后的水平之差，自回归误差 · difference of levels free of week days, autoregressive errors".to_owned(),
        ),
    ]
}

pub(super) fn forecast(found: &Forecast, unit: &str) -> Vec<Vec<String>> {
    let digits = digits(unit);
    let interval = format!("{:.0} % 区间 · interval", found.confidence * 100.0);
    let mut rows = vec![vec!["日期 · day".to_owned(), "预测 · forecast".to_owned(), interval]];
    rows.extend(found.days.iter().map(|day| {
        vec![day.day.to_string(), format!("{:.digits$}", day.value), format!("{:.digits$} … {:.digits$}", day.low, day.high)]
    }));
    rows.push(text("n", format!("{} {}", found.n, step(found.step))));
    let held = format!("{:.0} %（{} 次 · trials）", found.held * 100.0, found.tried);
    rows.push(text("区间对过去的命中率 · intervals held past days", held));
    let errors = format!("{:.digits$}；与上周同日相比 · as last week: {:.digits$}", found.mean_error, found.naive_mean_error);
    rows.push(text("过去的平均误差 · mean error in the past", errors));
    rows
}

pub(super) fn quadrants(found: &Picture, _unit: &str) -> Vec<Vec<String>> {
    let titles = [
        "单元 · unit",
        "分钟/日 · minutes",
        "区间 · interval",
        "标准分 · score",
        "区间 · interval",
        "象限 · quadrant",
        "把握 · chance",
    ];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    rows.extend(found.units.iter().map(unit));
    let lines = format!("{:.2} min, {:+.3}", found.lines.load, found.lines.quality);
    rows.push(text("分界 · lines", lines));
    rows.push(text("n", format!("{} ({:.0} %)", found.n, found.coverage * 100.0)));
    let Estimate { value, low, high, .. } = found.rank_correlation;
    rows.push(text("等级相关 · rank correlation", format!("{value:+.2} ({low:+.2} … {high:+.2})")));
    rows.push(text(
        "说明 · note",
        "按代码排列，不是排名，也不证明因果 · in the order of codes; no ranking, no proof of a cause".to_owned(),
    ));
    rows
}

fn unit(placed: &Placed) -> Vec<String> {
    let quadrant = match placed.quadrant {
        Quadrant::LightGood => "轻负高质 · light, good",
        Quadrant::HeavyGood => "重负高质 · heavy, good",
        Quadrant::LightPoor => "轻负低质 · light, poor",
        Quadrant::HeavyPoor => "重负低质 · heavy, poor",
        Quadrant::Uncertain => "无法判定 · uncertain",
        Quadrant::Withheld => "人数过少 · too few",
    };
    let Some(place) = placed.place else {
        let none = ["–"; 4].map(str::to_owned);
        return [placed.names.join(" ")].into_iter().chain(none).chain([quadrant.to_owned(), "–".to_owned()]).collect();
    };
    let (load, quality) = (place.load, place.quality);
    vec![
        placed.names.join(" "),
        format!("{:.2}", load.value),
        format!("{:.2} … {:.2}", load.low, load.high),
        format!("{:+.3}", quality.value),
        format!("{:+.3} … {:+.3}", quality.low, quality.high),
        quadrant.to_owned(),
        format!("{:.0} %", place.chance * 100.0),
    ]
}

fn step(step: Step) -> &'static str {
    if step == Step::Day { "日 · days" } else { "周 · weeks" }
}

// Shares are small numbers, minutes are not.
fn digits(unit: &str) -> usize {
    if unit == "share" { 4 } else { 2 }
}

pub(super) fn heading(confidence: f64) -> Vec<String> {
    vec![String::new(), "值 · value".to_owned(), format!("{:.0} % 区间 · interval", confidence * 100.0), "p".to_owned()]
}

pub(super) fn line(name: &str, estimate: &Estimate, unit: &str) -> Vec<String> {
    let Estimate { value, low, high, p_value, .. } = estimate;
    let digits = digits(unit);
    let p = if *p_value < 0.001 { "< 0.001".to_owned() } else { format!("{p_value:.3}") };
    vec![name.to_owned(), format!("{value:+.digits$}"), format!("{low:+.digits$} … {high:+.digits$}"), p]
}

pub(super) fn text(name: &str, value: String) -> Vec<String> {
    vec![name.to_owned(), value]
}
