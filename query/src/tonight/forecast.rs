//! From pieces to the evening: what a class will spend on average, what each pupil will, and whether a limit is broken.
//!
//! Invariants: the means of the pieces, times the share of the class that they reach, add up to the class's mean; every pupil is
//! taken to do all that is set; only written pieces count towards the limit.

use std::collections::BTreeMap;

use super::lognormal::{LogNormal, exceeded_with};
use super::pace::{Pace, Paces};
use super::pooled::{Pooled, Prediction};
use super::{Basis, By, Expected, Load, Of, Past, Piece, Pupil, Pupils, Sums};

/// The loads of all classes of one school on one evening: of each class its pieces, itself, its pupils.
pub(crate) fn forecast(past: &[Past], pupils: &[Pupil], pieces: &[Piece]) -> Vec<Load> {
    let school = School::of(past, pieces);
    let mut classes: BTreeMap<&str, Vec<&Piece>> = BTreeMap::new();
    pieces.iter().for_each(|piece| classes.entry(&piece.by.class).or_default().push(piece));
    let mut loads = Vec::new();
    for (class, mut pieces) in classes {
        pieces.sort_by(|a, b| a.assignment.cmp(&b.assignment));
        let mut members: Vec<&Pupil> = pupils.iter().filter(|pupil| pupil.class == class).collect();
        members.sort_by(|a, b| a.student.cmp(&b.student));
        loads.extend(school.evening(class, &pieces).loads(&members));
    }
    loads
}

/// What the past says of pieces with and without an estimate.
struct School {
    ratios: Option<Pooled>,
    seconds: Option<Pooled>,
}

/// One class's evening.
struct Evening<'a> {
    class: &'a str,
    pieces: &'a [&'a Piece],
    parts: Vec<Part>,
    covariance: Vec<Vec<f64>>,
}

/// What is known of one piece.
#[derive(Clone, Copy)]
struct Part {
    basis: Basis,
    /// The logarithm of the seconds that whoever gets it will take, on average over the class; none for nothing.
    log: Option<f64>,
    past: f64,
    by_teacher: f64,
}

impl School {
    fn of(past: &[Past], pieces: &[Piece]) -> Self {
        let fit = |sums: fn(&Past) -> Sums, estimated: bool| {
            let asked: Vec<&By> =
                pieces.iter().filter(|piece| piece.estimated.is_some() == estimated).map(|piece| &piece.by).collect();
            let past: Vec<(&By, Sums)> = past.iter().map(|past| (&past.by, sums(past))).collect();
            (!asked.is_empty()).then(|| Pooled::fit(&past, &asked)).flatten()
        };
        Self { ratios: fit(|past| past.ratio, true), seconds: fit(|past| past.seconds, false) }
    }

    fn evening<'a>(&self, class: &'a str, pieces: &'a [&'a Piece]) -> Evening<'a> {
        let mut parts: Vec<Part> = pieces.iter().map(|piece| Part::unfounded(piece)).collect();
        let mut covariance = vec![vec![0.0; pieces.len()]; pieces.len()];
        for (estimated, pooled) in [(true, &self.ratios), (false, &self.seconds)] {
            let Some(pooled) = pooled else { continue };
            let places: Vec<usize> = (0..pieces.len()).filter(|place| pieces[*place].estimated.is_some() == estimated).collect();
            let prediction = pooled.predict(&places.iter().map(|place| &pieces[*place].by).collect::<Vec<_>>());
            for (i, place) in places.iter().enumerate() {
                parts[*place] = Part::founded(pieces[*place], pooled, &prediction, i);
                places.iter().enumerate().for_each(|(j, other)| covariance[*place][*other] = prediction.covariance[i][j]);
            }
        }
        Evening { class, pieces, parts, covariance }
    }
}

impl Part {
    /// What the teacher says, if anything.
    fn unfounded(piece: &Piece) -> Self {
        let basis = if piece.estimated.is_some() { Basis::Estimate } else { Basis::Nothing };
        Self { basis, log: piece.estimated.map(f64::ln), past: 0.0, by_teacher: 0.0 }
    }

    fn founded(piece: &Piece, pooled: &Pooled, prediction: &Prediction, place: usize) -> Self {
        let basis = match piece.estimated {
            None => Basis::PastMinutes,
            Some(_) if pooled.knows_teacher(&piece.by) => Basis::Teacher,
            Some(_) => Basis::School,
        };
        let log = piece.estimated.map_or(0.0, f64::ln) + prediction.means[place];
        Self { basis, log: Some(log), past: pooled.n(), by_teacher: pooled.of_teacher(&piece.by) }
    }

    fn is_founded(&self) -> bool {
        self.basis < Basis::Estimate
    }
}

/// The sum of some pieces, for the class's mean.
#[derive(Clone, Copy)]
enum Sum {
    /// There is a piece about which nothing is known.
    Unknown,
    /// The teachers' estimates.
    Estimated(f64),
    /// A distribution, and how much one piece outweighs the others: Σ mean² / (Σ mean)².
    Forecast(LogNormal, f64),
}

