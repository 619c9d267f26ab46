//! Which alerts to list.

use xueqing_query::alert::Severity;

use crate::book::Alert;

/// An empty filter lists all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Open ones, or resolved ones.
    pub open: Option<bool>,
    /// With something new at or after this moment, in microseconds.
    pub since: Option<i64>,
    pub school: Option<String>,
    pub class: Option<String>,
    pub rule: Option<String>,
    /// At least so grave.
    pub severity: Option<Severity>,
}

impl Filter {
    pub(crate) fn wants(&self, alert: &Alert) -> bool {
        let is = |wanted: &Option<String>, found: Option<&String>| wanted.as_ref().is_none_or(|wanted| found == Some(wanted));
        let latest = alert.notices.last().map_or(alert.raised, |notice| notice.at);
        self.open.is_none_or(|open| open == alert.is_open())
            && self.since.is_none_or(|since| latest >= since)
            && is(&self.school, alert.place.school.as_ref())
            // What is about a whole school concerns each of its classes.
            && (alert.place.class.is_none() || is(&self.class, alert.place.class.as_ref()))
            && is(&self.rule, Some(&alert.rule))
            && self.severity.is_none_or(|severity| alert.severity >= severity)
    }
}
