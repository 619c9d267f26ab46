//! SQL files that describe themselves: rollups and figures open with a block of TOML between `/*---` and `---*/`.

use crate::Error;

/// The description and the SQL of a file. `path` is used in messages.
pub fn split(path: &str, text: &str) -> Result<(toml::Table, String), Error> {
    let missing = || Error::FrontMatter(path.to_owned());
    let rest = text.trim_start_matches('\u{feff}').trim_start().strip_prefix("/*---").ok_or_else(missing)?;
    let (front, sql) = rest.split_once("---*/").ok_or_else(missing)?;
    let table = front.parse::<toml::Table>().map_err(|e| Error::invalid(path, e))?;
    Ok((table, sql.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_and_refuses() {
        let (front, sql) = split("a.sql", "/*---\nfrom = ['homework']\n---*/\nSELECT 1\n").expect("well formed");
        assert_eq!((front["from"][0].as_str(), sql.as_str()), (Some("homework"), "SELECT 1"));
        assert_eq!(split("a.sql", "SELECT 1").expect_err("refused").code(), "front_matter");
        assert!(split("a.sql", "/*---\nx = \n---*/").expect_err("refused").to_string().starts_with("a.sql: TOML parse error"));
    }
}
