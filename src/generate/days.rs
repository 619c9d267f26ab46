//! School days and moments, in the district's local time. A day is Monday to Friday; holidays are left to real calendars.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};

/// The last `count` school days up to and including `today`, oldest first.
pub fn school_days(today: NaiveDate, count: usize) -> Vec<NaiveDate> {
    let mut days: Vec<NaiveDate> =
        (0..).map_while(|back| today.checked_sub_days(Days::new(back))).filter(is_school_day).take(count).collect();
    days.reverse();
    days
}

/// Whether lessons are held on this date.
pub fn is_school_day(date: &NaiveDate) -> bool {
    !matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

/// The first school day after this one.
pub fn next_school_day(date: NaiveDate) -> NaiveDate {
    (1..=3).map(|ahead| date + Days::new(ahead)).find(is_school_day).unwrap_or(date)
}

/// The year in which the school year of this date began (1 September).
pub fn school_year(date: NaiveDate) -> i32 {
    if date.month() >= 9 { date.year() } else { date.year() - 1 }
}

/// The term of this date, as schools write it: `2026-2027-1` from September to January, `2026-2027-2` from February.
pub fn term(date: NaiveDate) -> String {
    let year = school_year(date);
    let half = if (2..9).contains(&date.month()) { 2 } else { 1 };
    format!("{year}-{}-{half}", year + 1)
}

/// A moment of a day, `seconds` after midnight.
pub fn moment(date: NaiveDate, seconds: i64) -> NaiveDateTime {
    date.and_time(NaiveTime::MIN) + TimeDelta::seconds(seconds)
}

/// Seconds after midnight of an hour and a minute.
pub const fn at(hour: i64, minute: i64) -> i64 {
    hour * 3600 + minute * 60
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn days_end_today_and_skip_weekends() {
        let days = school_days(date("2026-11-22"), 6);
        assert_eq!(days.first(), Some(&date("2026-11-13")));
        assert_eq!(days.last(), Some(&date("2026-11-20")));
        assert_eq!(next_school_day(date("2026-11-20")), date("2026-11-23"));
    }

    #[test]
    fn terms_turn_in_september_and_february() {
        assert_eq!(term(date("2026-11-20")), "2026-2027-1");
        assert_eq!(term(date("2027-01-10")), "2026-2027-1");
        assert_eq!(term(date("2027-06-25")), "2026-2027-2");
    }
}
