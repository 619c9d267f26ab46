//! Instants of the usual shape, `2026-11-20T08:00:00+08:00`, read without a general parser.
//!
//! Invariant: where this reads a text at all, it reads what [`xueqing_schema::time::parse_timestamp`] reads; everything else,
//! and every local time near a change of the clock, is left to that.

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

const SECOND: i64 = 1_000_000;
/// Clocks change at quarter hours.
const QUARTER: i64 = 900;

/// Reads instants; remembers the zone's offset of the last quarter of an hour.
pub(super) struct Instants {
    zone: Tz,
    quarter: i64,
    offset: Option<i64>,
    /// The last text's date and `T`, and its first second.
    date: ([u8; 11], i64),
    /// What stood behind the last text's seconds when it was an offset, and its seconds.
    tail: ([u8; 6], i64),
}

impl Instants {
    pub fn new(zone: Tz) -> Self {
        Self { zone, quarter: i64::MIN, offset: None, date: (*b"1970-01-01T", 0), tail: (*b"+00:00", 0) }
    }

    /// Microseconds since 1970 (UTC), or None for a text of another shape.
    pub fn read(&mut self, text: &str) -> Option<i64> {
        let (head, tail) = text.as_bytes().split_first_chunk::<19>()?;
        let [date @ .., h1, h2, b':', m1, m2, b':', s1, s2] = head else { return None };
        if self.date.0 != *date {
            self.date = (*date, midnight(date)?);
        }
        let seconds = self.date.1 + clock([[*h1, *h2], [*m1, *m2], [*s1, *s2]])?;
        if head[10] == b'T' && *tail == self.tail.0 {
            return Some((seconds - self.tail.1) * SECOND);
        }
        let (micros, tail) = fraction(tail)?;
        let offset = match tail {
            [] => self.offset_at(seconds)?,
            [b'Z'] if head[10] == b'T' => 0,
            [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] if head[10] == b'T' => {
                let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
                let size = (hours < 24 && minutes < 60).then_some(hours * 3600 + minutes * 60)?;
                let offset = if *sign == b'-' { -size } else { size };
                self.tail = ([*sign, *h1, *h2, b':', *m1, *m2], offset);
                offset
            }
            _ => return None,
        };
        Some((seconds - offset) * SECOND + micros)
    }

    fn offset_at(&mut self, seconds: i64) -> Option<i64> {
        let quarter = seconds.div_euclid(QUARTER);
        if quarter != self.quarter {
            let (first, last) = (self.look_up(quarter * QUARTER), self.look_up(quarter * QUARTER + QUARTER - 1));
            self.offset = first.filter(|_| first == last);
            self.quarter = quarter;
        }
        self.offset
    }

    fn look_up(&self, seconds: i64) -> Option<i64> {
        let local: NaiveDateTime = DateTime::from_timestamp(seconds, 0)?.naive_utc();
        match self.zone.offset_from_local_datetime(&local) {
            LocalResult::Single(offset) => Some(offset.fix().local_minus_utc().into()),
            _ => None,
        }
    }
}

/// The first second of `YYYY-MM-DDT` since 1970, of whatever zone.
fn midnight(text: &[u8; 11]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b' '] = *text else { return None };
    let (year, month, day) = (digits(&[y1, y2, y3, y4])?, digits(&[m1, m2])?, digits(&[d1, d2])?);
    Some(days(year, month, day)? * 86_400)
}

/// Hours, minutes and seconds as a second of the day.
fn clock(parts: [[u8; 2]; 3]) -> Option<i64> {
    let digits = parts.as_flattened().iter().map(|byte| byte.wrapping_sub(b'0'));
    let valid = digits.fold(true, |valid, digit| valid & (digit < 10));
    let [hour, minute, second] =
        parts.map(|[ten, one]| 10 * i64::from(ten.wrapping_sub(b'0')) + i64::from(one.wrapping_sub(b'0')));
    (valid && hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

/// Days since 1970-01-01 of a date from 1901 to 2199.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let valid = (1901..2200).contains(&year) && (1..=length).contains(&day);
    // Years run from March here, so that the leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    valid.then(|| year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468)
}

/// `.123` as microseconds, and what follows it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(b'.') = text.first() else { return Some((0, text)) };
    let length = text[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&length) {
        return None;
    }
    let micros = (0..6).fold(0, |value, place| value * 10 + text[1..=length].get(place).map_or(0, |byte| i64::from(byte - b'0')));
    Some((micros, &text[1 + length..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use xueqing_schema::time::parse_timestamp;

    const SHANGHAI: Tz = chrono_tz::Asia::Shanghai;

    #[rstest]
    #[case("2026-11-20T08:00:00+08:00")]
    #[case("2026-11-20T00:00:00Z")]
    #[case("2026-11-20 08:00:00")]
    #[case("2026-11-20T08:00:00.5")]
    #[case("2024-02-29T23:59:59.123456789-11:30")]
    #[case("1990-01-01 00:00:00")]
    fn the_usual_shapes_are_read(#[case] text: &str) {
        let read = Instants::new(SHANGHAI).read(text);
        assert!(read.is_some());
        assert_eq!(read, parse_timestamp(text, &[], SHANGHAI));
    }

    #[rstest]
    #[case("2026-11-20")]
    #[case("2026/11/20 08:00:00")]
    #[case("2026-02-29T00:00:00Z")]
    #[case("2026-11-20T24:00:00Z")]
    #[case("2026-11-20T08:00:00.")]
    #[case("2026-11-20T08:00:00+0800")]
    #[case("1986-05-04 02:30:00")]
    #[case("学学学学学学学")]
    #[case("")]
    fn the_rest_is_left_alone(#[case] text: &str) {
        assert_eq!(Instants::new(SHANGHAI).read(text), None);
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_general_parser(
            year in 1890..2210i32, month in 0..14u32, day in 0..33u32, hour in 0..25u32, minute in 0..61u32, second in 0..61u32,
            middle in "[T ]", tail in "(|Z|[+-][0-2][0-9]:[0-6][0-9]|\\.[0-9]{0,10}(|Z|\\+08:00))",
            zone in prop::sample::select(vec![SHANGHAI, chrono_tz::Europe::Berlin, chrono_tz::Asia::Kathmandu, chrono_tz::UTC])
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}{middle}{hour:02}:{minute:02}:{second:02}{tail}");
            let mut instants = Instants::new(zone);
            if let Some(micros) = instants.read(&text) {
                prop_assert_eq!(Some(micros), parse_timestamp(&text, &[], zone), "{}", text);
                prop_assert_eq!(instants.read(&text), Some(micros));
            }
        }
    }
}
