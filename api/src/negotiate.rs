//! Which format an answer takes.
//!
//! Promise: `?format=` decides; else the client's `Accept` by its weights; else JSON.

use axum::http::{HeaderMap, header};

use crate::Error;
use crate::params::Params;

/// Format of a table in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Csv,
    Arrow,
}

impl Format {
    const ALL: [Format; 3] = [Format::Json, Format::Csv, Format::Arrow];

    /// The format that the request asks for; takes `format` out of the parameters.
    pub(crate) fn of(params: &mut Params, headers: &HeaderMap) -> Result<Format, Error> {
        match params.take("format") {
            Some(name) => Format::named(&name),
            None => Format::accepted(headers),
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Arrow => "application/vnd.apache.arrow.stream",
        }
    }

    pub(crate) fn extension(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Arrow => "arrows",
        }
    }

    fn named(name: &str) -> Result<Format, Error> {
        match name {
            "json" => Ok(Format::Json),
            "csv" => Ok(Format::Csv),
            "arrow" => Ok(Format::Arrow),
            _ => Err(Error::BadParameter {
                name: "format".to_owned(),
                value: name.to_owned(),
                hint: "use json, csv or arrow".to_owned(),
            }),
        }
    }

    fn accepted(headers: &HeaderMap) -> Result<Format, Error> {
        let lines = headers.get_all(header::ACCEPT).iter().map(|value| value.to_str().unwrap_or_default());
        let accept = lines.collect::<Vec<_>>().join(",");
        if accept.trim().is_empty() {
            return Ok(Format::Json);
        }
        let weighed = Format::ALL.map(|format| (format.weight(&accept), format));
        let best = weighed.into_iter().rev().max_by_key(|(weight, _)| *weight);
        match best {
            Some((weight, format)) if weight > 0 => Ok(format),
            _ => Err(Error::NotAcceptable(accept)),
        }
    }

    /// Weight (0–1000) that the most specific fitting range of `accept` gives to this format.
    fn weight(self, accept: &str) -> u32 {
        let full = self.content_type().split(';').next().unwrap_or_default();
        let major = full.split('/').next().unwrap_or_default();
        let mut best = (0, 0);
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let specific = match name.as_str() {
                name if name == full => 3,
                name if name.strip_suffix("/*") == Some(major) => 2,
                "*/*" => 1,
                _ => continue,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f64>().unwrap_or(0.0));
            if specific > best.0 {
                best = (specific, (quality.clamp(0.0, 1.0) * 1000.0) as u32);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &str) -> Option<Format> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Format::accepted(&headers).ok()
    }

    #[test]
    fn the_heaviest_range_wins_and_json_wins_ties() {
        assert_eq!(Format::accepted(&HeaderMap::new()).unwrap(), Format::Json);
        assert_eq!(accepted("text/html,application/xhtml+xml,*/*;q=0.8"), Some(Format::Json));
        assert_eq!(accepted("text/csv"), Some(Format::Csv));
        assert_eq!(accepted("text/*, application/json;q=0.5"), Some(Format::Csv));
        assert_eq!(accepted("application/*;q=0.2, APPLICATION/vnd.apache.arrow.stream"), Some(Format::Arrow));
        assert_eq!(accepted("*/*, application/json;q=0"), Some(Format::Csv));
        assert_eq!(accepted("image/png"), None);
        assert_eq!(accepted("text/csv;q=0"), None);
    }
}
