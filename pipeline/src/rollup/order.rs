//! Sources before what is built on them.
//!
//! Invariant: every `from` of a rollup is a kind of event, or a rollup that stands earlier in the result.

use std::collections::BTreeSet;

use super::Rollup;
use crate::{Error, Result};

/// Orders the rollups; `kinds` are the names of the kinds of event.
pub(super) fn by_dependency(mut waiting: Vec<Rollup>, kinds: &BTreeSet<String>) -> Result<Vec<Rollup>> {
    let mut known = kinds.clone();
    if let Some(rollup) = waiting.iter().find(|rollup| known.contains(&rollup.name)) {
        return Err(rollup.wrong("a kind of event has this name already"));
    }
    let mut ordered: Vec<Rollup> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let (ready, rest): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|rollup| rollup.from.iter().all(|from| known.contains(from)));
        if ready.is_empty() {
            return Err(stuck(&rest, &known));
        }
        known.extend(ready.iter().map(|rollup| rollup.name.clone()));
        ordered.extend(ready);
        waiting = rest;
    }
    Ok(ordered)
}

fn stuck(rest: &[Rollup], known: &BTreeSet<String>) -> Error {
    let names: BTreeSet<&String> = rest.iter().map(|rollup| &rollup.name).collect();
    let unknown = rest.iter().find_map(|rollup| {
        let from = rollup.from.iter().find(|from| !known.contains(*from) && !names.contains(from))?;
        Some(rollup.wrong(format!("`from` names `{from}`, which is neither a kind of event nor a rollup")))
    });
    unknown.unwrap_or_else(|| {
        let circle: Vec<&str> = names.into_iter().map(String::as_str).collect();
        Error::Rollup { file: circle.join(", "), reason: "they are built on each other in a circle".to_owned() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use xueqing_schema::Text;

    fn rollup(name: &str, from: &[&str]) -> Rollup {
        let text = Text::new("", "");
        let from = from.iter().map(|&from| from.to_owned()).collect();
        Rollup {
            name: name.to_owned(),
            title: text.clone(),
            description: text,
            from,
            key: vec![],
            stored: true,
            together: None,
            sql: String::new(),
        }
    }

    #[test]
    fn refuses_circles_and_unknown_sources() {
        let circle = by_dependency(vec![rollup("a", &["b"]), rollup("b", &["a"])], &BTreeSet::new());
        assert!(circle.expect_err("a circle").to_string().contains("circle"));
        let unknown = by_dependency(vec![rollup("a", &["nothing"])], &BTreeSet::new());
        assert!(unknown.expect_err("unknown").to_string().contains("`nothing`"));
    }
}
