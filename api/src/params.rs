//! The query string, each name at most once.
//!
//! Promise: a name given twice, or a name that nobody asked for, is an error and never silently ignored.

use std::collections::BTreeMap;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::{Error, Problem};

/// Longest value of one parameter, in bytes.
const LONGEST: usize = 4096;

/// The parameters of one request.
#[derive(Debug)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    /// Takes a value out; empty counts as absent.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }

    /// What has not been taken.
    pub(crate) fn rest(self) -> BTreeMap<String, String> {
        self.0
    }

    /// Refuses what has not been taken.
    pub(crate) fn finish(self, known: &str) -> Result<(), Error> {
        match self.0.into_keys().next() {
            Some(name) => Err(Error::UnknownParameter { name, known: known.to_owned() }),
            None => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Params, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|error| Error::BadRequest(format!("the query string cannot be read: {error}")))?;
        let mut params = BTreeMap::new();
        for (name, value) in pairs {
            if value.len() > LONGEST {
                let value = format!("{} bytes long", value.len());
                return Err(Error::BadParameter { name, value, hint: format!("at most {LONGEST} bytes") }.into());
            }
            if let Some(earlier) = params.insert(name.clone(), value) {
                let hint = "it is given twice; give it once".to_owned();
                return Err(Error::BadParameter { name, value: earlier, hint }.into());
            }
        }
        Ok(Params(params))
    }
}
