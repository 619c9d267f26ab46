//! The shapes of the answers, for the OpenAPI document; a test holds them against what is sent.
#![expect(dead_code, reason = "documents what the statistics write")]

use utoipa::ToSchema;

/// One estimated number with its interval.
#[derive(ToSchema)]
pub(crate) struct Estimate {
    value: f64,
    standard_error: f64,
    low: f64,
    high: f64,
    /// How often chance alone would bring a value as far from zero, two-sided.
    p_value: f64,
}

/// Whether a figure changed at a date.
#[derive(ToSchema)]
pub(crate) struct Interrupted {
    date: String,
    /// `day` or `week`.
    step: String,
    confidence: f64,
    /// `name` is `autoregressive` or `newey_west`; the latter has `lags` and `small_sample`.
    #[schema(value_type = Object)]
    errors: (),
    /// Lags of Newey–West errors.
    lags: Option<usize>,
    /// Days (or weeks) with a value before the date.
    n_before: usize,
    /// And from the date on.
    n_after: usize,
    /// The share of days in the series that have a value, 0 to 1.
    coverage: f64,
    /// Pairs of yearly waves in the model.
    season_waves: u8,
    /// Per week.
    slope_before: Estimate,
    /// The jump at the date.
    level_change: Estimate,
    /// Per week.
    slope_change: Estimate,
    /// The mean difference, over the days after, from what would have been without the change.
    mean_effect: Estimate,
    /// That difference on the last day.
    last_effect: Estimate,
    coefficients: Vec<Coefficient>,
    /// The correlation of one day's error with the next's.
    autocorrelation: f64,
    /// Its standard deviation; null with Newey–West errors.
    autocorrelation_deviation: Option<f64>,
    /// Ljung–Box: a small value says that the model of the errors misses something.
    white_noise_p: f64,
    points: Vec<Point>,
}

/// One coefficient of the model.
#[derive(ToSchema)]
pub(crate) struct Coefficient {
    #[schema(example = "level_change")]
    name: String,
    value: f64,
    standard_error: f64,
    low: f64,
    high: f64,
    p_value: f64,
}

/// One day to plot.
#[derive(ToSchema)]
pub(crate) struct Point {
    day: String,
    value: f64,
    fitted: f64,
    /// What the model says had nothing changed; null before the date.
    counterfactual: Option<f64>,
    counterfactual_low: Option<f64>,
    counterfactual_high: Option<f64>,
}

/// Whether a figure changed more in the treated schools.
#[derive(ToSchema)]
pub(crate) struct Differences {
    date: String,
    confidence: f64,
    /// The change of the treated schools less that of the comparison schools.
    effect: Estimate,
    treated: Group,
    comparison: Group,
    /// Per week; far from zero, the effect may be no more than what was under way.
    slope_difference_before: Estimate,
    /// The share of the schools' days that have a value, 0 to 1.
    coverage: f64,
    /// Schools with too few days on one side.
    left_out: Vec<String>,
    weeks: Vec<Week>,
}

/// One group of schools.
#[derive(ToSchema)]
pub(crate) struct Group {
    schools: usize,
    before: f64,
    after: f64,
    change: Estimate,
}

/// One week to plot.
#[derive(ToSchema)]
pub(crate) struct Week {
    monday: String,
    treated_schools: usize,
    comparison_schools: usize,
    /// Null with fewer than three schools.
    treated: Option<f64>,
    comparison: Option<f64>,
    /// How much further apart the groups are than before the date.
    difference: Option<Estimate>,
}
