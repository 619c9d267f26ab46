//! What a forecast means for whoever is about to set homework, in words.
//!
//! Invariant: the verdict is the figure's own `warning`; every number in the words is the figure's, rounded to whole minutes.

use serde_json::Value;

use super::Row;
use crate::wire::Text;

/// What is said of a planned piece.
#[derive(Debug, PartialEq)]
pub(super) struct Advice {
    pub verdict: &'static str,
    pub warning: Option<Text>,
    pub suggestion: Option<Text>,
    pub minutes_left: Option<f64>,
    pub estimate_that_fits: Option<f64>,
}

impl Advice {
    /// Of the evening without the piece, the evening with it, and the piece.
    pub fn of(before: Option<&Row>, after: Option<&Row>, piece: Option<&Row>) -> Self {
        let verdict = after.map_or("unknown", verdict);
        let limit = after.and_then(|row| number(row, "limit_minutes"));
        let others = before.map_or(Some(0.0), |row| number(row, "written_minutes"));
        let minutes_left = limit.zip(others).map(|(limit, others)| limit - others);
        let estimate_that_fits = minutes_left.zip(after).zip(piece).and_then(|((left, after), piece)| {
            let added = number(after, "written_minutes")? - others?;
            let estimate = number(piece, "estimated_minutes")?;
            (added > 0.0).then(|| (left.max(0.0) / added * estimate).floor())
        });
        let is_near = matches!(verdict, "risk" | "over");
        let warning = after.filter(|_| is_near).and_then(|after| warning(after, verdict));
        let suggestion = minutes_left.filter(|_| is_near).map(|left| suggestion(left, estimate_that_fits));
        Self { verdict, warning, suggestion, minutes_left, estimate_that_fits }
    }
}

fn verdict(after: &Row) -> &'static str {
    match after["warning"].as_str() {
        Some("over") => "over",
        Some("risk") => "risk",
        Some(_) => "none",
        None if after["suppressed"] == Value::Bool(true) => "suppressed",
        None if after["expected_minutes"].is_null() => "unknown",
        None => "no_limit",
    }
}

fn number(row: &Row, name: &str) -> Option<f64> {
    row.get(name)?.as_f64()
}

fn warning(after: &Row, verdict: &str) -> Option<Text> {
    let (limit, written) = (number(after, "limit_minutes")?, number(after, "written_minutes")?);
    let (zh, en) = match verdict {
        _ if limit == 0.0 => return Some(no_written()),
        "over" => ("很可能超过", "probably over"),
        _ => ("可能超过", "possibly over"),
    };
    let chance = number(after, "over_limit_probability").map(|share| (share * 100.0).round());
    let pupils = number(after, "over_limit_share").map(|share| (share * 100.0).round());
    let zh_more = chance.map(|chance| format!("，概率 {chance}%")).unwrap_or_default()
        + &pupils.map(|pupils| format!("，预计 {pupils}% 的学生超过")).unwrap_or_default();
    let en_more = chance.map(|chance| format!(", with a probability of {chance} %")).unwrap_or_default()
        + &pupils.map(|pupils| format!(", {pupils} % of the students are expected over it")).unwrap_or_default();
    Some(Text {
        zh: format!("布置后，今晚书面作业预计人均 {written:.0} 分钟，{zh}上限 {limit:.0} 分钟{zh_more}"),
        en: format!(
            "with this, tonight's written homework takes {written:.0} min on average, {en} the limit of {limit:.0} min{en_more}"
        ),
    })
}

fn no_written() -> Text {
    Text {
        zh: "小学一二年级不布置书面家庭作业".to_owned(), en: "grades 1 and 2 get no written homework".to_owned()
    }
}

fn suggestion(left: f64, fits: Option<f64>) -> Text {
    match fits.filter(|fits| *fits >= 1.0) {
        Some(fits) => Text {
            zh: format!("上限内还剩约 {left:.0} 分钟；预计用时不超过 {fits:.0} 分钟时，人均预计不超限"),
            en: format!(
                "about {left:.0} min are left under the limit; with an estimate of at most {fits:.0} min the expected mean stays within it"
            ),
        },
        None if left >= 1.0 => Text {
            zh: format!("上限内还剩约 {left:.0} 分钟；请减少作业或改日布置"),
            en: format!("about {left:.0} min are left under the limit; set less, or set it on another day"),
        },
        None => Text {
            zh: "上限内已没有余量；请改日布置，或改为非书面作业".to_owned(),
            en: "nothing is left under the limit; set it on another day, or as work that is not written".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(value: Value) -> Row {
        value.as_object().unwrap().clone()
    }

    fn evening(warning: Option<&str>, written: f64, limit: Option<f64>) -> Row {
        row(json!({"warning": warning, "written_minutes": written, "expected_minutes": written, "limit_minutes": limit,
            "over_limit_probability": 0.876, "over_limit_share": 0.7, "suppressed": false}))
    }

    #[test]
    fn over_the_limit_it_says_how_much_fits() {
        let piece = row(json!({"estimated_minutes": 20.0}));
        let advice =
            Advice::of(Some(&evening(None, 40.0, Some(60.0))), Some(&evening(Some("over"), 70.0, Some(60.0))), Some(&piece));
        // 20 estimated minutes are 30: of the 20 that are left, 13 may be estimated.
        assert_eq!((advice.verdict, advice.minutes_left, advice.estimate_that_fits), ("over", Some(20.0), Some(13.0)));
        let (warning, suggestion) = (advice.warning.unwrap(), advice.suggestion.unwrap());
        assert!(warning.zh.contains("人均 70 分钟，很可能超过上限 60 分钟，概率 88%，预计 70% 的学生"), "{}", warning.zh);
        assert!(
            warning.en.contains("70 min on average, probably over the limit of 60 min, with a probability of 88 %"),
            "{}",
            warning.en
        );
        assert!(suggestion.zh.contains("不超过 13 分钟") && suggestion.en.contains("at most 13 min"));
    }

    #[test]
    fn within_the_limit_nothing_is_warned_of() {
        let advice = Advice::of(None, Some(&evening(Some("none"), 30.0, Some(60.0))), None);
        assert_eq!((advice.verdict, advice.warning, advice.suggestion, advice.minutes_left), ("none", None, None, Some(60.0)));
    }

    #[test]
    fn a_limit_of_zero_says_why() {
        let advice =
            Advice::of(None, Some(&evening(Some("over"), 10.0, Some(0.0))), Some(&row(json!({"estimated_minutes": 10.0}))));
        assert!(advice.warning.unwrap().zh.contains("一二年级不布置书面家庭作业"));
        assert!(advice.suggestion.unwrap().en.contains("nothing is left"));
    }

    #[test]
    fn what_is_not_known_is_not_called_safe() {
        assert_eq!(Advice::of(None, None, None).verdict, "unknown");
        let small = row(json!({"warning": null, "expected_minutes": null, "suppressed": true}));
        assert_eq!(Advice::of(None, Some(&small), None).verdict, "suppressed");
        let weekend = row(json!({"warning": null, "expected_minutes": 30.0, "limit_minutes": null, "suppressed": false}));
        assert_eq!(Advice::of(None, Some(&weekend), None).verdict, "no_limit");
        let nothing = row(json!({"warning": null, "expected_minutes": null, "suppressed": false}));
        assert_eq!(Advice::of(None, Some(&nothing), None).verdict, "unknown");
    }
}
