//! Tonight's load, before it happens: from what is set to how long it will take.
//!
//! Promise: a pure function of past work, the pupils of a class and what is set for them; the same input gives the same forecast, in
//! whatever order it comes. A forecast has an interval of 80 %, says how many past pieces stand behind it and what it rests on; what
//! the past does not support has no interval, and a piece about which nothing is known makes the class's total unknown, never smaller.
//!
//! ```text
//!   past pieces: ln(minutes / estimate) ─▶ spread (variances by moments) ─▶ pooled (effects of teacher, subject, class)
//!                                                                             │ per piece: mean and covariance
//!   past days of each pupil ─▶ pace (shrunken factor and its spread)          ▼
//!                                   └──────────────────────────────▶ forecast: class mean, each pupil, limit
//! ```

mod forecast;
mod function;
mod lognormal;
mod pace;
mod pooled;
mod spread;

pub(crate) use function::TonightLoad;

/// What is known of past pieces of one teacher, subject and class.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Past {
    pub by: By,
    /// Over pieces with an estimate: the logarithm of (minutes that pupils took, on average / minutes that the teacher estimated).
    pub ratio: Sums,
    /// Over all pieces: the logarithm of the seconds that pupils took, on average.
    pub seconds: Sums,
}

/// Whose piece it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct By {
    pub class: String,
    pub subject: String,
    /// Not always known; then it is whoever teaches the subject in the class.
    pub teacher: Option<String>,
}

/// Number, sum and sum of squares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sums {
    pub n: f64,
    pub sum: f64,
    pub squares: f64,
}

/// A piece of homework that is set for tonight.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    pub assignment: String,
    pub by: By,
    /// The teacher's estimate, in seconds.
    pub estimated: Option<f64>,
    pub written: bool,
    /// The share of the class that gets a piece of this layer.
    pub reach: f64,
    /// The limit of written homework for the class's mean, in seconds.
    pub limit: Option<f64>,
}

/// A pupil of tonight, with their past days: the logarithm of (own minutes / mean minutes of those with the same work), weighted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pupil {
    pub class: String,
    pub student: String,
    pub days: f64,
    pub weight: f64,
    pub sum: f64,
    pub squares: f64,
}

/// What a forecast rests on, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Basis {
    /// Estimates, corrected by this teacher's past pieces and those of the subject and class.
    Teacher,
    /// Estimates, corrected by past pieces of the subject, the class and the school: the teacher has too few.
    School,
    /// No estimate: past minutes of the teacher, subject and class.
    PastMinutes,
    /// The teachers' estimates as they are: the past does not support a correction.
    Estimate,
    /// Nothing.
    Nothing,
}

impl Basis {
    fn name(self) -> &'static str {
        match self {
            Self::Teacher => "teacher",
            Self::School => "school",
            Self::PastMinutes => "past_minutes",
            Self::Estimate => "estimate",
            Self::Nothing => "nothing",
        }
    }
}

/// Seconds with an interval of 80 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Expected {
    pub mean: f64,
    pub interval: Option<(f64, f64)>,
}

/// The forecast for a piece, a class or a pupil.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Load {
    pub class: String,
    pub of: Of,
    pub basis: Basis,
    /// Past pieces of the school behind it.
    pub past: f64,
    /// Of these, the teacher's; of a class the fewest of its teachers.
    pub by_teacher: f64,
    pub total: Option<Expected>,
    /// Of the written pieces alone.
    pub written: Option<Expected>,
    /// The probability that the written pieces are over the limit: the class's mean, or the pupil's own.
    pub over: Option<f64>,
    /// Of a class: what is said of its pupils.
    pub pupils: Option<Pupils>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Piece(String),
    Class,
    Pupil(String),
}

/// A class's pupils, taken together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pupils {
    pub n: usize,
    /// Eight of ten pupils will lie in it.
    pub range: Option<(f64, f64)>,
    /// The share of pupils who will be over the limit.
    pub over: Option<f64>,
}

pub(crate) use forecast::forecast;
