//! Curve, median, means and law equal those of R's survival on kept minutes; `query/tests/policy/censored.R` made them.

use super::*;
use crate::policy::kept::{Kept, near};

#[test]
fn curve_and_law_are_those_of_r() {
    let kept = Kept::new(include_str!("../../../tests/policy/censored.txt"));
    let pairs = kept.of("minutes").into_iter().zip(kept.of("cut_off"));
    let values: Vec<Minutes> = pairs.map(|(minutes, cut_off)| Minutes { minutes, cut_off: cut_off == 1.0 }).collect();
    let found = durations(&values, Some(60.0), 0.95).unwrap();
    let curve = |of: fn(&Step) -> f64| found.curve.steps.iter().map(of).collect::<Vec<f64>>();
    near("time", &curve(|step| step.minutes), &kept.of("time"), 1e-10);
    near("at risk", &curve(|step| step.at_risk as f64), &kept.of("at_risk"), 1e-10);
    near("share", &curve(|step| step.share), &kept.of("share"), 1e-10);
    near("low", &curve(|step| step.low), &kept.of("low"), 1e-10);
    near("high", &curve(|step| step.high), &kept.of("high"), 1e-10);
    let median = found.median.unwrap();
    near("median", &[median.value, median.low, median.high], &kept.of("median"), 1e-10);
    let later = found.curve.quantile(55).unwrap();
    near("percentile 55", &[later.value, later.low, later.high], &kept.of("p55"), 1e-10);
    // R has none either where seven of ten are not done by the closing time.
    assert_eq!(found.curve.quantile(70).unwrap_err().code(), "not_reached");
    assert_eq!(found.p90.unwrap_err().chinese(), "系统关闭时间早于 90% 学生的完成时间：届时完成的人太少，无法得出该值");
    let mean = found.restricted_mean;
    near("restricted", &[mean.value, mean.standard_error], &kept.of("restricted"), 1e-10);
    let over = found.over_limit.unwrap().unwrap();
    near("over", &[over.value, over.standard_error, over.low, over.high], &kept.of("over_60"), 1e-10);
    let law = found.lognormal.unwrap();
    near("law", &[law.location, law.scale], &kept.of("lognormal"), 1e-8);
    near("law's median", &[law.median.standard_error / law.median.value], &kept.of("lognormal_errors")[..1], 1e-8);
    near("law's mean", &[law.mean.value, law.mean.low, law.mean.high], &kept.of("lognormal_mean"), 1e-7);
}
