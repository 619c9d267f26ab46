//! Hours in which nobody is disturbed, in the district's time.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveTime, Timelike};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// From a time of day to another, over midnight when the second is earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QuietHours {
    from: NaiveTime,
    to: NaiveTime,
}

const FORM: &str = "%H:%M";

impl QuietHours {
    /// Whether a moment lies within.
    pub fn hold(self, at: DateTime<Tz>) -> bool {
        let time = at.time();
        match self.from <= self.to {
            true => (self.from..self.to).contains(&time),
            false => time >= self.from || time < self.to,
        }
    }

    /// Seconds from a moment within to the end.
    pub fn left(self, at: DateTime<Tz>) -> i64 {
        let second = |time: NaiveTime| i64::from(time.num_seconds_from_midnight());
        (second(self.to) - second(at.time())).rem_euclid(24 * 60 * 60)
    }
}

impl FromStr for QuietHours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = |part: &str| NaiveTime::parse_from_str(part.trim(), FORM).ok();
        let both = text.split_once('-').and_then(|(from, to)| Some(Self { from: time(from)?, to: time(to)? }));
        both.ok_or_else(|| format!("\"{text}\" are no hours: write 22:00-07:00"))
    }
}

impl TryFrom<String> for QuietHours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<QuietHours> for String {
    fn from(hours: QuietHours) -> String {
        hours.to_string()
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.format(FORM), self.to.format(FORM))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn at(hour: u32, minute: u32) -> DateTime<Tz> {
        chrono_tz::Asia::Shanghai.with_ymd_and_hms(2026, 11, 20, hour, minute, 0).unwrap()
    }

    #[test]
    fn hours_may_go_over_midnight() {
        let night: QuietHours = "22:00-07:00".parse().unwrap();
        assert!(night.hold(at(22, 0)) && night.hold(at(3, 0)) && !night.hold(at(7, 0)) && !night.hold(at(21, 59)));
        assert_eq!((night.left(at(23, 0)), night.left(at(6, 59))), (8 * 3600, 60));
        let noon: QuietHours = "12:00 - 13:30".parse().unwrap();
        assert!(noon.hold(at(12, 0)) && !noon.hold(at(13, 30)) && !noon.hold(at(23, 0)));
        assert_eq!(noon.to_string(), "12:00-13:30");
        assert!("always".parse::<QuietHours>().unwrap_err().contains("22:00-07:00"));
    }
}
