//! Merged cells: every cell of a merge has the value of its first one.
//!
//! Invariants: merges are met row by row, in order; a merge never makes a row that has no cell of its own; of two that overlap, which
//! spreadsheets do not allow, the first counts, so that a row costs no more than its width.

use std::collections::BTreeMap;

use calamine::Dimensions;

/// The widest sheet, in columns.
pub(super) const WIDEST: u32 = 16_384;

pub(super) struct Merges {
    /// By first row, the next one last.
    ahead: Vec<Dimensions>,
    /// By first column; none shares a column with another.
    open: BTreeMap<u32, (Dimensions, String)>,
}

impl Merges {
    pub fn new(mut merges: Vec<Dimensions>) -> Self {
        merges.retain(|merge| merge.start != merge.end && merge.start.1 < WIDEST && merge.start.1 <= merge.end.1);
        merges.sort_by_key(|merge| std::cmp::Reverse(merge.start));
        Self { ahead: merges, open: BTreeMap::new() }
    }

    /// Fills the cells of a row; rows come in order.
    pub fn fill(&mut self, row: u32, cells: &mut Vec<String>) {
        self.open.retain(|_, (merge, _)| merge.end.0 >= row);
        while let Some(merge) = self.ahead.pop_if(|merge| merge.start.0 <= row) {
            // One that began in a row without cells is empty.
            if merge.start.0 == row && !self.is_taken(&merge) {
                let value = cells.get(merge.start.1 as usize).cloned().unwrap_or_default();
                self.open.insert(merge.start.1, (merge, value));
            }
        }
        for (merge, value) in self.open.values().filter(|(_, value)| !value.is_empty()) {
            let last = merge.end.1.min(WIDEST - 1) as usize;
            if cells.len() <= last {
                cells.resize(last + 1, String::new());
            }
            cells[merge.start.1 as usize..=last]
                .iter_mut()
                .filter(|cell| cell.is_empty())
                .for_each(|cell| cell.clone_from(value));
        }
    }

    /// Whether a column of a merge belongs to one that is open.
    fn is_taken(&self, merge: &Dimensions) -> bool {
        let before = self.open.range(..=merge.end.1).next_back();
        before.is_some_and(|(_, (before, _))| before.end.1 >= merge.start.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Place = (u32, u32);

    fn filled(merges: &[(Place, Place)], rows: &[(u32, &[&str])]) -> Vec<String> {
        let mut merges = Merges::new(merges.iter().map(|&(start, end)| Dimensions { start, end }).collect());
        let fill = |&(row, cells): &(u32, &[&str])| {
            let mut cells: Vec<String> = cells.iter().map(|&cell| cell.to_owned()).collect();
            merges.fill(row, &mut cells);
            cells.join(",")
        };
        rows.iter().map(fill).collect()
    }

    #[test]
    fn headers_and_bodies_are_filled() {
        let merges = [((0, 0), (1, 0)), ((0, 1), (0, 2)), ((2, 1), (3, 2))];
        let rows: [(u32, &[&str]); 4] =
            [(0, &["学号", "语文"]), (1, &["", "成绩", "排名"]), (2, &["1", "缺考"]), (3, &["2", "", "", "x"])];
        assert_eq!(filled(&merges, &rows), ["学号,语文,语文", "学号,成绩,排名", "1,缺考,缺考", "2,缺考,缺考,x"]);
    }

    #[test]
    fn odd_merges_do_no_harm() {
        let merges = [((0, 0), (0, u32::MAX)), ((1, 20_000), (1, 20_001)), ((2, 3), (2, 1)), ((3, 0), (u32::MAX, 0))];
        assert_eq!(filled(&merges, &[(1, &["a"]), (4, &["", "b"])]), ["a", ",b"]);
        let crossing = [((0, 1), (1, 2)), ((0, 3), (1, 3)), ((1, 0), (1, 1)), ((1, 2), (1, 4))];
        assert_eq!(filled(&crossing, &[(0, &["", "a", "", "b"]), (1, &["c"])]), [",a,a,b", "c,a,a,b"]);
    }
}