impl Evening<'_> {
    fn loads(&self, members: &[&Pupil]) -> Vec<Load> {
        let mut loads: Vec<Load> = (0..self.pieces.len()).map(|place| self.piece(place)).collect();
        let total = self.sum(|_| true);
        let written = self.sum(|piece| piece.written);
        let limit = self.limit();
        let pupils = paced(members).map(|(pupil, pace)| self.pupil(pupil, pace, (total, written), limit));
        let known: Vec<(Load, LogNormal)> = pupils.flatten().collect();
        let shares: Option<Vec<f64>> = known.iter().map(|(load, _)| load.over).collect();
        let range = || Some((exceeded_with(0.9, &own(&known))?, exceeded_with(0.1, &own(&known))?));
        let summary = Pupils {
            n: members.len(),
            range: range(),
            over: shares.filter(|shares| !shares.is_empty()).map(|shares| shares.iter().sum::<f64>() / shares.len() as f64),
        };
        loads.push(Load { pupils: Some(summary), ..self.load(Of::Class, total, written, over(written, limit)) });
        loads.extend(known.into_iter().map(|(load, _)| load));
        loads
    }

    fn piece(&self, place: usize) -> Load {
        let Part { basis, log, past, by_teacher } = self.parts[place];
        let expected = log.map(|mean_log| match basis {
            Basis::Estimate => Expected { mean: mean_log.exp(), interval: None },
            _ => LogNormal { mean_log, variance_log: self.covariance[place][place] }.expected(),
        });
        let written = if self.pieces[place].written { expected } else { Some(NONE) };
        let of = Of::Piece(self.pieces[place].assignment.clone());
        Load { class: self.class.to_owned(), of, basis, past, by_teacher, total: expected, written, over: None, pupils: None }
    }

    fn load(&self, of: Of, total: Sum, written: Sum, over: Option<f64>) -> Load {
        let least = |value: fn(&Part) -> f64| self.parts.iter().map(value).fold(f64::INFINITY, f64::min);
        Load {
            class: self.class.to_owned(),
            of,
            basis: self.parts.iter().map(|part| part.basis).max().unwrap_or(Basis::Nothing),
            past: least(|part| part.past),
            by_teacher: least(|part| part.by_teacher),
            total: total.expected(),
            written: written.expected(),
            over,
            pupils: None,
        }
    }

    /// A pupil's own evening, with what it is made of; none where the class's is not founded.
    fn pupil(&self, pupil: &Pupil, pace: Pace, sums: (Sum, Sum), limit: Option<f64>) -> Option<(Load, LogNormal)> {
        let own = |sum: Sum| match sum {
            Sum::Forecast(class, weight) => Sum::Forecast(class.times(pace.mean_log, pace.unsure + pace.daily * weight), weight),
            other => other,
        };
        let (total, written) = (own(sums.0), own(sums.1));
        let Sum::Forecast(all, _) = total else { return None };
        Some((self.load(Of::Pupil(pupil.student.clone()), total, written, over(written, limit)), all))
    }

    /// The sum of those pieces that count.
    fn sum(&self, counts: impl Fn(&Piece) -> bool) -> Sum {
        let places: Vec<usize> = (0..self.pieces.len()).filter(|place| counts(self.pieces[*place])).collect();
        let log = |place: &usize| Some(self.parts[*place].log? + self.pieces[*place].reach.ln());
        let Some(logs) = places.iter().map(log).collect::<Option<Vec<f64>>>() else { return Sum::Unknown };
        if !places.iter().all(|place| self.parts[*place].is_founded()) || places.is_empty() {
            return Sum::Estimated(logs.iter().map(|log| log.exp()).sum());
        }
        let among = |place: &usize| places.iter().map(|other| self.covariance[*place][*other]).collect();
        let covariance: Vec<Vec<f64>> = places.iter().map(among).collect();
        let means: Vec<f64> = logs.iter().enumerate().map(|(i, log)| (log + covariance[i][i] / 2.0).exp()).collect();
        let weight = means.iter().map(|mean| mean * mean).sum::<f64>() / means.iter().sum::<f64>().powi(2);
        LogNormal::sum(&logs, &covariance).map_or(Sum::Unknown, |sum| Sum::Forecast(sum, weight))
    }

    /// The limit, if all pieces are under the same one.
    fn limit(&self) -> Option<f64> {
        let first = self.pieces.first()?.limit?;
        self.pieces.iter().all(|piece| piece.limit == Some(first)).then_some(first)
    }
}

const NONE: Expected = Expected { mean: 0.0, interval: Some((0.0, 0.0)) };

impl Sum {
    fn expected(self) -> Option<Expected> {
        match self {
            Self::Unknown => None,
            Self::Estimated(0.0) => Some(NONE),
            Self::Estimated(mean) => Some(Expected { mean, interval: None }),
            Self::Forecast(sum, _) => Some(sum.expected()),
        }
    }
}

/// The probability that written homework is over its limit, where there is one.
fn over(written: Sum, limit: Option<f64>) -> Option<f64> {
    match written {
        Sum::Estimated(0.0) => limit.map(|_| 0.0),
        _ if limit == Some(0.0) => Some(1.0),
        Sum::Forecast(sum, _) => limit.map(|limit| sum.over(limit)),
        Sum::Estimated(_) | Sum::Unknown => None,
    }
}

/// The pupils with their paces; none where the past does not tell.
fn paced<'a>(members: &[&'a Pupil]) -> impl Iterator<Item = (&'a Pupil, Pace)> {
    let paces = Paces::of(members);
    let known: Vec<_> = members.iter().filter_map(|pupil| Some((*pupil, paces?.pace(pupil)))).collect();
    known.into_iter()
}

fn own(known: &[(Load, LogNormal)]) -> Vec<LogNormal> {
    known.iter().map(|(_, own)| *own).collect()
}
