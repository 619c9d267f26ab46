//! The rows near the fitted surface: the only ones that a descent looks at, packed for it.
//!
//! Promise: a descent ends at a vertex from which no edge leads down as far as these rows tell; the rows far away take part with
//! the side that they are on. Whether they stayed there is for the caller to look at.

use super::Unsolved;
use super::design::Design;
use super::vertex::{Vertex, dot};

/// Rows that are multiplied at once.
const LANES: usize = 8;
/// A direction leads down only when it gains more than this, of a slope that is between −1 and 1 at the optimum.
const GAIN: f64 = 1e-9;
/// A row whose fitted value moves less than this per length of the direction does not stop it.
const PARALLEL: f64 = 1e-9;

pub(super) struct Near<'a> {
    design: &'a Design,
    tau: f64,
    pub rows: Vec<usize>,
    panels: Vec<f64>,
    residuals: Vec<f64>,
    /// 1 above the surface, −1 below, 0 on it as a member of the vertex.
    sides: Vec<f64>,
    /// Where the vertex's members are among `rows`.
    members: Vec<usize>,
    /// Rows by which the fitted values move along the direction taken.
    moves: Vec<f64>,
    stops: Vec<Stop>,
}

/// Where a row meets the surface along a direction, and how much the slope rises there.
#[derive(Clone, Copy)]
struct Stop {
    at: f64,
    rise: f64,
    place: usize,
}

/// An edge that leads down: away from member `j`, up (1) or down (−1).
#[derive(Clone, Copy)]
struct Edge {
    j: usize,
    sign: f64,
    slope: f64,
}

/// How a descent ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    Optimal,
    /// No near row stops the way down: more rows must be near.
    Open,
}

impl<'a> Near<'a> {
    /// `rows` must hold the members of `vertex`; `residuals` are those of all rows.
    pub fn new(design: &'a Design, tau: f64, rows: Vec<usize>, residuals: &[f64], vertex: &Vertex) -> Self {
        let rank = design.rank();
        let padded = rows.len().next_multiple_of(LANES);
        let mut near = Self {
            design,
            tau,
            panels: vec![0.0; padded * rank],
            residuals: vec![0.0; padded],
            sides: vec![0.0; padded],
            members: vec![0; rank],
            moves: vec![0.0; padded],
            stops: Vec::with_capacity(rows.len()),
            rows,
        };
        for (place, &row) in near.rows.iter().enumerate() {
            let panel = &mut near.panels[place / LANES * LANES * rank..];
            design.row(row).iter().enumerate().for_each(|(k, &value)| panel[k * LANES + place % LANES] = value);
            near.residuals[place] = residuals[row];
            near.sides[place] = if residuals[row] >= 0.0 { 1.0 } else { -1.0 };
        }
        for (j, member) in vertex.members.iter().enumerate() {
            let place = near.rows.iter().position(|row| row == member).expect("the members are near");
            (near.members[j], near.sides[place], near.residuals[place]) = (place, 0.0, 0.0);
        }
        near
    }

    /// Goes down edge by edge. `gradient` is the sum over all rows but the members, each times τ above the surface and τ − 1 below.
    pub fn descend(&mut self, vertex: &mut Vertex, gradient: &mut [f64]) -> Result<End, Unsolved> {
        let (design, tau) = (self.design, self.tau);
        let most = 1000 + 50 * self.rows.len();
        for step in 1..=most {
            let Some(edge) = steepest(vertex, gradient, tau) else { return Ok(End::Optimal) };
            let direction: Vec<f64> = vertex.direction(edge.j).iter().map(|value| value * edge.sign).collect();
            self.multiply(&direction);
            self.collect_stops(dot(&direction, &direction).sqrt());
            let Some(last) = crossing(&mut self.stops, -edge.slope) else { return Ok(End::Open) };
            self.take(vertex, gradient, edge, last);
            if step % 64 == 0 && !vertex.refresh(design) {
                return Err(Unsolved::Unstable { tau });
            }
        }
        Err(Unsolved::Unstable { tau })
    }

    fn multiply(&mut self, direction: &[f64]) {
        for (panel, moves) in self.panels.chunks_exact(LANES * self.design.rank()).zip(self.moves.chunks_exact_mut(LANES)) {
            let mut sums = [0.0; LANES];
            for (values, step) in panel.chunks_exact(LANES).zip(direction) {
                for lane in 0..LANES {
                    sums[lane] += values[lane] * step;
                }
            }
            moves.copy_from_slice(&sums);
        }
    }

    fn collect_stops(&mut self, length: f64) {
        let least = PARALLEL * length;
        self.stops.clear();
        for (place, ((&moves, &side), &residual)) in self.moves.iter().zip(&self.sides).zip(&self.residuals).enumerate() {
            let rise = moves * side;
            if rise > least {
                self.stops.push(Stop { at: (residual * side / rise).max(0.0), rise, place });
            }
        }
    }

    /// Moves along `edge` to the stop `last` of the ordered stops; the rows passed change sides, that of the last one enters.
    fn take(&mut self, vertex: &mut Vertex, gradient: &mut [f64], edge: Edge, last: usize) {
        let (design, tau) = (self.design, self.tau);
        let entering = self.stops[last];
        self.residuals.iter_mut().zip(&self.moves).for_each(|(residual, moves)| *residual -= entering.at * moves);
        for stop in &self.stops[..last] {
            let side = self.sides[stop.place];
            add(gradient, design.row(self.rows[stop.place]), -side);
            self.sides[stop.place] = -side;
        }
        let weight = |side: f64| if side > 0.0 { tau } else { tau - 1.0 };
        add(gradient, design.row(self.rows[entering.place]), -weight(self.sides[entering.place]));
        let leaving = self.members[edge.j];
        add(gradient, design.row(self.rows[leaving]), weight(-edge.sign));
        self.sides[leaving] = -edge.sign;
        self.residuals[leaving] = -edge.sign * entering.at;
        (self.sides[entering.place], self.residuals[entering.place]) = (0.0, 0.0);
        self.members[edge.j] = entering.place;
        vertex.exchange(design, edge.j, self.rows[entering.place]);
    }
}

fn add(sum: &mut [f64], row: &[f64], times: f64) {
    sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += times * value);
}

/// The edge that leads down most steeply for its length.
fn steepest(vertex: &Vertex, gradient: &[f64], tau: f64) -> Option<Edge> {
    let mut best: Option<(f64, Edge)> = None;
    for j in 0..vertex.members.len() {
        let direction = vertex.direction(j);
        let pull = dot(gradient, direction);
        let (sign, slope) = if pull > 0.0 { (1.0, 1.0 - tau - pull) } else { (-1.0, tau + pull) };
        if slope < -GAIN {
            let steepness = slope * slope / dot(direction, direction);
            if best.is_none_or(|(most, _)| steepness > most) {
                best = Some((steepness, Edge { j, sign, slope }));
            }
        }
    }
    best.map(|(_, edge)| edge)
}

/// Orders `stops` as far as needed and returns the one at which the slope has risen by `need`: all before it are passed.
fn crossing(stops: &mut [Stop], need: f64) -> Option<usize> {
    let (mut low, mut high, mut need) = (0, stops.len(), need);
    if stops.iter().map(|stop| stop.rise).sum::<f64>() < need {
        return None;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        stops[low..high].select_nth_unstable_by(middle - low, |a, b| a.at.total_cmp(&b.at));
        let before: f64 = stops[low..middle].iter().map(|stop| stop.rise).sum();
        if before >= need {
            high = middle;
        } else {
            need -= before;
            low = middle;
        }
    }
    (low < high).then_some(low)
}
