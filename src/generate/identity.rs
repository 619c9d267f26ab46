//! Invented numbers that look like real ones: school codes, student numbers, identity numbers with a right check digit.
//!
//! No number here belongs to anyone: the region 320998 is assigned to no county, and the school sequences start at 990001.

use chrono::NaiveDate;

/// The six-digit region of every generated pupil.
pub const REGION: &str = "320998";

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: &[u8; 11] = b"10X98765432";

/// A ten-digit school code: class of school, province 32, sequence.
pub fn school_code(class: u8, sequence: usize) -> String {
    format!("{class:02}32{:06}", 990_000 + sequence)
}

/// The check digit of an 18-digit identity number (ISO 7064 MOD 11-2) over its first 17 digits.
pub fn check_digit(digits: &str) -> char {
    let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    char::from(CHECKS[(sum % 11) as usize])
}

/// A student number: `G` and an identity number, or `L` and a temporary number without a check digit.
///
/// There are 500 numbers for each day of birth and sex, and 10,000 temporary ones; `serial` says which.
pub fn student_number(born: NaiveDate, serial: usize, boy: bool, temporary: bool) -> String {
    let birth = born.format("%Y%m%d");
    if temporary {
        return format!("L{REGION}{birth}{:04}", serial * 7_919 % 10_000);
    }
    let sequence = (serial * 37 % 500) * 2 + usize::from(boy);
    let digits = format!("{REGION}{birth}{sequence:03}");
    let check = check_digit(&digits);
    format!("G{digits}{check}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_known_numbers() {
        for number in ["11010519491231002X", "440524188001010014", "341524201209019019"] {
            let (digits, check) = number.split_at(17);
            assert_eq!(check_digit(digits).to_string(), check, "{number}");
        }
    }

    #[test]
    fn numbers_have_the_documented_shape() {
        let born = NaiveDate::from_ymd_opt(2015, 3, 9).expect("a date");
        for serial in 0..300 {
            let number = student_number(born, serial, serial % 2 == 0, serial % 50 == 0);
            assert_eq!(number.len(), 19, "{number}");
            assert!(number.starts_with("G320998") || number.starts_with("L320998"), "{number}");
        }
        assert_eq!(school_code(21, 1), "2132990001");
    }
}
