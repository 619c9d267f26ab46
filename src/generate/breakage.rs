//! What goes wrong in real files, in small doses: about three rows in a thousand are broken, each in one of many ways.
//!
//! A broken row replaces a good one. Which rows break, and how, is drawn from the name of the file and the row's number.

use super::dice::Dice;
use super::record::{Cell, Record};

/// The share of rows that are broken.
pub const SHARE: f64 = 0.003;

/// Which cells of a vendor's row can be spoilt.
#[derive(Debug, Clone, Copy)]
pub struct Weak {
    /// A cell that must not be empty.
    pub required: &'static str,
    /// A cell with a time or a date.
    pub time: &'static str,
    /// A cell with a code.
    pub code: &'static str,
    /// A cell with a number, and a number that breaks a rule.
    pub number: Option<(&'static str, i64)>,
}

/// One way for a row to be wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// A required cell is empty.
    Missing,
    /// A time that no calendar has.
    Time,
    /// A code that no list has.
    Code,
    /// A number that breaks a rule.
    Rule,
    /// Words where a number belongs.
    Words,
    /// The line ends in the middle.
    Cut,
    /// Bytes that no encoding has.
    Bytes,
}

/// The fault of this row, if it has one.
pub fn draw(dice: &mut Dice, weak: &Weak) -> Option<Fault> {
    use Fault::{Bytes, Code, Cut, Missing, Rule, Time, Words};
    if !dice.chance(SHARE) {
        return None;
    }
    let all = [Missing, Time, Code, Cut, Bytes, Rule, Words];
    Some(*dice.pick(if weak.number.is_some() { &all } else { &all[..5] }))
}

/// Spoils a cell. Faults of the line itself are left to [`spoil_line`].
pub fn spoil_cell(record: &mut Record, fault: Fault, weak: &Weak) {
    match fault {
        Fault::Missing => record.set(weak.required, Cell::Null),
        Fault::Time => record.set(weak.time, "2026/13/45 25:61:00"),
        Fault::Code => record.set(weak.code, "奥数集训"),
        Fault::Rule => set_number(record, weak, Cell::Integer),
        Fault::Words => set_number(record, weak, |_| Cell::from("约半小时")),
        Fault::Cut | Fault::Bytes => {}
    }
}

fn set_number(record: &mut Record, weak: &Weak, value: impl Fn(i64) -> Cell) {
    if let Some((name, limit)) = weak.number {
        record.set(name, value(limit));
    }
}

/// Spoils the encoded line: cuts it at one third, or puts bytes into it that are no text.
pub fn spoil_line(line: &mut Vec<u8>, fault: Fault) {
    match fault {
        Fault::Cut => line.truncate(line.len() / 3),
        Fault::Bytes => {
            let middle = line.len() / 2;
            line.splice(middle..middle, [0xff, 0xff]);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEAK: Weak = Weak { required: "id", time: "at", code: "subject", number: Some(("minutes", 999)) };

    #[test]
    fn about_three_rows_in_a_thousand_break_and_every_fault_occurs() {
        let mut dice = Dice::of(3, &["faults"]);
        let faults: Vec<Fault> = (0..100_000).filter_map(|_| draw(&mut dice, &WEAK)).collect();
        assert!((240..360).contains(&faults.len()), "{}", faults.len());
        for fault in [Fault::Missing, Fault::Time, Fault::Code, Fault::Rule, Fault::Words, Fault::Cut, Fault::Bytes] {
            assert!(faults.contains(&fault), "{fault:?}");
        }
    }

    #[test]
    fn a_spoilt_cell_and_a_cut_line() {
        let mut record = Record::default().with("id", "1").with("minutes", 20i64);
        spoil_cell(&mut record, Fault::Rule, &WEAK);
        assert_eq!(record.csv(), "1,999");
        let mut line = b"abcdef".to_vec();
        spoil_line(&mut line, Fault::Cut);
        assert_eq!(line, b"ab");
    }
}
