//! Which days a question is about, and which of them are alike.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use chrono::{Datelike, Months, NaiveDate, TimeDelta, Weekday};

use super::BY;

const FROM: &str = "from_";
const TO: &str = "to_";

/// The days from one to another, both among them. In a table's name they are `__from_20260901__to_20270131`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Days {
    pub from: Option<i32>,
    pub to: Option<i32>,
}

impl Days {
    pub(super) fn hold(self, day: i32) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// Takes in a part of a table's name; whether it is one of a bound.
    pub(super) fn take(&mut self, part: &str) -> bool {
        let number = |text: &str| NaiveDate::parse_from_str(text, "%Y%m%d").ok().and_then(number);
        let (bound, found) = match (part.strip_prefix(FROM), part.strip_prefix(TO)) {
            (Some(from), _) => (&mut self.from, number(from)),
            (_, Some(to)) => (&mut self.to, number(to)),
            _ => return false,
        };
        *bound = found;
        found.is_some()
    }
}

impl fmt::Display for Days {
    /// There are no days before the year 0 or after 9999.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = |day: Option<i32>| date(day?).filter(|date| (0..=9999).contains(&date.year()));
        let bounds = [(FROM, date(self.from)), (TO, date(self.to))];
        bounds.iter().try_for_each(|(name, bound)| match bound {
            Some(bound) => write!(f, "{BY}{name}{}", bound.format("%Y%m%d")),
            None => Ok(()),
        })
    }
}

fn date(day: i32) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_signed(TimeDelta::days(day.into()))
}

fn number(date: NaiveDate) -> Option<i32> {
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

/// How long days are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Day,
    /// Of one month and term.
    Week,
    /// Of one term.
    Month,
    Term,
}

/// The first of the days that are alike with all of them. Where the calendar does not tell the term, months do.
pub(super) fn alike_days(
    days: impl Iterator<Item = i32>,
    terms: &HashMap<i32, String>,
    span: Span,
) -> BTreeMap<i32, BTreeSet<i32>> {
    let mut firsts = HashMap::new();
    let mut alike: BTreeMap<i32, BTreeSet<i32>> = BTreeMap::new();
    for day in days {
        let first = date(day).filter(|_| span != Span::Day).map(|date| {
            let of_term =
                terms.get(&day).ok_or_else(|| (date - Months::new(8)).year() * 2 + i32::from((2..9).contains(&date.month())));
            let month = (span != Span::Term).then(|| (date.year(), date.month()));
            let week = (span == Span::Week).then(|| date.week(Weekday::Mon).checked_first_day());
            *firsts.entry((of_term, month, week)).or_insert(day)
        });
        alike.entry(first.unwrap_or(day)).or_default().insert(day);
    }
    alike
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        text.parse().ok().and_then(number).expect("a date")
    }

    #[test]
    fn bounds_are_written_and_read() {
        let days = Days { from: Some(day("2026-09-01")), to: Some(day("2027-01-31")) };
        assert_eq!(days.to_string(), "__from_20260901__to_20270131");
        assert_eq!(Days { from: Some(day("+12000-01-01")), to: Some(i32::MIN) }.to_string(), "");
        let mut read = Days::default();
        assert!(read.take("from_20260901") && read.take("to_20270131") && !read.take("region") && !read.take("from_x"));
        assert_eq!(read.to, days.to);
        assert!(days.hold(day("2026-09-01")) && !days.hold(day("2026-08-31")) && !days.hold(day("2027-02-01")));
    }

    #[test]
    fn days_are_alike_in_their_month_their_term_and_their_week() {
        let terms = HashMap::from([(day("2026-02-27"), "spring".to_owned()), (day("2026-02-28"), "spring".to_owned())]);
        let days = ["2026-02-25", "2026-02-26", "2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02", "2026-03-10"];
        let alike = |span| {
            let alike = alike_days(days.into_iter().map(day), &terms, span);
            alike.values().map(|days| days.len()).collect::<Vec<_>>()
        };
        assert_eq!(alike(Span::Term), [5, 2]);
        assert_eq!(alike(Span::Month), [2, 2, 3]);
        assert_eq!(alike(Span::Week), [2, 2, 1, 1, 1]);
        assert_eq!(alike(Span::Day), [1; 7]);
        assert_eq!(alike_days([i32::MAX, i32::MIN].into_iter(), &terms, Span::Week).len(), 2);
    }

    #[test]
    fn months_tell_the_term_where_the_calendar_does_not() {
        let days = ["2026-08-31", "2026-09-01", "2027-01-31", "2027-02-01", "2027-08-31", "2027-09-01"];
        let alike = alike_days(days.into_iter().map(day), &HashMap::new(), Span::Term);
        assert_eq!(alike.values().map(|days| days.len()).collect::<Vec<_>>(), [1, 2, 2, 1]);
    }
}
