//! Time: texts of many shapes to instants in UTC, and instants to school days.
//!
//! Invariant: a local time that the clock skips or repeats is read with the earlier offset, so that reading never fails on it.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");
const DATE_TIMES: [&str; 6] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M",
    "%Y年%m月%d日 %H:%M:%S",
];
const DATES: [&str; 5] = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y.%m.%d", "%Y年%m月%d日"];

/// An instant in microseconds since 1970 (UTC). A text without an offset is in the district's zone; a date alone is its midnight.
pub fn parse_timestamp(text: &str, formats: &[String], tz: Tz) -> Option<i64> {
    if formats.is_empty()
        && let Some(micros) = rfc3339(text)
    {
        return Some(micros);
    }
    let given = formats.iter().map(String::as_str);
    let local = given.clone().chain(DATE_TIMES).find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let local = local.or_else(|| midnight(parse_date(text, formats)?));
    if let Some(local) = local {
        return in_zone(local, tz);
    }
    given
        .filter_map(|format| DateTime::parse_from_str(text, format).ok())
        .map(|t| t.timestamp_micros())
        .next()
        .or_else(|| rfc3339(text))
}

/// Days since 1970-01-01. A time of day behind the date is allowed and ignored.
pub fn parse_date(text: &str, formats: &[String]) -> Option<i32> {
    let given = formats.iter().map(String::as_str);
    let date = given.clone().chain(DATES).find_map(|format| NaiveDate::parse_from_str(text, format).ok());
    let date =
        date.or_else(|| given.chain(DATE_TIMES).find_map(|f| NaiveDateTime::parse_from_str(text, f).ok()).map(|t| t.date()));
    days(date?)
}

/// The day of an instant in the district's zone, as days since 1970-01-01.
pub fn school_day(micros: i64, tz: Tz) -> i32 {
    let utc = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    days(utc.with_timezone(&tz).date_naive()).unwrap_or_default()
}

/// The date of a number of days since 1970-01-01.
pub fn date(days: i32) -> NaiveDate {
    EPOCH.checked_add_signed(chrono::TimeDelta::days(days.into())).unwrap_or(EPOCH)
}

/// An instant in microseconds since 1970 as RFC 3339 in UTC, such as `2026-11-20T00:00:00Z`.
pub fn rfc3339_text(micros: i64) -> String {
    let at = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// `2026-11-20T08:00:00+08:00`, read by hand where it has this plain shape, because events carry several in each row.
fn rfc3339(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_micros()).filter(|_| in_range(text))
}

/// Years outside four digits are mistakes, not school records.
fn in_range(text: &str) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_digit)
}

fn days(date: NaiveDate) -> Option<i32> {
    let plausible = NaiveDate::from_ymd_opt(1900, 1, 1)? <= date && date <= NaiveDate::from_ymd_opt(2200, 1, 1)?;
    plausible.then(|| i32::try_from(date.signed_duration_since(EPOCH).num_days()).ok())?
}

fn midnight(days: i32) -> Option<NaiveDateTime> {
    date(days).and_hms_opt(0, 0, 0)
}

fn in_zone(local: NaiveDateTime, tz: Tz) -> Option<i64> {
    days(local.date())?;
    let instant = tz.from_local_datetime(&local).earliest().or_else(|| {
        let before = tz.from_local_datetime(&(local - chrono::TimeDelta::hours(3))).earliest()?;
        Some(before + chrono::TimeDelta::hours(3))
    });
    instant.map(|t| t.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const SHANGHAI: Tz = chrono_tz::Asia::Shanghai;

    #[rstest]
    #[case("2026-11-20T08:00:00+08:00", 1_795_132_800)]
    #[case("2026-11-20T00:00:00Z", 1_795_132_800)]
    #[case("2026/11/20 8:00:00", 1_795_132_800)]
    #[case("2026-11-20 08:00", 1_795_132_800)]
    #[case("2026年11月20日 08:00:00", 1_795_132_800)]
    #[case("2026-11-20", 1_795_104_000)]
    fn reads_usual_shapes(#[case] text: &str, #[case] seconds: i64) {
        assert_eq!(parse_timestamp(text, &[], SHANGHAI), Some(seconds * 1_000_000));
    }

    #[rstest]
    #[case("20-11-2026")]
    #[case("2026-13-01")]
    #[case("0001-01-01")]
    #[case("yesterday")]
    #[case("")]
    fn refuses_what_is_no_time(#[case] text: &str) {
        assert_eq!(parse_timestamp(text, &[], SHANGHAI), None);
    }

    #[test]
    fn a_given_format_comes_first() {
        let day_first = ["%d/%m/%Y %H:%M".to_owned()];
        assert_eq!(parse_timestamp("20/11/2026 08:00", &day_first, SHANGHAI), Some(1_795_132_800_000_000));
    }

    #[test]
    fn the_day_is_that_of_the_district() {
        let late_evening = parse_timestamp("2026-11-20T23:30:00+08:00", &[], SHANGHAI).expect("a time");
        assert_eq!(date(school_day(late_evening, SHANGHAI)).to_string(), "2026-11-20");
        assert_eq!(date(school_day(late_evening + 3_600_000_000, SHANGHAI)).to_string(), "2026-11-21");
    }

    #[test]
    fn an_hour_that_the_clock_skips_is_read_all_the_same() {
        // Summer time began in Shanghai on 1986-05-04 at 02:00.
        assert!(parse_timestamp("1986-05-04 02:30:00", &[], SHANGHAI).is_some());
    }
}
