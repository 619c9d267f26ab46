//! The search for the days at which the level changes.

use super::SHORTEST;

/// More levels than this in one series are not looked for.
const MOST_LEVELS: usize = 12;
/// Autocorrelations that are tried.
const TRIED: usize = 20;

/// The first days of all levels but the first.
pub(super) fn starts(values: &[f64]) -> Vec<usize> {
    let n = values.len() as f64;
    let tried = (0..TRIED).map(|at| at as f64 / TRIED as f64);
    let all = tried.flat_map(|correlation| {
        let white: Vec<f64> = values.windows(2).map(|two| two[1] - correlation * two[0]).collect();
        best(&white).into_iter().enumerate().map(move |(changes, (squares, starts))| {
            let criterion = (n - 1.0) * squares.max(f64::MIN_POSITIVE).ln() + 3.0 * changes as f64 * n.ln();
            // The first day of `white` is the second of the values.
            (criterion, starts.into_iter().map(|start| start + 1).collect::<Vec<usize>>())
        })
    });
    all.min_by(|a, b| a.0.total_cmp(&b.0)).map_or_else(Vec::new, |(_, starts)| starts)
}

/// For no change, one, two …: the least sum of squares around the levels, and where they start.
fn best(values: &[f64]) -> Vec<(f64, Vec<usize>)> {
    let squares = Squares::new(values);
    let n = values.len();
    let levels = MOST_LEVELS.min(n / SHORTEST);
    // cost[end] of the first `end` days; from[level][end] where the last level starts.
    let mut cost: Vec<f64> = (0..=n).map(|end| if end < SHORTEST { f64::INFINITY } else { squares.of(0, end) }).collect();
    let mut from: Vec<Vec<usize>> = vec![vec![0; n + 1]];
    let mut found = vec![(cost[n], Vec::new())];
    for level in 1..levels {
        let mut next = vec![f64::INFINITY; n + 1];
        let mut starts = vec![0; n + 1];
        for end in (level + 1) * SHORTEST..=n {
            let options = (level * SHORTEST..=end - SHORTEST).map(|start| (cost[start] + squares.of(start, end), start));
            if let Some((least, start)) = options.min_by(|a, b| a.0.total_cmp(&b.0)) {
                (next[end], starts[end]) = (least, start);
            }
        }
        from.push(starts);
        cost = next;
        found.push((cost[n], walk_back(&from, n)));
    }
    found
}

fn walk_back(from: &[Vec<usize>], n: usize) -> Vec<usize> {
    let mut end = n;
    let mut starts: Vec<usize> = Vec::new();
    for level in from[1..].iter().rev() {
        end = level[end];
        starts.push(end);
    }
    starts.reverse();
    starts
}

/// Sums of squares around the mean of any days.
struct Squares {
    sums: Vec<(f64, f64)>,
}

impl Squares {
    fn new(values: &[f64]) -> Self {
        let centre = crate::sample::mean(values);
        let mut sums = vec![(0.0, 0.0)];
        for value in values {
            let (one, two) = sums[sums.len() - 1];
            let value = value - centre;
            sums.push((one + value, two + value * value));
        }
        Self { sums }
    }

    fn of(&self, start: usize, end: usize) -> f64 {
        let (a, b) = (self.sums[start], self.sums[end]);
        let sum = b.0 - a.0;
        (b.1 - a.1 - sum * sum / (end - start) as f64).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_found_where_they_start() {
        let noise = |at: usize| [0.3, -0.2, 0.1, -0.4, 0.2][at % 5] * if at.is_multiple_of(3) { -1.0 } else { 1.0 };
        let level = |at: usize| {
            if at < 12 {
                0.0
            } else if at < 30 {
                9.0
            } else {
                4.0
            }
        };
        let values: Vec<f64> = (0..48).map(|at| level(at) + noise(at)).collect();
        assert_eq!(starts(&values), [12, 30]);
        let best = best(&values);
        assert_eq!(best[2].1, [12, 30]);
        assert!(best[1].0 > 5.0 * best[2].0, "{} and {}", best[1].0, best[2].0);
    }
}
