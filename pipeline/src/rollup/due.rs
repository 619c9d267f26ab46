//! What is due: which days of a rollup its sources have touched since it was last computed. Reads, decides, writes nothing.
//!
//! Invariant: a source's version is read before its rows are. Rows newer than the version may be computed in, and will be
//! computed again; rows are never skipped.

use std::collections::{BTreeMap, BTreeSet};

use xueqing_lake::{Error as LakeError, Position, RETAINED, Table};

use super::Maintained;
use crate::Result;

const DEFINITION: &str = "definition";
/// Source rows that one part may read, so that memory does not grow with the backlog. A day is never split.
const PART_ROWS: u64 = 300_000;
/// Versions without a touched day after which the position moves on all the same, to keep the next look short.
const STALE: i64 = 64;

/// Days to recompute, in parts, on top of version `base` of the rollup's table.
pub(super) struct Due {
    pub(super) base: i64,
    pub(super) parts: Vec<BTreeSet<i32>>,
    pub(super) positions: Vec<Position>,
}

impl Due {
    pub(super) fn days(&self) -> BTreeSet<i32> {
        self.parts.iter().flatten().copied().collect()
    }
}

/// `None` when the rollup is up to date.
pub(super) async fn plan(maintained: &Maintained) -> Result<Option<Due>> {
    let Maintained { rollup, table, inputs } = maintained;
    table.refresh().await?;
    let base = table.version();
    let fingerprint = rollup.fingerprint();
    let same = table.position(DEFINITION) == Some(fingerprint);
    let mut days = if same { BTreeSet::new() } else { table.days() };
    let mut positions = vec![Position { source: DEFINITION.to_owned(), value: fingerprint }];
    let mut stale = !same;
    for input in inputs.values() {
        let source = input.table();
        let name = format!("source:{}", source.name());
        let known = table.position(&name).filter(|_| same);
        let (version, touched) = touched(source, known).await?;
        stale |= known.is_none_or(|known| version - known >= STALE);
        days.extend(touched);
        positions.push(Position { source: name, value: version });
    }
    // What is left of an emptied day is not the day: its figures stay as they are.
    let kept_from = inputs.values().filter_map(|input| input.table().position(RETAINED)).max();
    days.retain(|day| kept_from.is_none_or(|from| i64::from(*day) >= from));
    if days.is_empty() && !stale {
        return Ok(None);
    }
    let parts = parts(&days, &rows_by_day(inputs.values().map(super::Input::table)));
    Ok(Some(Due { base, parts, positions }))
}

/// A source's version, and the days that changed up to it since `known`: all of them if that is too long ago.
async fn touched(source: &Table, known: Option<i64>) -> Result<(i64, BTreeSet<i32>)> {
    source.refresh().await?;
    if let Some(known) = known {
        match source.changes_since(known).await {
            Ok(changes) => return Ok((changes.version, changes.days)),
            Err(LakeError::HistoryGone { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let version = source.version();
    Ok((version, source.days()))
}

fn rows_by_day<'a>(sources: impl Iterator<Item = &'a Table>) -> BTreeMap<i32, u64> {
    let mut rows = BTreeMap::new();
    for file in sources.flat_map(Table::files) {
        if let Some(day) = file.day {
            *rows.entry(day).or_default() += file.rows;
        }
    }
    rows
}

/// At least one part, so that positions are written.
fn parts(days: &BTreeSet<i32>, rows: &BTreeMap<i32, u64>) -> Vec<BTreeSet<i32>> {
    let mut parts = vec![BTreeSet::new()];
    let mut filled = 0;
    for &day in days {
        let rows = rows.get(&day).copied().unwrap_or(0);
        let full = filled > 0 && filled + rows > PART_ROWS;
        if full {
            parts.push(BTreeSet::new());
            filled = 0;
        }
        filled += rows;
        parts.last_mut().expect("there is a first part").insert(day);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_every_day_once_and_no_more_rows_than_allowed() {
        let rows: BTreeMap<i32, u64> = (0..10).map(|day| (day, 120_000)).collect();
        let days: BTreeSet<i32> = (0..12).collect();
        let parts = parts(&days, &rows);
        assert_eq!(parts.iter().map(BTreeSet::len).collect::<Vec<_>>(), [2, 2, 2, 2, 4]);
        assert_eq!(parts.into_iter().flatten().collect::<BTreeSet<_>>(), days);
    }

    #[test]
    fn nothing_touched_is_one_empty_part() {
        assert_eq!(parts(&BTreeSet::new(), &BTreeMap::new()), [BTreeSet::new()]);
    }
}
