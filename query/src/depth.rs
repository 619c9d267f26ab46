//! How deep a query can become, from its text alone.
//!
//! Promise: what passes is planned without exhausting the stack. A planner walks expressions and joins recursively, and
//! `1+1+1+…` is as deep as it is long; the parser itself only limits nesting by brackets.
//!
//! Invariants: the text is read once, nothing is planned; text in quotes and comments does not count; long lists
//! (`IN (1, 2, 3, …)`) are flat and pass.

use std::iter::Peekable;
use std::str::Chars;

use crate::Error;

/// Operators in one expression, with those around it.
const OPERATORS: usize = 150;
/// Joins, set operations and named subqueries in one statement.
const RELATIONS: usize = 50;

/// Words that are operators.
const CHAINING: [&str; 13] =
    ["AND", "OR", "NOT", "IS", "IN", "LIKE", "ILIKE", "SIMILAR", "BETWEEN", "COLLATE", "AT", "DIV", "XOR"];
/// Words that add one relation to another.
const RELATING: [&str; 5] = ["JOIN", "UNION", "EXCEPT", "INTERSECT", "MINUS"];
/// Words before which an expression has ended.
const ENDING: [&str; 11] = ["SELECT", "WHERE", "BY", "HAVING", "LIMIT", "QUALIFY", "WHEN", "THEN", "ELSE", "ON", "AS"];

/// Refuses a text that can be deeper than the planner can stand.
pub(crate) fn check(sql: &str) -> Result<(), Error> {
    let mut depth = Depth { levels: vec![Level::default()], relations: 0, operators: 0, previous: String::new() };
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' | '`' => skip_until(&mut chars, |end, _| end == c),
            '-' if chars.next_if_eq(&'-').is_some() => skip_until(&mut chars, |end, _| end == '\n'),
            '/' if chars.next_if_eq(&'*').is_some() => skip_until(&mut chars, |end, next| end == '*' && next == Some(&'/')),
            c if c.is_alphanumeric() || c == '_' => depth.word(word(c, &mut chars)),
            c if c.is_whitespace() => {}
            c => depth.symbol(c),
        }
        if depth.operators > OPERATORS || depth.relations > RELATIONS {
            return Err(Error::SqlTooDeep { operators: OPERATORS, relations: RELATIONS });
        }
    }
    Ok(())
}

/// One pair of brackets, or one CASE.
#[derive(Default)]
struct Level {
    operators: usize,
    in_from: bool,
}

struct Depth {
    levels: Vec<Level>,
    relations: usize,
    /// Sum over all open levels.
    operators: usize,
    previous: String,
}

impl Depth {
    fn word(&mut self, word: String) {
        match word.as_str() {
            "CASE" => self.open(),
            "END" => self.close(),
            "FROM" if self.previous != "DISTINCT" => {
                self.end();
                self.top().in_from = true;
            }
            name if CHAINING.contains(&name) => self.chain(),
            name if RELATING.contains(&name) => self.relations += 1,
            name if ENDING.contains(&name) => {
                self.end();
                let stays = matches!(name, "ON" | "AS");
                self.top().in_from &= stays;
            }
            _ => {}
        }
        self.previous = word;
    }

    fn symbol(&mut self, symbol: char) {
        match symbol {
            '(' => {
                // A named subquery: WITH name AS (…).
                self.relations += usize::from(self.previous == "AS");
                self.open();
            }
            '[' => {
                self.chain();
                self.open();
            }
            ')' | ']' => self.close(),
            ',' => {
                self.relations += usize::from(self.top().in_from);
                self.end();
            }
            '.' | ';' => {}
            _ => self.chain(),
        }
        self.previous.clear();
    }

    fn chain(&mut self) {
        self.top().operators += 1;
        self.operators += 1;
    }

    fn end(&mut self) {
        self.operators -= std::mem::take(&mut self.top().operators);
    }

    fn open(&mut self) {
        self.levels.push(Level::default());
    }

    fn close(&mut self) {
        self.end();
        if self.levels.len() > 1 {
            self.levels.pop();
        }
    }

    fn top(&mut self) -> &mut Level {
        self.levels.last_mut().expect("the outermost level is never closed")
    }
}

fn word(first: char, chars: &mut Peekable<Chars<'_>>) -> String {
    let mut word = first.to_ascii_uppercase().to_string();
    while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
        word.push(c.to_ascii_uppercase());
    }
    word
}

/// Leaves the reader after the character that `ends` accepts, together with the one after it.
fn skip_until(chars: &mut Peekable<Chars<'_>>, ends: impl Fn(char, Option<&char>) -> bool) {
    while let Some(c) = chars.next() {
        if ends(c, chars.peek()) {
            if c == '*' {
                chars.next();
            }
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn long_chains_are_too_deep() {
        let deep = [
            format!("SELECT {}1", "1+".repeat(5_000)),
            format!("SELECT {}1", "NOT ".repeat(5_000)),
            format!("SELECT * FROM t WHERE {}true", "a = 1 OR ".repeat(200)),
            format!("SELECT 1{}", "::int".repeat(5_000)),
            format!("SELECT 1 {}", "IS DISTINCT FROM 1 ".repeat(500)),
            format!("SELECT {}1", "CASE WHEN true THEN 1 END + ".repeat(500)),
            format!("SELECT {}1", "f(1, 2) + ".repeat(500)),
            format!("SELECT {}1", "'x' || ".repeat(500)),
            format!("SELECT 1 {}", "UNION ALL SELECT 1 ".repeat(500)),
            format!("SELECT 1 FROM a {}", "JOIN b ON true ".repeat(500)),
            format!("SELECT 1 FROM a{}", ", b".repeat(500)),
            format!("WITH a AS (SELECT 1){} SELECT 1", ", b AS (SELECT * FROM a)".repeat(100)),
        ];
        for sql in deep {
            assert_eq!(check(&sql).unwrap_err().code(), "sql_too_deep", "{}", &sql[..60]);
        }
    }

    #[test]
    fn long_but_flat_queries_pass() {
        let flat = [
            format!("SELECT * FROM t WHERE a IN ({}1)", "1, ".repeat(5_000)),
            format!("SELECT {}1", "round(a / b * 100 - c, 2) AS x, ".repeat(500)),
            format!("SELECT CASE {}END", "WHEN a = 1 AND b > 2 THEN a + b ".repeat(500)),
            format!("SELECT '{}' -- {}\n /* {} */", "+ '' ".repeat(500), "+ ".repeat(500), "* ".repeat(500)),
            format!("VALUES {}(1)", "(-1), ".repeat(500)),
            "SELECT ))))".to_owned(),
            "SELECT 'open".to_owned(),
            "END END".to_owned(),
            String::new(),
        ];
        for sql in flat {
            assert!(check(&sql).is_ok(), "{}", sql.chars().take(60).collect::<String>());
        }
    }
}
