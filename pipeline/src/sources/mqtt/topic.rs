//! Which mapping reads the messages of a topic: the first pattern that fits.

use serde::Deserialize;

/// Messages whose topic fits `pattern` are read by `mapping`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicRule {
    /// With MQTT's wildcards: `+` is one level, `#` all that follow.
    pub pattern: String,
    pub mapping: String,
}

impl TopicRule {
    pub(super) fn fits(&self, topic: &str) -> bool {
        fits(plain(&self.pattern), topic)
    }
}

/// A shared subscription's pattern without `$share/<group>/`.
fn plain(pattern: &str) -> &str {
    let shared = pattern.strip_prefix("$share/").and_then(|rest| rest.split_once('/'));
    shared.map_or(pattern, |(_, pattern)| pattern)
}

/// By the rules of MQTT 4.7: `a/#` fits `a`, and a wildcard at the beginning fits no topic that begins with `$`.
fn fits(pattern: &str, topic: &str) -> bool {
    if topic.starts_with('$') && pattern.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    for part in pattern.split('/') {
        match (part, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (part, Some(level)) if part == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

/// Whether a broker takes the pattern.
pub(super) fn is_valid(pattern: &str) -> bool {
    let mut parts = plain(pattern).split('/').peekable();
    let mut valid = !plain(pattern).is_empty() && !pattern.contains('\0') && pattern.len() <= usize::from(u16::MAX);
    while let Some(part) = parts.next() {
        valid &= match part {
            "#" => parts.peek().is_none(),
            "+" => true,
            part => !part.contains(['+', '#']),
        };
    }
    valid
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("school/+/gate/#", "school/s1/gate/north/1", true)]
    #[case("school/+/gate/#", "school/s1/gate", true)]
    #[case("school/+/gate/#", "school/s1/s2/gate", false)]
    #[case("校门/+", "校门/北", true)]
    #[case("#", "校门/北", true)]
    #[case("#", "$SYS/uptime", false)]
    #[case("$SYS/#", "$SYS/uptime", true)]
    #[case("+", "a", true)]
    #[case("+", "a/b", false)]
    #[case("a/b", "a", false)]
    #[case("a/+", "a/", true)]
    #[case("$share/xueqing/a/+", "a/b", true)]
    fn wildcards_fit_as_in_mqtt(#[case] pattern: &str, #[case] topic: &str, #[case] expected: bool) {
        assert_eq!(fits(plain(pattern), topic), expected);
    }

    #[rstest]
    #[case("a/#", true)]
    #[case("#/a", false)]
    #[case("a#", false)]
    #[case("a+/b", false)]
    #[case("", false)]
    #[case("$share/g/a/+", true)]
    fn a_pattern_that_no_broker_takes_is_found(#[case] pattern: &str, #[case] expected: bool) {
        assert_eq!(is_valid(pattern), expected);
    }
}
