//! All rules in force: those that come with the program, and a district's own.
//!
//! Invariant: a name is one rule. A district's file adds a rule or takes the place of one with its name; `enabled = false` switches it off.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_embed::RustEmbed;

use super::{Rule, check};
use crate::{Engine, Error};

#[derive(RustEmbed)]
#[folder = "alerts/"]
#[include = "*.toml"]
struct Files;

/// The rules by name.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rules: Vec<Arc<Rule>>,
}

impl Rules {
    /// The built-in rules and `files` (`own/x.toml`, text), checked against the engine's figures.
    ///
    /// # Errors
    /// `bad_rule` with the file and what is wrong with it.
    pub fn load(engine: &Engine, files: &[(String, String)]) -> Result<Self, Error> {
        let mut rules = BTreeMap::new();
        for path in Files::iter() {
            let bytes = Files::get(&path).map(|file| file.data.into_owned()).unwrap_or_default();
            let text = String::from_utf8(bytes).map_err(|error| Error::bad_rule(&path, error))?;
            add(&mut rules, engine, &path, &text)?;
        }
        for (path, text) in files {
            add(&mut rules, engine, path, text)?;
        }
        Ok(Self { rules: rules.into_values().collect() })
    }

    /// All, those switched off included.
    pub fn all(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// Those that are evaluated.
    pub fn enabled(&self) -> impl Iterator<Item = &Arc<Rule>> {
        self.rules.iter().filter(|rule| rule.enabled)
    }

    /// # Errors
    /// `unknown_rule` with the names that are known.
    pub fn get(&self, name: &str) -> Result<&Arc<Rule>, Error> {
        let found = self.rules.iter().find(|rule| rule.name == name);
        let known = || self.rules.iter().map(|rule| rule.name.clone()).collect();
        found.ok_or_else(|| Error::UnknownRule { name: name.to_owned(), known: known() })
    }
}

fn add(rules: &mut BTreeMap<String, Arc<Rule>>, engine: &Engine, path: &str, text: &str) -> Result<(), Error> {
    let path = path.strip_prefix("alerts/").unwrap_or(path);
    let file = format!("alerts/{path}");
    let bad = |reason: String| Error::bad_rule(&file, reason);
    let name = path.strip_suffix(".toml").ok_or_else(|| bad("a rule is a file that ends in .toml".to_owned()))?;
    let rule = Rule::parse(name, text).map_err(bad)?;
    let metric = engine.metric(&rule.figure).map_err(|error| bad(error.to_string()))?;
    check::check(&rule, metric, engine.state()).map_err(bad)?;
    rules.insert(name.to_owned(), Arc::new(rule));
    Ok(())
}
