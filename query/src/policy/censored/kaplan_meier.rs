//! The share of students not yet done, by minutes, when some were cut off.
//!
//! Source: Kaplan & Meier 1958; Greenwood's variance with log–log intervals; the median's interval of Brookmeyer & Crowley 1982;
//! the restricted mean with the variance of Klein & Moeschberger. Equal to R's `survfit`.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

use xueqing_schema::Text;

use super::super::estimate::Estimate;
use super::super::refusal::Refusal;
use super::Minutes;

/// The curve, falling at each duration at which someone finished.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    pub steps: Vec<Step>,
    /// The longest duration seen, and whether it was cut off.
    #[serde(skip)]
    end: (f64, bool),
    #[serde(skip)]
    reach: f64,
}

/// One step of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Step {
    pub minutes: f64,
    /// Students who took at least this long, as far as is known.
    pub at_risk: usize,
    pub finished: usize,
    /// The share not yet done after this, 0 to 1, with its interval.
    pub share: f64,
    pub low: f64,
    pub high: f64,
    /// Σ finished / (at risk · (at risk − finished)), Greenwood's.
    #[serde(skip)]
    greenwood: f64,
}

impl Curve {
    pub(super) fn of(values: &[Minutes], confidence: f64) -> Result<Self, Refusal> {
        let mut values = values.to_vec();
        values.sort_by(|a, b| a.minutes.total_cmp(&b.minutes));
        let reach = Normal::standard().inverse_cdf(f64::midpoint(1.0, confidence));
        let (mut share, mut greenwood, mut steps) = (1.0, 0.0, Vec::new());
        let mut passed = 0;
        for alike in values.chunk_by(|a, b| a.minutes == b.minutes) {
            let at_risk = values.len() - passed;
            let finished = alike.iter().filter(|value| !value.cut_off).count();
            passed += alike.len();
            if finished > 0 {
                share *= (at_risk - finished) as f64 / at_risk as f64;
                greenwood += finished as f64 / (at_risk as f64 * (at_risk - finished) as f64);
                let (low, high) = band(share, greenwood, reach);
                steps.push(Step { minutes: alike[0].minutes, at_risk, finished, share, low, high, greenwood });
            }
        }
        let last = values.last().ok_or(Refusal::Empty)?.minutes;
        // Whoever is cut off at the longest duration leaves the end open.
        let open = values.iter().any(|value| value.minutes == last && value.cut_off);
        Ok(Self { steps, end: (last, open), reach })
    }

    /// When `percent` of a hundred are done; a curve that stays there for a while gives the middle, as R does.
    pub(super) fn quantile(&self, percent: u8) -> Result<Estimate, Refusal> {
        let left = 1.0 - f64::from(percent) / 100.0;
        let done = || Text::new(format!("{percent}% 学生的完成时间"), format!("{percent} of 100 students were done"));
        let end =
            || Text::new(format!("{percent}% 分位数的区间上端"), format!("the end of the interval of percentile {percent}"));
        let refused = |asked: Text| Refusal::NotReached { asked };
        let value = self.falls_to(left, |step| step.share).ok_or_else(|| refused(done()))?;
        let low = self.falls_to(left, |step| step.low).unwrap_or(value);
        let high = self.falls_to(left, |step| step.high).ok_or_else(|| refused(end()))?;
        Estimate { value, standard_error: (high - low) / (2.0 * self.reach), low, high, p_value: 0.0 }.finite()
    }

    fn falls_to(&self, left: f64, of: impl Fn(&Step) -> f64) -> Option<f64> {
        let at = self.steps.iter().position(|step| of(step) <= left + 1e-12)?;
        let level = of(&self.steps[at]) >= left - 1e-12;
        Some(match self.steps.get(at + 1) {
            Some(next) if level => f64::midpoint(self.steps[at].minutes, next.minutes),
            _ => self.steps[at].minutes,
        })
    }

    /// The share that takes longer than `limit`.
    pub(super) fn share_over(&self, limit: f64) -> Result<Estimate, Refusal> {
        if limit > self.end.0 && self.end.1 {
            return Err(Refusal::NotReached {
                asked: Text::new(format!("上限 {limit} 分钟"), format!("the limit of {limit} min")),
            });
        }
        let at = self.steps.partition_point(|step| step.minutes <= limit);
        let Some(step) = at.checked_sub(1).map(|at| self.steps[at]) else {
            return Err(Refusal::SmallGroup { n: 0, least: 1 });
        };
        if step.share == 0.0 {
            return Err(Refusal::NoVariance { n: step.at_risk });
        }
        let standard_error = step.share * step.greenwood.sqrt();
        let law = Normal::standard();
        let p_value = 2.0 * law.cdf(-step.share / standard_error);
        Estimate { value: step.share, standard_error, low: step.low, high: step.high, p_value }.finite()
    }

    /// The area below the curve up to the longest duration, and that duration.
    pub(super) fn restricted_mean(&self, confidence: f64) -> Result<(Estimate, f64), Refusal> {
        let ends = self.steps.iter().skip(1).map(|step| step.minutes).chain([self.end.0]);
        let areas: Vec<f64> = self.steps.iter().zip(ends).map(|(step, end)| step.share * (end - step.minutes)).collect();
        let (mut right, mut variance) = (0.0, 0.0);
        for (step, area) in self.steps.iter().zip(&areas).rev() {
            right += area;
            if step.at_risk > step.finished {
                variance += right * right * step.finished as f64 / (step.at_risk as f64 * (step.at_risk - step.finished) as f64);
            }
        }
        let value = right + self.steps.first().map_or(0.0, |step| step.minutes);
        let degrees = (self.steps.first().map_or(2, |step| step.at_risk) - 1) as f64;
        Ok((Estimate::student(value, variance.sqrt(), degrees, confidence)?, self.end.0))
    }
}

/// The log–log interval of a share; none at the ends.
fn band(share: f64, greenwood: f64, reach: f64) -> (f64, f64) {
    if share <= 0.0 {
        return (0.0, 0.0);
    }
    let turned = (-share.ln()).ln();
    let spread = reach * greenwood.sqrt() / share.ln().abs();
    ((-(turned + spread).exp()).exp(), (-(turned - spread).exp()).exp())
}
