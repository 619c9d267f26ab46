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

/// The days on which a figure's level changed.
#[derive(ToSchema)]
pub(crate) struct Changes {
    /// `day` or `week`.
    step: String,
    confidence: f64,
    /// Days (or weeks) with a value.
    n: usize,
    /// The share of days that have a value, 0 to 1.
    coverage: f64,
    /// The correlation of one day's error with the next's.
    autocorrelation: f64,
    /// Ascending; empty when no change stands out.
    changes: Vec<Change>,
}

/// One change of the level.
#[derive(ToSchema)]
pub(crate) struct Change {
    /// The first day of the new level.
    day: String,
    /// The interval of that day.
    first_day: String,
    last_day: String,
    /// The new level less the old.
    size: Estimate,
}

/// How much a figure's level since a day differs from that before.
#[derive(ToSchema)]
pub(crate) struct Recent {
    since: String,
    /// `day` or `week`.
    step: String,
    confidence: f64,
    /// Days (or weeks) with a value before the day.
    n_before: usize,
    /// And from it on.
    n_after: usize,
    /// The share of days that have a value, 0 to 1.
    coverage: f64,
    /// The level before.
    before: f64,
    /// The level since, less it.
    change: Estimate,
    /// The correlation of one day's error with the next's.
    autocorrelation: f64,
}

/// The days ahead, with how far to trust them.
#[derive(ToSchema)]
pub(crate) struct Forecast {
    /// `day` or `week`.
    step: String,
    confidence: f64,
    /// Days (or weeks) with a value that it was made from.
    n: usize,
    /// The share of days that have a value, 0 to 1.
    coverage: f64,
    days: Vec<Ahead>,
    /// Past days that were foretold in the same way from what was known before.
    tried: usize,
    /// The share of them that lay in their interval, 0 to 1.
    held: f64,
    /// The mean distance of forecast and value.
    mean_error: f64,
    /// That of "as on that week day last week".
    naive_mean_error: f64,
}

/// One day ahead.
#[derive(ToSchema)]
pub(crate) struct Ahead {
    day: String,
    value: f64,
    low: f64,
    high: f64,
}

/// Load and quality of units, in the order of their codes.
#[derive(ToSchema)]
pub(crate) struct Picture {
    confidence: f64,
    lines: Lines,
    /// Units with enough students on both axes.
    n: usize,
    /// Their share of all units, 0 to 1.
    coverage: f64,
    /// The share of the variance between units' means that is not chance, 0 to 1.
    load_reliability: f64,
    quality_reliability: f64,
    /// Spearman's correlation of load and quality over units.
    rank_correlation: Estimate,
    units: Vec<Placed>,
}

/// The lines between much and little load, and between good and poor quality.
#[derive(ToSchema)]
pub(crate) struct Lines {
    load: f64,
    quality: f64,
}

/// One unit.
#[derive(ToSchema)]
pub(crate) struct Placed {
    /// Its values of `by`, such as school and subject.
    names: Vec<String>,
    /// `light_good`, `heavy_good`, `light_poor`, `heavy_poor`, `uncertain`, or `withheld` with too few students.
    quadrant: String,
    /// Null with too few students.
    place: Option<Place>,
}

/// Where a unit lies, and how certainly.
#[derive(ToSchema)]
pub(crate) struct Place {
    /// As observed: minutes a day.
    load: Estimate,
    /// As observed: standard score.
    quality: Estimate,
    /// Shrunk towards all units.
    shrunk_load: f64,
    shrunk_quality: f64,
    /// The chance of the likeliest quadrant, 0 to 1.
    chance: f64,
    load_students: usize,
    quality_students: usize,
}

/// The three sources of minutes, two and two.
#[derive(ToSchema)]
pub(crate) struct Sources {
    confidence: f64,
    pairs: Vec<Pair>,
}

/// Two sources of minutes.
#[derive(ToSchema)]
pub(crate) struct Pair {
    /// `measured`, `reported` or `estimated`.
    one: String,
    other: String,
    agreement: Told<Agreement>,
}

/// What was found, or why nothing was; one of the two is null.
#[derive(ToSchema)]
pub(crate) struct Told<T> {
    found: Option<T>,
    refused: Option<Reason>,
}

/// Why nothing was found.
#[derive(ToSchema)]
pub(crate) struct Reason {
    #[schema(example = "small_group")]
    code: String,
    zh: String,
    en: String,
}

/// How far two sources agree, over pupils with both, each with the mean of a piece. Differences are of the first less the second, in minutes.
#[derive(ToSchema)]
pub(crate) struct Agreement {
    confidence: f64,
    /// Pupils with both.
    n: usize,
    /// Their share of the pupils with either, 0 to 1.
    coverage: f64,
    /// The mean difference.
    bias: Estimate,
    /// The deviation of the differences.
    deviation: f64,
    /// Between these lie 95 of 100 differences.
    lower_limit: Estimate,
    upper_limit: Estimate,
    /// How much the difference grows with each minute of the mean of both.
    growth: Estimate,
    /// Lin's concordance, -1 to 1.
    concordance: Estimate,
    /// Spearman's correlation of ranks, -1 to 1.
    rank_correlation: Estimate,
}

/// How long pupils would take if the system did not close: an estimate after Kaplan and Meier, over one day of each pupil. Durations are
/// in minutes of one day.
#[derive(ToSchema)]
pub(crate) struct Unclosed {
    confidence: f64,
    /// Pupils, one day each.
    n: usize,
    /// How many of these days were cut off by the closing time.
    cut_off: usize,
    /// Their share, 0 to 1.
    cut_off_share: f64,
    /// The mean as recorded: too small when any was cut off.
    recorded_mean: f64,
    /// The mean up to the longest seen.
    restricted_mean: Estimate,
    restricted_to: f64,
    median: Told<Estimate>,
    p90: Told<Estimate>,
    /// The share over `limit`, 0 to 1; null where none was asked about.
    over_limit: Option<Told<Estimate>>,
    /// A lognormal law, which goes beyond the closing time as far as it holds there.
    lognormal: Told<Lognormal>,
    /// The share not yet done, every five minutes.
    curve: Vec<CurvePoint>,
}

/// A lognormal law of minutes.
#[derive(ToSchema)]
pub(crate) struct Lognormal {
    /// Pupils with more than zero minutes.
    n: usize,
    /// Mean and deviation of the natural logarithm of minutes.
    location: f64,
    scale: f64,
    mean: Estimate,
    median: Estimate,
    over_limit: Option<Estimate>,
}

/// One point of the curve.
#[derive(ToSchema)]
pub(crate) struct CurvePoint {
    minutes: f64,
    /// 0 to 1.
    share: f64,
    low: f64,
    high: f64,
}
