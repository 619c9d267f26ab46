//! An estimate with its error: what every answer here is made of.
//!
//! Promise: every number is finite, and the interval holds the value.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::refusal::Refusal;

/// One estimated number. Value, error and interval are in the unit that the field says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    pub value: f64,
    pub standard_error: f64,
    /// The ends of the interval, at the confidence that the answer says.
    pub low: f64,
    pub high: f64,
    /// How often chance alone would bring a value as far from zero, two-sided.
    pub p_value: f64,
}

impl Estimate {
    /// `value` with Student's interval of `degrees` of freedom.
    pub(super) fn student(value: f64, standard_error: f64, degrees: f64, confidence: f64) -> Result<Self, Refusal> {
        let law = StudentsT::new(0.0, 1.0, degrees).map_err(|error| Refusal::NoModel(error.to_string()))?;
        let reach = law.inverse_cdf(f64::midpoint(1.0, confidence)) * standard_error;
        if !(value.is_finite() && standard_error.is_finite()) {
            return Err(Refusal::NoModel("the estimate is not finite".to_owned()));
        }
        let p_value = if standard_error > 0.0 { 2.0 * law.cdf(-(value / standard_error).abs()) } else { 1.0 };
        Self { value, standard_error, low: value - reach, high: value + reach, p_value }.finite()
    }

    /// Refuses what is not a number: the last guard before a reader.
    pub(super) fn finite(self) -> Result<Self, Refusal> {
        let Self { value, standard_error, low, high, p_value } = self;
        let all = [value, standard_error, low, high, p_value].iter().all(|number| number.is_finite());
        if all { Ok(self) } else { Err(Refusal::NoModel("the estimate is not finite".to_owned())) }
    }

    /// Whether the interval leaves zero out.
    pub fn differs_from_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Confidence of intervals: from 0.5 to below 1.
pub(crate) fn check_confidence(confidence: f64) -> Result<(), Refusal> {
    if (0.5..1.0).contains(&confidence) {
        return Ok(());
    }
    Err(Refusal::Settings(format!("the confidence is {confidence}; it must be from 0.5 to below 1, such as 0.95")))
}

/// Whether all values are one value.
pub(super) fn all_same(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_student() {
        // scipy.stats.t.ppf(0.975, 7) = 2.364624251592784; 2 * t.sf(2, 7) = 0.08561932856297605
        let found = Estimate::student(2.0, 1.0, 7.0, 0.95).unwrap();
        assert!((found.high - 4.364_624_251_592_784).abs() < 1e-9, "{found:?}");
        assert!((found.p_value - 0.085_619_328_562_976).abs() < 1e-9, "{found:?}");
        assert!(!found.differs_from_zero());
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert_eq!(Estimate::student(f64::NAN, 1.0, 7.0, 0.95).unwrap_err().code(), "no_model");
        assert_eq!(check_confidence(1.0).unwrap_err().code(), "bad_settings");
    }
}
